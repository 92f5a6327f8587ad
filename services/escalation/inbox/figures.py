"""The pages of figures: a manager's team or a larger tree, and one's own. Start at `team`; who sees what is decision
41."""

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from services.escalation.domain.figures.cells import By, cells, is_large_enough
from services.escalation.domain.figures.episodes import CalendarOf, CountedEpisode, counted
from services.escalation.domain.figures.export import csv_lines
from services.escalation.domain.figures.figures import Figures, figures
from services.escalation.domain.figures.trees import Tree, below, tree_for
from services.escalation.domain.figures.words import cell_words
from services.escalation.domain.policy.figures import Individual
from services.escalation.domain.policy.model import Policy
from services.escalation.domain.reader import Reader
from services.escalation.domain.words import SIGNAL_LABELS
from services.escalation.domain.words.in_short import unturned
from services.escalation.inbox.answers import NotHere
from services.escalation.inbox.charts import Chart, groups_chart, money_charts, requests_chart, times_charts
from services.escalation.inbox.dependencies import InboxDependencies
from services.escalation.inbox.live import state_of
from services.escalation.inbox.rendering import Pages
from services.escalation.inbox.sessions import REFRESH_HEADER, Sessions
from services.escalation.store import figures as store
from services.escalation.store import inbox as inbox_store
from services.escalation.store import team as team_store
from services.escalation.store.figures import Sellers
from services.escalation.store.sessions import SignedIn
from shared.contracts.escalation import SignalKind
from shared.formatting import possessive
from shared.ids import SalespersonId

TEAM = "/team/figures"
OWN = "/figures"
_MONTHS = 12
_Group: TypeAlias = tuple[str, int, Figures]
_GROUPS = {
    By.CAUSE: "First trouble",
    By.PRODUCT: "Product",
    By.SEGMENT: "Segment",
    By.MONTH: "Month",
    By.TEAM: "Team",
}


@dataclass(frozen=True, slots=True)
class _Counted:
    """The episodes of a page, and what their figures are computed with."""

    episodes: Sequence[CountedEpisode]
    calendar_of: CalendarOf
    now: datetime

    def figures(self, some: Sequence[CountedEpisode] | None = None) -> Figures:
        return figures(self.episodes if some is None else some, self.calendar_of, self.now)


@dataclass(frozen=True, slots=True)
class _Visit:
    """One request for a page of figures, which counts what was raised since `since`."""

    signed_in: SignedIn
    reader: Reader
    policy: Policy
    since: datetime
    is_automatic: bool

    @property
    def me(self) -> SalespersonId:
        return self.signed_in.salesperson_id


