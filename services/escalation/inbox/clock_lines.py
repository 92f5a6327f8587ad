"""The clock of an episode in words: the person, the action, the deadline and the time left."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.escalation.domain.entities import Clock
from services.escalation.domain.reader import LocalTime, Reader
from services.escalation.domain.words import STEPS, left, ordinal, promised_words
from services.escalation.store.inbox import EpisodeRow
from shared.contracts.escalation import Step

_TO_DO = {
    Clock.ANSWER: "answer by",
    Clock.REDEEM: "reach the customer by",
    Clock.APPOINTMENT: "call the customer at",
    Clock.SNOOZE: "snoozed until",
}
_TO_WRITE = {Clock.REDEEM: "write by", Clock.APPOINTMENT: "write at"}
_NO_CALL = {Clock.APPOINTMENT: "reach the customer at"}
_SHORT = {
    Clock.ANSWER: "Answer",
    Clock.REDEEM: "Reach",
    Clock.APPOINTMENT: "Call",
    Clock.SNOOZE: "Snoozed",
}
_SHORT_INSTEAD = {"write": "Write", "none": "Reach"}
_WAS_DUE = {"call": "call", "write": "message", "none": "talk"}
"""The kind of contact promised to the customer, by the way of reaching them."""
_LITTLE_LEFT = timedelta(hours=1)
"""With less time than this a clock is shown as urgent. With more, it can wait for the end of a meeting; if everything
were red, nothing would stand out."""


@dataclass(frozen=True, slots=True)
class ClockLine:
    """ "You: answer by 14:30 (12 min left)"; without `at` only the words. `short` is the action in a list. `in_list`
    replaces it for an action at a time and not by it: "Call at 14:30".

    `urgent`: the reader has to act, and little time is left; `urgent_from` is when that begins.
    """

    who: str | None
    phrase: str
    at: LocalTime | None = None
    left: str | None = None
    urgent: bool = False
    urgent_from: str | None = None
    short: str = "Answer"
    in_list: str | None = None


def clock_line(
    row: EpisodeRow, reader: Reader, *, way: str, place: int | None = None, for_information: bool = False
) -> ClockLine | None:
    """The clock for this reader; None if none runs.

    `way` of reaching the customer: "call", "write", or "none". `place`: the call's place among the reader's calls.
    """
    if row.closed_at is not None:
        return None
    if for_information:
        return ClockLine(None, "For your information: no action needed.")
    if reader.is_me(row.offered_to) and row.offered_until is not None:
        request = f"{reader.name_of(row.acknowledged_by, row.acknowledged_name)} asks you to take over: answer by"
        return _until(row.offered_until, reader, ClockLine(None, request), mine=True)
    if row.exhausted_at is not None and row.deadline_at is None:
        return ClockLine(None, "No one on the escalation path has responded. Open until someone acknowledges it.")
    if row.reached_at is not None and row.deadline_at is None:
        return ClockLine(_who(row, reader), f"reached the customer.{_then(row, reader)}")
    if row.deadline_at is None or row.deadline_for is None:
        return ClockLine(None, f"No call is due.{_then(row, reader)}") if row.acknowledged_at else None
    clock, promised_at = Clock(row.deadline_for), due_first(row)
    if promised_at is not None:
        return _promised_call(row, promised_at, reader, way)
    phrase = f"{ordinal(place)} in your queue, call by" if place and way == "call" else _to_do(clock, way)
    short = _SHORT_INSTEAD.get(way, _SHORT[clock]) if clock in _TO_WRITE else _SHORT[clock]
    if clock is Clock.SNOOZE and reader.is_me(row.responsible):
        return _until(row.deadline_at, reader, ClockLine(None, "Snoozed until", short=short), mine=False)
    mine = reader.is_me(row.responsible) and clock in (Clock.ANSWER, Clock.REDEEM)
    return _until(row.deadline_at, reader, ClockLine(_who(row, reader), phrase, short=short), mine=mine)


def _then(row: EpisodeRow, reader: Reader) -> str:
    """The remaining action, if the reader can take it."""
    closes = row.has_a_part and (row.acknowledged_by is None or reader.is_me(row.acknowledged_by))
    return " Close it once it is resolved." if closes else ""


def due_first(row: EpisodeRow) -> datetime | None:
    """The time of the promised call, if that call is the next action of the person who has the episode.

    From the reminder on, the clock itself is that of the talk due then.
    """
    if row.deadline_for == Clock.APPOINTMENT:
        return row.deadline_at
    if row.deadline_for != Clock.REDEEM or row.appointment_at is None or row.deadline_at is None:
        return None
    return row.appointment_at if row.appointment_at <= row.deadline_at else None


def _promised_call(row: EpisodeRow, at: datetime, reader: Reader, way: str) -> ClockLine:
    """The line of a promised call at its time; once that has passed, with the deadline."""
    mine = reader.is_me(row.responsible) and row.deadline_for == Clock.REDEEM
    clock, short = reader.moment(at).clock, _SHORT_INSTEAD.get(way, _SHORT[Clock.APPOINTMENT])
    if at > reader.now or row.deadline_at is None or row.deadline_for == Clock.APPOINTMENT:
        line = ClockLine(_who(row, reader), _to_do(Clock.APPOINTMENT, way), short=short, in_list=f"{short} at {clock}")
        return _until(at, reader, line, mine=mine)
    was_due = f"{_WAS_DUE[way]} was due at {clock}"
    phrase = f"the {was_due}, {_to_do(Clock.REDEEM, way)}"
    line = ClockLine(_who(row, reader), phrase, in_list=was_due[0].upper() + was_due[1:])
    late = _until(row.deadline_at, reader, line, mine=mine)
    return replace(late, urgent=mine, urgent_from=at.isoformat() if mine else None)


def _to_do(clock: Clock, way: str) -> str:
    instead = {"write": _TO_WRITE, "none": _NO_CALL}.get(way, {})
    return instead.get(clock, _TO_DO[clock])


def _until(deadline: datetime, reader: Reader, line: ClockLine, *, mine: bool) -> ClockLine:
    """The line with its time; `mine`: the reader has to act."""
    urgent_from = deadline - _LITTLE_LEFT
    return replace(
        line,
        at=reader.moment(deadline),
        left=left(deadline, reader.now),
        urgent=mine and urgent_from <= reader.now,
        urgent_from=urgent_from.isoformat() if mine else None,
    )


def promised(row: EpisodeRow, reader: Reader) -> str | None:
    """The promised call, if the clock is for something else."""
    if row.closed_at is not None or row.appointment_at is None or due_first(row) is not None:
        return None
    return promised_words(reader.moment(row.appointment_at).clock)


def now_with(row: EpisodeRow, reader: Reader) -> str | None:
    """The other person who has an episode: "Now with Ben (backup)"."""
    if row.closed_at is not None or row.responsible is None or reader.is_me(row.responsible):
        return None
    place = f" ({STEPS[Step(row.step)]})" if row.step and row.acknowledged_by is None else ""
    return f"Now with {reader.name_of(row.responsible, row.responsible_name)}{place}"


_FOLLOWS_AS = {
    "seller": "You sold this order.",
    "notified": "You were notified before.",
    "asked": "You were due to be notified later.",
    "manager": "It belongs to your team.",
}


def read_only(row: EpisodeRow, reader: Reader) -> str | None:
    """The line for a reader who only follows an episode: why they see it, and who has had it since when."""
    if row.has_a_part or row.follows_as is None:
        return None
    why, has_it = _FOLLOWS_AS[row.follows_as], reader.name_of(row.acknowledged_by, row.acknowledged_name)
    if row.closed_at is not None:
        return why
    if row.acknowledged_at is not None:
        return f"{why} {has_it} has had it since {reader.moment(row.acknowledged_at).clock}."
    if row.responsible is None:
        return f"{why} No one has been notified yet."
    return f"{why} {reader.name_of(row.responsible, row.responsible_name)} has not acknowledged it yet."


def _who(row: EpisodeRow, reader: Reader) -> str:
    return reader.name_of(row.responsible, row.responsible_name)
