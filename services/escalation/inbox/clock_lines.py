"""The clock of an episode in words: the person, the action, the deadline and the time left."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.escalation.domain.entities import DeadlineFor
from services.escalation.domain.reader import LocalTime, Reader
from services.escalation.domain.words import STEPS, left, ordinal, promised_words
from services.escalation.inbox.notified import notified_words
from services.escalation.store.inbox import EpisodeRow
from shared.contracts.escalation import Step

_ACTIONS: Mapping[str, str] = {"call": "call the customer", "write": "e-mail the customer"}
_REACH = "reach the customer"
"""What has to be done, by the way of reaching the customer."""
_SHORT = {
    DeadlineFor.ANSWER: "Respond",
    DeadlineFor.REDEEM: "Reach",
    DeadlineFor.APPOINTMENT: "Call",
    DeadlineFor.SNOOZE: "Snoozed",
}
_SHORT_INSTEAD = {"write": "E-mail", "none": "Reach"}
_WAS_DUE = {"call": "call", "write": "e-mail", "none": "contact"}
"""The kind of contact promised to the customer, by the way of reaching them."""
_LITTLE_LEFT = timedelta(hours=1)
"""With less time than this a clock is shown as urgent. With more, it can wait for the end of a meeting; if everything
were red, nothing would stand out."""


@dataclass(frozen=True, slots=True)
class ClockLine:
    """ "Acknowledge by 14:30 (12 min left)": `phrase`, then `shown`, which is the moment `at`, then `rest`.

    Without `at` there is only the phrase. `short` is the action in a list; None if the time is another person's.
    `in_list` replaces it where no time is left: "Call at 14:30", "Customer reached at 14:10".

    `urgent`: the reader has to act, and little time is left; `urgent_from` is when that begins.
    """

    phrase: str
    rest: str = ""
    at: LocalTime | None = None
    shown: str = ""
    left: str | None = None
    urgent: bool = False
    urgent_from: str | None = None
    short: str | None = None
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
        return ClockLine("Nothing is due from you. Mark it as seen." if row.has_a_part else "Nothing is due.")
    if reader.is_me(row.offered_to) and row.offered_until is not None:
        request = f"{reader.name_of(row.acknowledged_by, row.acknowledged_name)} asks you to take over. Accept by"
        return _until(row.offered_until, reader, ClockLine(request, short="Accept"), mine=True)
    if reader.is_me(row.approval_asked) and row.approval_until is not None:
        return _until(row.approval_until, reader, ClockLine("Answer by", short="Answer"), mine=True)
    if row.exhausted_at is not None and row.deadline_at is None:
        return ClockLine("No one on the escalation path has responded. Open until someone acknowledges it.")
    if row.reached_at is not None and row.deadline_at is None:
        in_list = f"Customer reached {reader.moment(row.reached_at).at}"
        return ClockLine(f"{_who(row, reader)} reached the customer.{_then(row, reader)}", in_list=in_list)
    if row.deadline_at is None or row.deadline_for is None:
        return ClockLine(f"No call is due.{_then(row, reader)}") if row.acknowledged_at else None
    clock, promised_at = DeadlineFor(row.deadline_for), due_first(row)
    if promised_at is not None:
        return _promised_call(row, promised_at, reader, way)
    mine = reader.is_me(row.responsible) and clock in (DeadlineFor.ANSWER, DeadlineFor.REDEEM)
    return _until(row.deadline_at, reader, _running(row, reader, clock, way, place), mine=mine)


def _running(row: EpisodeRow, reader: Reader, clock: DeadlineFor, way: str, place: int | None) -> ClockLine:
    """What is to be done by the deadline, without its time."""
    mine, who = reader.is_me(row.responsible), _who(row, reader)
    if clock is DeadlineFor.SNOOZE:
        return ClockLine("Snoozed until", short=_SHORT[clock]) if mine else ClockLine(f"{who} snoozed it until")
    if clock is DeadlineFor.ANSWER:
        return (
            ClockLine("Acknowledge by", short=_SHORT[clock])
            if mine
            else ClockLine(f"{who} has until", " to acknowledge")
        )
    short = _SHORT_INSTEAD.get(way, _SHORT[clock])
    if not mine:
        return ClockLine(f"{who} has until", f" to {_ACTIONS['write'] if way == 'write' else _REACH}")
    if place and way == "call":
        return ClockLine("Call by", f", {ordinal(place)} in your queue", short=short)
    return ClockLine("E-mail the customer by" if way == "write" else "Reach the customer by", short=short)


def _then(row: EpisodeRow, reader: Reader) -> str:
    """The remaining action, if the reader can take it."""
    closes = row.has_a_part and (row.acknowledged_by is None or reader.is_me(row.acknowledged_by))
    return " Close it once it is resolved." if closes else ""


def due_first(row: EpisodeRow) -> datetime | None:
    """The time of the promised call, if that call is the next action of the person who has the episode.

    From the reminder on, the clock itself is that of the talk due then.
    """
    if row.deadline_for == DeadlineFor.APPOINTMENT:
        return row.deadline_at
    if row.deadline_for != DeadlineFor.REDEEM or row.appointment_at is None or row.deadline_at is None:
        return None
    return row.appointment_at if row.appointment_at <= row.deadline_at else None


def _promised_call(row: EpisodeRow, at: datetime, reader: Reader, way: str) -> ClockLine:
    """The line of a promised call at its time; once that has passed, with the deadline."""
    me = reader.is_me(row.responsible)
    mine, moment = me and row.deadline_for == DeadlineFor.REDEEM, reader.moment(at)
    if at > reader.now or row.deadline_at is None or row.deadline_for == DeadlineFor.APPOINTMENT:
        action, short = _ACTIONS.get(way, _REACH), _SHORT_INSTEAD.get(way, _SHORT[DeadlineFor.APPOINTMENT])
        phrase = action[0].upper() + action[1:] if me else f"{_who(row, reader)} is to {action}"
        line = _until(at, reader, ClockLine(phrase, short=short, in_list=f"{short} {moment.at}"), mine=mine)
        return replace(line, shown=moment.at)
    was_due = f"{_WAS_DUE[way]} was due {moment.at}"
    due = _running(row, reader, DeadlineFor.REDEEM, way, None)
    said = f"The {was_due}. " if way != "none" else f"{was_due[0].upper()}{was_due[1:]}. "
    line = replace(due, phrase=f"{said}{due.phrase}", in_list=was_due[0].upper() + was_due[1:])
    late = _until(row.deadline_at, reader, line, mine=mine)
    return replace(late, urgent=mine, urgent_from=at.isoformat() if mine else None)


def _until(deadline: datetime, reader: Reader, line: ClockLine, *, mine: bool) -> ClockLine:
    """The line with its time; `mine`: the reader has to act."""
    urgent_from, at = deadline - _LITTLE_LEFT, reader.moment(deadline)
    return replace(
        line,
        at=at,
        shown=at.clock,
        left=left(deadline, reader.now),
        urgent=mine and urgent_from <= reader.now,
        urgent_from=urgent_from.isoformat() if mine else None,
    )


def promised(row: EpisodeRow, reader: Reader) -> str | None:
    """The promised call, if the clock is for something else."""
    if row.closed_at is not None or row.appointment_at is None or due_first(row) is not None:
        return None
    return promised_words(reader.moment(row.appointment_at).at)


def save_window(row: EpisodeRow, reader: Reader) -> str | None:
    """Until when support tells the customer that someone will call; None if no window is open."""
    until = row.save_window_until
    if row.closed_at is not None or until is None or until <= reader.now:
        return None
    return f"Save window until {reader.moment(until).clock}"


def now_with(row: EpisodeRow, reader: Reader) -> str | None:
    """The other person who has an episode: "Ben (backup) has been notified", "Ben is handling this"."""
    if row.closed_at is not None or row.responsible is None or reader.is_me(row.responsible):
        return None
    name = _who(row, reader)
    if row.acknowledged_by is not None:
        return f"{name} is handling this"
    name = f"{name} ({STEPS[Step(row.step)]})" if row.step else name
    return notified_words(name, row, reader)


_FOLLOWS_AS = {
    "seller": "You sold this order.",
    "notified": "You were notified before.",
    "asked": "You were due to be notified later.",
    "manager": "This sale belongs to your team.",
}


def read_only(row: EpisodeRow, reader: Reader) -> str | None:
    """The line for a reader who only follows an episode: why they see it, and who has had it since when."""
    if row.has_a_part or row.follows_as is None:
        return None
    why, has_it = _FOLLOWS_AS[row.follows_as], reader.name_of(row.acknowledged_by, row.acknowledged_name)
    if row.closed_at is not None:
        return why
    if row.acknowledged_at is not None:
        return f"{why} {has_it} has been handling this since {reader.moment(row.acknowledged_at).clock}."
    if row.responsible is None:
        return f"{why} No one has been notified yet."
    return f"{why} {reader.name_of(row.responsible, row.responsible_name)} has not acknowledged it yet."


def _who(row: EpisodeRow, reader: Reader) -> str:
    return reader.name_of(row.responsible, row.responsible_name)
