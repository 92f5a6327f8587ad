"""A customer's history line by line, and the signals in it, for pages and mails. See `what_happened`."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from services.escalation.domain import words
from services.escalation.domain.detections.parts import Part
from services.escalation.domain.facts import LEAVING, AccountFact, FactKind, fact_id
from services.escalation.domain.own_facts import (
    AppointmentLogged,
    AttemptLogged,
    CustomerReachedLogged,
    SnoozePressed,
)
from services.escalation.domain.phones import PhoneLink
from services.escalation.domain.reader import LocalTime, Reader
from services.escalation.domain.sale_words import SaleWords, sale_words
from services.escalation.domain.signals import SIGNALS
from services.escalation.domain.written import NoteAbout, NoteRow
from shared.contracts.envelope import Envelope, Fact
from shared.contracts.escalation import SignalKind
from shared.contracts.orders_inbound import OutcomeReported, PromiseKept
from shared.contracts.support_inbound import CaseOpened, Person, RefundRequested

_NOTES = {
    NoteAbout.ATTEMPT: "Note: could not reach the customer",
    NoteAbout.TALK: "Note: spoke with the customer",
    NoteAbout.HAND_OVER: "Note: hand-over",
    NoteAbout.CLOSE: "Note: closed",
}
_LINES_ALIKE = 5
"""More signals with one label are counted on the page, not listed."""
_NOTE_OF: Mapping[type[Fact], NoteAbout] = {AttemptLogged: NoteAbout.ATTEMPT, CustomerReachedLogged: NoteAbout.TALK}
Pressed: TypeAlias = AttemptLogged | CustomerReachedLogged | AppointmentLogged | SnoozePressed
"""A button that has a line of its own."""
WaysTo: TypeAlias = Callable[[str | None], tuple[PhoneLink, ...]]
"""The ways to call a number that was reported."""


@dataclass(frozen=True, slots=True)
class SignalRow:
    """A signal of an episode. `ended` is `cleared`, `withdrawn`, or None while it stands."""

    risk: words.Risk
    fact_id: UUID
    words: str | None = None
    by_silence: bool = False
    ended: str | None = None
    ended_at: datetime | None = None
    ended_because: str | None = None

    @property
    def at(self) -> datetime:
        return self.risk.at


@dataclass(frozen=True, slots=True)
class Caller:
    """Who called or wrote for the customer."""

    name: str
    ways: tuple[PhoneLink, ...] = ()


@dataclass(frozen=True, slots=True)
class SaidRow:
    """A salesperson's report of the customer's answer; `what` names the promise."""

    fact_id: UUID
    kind: FactKind
    at: datetime
    number: int | None
    agent: str | None
    agent_name: str | None
    what: str | None = None


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One press of a button; the press itself is missing if it was erased."""

    at: datetime
    who: str | None
    name: str | None
    kind: type[Pressed]
    button: Pressed | None


