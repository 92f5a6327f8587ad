"""The inbox's addresses. Start at `create_inbox`; the lists of pages are in `episodes`, the way in is in `sign_in`."""

from fastapi import APIRouter
from sse_starlette import EventSourceResponse
from starlette.requests import Request
from starlette.responses import Response

from services.escalation.inbox.answers import NotHere, notification_route, page_route
from services.escalation.inbox.dependencies import InboxDependencies
from services.escalation.inbox.devices import DevicePages
from services.escalation.inbox.duties import DutyPages
from services.escalation.inbox.episodes import EpisodePages
from services.escalation.inbox.figures import OWN, TEAM, FiguresPages
from services.escalation.inbox.history import HistoryPages
from services.escalation.inbox.live import LivePages, OpenPage
from services.escalation.inbox.notification_buttons import NotificationButtons
from services.escalation.inbox.rendering import ASSETS_PATH, Assets, Pages
from services.escalation.inbox.sessions import Sessions
from services.escalation.inbox.sign_in import SignInPages
from services.escalation.inbox.team import HOME, TeamPages
from shared.ids import SalespersonId


def create_inbox(dependencies: InboxDependencies) -> APIRouter:
    """The router of the pages, to be included without a prefix. It starts no task until a page is open."""
    assets = Assets()
    pages = Pages(assets, dependencies.public_key)
    sessions = Sessions(dependencies.pool, dependencies.public_url)
    duties = DutyPages(dependencies, sessions)
    episodes = EpisodePages(dependencies, sessions, pages, duties)
    door = SignInPages(dependencies, sessions, pages)
    devices = DevicePages(dependencies, sessions, pages)
    team = TeamPages(dependencies, sessions, pages)
    figures = FiguresPages(dependencies, sessions, pages)
    live = LivePages(dependencies.pool, poll_seconds=dependencies.poll_seconds)

    async def stream(request: Request) -> Response:
        signed_in = await sessions.holder(request)
        page = OpenPage(
            signed_in.salesperson_id,
            sessions.held(request),
            await episodes.shown(request, signed_in.salesperson_id),
            request.query_params.get("state"),
            team_of=await _team_shown(request, signed_in.salesperson_id, figures),
        )
        return EventSourceResponse(live.events(page))

    async def asset(digest: str, name: str) -> Response:
        found = assets.response(name, digest)
        if found is None:
            raise NotHere
        return found

    router = APIRouter(route_class=page_route(pages, dependencies), include_in_schema=False, tags=["inbox"])
    for path, answer in (
        ("/", episodes.inbox),
        ("/episodes/{episode_id}", episodes.episode),
        ("/history/{episode_id}", HistoryPages(dependencies, sessions, pages).history),
        ("/closed", episodes.closed),
        ("/team", team.team),
        ("/team/closed", team.closed),
        (TEAM, figures.team),
        (OWN, figures.own),
        ("/acknowledge-all", episodes.back_to_list),
        ("/live", stream),
        ("/devices", devices.devices),
        ("/devices/test", devices.back),
        ("/sign-in", door.door),
        ("/service-worker.js", assets.service_worker),
        ("/manifest.webmanifest", assets.manifest),
        (f"{ASSETS_PATH}/{{digest}}/{{name}}", asset),
    ):
        router.add_api_route(path, answer, methods=["GET"], response_model=None)
    for path, answer in (
        ("/episodes/{episode_id}/{action}", episodes.press),
        ("/acknowledge-all", episodes.acknowledge_all),
        ("/check-ins", duties.log_check_in),
        ("/follow-ups", duties.log_follow_up),
        ("/win-backs", duties.log_win_back),
        ("/devices", devices.add),
        ("/devices/test", devices.test),
        ("/devices/{device_id}/remove", devices.remove),
        ("/sign-in", door.sign_in),
        ("/sign-in/link", door.ask_for_link),
        ("/sign-out", door.sign_out),
    ):
        router.add_api_route(path, answer, methods=["POST"], response_model=None)
    buttons = APIRouter(route_class=notification_route(dependencies), include_in_schema=False, tags=["inbox"])
    press = NotificationButtons(dependencies).acknowledge
    buttons.add_api_route("/push/acknowledge", press, methods=["POST"], response_model=None)
    router.include_router(buttons)
    return router


async def _team_shown(request: Request, reader: SalespersonId, figures: FiguresPages) -> SalespersonId | None:
    """The manager whose team an open page shows; None for a page of the reader's own episodes."""
    page = f"/{request.query_params.get('page', '')}"
    if page == TEAM:
        return await figures.team_of(reader)
    return reader if page == HOME else None
