"""Who was asked about an episode, what came of it, and who was passed over and why. Start at `asked_lines`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.escalation.domain.words import STEPS
from services.escalation.inbox.reader import Moment, Reader
from services.escalation.store.episode_parts import RingRow, StepRow
from shared.contracts.escalation import RingCause, Step

TOLD_RULES = ("skipped", "unanswered", "not_mine", "acknowledged", "expired", "reached", "handed_over", "offer_lapsed")
_CAME_OF_IT = {
    "unanswered": "no answer in time",
    "not_mine": "passed it on",
    "acknowledged": "took it",
    "expired": "took it, did not reach the customer in time",
    "reached": "took it and reached the customer",
    "handed_over": "took it over",
    "offer_lapsed": "did not take it over",
}


@dataclass(frozen=True, slots=True)
class AskedLine:
    """Somebody on the ladder: asked at a time and with what result, or passed over, and why."""

    who: str
    step: str | None
    at: Moment
    words: str
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class _Told:
    at: datetime
    line: AskedLine
    came: bool = True


def asked_lines(rings: Sequence[RingRow], steps: Sequence[StepRow], reader: Reader) -> tuple[AskedLine, ...]:
    """In the order it happened; whoever is passed over at an instant comes before who is asked then.

    Of rings to one person in a row, without anything in between, the last one tells.
    """
    told = [_skipped(step, reader) for step in steps if step.rule == "skipped"]
    for place, ring in enumerate(rings):
        after = _after(ring, rings[place + 1 :])
        line = _rung(ring, after, steps, reader)
        if after is None or after.recipient != ring.recipient or line.came:
            told.append(line)
    return tuple(one.line for one in sorted(told, key=lambda one: one.at))


def _skipped(step: StepRow, reader: Reader) -> _Told:
    place = _place(step.policy_path)
    who = reader.name_of(step.who, step.name) if step.who else "Nobody"
    return _Told(step.at, AskedLine(who, place, reader.moment(step.at), step.words, skipped=True))


def _after(ring: RingRow, later: Sequence[RingRow]) -> RingRow | None:
    """The ring with which it was no more about this one: to ask a colleague takes nothing from whoever has it."""
    offer = ring.cause == RingCause.HANDED_OVER
    return next((one for one in later if offer or one.cause != RingCause.HANDED_OVER), None)


def _rung(ring: RingRow, after: RingRow | None, steps: Iterable[StepRow], reader: Reader) -> _Told:
    until = after.raised_at if after else None
    own = [one for one in steps if one.who == ring.recipient and _within(one.at, ring.raised_at, until)]
    came = [_CAME_OF_IT[one.rule] for one in own if one.rule in _CAME_OF_IT]
    held = f"to be rung at {reader.moment(ring.held_until).clock}" if ring.held_until else "no answer yet"
    words = came[-1] if came else ("no answer" if after else held)
    who = reader.name_of(ring.recipient, ring.name)
    line = AskedLine(who, STEPS[Step(ring.step)], reader.moment(ring.raised_at), words)
    return _Told(ring.raised_at, line, came=bool(came))


def _within(at: datetime, since: datetime, until: datetime | None) -> bool:
    return at >= since and (until is None or at <= until)


def _place(policy_path: str | None) -> str | None:
    name = (policy_path or "").rpartition(".")[2]
    return STEPS[Step(name)] if name in set(Step) else None