@dataclass(frozen=True, slots=True)
class CustomerHistory:
    """An account's facts, the customers' answers that salespeople reported, and their button presses and notes.

    `order_of_case` maps the cases that the facts name to their orders. `owed` are the promises of both sides that were
    not kept, if the customer did not get the result they wanted.
    """

    facts: Sequence[Envelope[Fact]] = ()
    said: Sequence[SaidRow] = ()
    actions: Sequence[ActionRow] = ()
    notes: Sequence[NoteRow] = ()
    order_of_case: Mapping[str, str] = field(default_factory=dict)
    owed: Sequence[AccountFact] = ()


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the history. `at_risk`: it still puts the sale at risk."""

    title: str
    quote: str | None
    source: str
    at: LocalTime
    at_risk: bool
    by: Caller | None


@dataclass(frozen=True, slots=True)
class SignalLine:
    """One reason why the order is or was at risk. `ended` tells what ended it; `more` is the number of earlier ones
    with this label that have no line, since `since`."""

    label: str
    at: LocalTime
    ended: str | None
    more: int = 0
    since: LocalTime | None = None


def in_sale_words(signals: Sequence[SignalRow], history: CustomerHistory, order_id: str) -> Sequence[SignalRow]:
    """The same signals, with promises and expected outcomes in the words of the sale."""
    sale = sale_words(history.facts, order_id)
    return [replace(signal, risk=sale.of_risk(signal.risk, signal.fact_id)) for signal in signals]


def what_happened(
    order_id: str, signals: Sequence[SignalRow], history: CustomerHistory, reader: Reader, ways: WaysTo
) -> tuple[Happening, ...]:
    """The lines, newest first. A signal without a kept fact has its own line. Facts of other orders and their cases are
    left out. `ways` are the ways to call the person who called or wrote."""
    standing = {signal.fact_id for signal in signals if signal.ended is None and not signal.by_silence}
    unsaid = {signal.fact_id: signal for signal in signals if not signal.by_silence}
    sale = sale_words(history.facts, order_id)
    lines: list[tuple[datetime, Happening]] = []
    for said in history.said:
        unsaid.pop(said.fact_id, None)
        lines.append((said.at, _said(said, order_id, sale, reader, at_risk=said.fact_id in standing)))
    for event in history.facts:
        if is_about(event, (order_id,), history.order_of_case):
            ids = _ids_of(event)
            for id in ids:
                unsaid.pop(id, None)
            title = _title(event, sale, signals)
            at_risk = not standing.isdisjoint(ids)
            lines.append((words.happened_at(event), _happening(event, title, reader, ways, at_risk=at_risk)))
    bare = [*unsaid.values(), *(signal for signal in signals if signal.by_silence)]
    lines += [(signal.at, _bare(signal, reader)) for signal in bare]
    noted = [(action, _note_of(action, history.notes)) for action in history.actions]
    lines += [(action.at, _done(action, note, reader)) for action, note in noted]
    with_actions = [note for _, note in noted]
    lines += [(note.at, _written(note, reader)) for note in history.notes if note not in with_actions]
    return tuple(happening for _, happening in sorted(lines, key=lambda one: one[0], reverse=True))


def is_about(event: Envelope[Fact], orders: Collection[str], order_of_case: Mapping[str, str]) -> bool:
    """Whether a fact is about one of these orders, directly or by its case, or about no order."""
    case = getattr(event.data, "case", None)
    order = getattr(event.data, "order", None) or (order_of_case.get(case) if case else None)
    return order is None or order in orders


def no_ways(_number: str | None) -> tuple[PhoneLink, ...]:
    """For customers who must not be called."""
    return ()


def requester_of(main: words.Risk, signals: Iterable[SignalRow], facts: Iterable[Envelope[Fact]]) -> Person | None:
    """The person who called or wrote for the customer, in the first fact of the episode's main signal."""
    began = {signal.fact_id for signal in signals if signal.risk is main and not signal.by_silence}
    return next((words.describe(event).by for event in facts if not began.isdisjoint(_ids_of(event))), None)


def opener_of(signals: Iterable[SignalRow], facts: Sequence[Envelope[Fact]]) -> Person | None:
    """The person who opened the case that standing signals are about."""
    began = {signal.fact_id for signal in signals if signal.ended is None and not signal.by_silence}
    cases = {getattr(event.data, "case", None) for event in facts if not began.isdisjoint(_ids_of(event))} - {None}
    opened = (event.data for event in facts if isinstance(event.data, CaseOpened))
    return next((one.person for one in opened if one.case in cases and one.person is not None), None)


def caller(person: Person | None, ways: WaysTo) -> Caller | None:
    """This person's name, with the ways to call them; None if no name is known."""
    name = (person.name or person.email or person.phone) if person else None
    return Caller(name, ways(person.phone)) if person and name else None


def _ids_of(event: Envelope[Fact]) -> set[UUID]:
    """The ids of an event's facts: the event itself, and the customer's announcement in it to leave."""
    leaving = {fact_id(event, LEAVING)} if getattr(event.data, "intent", None) is not None else set()
    return {fact_id(event), *leaving}


def signal_lines(signals: Sequence[SignalRow], reader: Reader) -> tuple[SignalLine, ...]:
    """Standing signals first, then ended ones, each newest first; of many with one label the newest."""
    ordered = sorted(signals, key=lambda signal: (signal.ended is None, signal.at), reverse=True)
    alike = defaultdict[tuple[str, bool], list[SignalRow]](list)
    lines: list[SignalLine] = []
    for signal in ordered:
        alike[_label_of(signal)].append(signal)
    for signal in ordered:
        known = alike[_label_of(signal)]
        last, rest = known[:_LINES_ALIKE][-1], known[_LINES_ALIKE:]
        if signal in known[:_LINES_ALIKE]:
            lines.append(_signal_line(signal, reader))
        if signal is last and rest:
            more = sum(1 + one.risk.alike for one in rest)
            lines[-1] = replace(lines[-1], more=more, since=reader.moment(rest[-1].at))
    return tuple(lines)


