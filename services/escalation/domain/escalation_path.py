"""Everyone who was notified of an episode, with the outcome, or skipped, with the reason. Start at `path_lines`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.escalation.domain.decisions.closing import Closed
from services.escalation.domain.decisions.handing_over import HandedOver
from services.escalation.domain.decisions.managing import Reassigned, TakenOver
from services.escalation.domain.decisions.notifying import Skipped, Unavailable, skipped_because, skipped_step
from services.escalation.domain.decisions.registry import DECISIONS_BY_RULE, names_of
from services.escalation.domain.decisions.taking import Acknowledged, Expired, NoSharedHour, PassedOn
from services.escalation.domain.deliveries import BESIDE_THE_LADDER
from services.escalation.domain.reader import LocalTime, Reader
from services.escalation.domain.words import STEPS
from shared.contracts.escalation import LADDER, RingCause, Step

_OUTCOMES = {rule: one.outcome for rule, one in DECISIONS_BY_RULE.items() if one.outcome is not None}
PATH_RULES = (*_OUTCOMES, *names_of(Skipped, Closed, NoSharedHour))
_TOOK = names_of(Acknowledged, HandedOver, TakenOver)
_LOST = names_of(Expired, PassedOn, Unavailable, Closed, Reassigned)
_BY_MANAGERS = {Reassigned.rule: "assigned it to a colleague", TakenOver.rule: "took it over"}
_NOTIFY_NOBODY_ELSE = (RingCause.HANDED_OVER, *BESIDE_THE_LADDER)
_NEED_NO_RESPONSE = (RingCause.APPOINTMENT, RingCause.TAKEN_OVER, RingCause.APPROVAL_ANSWERED)
_ASK_NOTHING_OF_THE_LADDER = {
    RingCause.INFORMED: "notified for information",
    RingCause.APPROVAL: "asked to approve an offer",
}
_NOT_YET_AT_WORK = "not notified: it moved on before they were at work"
_END_NOTHING = (*_NOTIFY_NOBODY_ELSE, RingCause.APPOINTMENT)


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One alert.

    `held_until` is set while its e-mail waits for the recipient's working time. It is not `notified` if it was over
    before that time.
    """

    recipient: str
    name: str | None
    step: str
    cause: str
    raised_at: datetime
    held_until: datetime | None
    notified: bool = True


@dataclass(frozen=True, slots=True)
class StepRow:
    """A decision about a person who was notified or skipped, in the order of decisions."""

    at: datetime
    rule: str
    words: str
    who: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class PathLine:
    """One person on the ladder: notified at a time and with what result, or skipped, with the reason."""

    who: str
    step: str | None
    at: LocalTime
    outcome: str
    skipped: bool = False
    salesperson_id: str | None = None


@dataclass(frozen=True, slots=True)
class _Placed:
    at: datetime
    line: PathLine
    came: bool = True
    place: int = len(LADDER)


def path_lines(alerts: Sequence[AlertRow], steps: Sequence[StepRow], reader: Reader) -> tuple[PathLine, ...]:
    """The lines in order of time; at one instant in the order of the ladder.

    Consecutive alerts to one person with nothing in between make one line: the last alert's.
    """
    placed = [_skipped(step, reader) for step in steps if step.rule == Skipped.rule]
    skipped = {step.who for step in steps if step.rule == Skipped.rule}
    placed += [_by_manager(step, reader) for step in steps if step.rule in _BY_MANAGERS]
    alerts = [alert for alert in alerts if alert.cause not in _NEED_NO_RESPONSE]
    for place, alert in enumerate(alerts):
        later = alerts[place + 1 :]
        line = _ladder_step(alert, later, steps, reader)
        if not alert.notified and not line.came and alert.recipient in skipped:
            continue
        if not later or later[0].recipient != alert.recipient or line.came:
            placed.append(line)
    return tuple(one.line for one in sorted(placed, key=lambda one: (one.at, one.place)))


def had_since(alerts: Sequence[AlertRow], steps: Iterable[StepRow]) -> datetime | None:
    """Since when the recipient of the last alert had the episode at that time; None if they did not have it."""
    notified = [alert for alert in alerts if alert.cause not in _END_NOTHING]
    if len(notified) < 2:
        return None
    before, last = notified[-2:]
    taken = [step for step in steps if step.rule in (*_TOOK, *_LOST) and before.raised_at <= step.at < last.raised_at]
    return taken[-1].at if taken and taken[-1].rule in _TOOK and taken[-1].who == last.recipient else None


