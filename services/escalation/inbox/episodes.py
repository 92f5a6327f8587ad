"""The inbox, one episode, and the button that takes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.escalation.domain.own_facts import AcknowledgePressed
from services.escalation.inbox.answers import NotHere
from services.escalation.inbox.dependencies import InboxDependencies
from services.escalation.inbox.rendering import Pages
from services.escalation.inbox.sessions import Sessions, check_token, local_page
from services.escalation.inbox.views import EpisodeView, Reader, episode_view
from services.escalation.store import inbox as store
from services.escalation.store.inbox import PAGE_SIZE, EpisodeRow
from services.escalation.store.sessions import SignedIn

_FACTS_IN_A_ROW = 12
_FACTS_ON_A_PAGE = 100
_MAX_SEARCH = 100
_MAX_PAGE = 10_000


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the address asks of the list."""

    search: str
    page: int

    @property
    def query(self) -> str:
        parts = {"q": self.search} if self.search else {}
        parts |= {"page": str(self.page)} if self.page > 1 else {}
        return f"?{urlencode(parts)}" if parts else ""


class EpisodePages:
    """The pages of signed-in salespeople."""

    def __init__(self, dependencies: InboxDependencies, sessions: Sessions, pages: Pages) -> None:
        self._pool = dependencies.pool
        self._press = dependencies.press
        self._sessions = sessions
        self._pages = pages

    async def inbox(self, request: Request) -> Response:
        """Open episodes; on a wide screen the first of them is opened beside the list."""
        signed_in = await self._sessions.reader(request)
        return await self._render(request, signed_in, None)

    async def episode(self, request: Request) -> Response:
        """One episode. Raises NotHere for one that this reader is not responsible for."""
        signed_in = await self._sessions.reader(request)
        row = await store.one_episode(self._pool, signed_in.salesperson_id, _episode_id(request))
        if row is None:
            raise NotHere
        return await self._render(request, signed_in, row)

    async def acknowledge(self, request: Request) -> Response:
        """Take an episode, then show it. Twice is as good as once."""
        signed_in = await self._sessions.reader(request)
        form = await request.form()
        check_token(form, signed_in)
        row = await store.one_episode(self._pool, signed_in.salesperson_id, _episode_id(request))
        if row is None:
            raise NotHere
        button = AcknowledgePressed(episode=row.episode_id, by=signed_in.salesperson_id)
        await self._press(button, row.account_id, str(form.get("round", "")) or None)
        return RedirectResponse(local_page(str(form.get("return_to", "/"))), status_code=303)

    async def _render(self, request: Request, signed_in: SignedIn, chosen: EpisodeRow | None) -> Response:
        asked, me = _asked(request), signed_in.salesperson_id
        reader = Reader(me, ZoneInfo(signed_in.zone), await store.now(self._pool))
        rows = await store.open_episodes(self._pool, me, search=asked.search, page=asked.page)
        counts = await store.counts(self._pool, me, search=asked.search)
        beside = chosen or (rows[0] if rows else None)
        selected = await self._views([beside] if beside else [], reader, _FACTS_ON_A_PAGE)
        values = {
            "view": "one" if chosen else "many",
            "reader": signed_in,
            "now": reader.moment(reader.now),
            "zone": signed_in.zone,
            "counts": counts,
            "episodes": await self._views(rows, reader, _FACTS_IN_A_ROW),
            "selected": selected[0] if selected else None,
            "search": asked.search,
            "query": asked.query,
            "page": asked.page,
            "pages": -(-counts.found // PAGE_SIZE),
        }
        return self._pages.page("inbox.html", values)

    async def _views(self, rows: Sequence[EpisodeRow], reader: Reader, limit: int) -> list[EpisodeView]:
        if not rows:
            return []
        ids = [row.episode_id for row in rows]
        signals = await store.signals_of(self._pool, reader.salesperson_id, ids)
        accounts = [row.account_id for row in rows]
        facts = await store.facts_of(self._pool, reader.salesperson_id, accounts, limit=limit)
        return [
            episode_view(row, signals[row.episode_id], facts.get(row.account_id, ()), reader)
            for row in rows
            if row.episode_id in signals  # else it went to somebody else in this very moment
        ]


def _asked(request: Request) -> _Asked:
    page = request.query_params.get("page", "1")
    number = int(page) if page.isascii() and page.isdecimal() and len(page) < 6 else 1
    search = request.query_params.get("q", "").replace("\0", "").strip()
    return _Asked(search[:_MAX_SEARCH], min(max(number, 1), _MAX_PAGE))


def _episode_id(request: Request) -> UUID:
    try:
        return UUID(request.path_params["episode_id"])
    except ValueError:
        raise NotHere from None