class FiguresPages:
    """The pages of figures for signed-in people, over the last twelve months."""

    def __init__(self, dependencies: InboxDependencies, sessions: Sessions, pages: Pages) -> None:
        self._pool = dependencies.pool
        self._policies = dependencies.policies
        self._sessions = sessions
        self._pages = pages

    async def team(self, request: Request) -> Response:
        """The figures of the reader's team, or of the next larger tree; as CSV with `format=csv`."""
        visit, by = await self._visit(request), _by(request)
        if not await team_store.has_reports(self._pool, visit.me):
            return self._pages.page("no_team.html", {"reader": visit.signed_in})
        people = await store.sellers_since(self._pool, visit.since)
        tree, smallest = _tree(visit.me, people, visit.policy), visit.policy.figures.smallest_group
        state = await self._state(tree.manager if tree and tree.manager else visit.me)
        found = await self._counted(tree.people if tree else (), visit)
        groups = _groups(found, by, people, smallest)
        if request.query_params.get("format") == "csv":
            return _csv(by, groups)
        values = {
            "heading": _heading(tree, visit.me, people.names),
            "larger": tree is not None and tree.manager != visit.me,
            "smallest": smallest,
            "sellers": len(tree.people & people.sellers) if tree else 0,
            "general": _general(found.figures()) if groups else [],
            "groups": _of_groups(groups),
            "choices": [(one.value, label, one is by) for one, label in _GROUPS.items()],
            "by": by.value,
            "individuals": _individuals(visit, people),
        }
        return self._page("team_figures.html", visit, {"state": state, "home": TEAM, **values})

    async def own(self, request: Request) -> Response:
        """The reader's own figures; with `person`, those of a person below them, if the policy allows it. Such a look
        is stored. Raises NotHere."""
        visit = await self._visit(request)
        whose = request.query_params.get("person") or visit.me
        name = None if whose == visit.me else await self._looked_at(visit, whose)
        state = await state_of(self._pool, visit.me)
        found = await self._counted((whose,), visit)
        whole = found.figures()
        missed, looks = await self._for_oneself(visit) if name is None else ([], [])
        values = {
            "name": name,
            "general": [*_general(whole), *times_charts([(name or "You", whole)])] if found.episodes else [],
            "missed": [(SIGNAL_LABELS[kind], f"signals.{kind.value}") for kind in missed],
            "looks": [(unturned(looker), visit.reader.moment(at).when) for looker, at in looks],
            "managers_look": visit.policy.figures.individual is Individual.MANAGER,
        }
        return self._page("own_figures.html", visit, {"state": state, "home": OWN, **values})

    async def team_of(self, reader: SalespersonId) -> SalespersonId:
        """The manager whose tree the reader's page of figures shows."""
        policy, now = (await self._policies()).latest.policy, await inbox_store.now(self._pool)
        tree = _tree(reader, await store.sellers_since(self._pool, _since(now)), policy)
        return SalespersonId(tree.manager) if tree and tree.manager else reader

    async def _looked_at(self, visit: _Visit, whose: str) -> str:
        """The name of another person whose figures the reader looks at. It stores the look. Raises NotHere."""
        allowed = _individuals(visit, await store.sellers_since(self._pool, visit.since))
        if whose not in allowed:
            raise NotHere
        if not visit.is_automatic:
            await store.keep_look(self._pool, by=visit.me, whose=whose)
        return allowed[whose]

    async def _for_oneself(self, visit: _Visit) -> tuple[list[SignalKind], list[tuple[str, datetime]]]:
        """The reader's missed alarms, and the looks at their figures: for nobody else."""
        missed = await store.missed_alarms(self._pool, visit.me, visit.since)
        return missed, await store.looks_at(self._pool, visit.me)

    async def _visit(self, request: Request) -> _Visit:
        signed_in = await self._sessions.reader(request)
        now = await inbox_store.now(self._pool)
        reader = Reader(signed_in.salesperson_id, ZoneInfo(signed_in.zone), now, signed_in.name)
        policy = (await self._policies()).latest.policy
        return _Visit(signed_in, reader, policy, _since(now), REFRESH_HEADER in request.headers)

    async def _counted(self, sellers: Collection[str], visit: _Visit) -> _Counted:
        rows = await store.episodes(self._pool, visit.since, visit.policy, sellers=sellers)
        calendar_of = await store.calendars(self._pool, rows, visit.policy)
        return _Counted(counted(rows, calendar_of), calendar_of, visit.reader.now)

    async def _state(self, manager: str) -> str:
        async with self._pool.acquire() as connection:
            return await team_store.team_fingerprint(connection, manager)

    def _page(self, template: str, visit: _Visit, values: Mapping[str, object]) -> Response:
        signed_in, reader = visit.signed_in, visit.reader
        everywhere = {"reader": signed_in, "now": reader.moment(reader.now), "zone": signed_in.zone}
        return self._pages.page(template, {**everywhere, "since": f"{visit.since:%B %Y}", **values})


def _tree(reader: str, people: Sellers, policy: Policy) -> Tree | None:
    return tree_for(reader, people.managers, people.sellers, policy.figures.smallest_group)


def _individuals(visit: _Visit, people: Sellers) -> dict[str, str]:
    """The people whose figures the reader may look at, by name."""
    if visit.policy.figures.individual is not Individual.MANAGER:
        return {}
    known = {one: unturned(people.names[one]) for one in below(visit.me, people.managers)}
    return dict(sorted(known.items(), key=lambda one: (one[1].lower(), one[0])))


def _groups(found: _Counted, by: By, people: Sellers, smallest: int) -> list[_Group]:
    """The groups by name, with their numbers of sellers; none if all episodes together are of too few sellers."""
    if not is_large_enough(found.episodes, smallest):
        return []
    known = cells(found.episodes, by, people.managers, smallest)
    names = [unturned(cell_words(one, by, people.names)) for one in known]
    return [(name, len(one.sellers), found.figures(one.episodes)) for name, one in zip(names, known, strict=True)]


def _general(whole: Figures) -> list[Chart]:
    return [requests_chart(whole), *money_charts(whole.money)]


def _of_groups(groups: Sequence[_Group]) -> list[Chart]:
    named = [(name, found) for name, _, found in groups]
    return [groups_chart(named), *times_charts(named)] if named else []


def _heading(tree: Tree | None, me: str, names: Mapping[str, str]) -> str:
    if tree is None or tree.manager == me:
        return "Your team"
    return "The whole company" if tree.manager is None else f"{possessive(unturned(names[tree.manager]))} team"


def _by(request: Request) -> By:
    """What the address groups by. An unknown value is ignored."""
    wanted = request.query_params.get("by")
    return next((one for one in By if one.value == wanted), By.CAUSE)


def _since(now: datetime) -> datetime:
    """The first day of the month eleven months ago, in UTC: twelve months with the current one."""
    months = now.year * _MONTHS + now.month - _MONTHS
    return datetime(months // _MONTHS, months % _MONTHS + 1, 1, tzinfo=UTC)


def _csv(by: By, groups: Sequence[_Group]) -> Response:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(csv_lines(by.value, groups))
    headers = {"Content-Disposition": f'attachment; filename="figures-by-{by.value}.csv"'}
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)