def _skipped(step: StepRow, reader: Reader) -> _Placed:
    place = skipped_step(step.words)
    step_label = STEPS[place] if place else None
    reason = f"skipped: {_reason(step)}"
    line = PathLine((step_label or "no one").capitalize(), None, reader.moment(step.at), reason, skipped=True)
    if step.who:
        line = replace(line, who=reader.name_of(step.who, step.name), step=step_label)
    return _Placed(step.at, line, place=_height(place))


def _by_manager(step: StepRow, reader: Reader) -> _Placed:
    who = reader.name_of(step.who, step.name)
    line = PathLine(who, "manager", reader.moment(step.at), _BY_MANAGERS[step.rule], salesperson_id=step.who)
    return _Placed(step.at, line, place=-1)


def _reason(step: StepRow) -> str:
    """The reason for skipping a person, without their name, which stands beside it."""
    reason = skipped_because(step.words)
    known = next((name for name in (step.name, step.who) if name and reason.startswith(f"{name} ")), None)
    return reason.removeprefix(f"{known} ").removeprefix("is ") if known else reason


def _ladder_step(alert: AlertRow, later: Sequence[AlertRow], steps: Iterable[StepRow], reader: Reader) -> _Placed:
    """The line of an alert.

    Its outcome is the recipient's actions until their next alert, also after others were notified.
    """
    again = next((one.raised_at for one in later if one.recipient == alert.recipient), None)
    own = [one for one in steps if one.who == alert.recipient and alert.raised_at < one.at <= (again or one.at)]
    came = [_OUTCOMES[one.rule] for one in own if one.rule in _OUTCOMES]
    if alert.cause in _ASK_NOTHING_OF_THE_LADDER and not came:
        came = [_ASK_NOTHING_OF_THE_LADDER[RingCause(alert.cause)]]
    waits = "no response yet" if alert.notified else _NOT_YET_AT_WORK
    held = f"to be notified {reader.moment(alert.held_until).at}" if alert.held_until else waits
    outcome = came[-1] if came else _without_response(alert, later, steps, reader) or held
    who = reader.name_of(alert.recipient, alert.name)
    step = STEPS[Step(alert.step)]
    line = PathLine(who, step, reader.moment(alert.raised_at), outcome, salesperson_id=alert.recipient)
    return _Placed(alert.raised_at, line, came=bool(came), place=_height(Step(alert.step)))


def _without_response(
    alert: AlertRow, later: Sequence[AlertRow], steps: Iterable[StepRow], reader: Reader
) -> str | None:
    """Why a person who did not respond need not respond any more; None while a response is due."""
    closed = next((one for one in steps if one.rule == Closed.rule and one.at >= alert.raised_at), None)
    if closed is not None and closed.who == alert.recipient:
        return "closed it"
    managed = next((one for one in steps if one.rule in _BY_MANAGERS and one.at >= alert.raised_at), None)
    if managed is not None and not any(one.raised_at < managed.at for one in later):
        return f"{_within(managed, reader)} {_BY_MANAGERS[managed.rule]}"
    if _went_on(alert, later):
        return "no response" if alert.notified else _NOT_YET_AT_WORK
    others = [one for one in steps if one.rule == Acknowledged.rule and one.who != alert.recipient]
    taken = next((one for one in others if one.at >= alert.raised_at), None)
    if taken is not None:
        return f"{_within(taken, reader)} acknowledged it first"
    if closed is None:
        return None
    return f"{_within(closed, reader)} closed it" if closed.who else "no response"


def _within(step: StepRow, reader: Reader) -> str:
    """The name within a line."""
    return "you" if reader.is_me(step.who) else reader.name_of(step.who, step.name)


def _went_on(alert: AlertRow, later: Sequence[AlertRow]) -> bool:
    """Whether someone else was notified instead. A request to a colleague takes nothing from the person who has it."""
    return any(alert.cause == RingCause.HANDED_OVER or one.cause not in _NOTIFY_NOBODY_ELSE for one in later)


def _height(step: Step | None) -> int:
    """The height on the ladder; a colleague, who is beside it, comes last."""
    return LADDER.index(step) if step in LADDER else len(LADDER)