def _label_of(signal: SignalRow) -> tuple[str, bool]:
    return words.label(signal.risk), signal.ended is None


def _signal_line(signal: SignalRow, reader: Reader) -> SignalLine:
    label = words.label(signal.risk)
    at = reader.moment(signal.at)
    if signal.ended is None or signal.ended_at is None:
        return SignalLine(label, at, None)
    when = reader.moment(signal.ended_at).clock
    return SignalLine(label, at, f"{words.ended(signal.ended, signal.ended_because)}, {when}")


def _title(event: Envelope[Fact], sale: SaleWords, signals: Iterable[SignalRow]) -> str | None:
    """Words for a fact, with details that it does not contain: the promise, the outcome, or the order's currency."""
    if isinstance(event.data, RefundRequested):
        risks = (one.risk for one in signals if one.fact_id == fact_id(event))
        return next((words.headline(one) for one in risks if one.kind is SignalKind.REFUND_REQUESTED), None)
    if isinstance(event.data, PromiseKept) and event.data.promise in sale.named:
        proof = f" ({event.data.proof})" if event.data.proof else ""
        if event.data.promise in sale.theirs:
            return f"The customer did their part of order {event.data.order}: {sale.named[event.data.promise]}{proof}"
        return f"Promise for order {event.data.order} kept: {sale.named[event.data.promise]}{proof}"
    of_outcome = sale.outcome and isinstance(event.data, OutcomeReported)
    return f"{words.describe(event).title}: {sale.outcome}" if of_outcome else None


def _happening(event: Envelope[Fact], title: str | None, reader: Reader, ways: WaysTo, *, at_risk: bool) -> Happening:
    described = words.describe(event, reader.zone)
    title = title or described.title
    at = reader.moment(words.happened_at(event))
    return Happening(title, described.customer_words, described.source, at, at_risk, caller(described.by, ways))


def _said(said: SaidRow, order_id: str, sale: SaleWords, reader: Reader, *, at_risk: bool) -> Happening:
    who = "you" if reader.is_me(said.agent) else reader.name_of(said.agent, said.agent_name)
    title = words.customer_said(said.kind, said.number, order_id, sale.of_said(said.kind, said.what))
    source = f"Reported by {who} after a conversation; not yet confirmed."
    return Happening(title, None, source, reader.moment(said.at), at_risk, None)


def _bare(signal: SignalRow, reader: Reader) -> Happening:
    title = words.headline(signal.risk)
    reported_by = "Orders" if SIGNALS[signal.risk.kind].part is Part.ORDERS else "Support"
    source = "Handoff" if signal.by_silence else reported_by
    return Happening(title, signal.words, source, reader.moment(signal.at), signal.ended is None, None)


def _note_of(action: ActionRow, notes: Iterable[NoteRow]) -> NoteRow | None:
    """The note that came with a button press; both have the same time."""
    press = (action.at, action.who, _NOTE_OF.get(action.kind))
    return next((note for note in notes if (note.at, note.by, note.about) == press), None)


def _done(action: ActionRow, note: NoteRow | None, reader: Reader) -> Happening:
    title, written = _action_title(action, reader), note.text if note else None
    return Happening(title, written, "Handoff", reader.moment(action.at), at_risk=False, by=None)


def _action_title(action: ActionRow, reader: Reader) -> str:
    who, button = reader.name_of(action.who, action.name), action.button
    if action.kind in _NOTE_OF:
        way = (
            f" {words.BY_CHANNEL[button.channel]}" if isinstance(button, AttemptLogged | CustomerReachedLogged) else ""
        )
        return f"{who} {'reached' if action.kind is CustomerReachedLogged else 'could not reach'} the customer{way}"
    if action.kind is AppointmentLogged:
        at = f" {reader.moment(button.at).at}" if isinstance(button, AppointmentLogged) else ""
        return f"{who} promised to call the customer{at}"
    until = f" until {reader.moment(button.until).clock}" if isinstance(button, SnoozePressed) else ""
    return f"{who} snoozed it{until}"


def _written(note: NoteRow, reader: Reader) -> Happening:
    source = reader.name_of(note.by, note.name)
    return Happening(_NOTES[note.about], note.text, source, reader.moment(note.at), at_risk=False, by=None)
