"""What the page of a case shows, as values for its template. Start at `view_of`."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from services.support.api.about import about_words, sold
from services.support.api.advice import Advice, Matter, standing_of
from services.support.api.links import PageLink
from services.support.domain import Case, Facts
from shared.contracts.envelope import Envelope, Fact
from shared.contracts.escalation import SaveWindowClosed, SaveWindowOpened
from shared.contracts.orders_inbound import OrderCancelled, RefundPaid
from shared.contracts.support_inbound import ContactMade, Person
from shared.fact_words import Described, describe, happened_at
from shared.formatting import absolute, cut_at_word, day, local_clock, money
from shared.rescue_words import OpenWindow, in_utc, rescue_of
from shared.visible_text import many_lines, without_bidi

MOST_LINES = 100
"""The number of lines of a history. A frame beside a ticket is no archive."""

_LONG_QUOTE = 600
_MANY_LINES = 12
"""A quote of more characters or with more line feeds is folded, as in the inbox."""
_EMPTY_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class Moment:
    """A time in the reader's zone, in words and for programs."""

    iso: str
    shown: str
    absolute: str


@dataclass(frozen=True, slots=True)
class Line:
    """One fact of a history. A long quote has a `beginning`, after which the reader opens the rest."""

    title: str
    quote: str | None
    beginning: str | None
    source: str
    by: str | None
    at: Moment


@dataclass(frozen=True, slots=True)
class Saying:
    """What the agent may say about one order; `clock` names the zone of the time in it. `name` is the colleague's, who
    calls or has `talked` with the customer."""

    say: str
    order: str
    clock: str | None
    name: str | None
    talked: bool


@dataclass(frozen=True, slots=True)
class History:
    """Lines, newest first; `more`: there are older facts without a line. `unreadable` counts the damaged ones."""

    lines: Sequence[Line]
    more: bool
    unreadable: int


@dataclass(frozen=True, slots=True)
class CaseView:
    """The page's content."""

    case: str
    account: str
    title: str | None
    about: Sequence[tuple[str, str]]
    done: Sequence[str]
    advice: str | None
    sayings: Sequence[Saying]
    others: Sequence[Saying]
    of_case: History
    of_account: History
    zone: str
    read_at: str
    expires_at: str


@dataclass(frozen=True, slots=True)
class Known:
    """The facts about a case, about its account, and those that tell where a case stands, newest first."""

    of_case: Facts
    of_account: Facts
    decisive: Sequence[Envelope[Fact]]


def view_of(
    link: PageLink,
    case: Case | None,
    windows: Iterable[OpenWindow],
    known: Known,
    *,
    now: datetime,
) -> CaseView:
    """The view for the reader of a link."""
    zone = ZoneInfo(link.zone)
    open_windows = list(windows)
    events = [*known.decisive, *known.of_case.events]
    matter = Matter.of(link.case, case, events)
    standing = standing_of(matter, events, now)
    about = [window for window in open_windows if window.case == link.case or window.order in matter.orders]
    sayings = [_saying(window) for window in about] if standing.may_be_called else []
    talked = next((one.name for one in sayings if one.talked), None)
    return CaseView(
        case=link.case,
        account=link.account,
        title=case.title if case else None,
        about=[*(_about(case, zone, now) if case else ()), *sold(matter, known.decisive)],
        done=[_done(event, zone, now) for event in known.decisive if _is_done(event.data, matter)],
        advice=standing.advice if not sayings else Advice.SPOKEN.format(whom=talked) if talked else None,
        sayings=sayings,
        others=[_saying(window) for window in open_windows if window not in about],
        of_case=_history(known.of_case, zone, now),
        of_account=_history(known.of_account, zone, now),
        zone=link.zone,
        read_at=local_clock(now.astimezone(zone), now),
        expires_at=local_clock(link.expires_at.astimezone(zone), now),
    )


def _is_done(fact: Fact, matter: Matter) -> bool:
    return isinstance(fact, RefundPaid | OrderCancelled) and matter.covers(fact)


