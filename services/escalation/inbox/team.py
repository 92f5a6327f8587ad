"""The page of a manager: the open episodes of everyone below, who has them, and who is away. Start at `team`."""

from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from services.escalation.domain.entities import products_in
from services.escalation.domain.reader import Reader
from services.escalation.domain.words.lists import amounts
from services.escalation.inbox.dependencies import InboxDependencies
from services.escalation.inbox.followed import closed_lines
from services.escalation.inbox.rendering import Pages
from services.escalation.inbox.sessions import Sessions
from services.escalation.inbox.team_filters import choices_of, pages_of, team_selection_of
from services.escalation.inbox.team_lines import TeamLine, absences, team_line
from services.escalation.store import episode_parts
from services.escalation.store import inbox as inbox_store
from services.escalation.store import team as store
from services.escalation.store.escalation_paths import escalation_paths
from services.escalation.store.sessions import SignedIn

_LONGEST_SEARCH = 100
HOME = "/team"
"""The address of the team's page, which open pages of it fetch again."""


class TeamPages:
    """The pages of signed-in managers. A person without reports gets a page that says so."""

    def __init__(self, dependencies: InboxDependencies, sessions: Sessions, pages: Pages) -> None:
        self._pool = dependencies.pool
        self._policies = dependencies.policies
        self._sessions = sessions
        self._pages = pages

    async def team(self, request: Request) -> Response:
        """The open episodes of everyone below the reader, filtered as the address says."""
        signed_in = await self._sessions.reader(request)
        me = signed_in.salesperson_id
        if not await store.has_reports(self._pool, me):
            return self._pages.page("no_team.html", {"reader": signed_in})
        reader, policies = await self._reader(signed_in), await self._policies()
        state = await self._state(signed_in)
        selection = team_selection_of(request.query_params)
        found = await store.team_page(self._pool, me, selection.wanted, page=selection.page)
        if not found.episodes and selection.at_most(found.found).page != selection.page:
            selection = selection.at_most(found.found)
            found = await store.team_page(self._pool, me, selection.wanted, page=selection.page)
        names = await store.names_of(self._pool, found.counts["person"])
        company = policies.latest.policy
        values = {
            "reader": signed_in,
            "now": reader.moment(reader.now),
            "zone": signed_in.zone,
            "state": state,
            "home": HOME,
            "found": found,
            "at_stake": amounts(found.money) if found.money else "",
            "lines": await self._lines(found, reader),
            "lists": choices_of(selection, found, names),
            "selection": selection,
            "pages": pages_of(found.found),
            "absences": absences(await store.people_with_absences(self._pool, me), company, reader),
            "trouble": None,
        }
        return self._pages.page("team.html", values)

    async def closed(self, request: Request) -> Response:
        """Closed episodes of the team, found by customer, order or telephone number."""
        signed_in = await self._sessions.reader(request)
        me, reader, policies = signed_in.salesperson_id, await self._reader(signed_in), await self._policies()
        search = request.query_params.get("q", "").replace("\0", "").strip()[:_LONGEST_SEARCH]
        rows = await store.closed_found(self._pool, me, search) if search else []
        signals = await episode_parts.signals_of(self._pool, me, [row.episode_id for row in rows], policies)
        lines = closed_lines(rows, signals, reader, policies)
        return self._pages.page("team_closed.html", {"reader": signed_in, "closed": lines, "search": search})

    async def _lines(self, found: store.TeamPage, reader: Reader) -> list[TeamLine]:
        me, policies = reader.salesperson_id, await self._policies()
        rows = await store.episodes_of(self._pool, me, found.episodes)
        ids = [row.episode_id for row in rows]
        signals = await episode_parts.signals_of(self._pool, me, ids, policies)
        paths = await escalation_paths(self._pool, ids)
        lines = []
        for row in rows:
            policy = policies.for_order(policies.latest, row.segment, products_in(row.products))
            id = row.episode_id
            lines.append(team_line(row, signals.get(id, ()), paths[id], reader, policy))
        return lines

    async def _state(self, signed_in: SignedIn) -> str:
        async with self._pool.acquire() as connection:
            return await store.team_fingerprint(connection, signed_in.salesperson_id)

    async def _reader(self, signed_in: SignedIn) -> Reader:
        now = await inbox_store.now(self._pool)
        return Reader(signed_in.salesperson_id, ZoneInfo(signed_in.zone), now, signed_in.name)
