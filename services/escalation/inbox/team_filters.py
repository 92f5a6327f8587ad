"""The filters of the team's page in its address, and the choices of each with the number of episodes they lead to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from services.escalation.domain.words import SEVERITIES, SIGNAL_LABELS
from services.escalation.inbox.filters import page_of
from services.escalation.store.team import PAGE_SIZE, TeamPage, Wanted
from shared.contracts.escalation import Severity, SignalKind

_LONGEST = 200
_SOONEST = "time"
_MOST_PRODUCTS = 100


@dataclass(frozen=True, slots=True)
class TeamSelection:
    """The list that an address requests."""

    wanted: Wanted
    page: int = 1

    @property
    def query(self) -> str:
        """The query of an address; empty for the whole list."""
        wanted = self.wanted
        chosen = {
            "severity": wanted.severity,
            "cause": wanted.cause,
            "product": wanted.product,
            "person": wanted.person,
            "sort": _SOONEST if wanted.soonest else None,
            "page": str(self.page) if self.page > 1 else None,
        }
        parts = {name: value for name, value in chosen.items() if value}
        return f"?{urlencode(parts)}" if parts else ""

    @property
    def narrowed(self) -> bool:
        return replace(self.wanted, soonest=False) != Wanted()

    def on_page(self, page: int) -> str:
        return replace(self, page=page).query

    def at_most(self, found: int) -> "TeamSelection":
        """The same list, on its last page if the address requests a later one."""
        return replace(self, page=max(1, min(self.page, pages_of(found))))


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a list: the words with the number of episodes, and whether it is chosen."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Choices:
    """One list to choose from, with its name in the address."""

    name: str
    label: str
    every: str
    choices: tuple[Choice, ...]


def pages_of(found: int) -> int:
    return -(-found // PAGE_SIZE)


def team_selection_of(parameters: Mapping[str, str]) -> TeamSelection:
    """The list that an address requests. Unknown severities and causes are ignored."""

    def known(name: str, among: Iterable[str] | None = None) -> str | None:
        value = parameters.get(name, "").replace("\0", "").strip()[:_LONGEST]
        return value if value and (among is None or value in set(among)) else None

    wanted = Wanted(
        severity=known("severity", Severity),
        cause=known("cause", SignalKind),
        product=known("product"),
        person=known("person"),
        soonest=known("sort") == _SOONEST,
    )
    return TeamSelection(wanted, page_of(parameters))


def choices_of(selection: TeamSelection, found: TeamPage, names: Mapping[str, str]) -> tuple[Choices, ...]:
    """The lists. People and products are in alphabetical order, since this page ranks nobody."""
    wanted, counts = selection.wanted, found.counts
    severities = {one.value: SEVERITIES[one] for one in sorted(Severity, key=lambda one: -one.rank)}
    causes = {one.value: SIGNAL_LABELS[one] for one in SignalKind if one.value in counts["cause"]}
    products = {one: one for one in sorted(counts["product"], key=str.lower)[:_MOST_PRODUCTS]}
    people = {one: names.get(one, one) for one in counts["person"]}
    return (
        _choices("severity", "Severity", "Any severity", severities, counts["severity"], wanted.severity),
        _choices("cause", "Cause", "Any cause", causes, counts["cause"], wanted.cause),
        _choices("product", "Product", "Any product", products, counts["product"], wanted.product),
        _choices("person", "Now with", "Anyone", _by_name(people), counts["person"], wanted.person),
    )


def _by_name(people: Mapping[str, str]) -> Mapping[str, str]:
    return dict(sorted(people.items(), key=lambda one: (one[1].lower(), one[0])))


def _choices(
    name: str, label: str, every: str, known: Mapping[str, str], counts: Mapping[str, int], chosen: str | None
) -> Choices:
    words = {**known, **({chosen: chosen} if chosen is not None and chosen not in known else {})}
    listed = (Choice(value, f"{text} ({counts.get(value, 0)})", value == chosen) for value, text in words.items())
    return Choices(name, label, every, tuple(listed))