def _done(event: Envelope[Fact], zone: tzinfo, now: datetime) -> str:
    """What was paid or cancelled and when, so that nobody does it twice."""
    fact, local = event.data, event.time.astimezone(zone)
    on = "today" if local.date() == now.astimezone(zone).date() else f"on {day(local)}"
    if isinstance(fact, RefundPaid):
        return f"{money(fact.amount_minor, fact.currency)} was refunded for order {fact.order} {on} at {local:%H:%M}."
    assert isinstance(fact, OrderCancelled)
    return f"Order {fact.order} was cancelled {on} at {local:%H:%M}."


def _saying(window: OpenWindow) -> Saying:
    rescue = rescue_of(window)
    names_time = (rescue.until or rescue.reached_at) and not in_utc(window.zone)
    clock = window.zone if names_time else None
    return Saying(rescue.say, rescue.order, clock, rescue.name, talked=rescue.reached_at is not None)


def _about(case: Case, zone: tzinfo, now: datetime) -> Iterator[tuple[str, str]]:
    yield "Status", case.status
    if case.order_id:
        yield "Order", case.order_id
    yield "Opened", _moment(case.opened_at, zone, now).shown
    if case.assigned_to:
        yield "With", case.assigned_to
    person = _name(Person(name=case.person_name, phone=case.person_phone, email=case.person_email))
    if person:
        yield "Customer’s contact", person


def _history(facts: Facts, zone: tzinfo, now: datetime) -> History:
    in_order = sorted(facts.events, key=happened_at, reverse=True)
    lines = [_line(event, zone, now) for event in in_order]
    lines = [line for line, older in zip(lines, [*lines[1:], None], strict=False) if not _repeats(line, older)]
    return History(lines[:MOST_LINES], facts.more or len(lines) > MOST_LINES, facts.unreadable)


def _repeats(line: Line, older: Line | None) -> bool:
    """Whether a window was only published again: the line before it says the same."""
    return older is not None and line.source == "Handoff" and line.title == older.title


def _line(event: Envelope[Fact], zone: tzinfo, now: datetime) -> Line:
    described = _of_window(event.data) or describe(event, zone)
    agent = event.data.agent if isinstance(event.data, ContactMade) else None
    by = " · ".join(filter(None, (_name(described.by) if described.by else None, agent and f"agent {agent}"))) or None
    test = " (test)" if getattr(event.data, "test", None) else ""
    title = described.title + about_words(event.data, now) + test
    words = _quote(described.customer_words or "")
    return Line(title, words or None, _beginning(words), described.source, by, _moment(happened_at(event), zone, now))


def _quote(words: str) -> str:
    """A customer's words without control and direction characters, and with at most one empty line at a time."""
    return _EMPTY_LINES.sub("\n\n", without_bidi(many_lines(words))).strip("\n")


def _beginning(quote: str) -> str | None:
    if len(quote) <= _LONG_QUOTE and quote.count("\n") < _MANY_LINES:
        return None
    return cut_at_word(" ".join(quote.split()), _LONG_QUOTE // 2)


def _of_window(fact: Fact) -> Described | None:
    """A save window without its reason: who calls is known once they acknowledged it."""
    match fact:
        case SaveWindowOpened(acknowledged=True):
            title = _of_call(fact)
        case SaveWindowOpened():
            title = f"A colleague will call the customer about order {fact.order}"
        case SaveWindowClosed():
            title = f"The time for a call about order {fact.order} is over"
        case _:
            return None
    return Described(title, None, "Handoff")


def _of_call(fact: SaveWindowOpened) -> str:
    name, about = fact.name or fact.who, f"the customer about order {fact.order}"
    if fact.call_at is None and fact.reached_at is not None:
        return f"{name} talked with {about}"
    at = absolute((fact.call_at or fact.until).astimezone(ZoneInfo(fact.zone) if fact.zone else UTC))
    return f"{name} calls {about} at {at}" if fact.call_at else f"{name} calls {about} by {at} at the latest"


def _name(person: Person) -> str | None:
    return person.name or person.phone or person.email


def _moment(at: datetime, zone: tzinfo, now: datetime) -> Moment:
    local = at.astimezone(zone)
    is_today = local.date() == now.astimezone(zone).date()
    shown = f"today, {local:%H:%M}" if is_today else f"{day(local)}, {local:%H:%M}"
    return Moment(local.isoformat(timespec="seconds"), shown, absolute(local))
