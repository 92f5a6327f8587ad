"""The list's filters in the address: words, a severity, whose turn it is, a page. And the links that change them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from services.escalation.domain.words import SEVERITIES
from services.escalation.store.inbox import Counts, Wanted
from shared.contracts.escalation import Severity

_MAX_SEARCH = 100
_MAX_PAGE = 10_000
_SEVERITIES = {**SEVERITIES, Severity.WATCH: f"{SEVERITIES[Severity.WATCH]} and information"}
"""The severities as the rows name them; episodes for information have the lowest one but another name."""
_SHOWN = {"waiting": "Waiting for you", "mine": "Acknowledged by you"}


@dataclass(frozen=True, slots=True)
class Selection:
    """The list that an address requests."""

    wanted: Wanted
    page: int = 1

    @property
    def query(self) -> str:
        """The query of an address; empty for the whole list."""
        chosen = {"q": self.wanted.search, "severity": self.wanted.severity, "show": self.wanted.show}
        parts = {name: value for name, value in chosen.items() if value}
        parts |= {"page": str(self.page)} if self.page > 1 else {}
        return f"?{urlencode(parts)}" if parts else ""

    @property
    def narrowed(self) -> bool:
        return self.wanted != Wanted()

    @property
    def chosen(self) -> tuple[str, ...]:
        """The chosen filters in words."""
        shown = [_SHOWN[self.wanted.show]] if self.wanted.show else []
        return (*shown, *([_SEVERITIES[Severity(self.wanted.severity)]] if self.wanted.severity else []))

    def unfiltered(self) -> "Selection":
        """The same list with only the search words."""
        return Selection(Wanted(self.wanted.search))

    def on_page(self, page: int) -> str:
        return replace(self, page=page).query

    def at_most(self, pages: int) -> "Selection":
        """The same list, on its last page if the address requests a later one."""
        return replace(self, page=max(1, min(self.page, pages)))

    def showing(self, show: str | None) -> "Selection":
        """The same with another choice of what to show, from its first page."""
        return Selection(replace(self.wanted, show=show))

    def of_severity(self, severity: str | None) -> "Selection":
        """The same of another severity, from its first page."""
        return Selection(replace(self.wanted, severity=severity))


@dataclass(frozen=True, slots=True)
class Filter:
    """One link: the words, the number of episodes, and whether it is chosen. A chosen link removes the choice."""

    label: str
    count: int
    address: str
    on: bool


def selection_of(parameters: Mapping[str, str]) -> Selection:
    """The list that an address requests. Unknown values are ignored."""
    severity, show = (parameters.get(name, "") for name in ("severity", "show"))
    search = parameters.get("q", "").replace("\0", "").strip()[:_MAX_SEARCH]
    known = Wanted(search, severity if severity in set(Severity) else None, show if show in _SHOWN else None)
    return Selection(known, page_of(parameters))


def page_of(parameters: Mapping[str, str]) -> int:
    """The page of a list that an address requests; the first if that is not a number."""
    page = parameters.get("page", "")
    number = int(page) if page.isascii() and page.isdecimal() and len(page) < 6 else 1
    return min(max(number, 1), _MAX_PAGE)


def filters(selection: Selection, counts: Counts) -> tuple[tuple[Filter, ...], tuple[Filter, ...]]:
    """The filters by turn and by severity. Each count is the number of episodes that the link would show."""
    wanted = selection.wanted
    every = _filter("All", counts.either, selection.showing(None), on=wanted.show is None)
    of_shown = {"waiting": counts.either_waiting, "mine": counts.either_mine}
    shown = [
        _filter(label, of_shown[show], selection.showing(None if wanted.show == show else show), on=wanted.show == show)
        for show, label in _SHOWN.items()
    ]
    return (every, *shown), tuple(
        _of_severity(selection, counts, one) for one in sorted(Severity, key=lambda one: -one.rank)
    )


def _of_severity(selection: Selection, counts: Counts, severity: Severity) -> Filter:
    on = selection.wanted.severity == severity.value
    leads_to = selection.of_severity(None if on else severity.value)
    return _filter(_SEVERITIES[severity], getattr(counts, severity.value), leads_to, on=on)


def _filter(label: str, count: int, leads_to: Selection, *, on: bool) -> Filter:
    return Filter(label, count, f"/{leads_to.query}", on)
