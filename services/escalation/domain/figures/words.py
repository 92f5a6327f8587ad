"""Figures in words, for a table beside each chart and for `handoff report`. Start at `lines`."""

from collections.abc import Mapping
from datetime import date, timedelta

from services.escalation.domain.figures.cells import (
    NO_PRODUCT,
    NO_SEGMENT,
    NO_TEAM,
    SEVERAL_PRODUCTS,
    By,
    Cell,
)
from services.escalation.domain.figures.episodes import Outcome
from services.escalation.domain.figures.figures import Figures, Outcomes, Times
from services.escalation.domain.words import SIGNAL_LABELS
from services.escalation.domain.words.lists import amounts
from shared.contracts.escalation import SignalKind
from shared.formatting import possessive

OUTCOMES: Mapping[Outcome, str] = {
    Outcome.OPEN: "Open",
    Outcome.PROVISIONAL: "Saved, not yet proven",
    Outcome.PROVEN: "Saved, proven",
    Outcome.RELAPSED: "Relapsed",
    Outcome.LOST: "Lost",
    Outcome.WON_BACK: "Lost, later won back",
    Outcome.FALSE_ALARM: "False alarm",
    Outcome.CAUSE_GONE: "Solved without us",
}
MONEY_COUNTS = (
    "An order counts its money once, with its latest episode: one that was lost and is at risk again counts as at risk."
)
_NONE = {
    SEVERAL_PRODUCTS: "Several products",
    NO_PRODUCT: "No product",
    NO_SEGMENT: "No segment",
    NO_TEAM: "No manager",
}
_NAMED = 3
"""A joined cell names at most this many of its groups."""

GROUPED_BY: Mapping[By, str] = {
    By.TEAM: "team",
    By.CAUSE: "first trouble",
    By.PRODUCT: "product",
    By.SEGMENT: "segment",
    By.MONTH: "month",
}


def lines(found: Figures) -> list[tuple[str, str]]:
    """The figures line by line: a label and its value."""
    money = found.money
    return [
        ("Alerts", f"{found.rings:,}"),
        ("Time to acknowledge", times_words(found.acknowledgement)),
        ("Time to talk, working time", times_words(found.talk)),
        ("Time to talk, customer's clock", times_words(found.customers_wait, days=True)),
        ("Requests", outcomes_words(found.requests)),
        ("All sales at risk", outcomes_words(found.episodes)),
        ("Money at risk", _money(money.at_risk)),
        ("Money kept", _money(money.kept)),
        ("Money lost", _money(money.lost)),
        ("Money given away", _money(money.given_away)),
        ("Not ours to save", f"{found.not_ours:,}"),
    ]


def times_words(times: Times, *, days: bool = False) -> str:
    """ "median 3 h, 90% within 26 h (n = 12); 2 open, longest so far 40 h"; `days`: the time passes day and night."""
    known = "none yet"
    if times.median is not None and times.p90 is not None:
        most = span(times.p90, days=days)
        known = f"median {span(times.median, days=days)}, 90% within {most} (n = {times.count:,})"
    if times.longest_open is None:
        return known
    return f"{known}; {times.open:,} open, longest so far {span(times.longest_open, days=days)}"


def outcomes_words(found: Outcomes) -> str:
    """ "12: 9 attempted; 4 open, 1 lost"."""
    if not found.total:
        return "none"
    ended = ", ".join(f"{count:,} {OUTCOMES[one].lower()}" for one, count in found.by_outcome.items() if count)
    return f"{found.total:,}: {found.attempted:,} attempted; {ended}"


def span(length: timedelta, *, days: bool = False) -> str:
    """A length of time: "under 1 min", "12 min", "3 h 20 min", "26 h"; with `days` also "3 days"."""
    minutes = length // timedelta(minutes=1)
    hours, rest = divmod(minutes, 60)
    if minutes < 1:
        return "under 1 min"
    if hours < 1:
        return f"{minutes} min"
    if days and hours >= 48:
        return f"{hours // 24:,} days"
    return f"{hours} h {rest} min" if hours < 10 and rest else f"{hours:,} h"


def cell_words(cell: Cell, by: By, people: Mapping[str, str]) -> str:
    """The name of a group. Groups that are shown as one are named if they are few; `people` are names of managers."""
    words = [_name(one, by, people) for one in cell.names]
    if by is By.MONTH and len(words) > 1:
        return f"{words[0]} to {words[-1]}"
    if len(words) > _NAMED:
        return f"{len(words)} small groups together"
    return ", ".join(words)


def _name(name: str, by: By, people: Mapping[str, str]) -> str:
    if name in _NONE:
        return _NONE[name]
    if by is By.TEAM:
        return f"{possessive(people.get(name, name))} team"
    if by is By.CAUSE:
        return SIGNAL_LABELS[SignalKind(name)]
    return f"{date.fromisoformat(f'{name}-01'):%B %Y}" if by is By.MONTH else name


def _money(money: Mapping[str, int]) -> str:
    return amounts(money) if money else "none"
