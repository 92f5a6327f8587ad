"""Where an episode stands now, which clock runs, and what happens next. Start at `outlook`."""

from dataclasses import dataclass
from datetime import datetime

from services.escalation.domain.clocks import Moment
from services.escalation.domain.decisions.closing import closing_words, reason_words
from services.escalation.domain.decisions.decision import STEP_WORDS, clock
from services.escalation.domain.entities import Clock, Episode
from services.escalation.domain.explaining.record import Record
from services.escalation.domain.ladder import assigned_to, rungs
from services.escalation.domain.main_signal import all_inform
from services.escalation.domain.next_step import Situation, last_to_ask, still_to_ask, whom
from services.escalation.domain.policy.model import TeamMode
from services.escalation.domain.reopening import reopened_until
from services.escalation.domain.words import SIGNAL_LABELS
from shared.contracts.escalation import Step


@dataclass(frozen=True, slots=True)
class Outlook:
    """The present in words. `until` is when the clock runs out, `next` what happens then, or could."""

    state: str
    risks: str
    whose: str
    clock: str
    until: datetime | None
    next: str


def outlook(record: Record, *, desk: str) -> Outlook:
    """Where an episode stands; `desk` is who stands in when there is nobody else."""
    episode = record.episode
    standing = [SIGNAL_LABELS[signal.kind] for signal in record.signals if signal.stands]
    if episode.closed_at is not None:
        assert episode.result is not None
        assert episode.reason is not None
        reason = reason_words(record.latest_policy, episode.result, episode.reason)
        ended = closing_words(episode.result, reason)
        by = f"by {episode.closed_by}" if episode.closed_by else "by itself"
        state = f"{ended.removesuffix('.')}. Closed {by} on {clock(episode.closed_at)}."
        return Outlook(
            state, _joined(standing), "nobody", "none", None, f"{_undo(record)}A new signal would open a new episode."
        )
    return Outlook(
        state=f"open, severity {episode.severity.value}",
        risks=_joined(standing),
        whose=_whose(episode),
        clock=f"{_clock(episode)}{_promised(episode)}",
        until=episode.deadline_at,
        next=_next(record, desk),
    )


def _undo(record: Record) -> str:
    """Who can still undo the close, where something is at risk."""
    episode = record.episode
    if episode.closed_at is None or episode.closed_by is None or not any(one.stands for one in record.signals):
        return ""
    until = reopened_until(episode.closed_at, record.latest_policy.acknowledgement.reopen_within)
    return f"{episode.closed_by} can undo that until {clock(until)}. " if record.now <= until else ""


def _joined(labels: list[str]) -> str:
    return ", ".join(dict.fromkeys(labels)) or "none"


def _whose(episode: Episode) -> str:
    if episode.nobody_since is not None:
        return f"nobody to ask, since {clock(episode.nobody_since)}"
    if episode.responsible is None:
        return "nobody yet"
    offered = ""
    if episode.offered_to and episode.offered_until:
        offered = f", offered to {episode.offered_to} until {clock(episode.offered_until)}"
    if episode.acknowledged_at is None:
        return f"{episode.responsible}, who has not acknowledged"
    return f"{episode.acknowledged_by}, who took it on {clock(episode.acknowledged_at)}{offered}"


def _clock(episode: Episode) -> str:
    if episode.deadline_at is None:
        return "none"
    until = clock(episode.deadline_at)
    match episode.deadline_for:
        case Clock.ANSWER | None:
            return f"until {until} to acknowledge"
        case Clock.REDEEM:
            return f"until {until} to have talked with the customer"
        case Clock.APPOINTMENT:
            return f"stands still until {until}, when the customer wants to be called"
        case Clock.SNOOZE:
            return f"put off until {until}"


def _promised(episode: Episode) -> str:
    if episode.appointment_at is None:
        return ""
    return f"; the customer was promised a call at {clock(episode.appointment_at)}"


def _next(record: Record, desk: str) -> str:
    episode = record.episode
    if episode.deadline_at is None:
        return _without_clock(record)
    match episode.deadline_for:
        case Clock.ANSWER | None:
            return f"Then {_climbed(record, desk)}."
        case Clock.REDEEM:
            return f"Then it is nobody's any more, and {_climbed(record, desk)}."
        case Clock.APPOINTMENT:
            return f"Shortly before, {episode.acknowledged_by} is reminded; then the time to reach the customer runs."
        case Clock.SNOOZE:
            return f"Then {episode.acknowledged_by} is rung again."


def _without_clock(record: Record) -> str:
    episode = record.episode
    if all_inform([signal for signal in record.signals if signal.stands], record.latest_policy):
        return "It is for information: nothing, until something new happens or somebody has seen it."
    if episode.reached_at is not None:
        return "The customer was reached: nothing, until something new happens or somebody closes it."
    if episode.acknowledged_by is not None:
        return "The customer must not be contacted: nothing, until something new happens or somebody closes it."
    if episode.exhausted_at is not None:
        return "Everybody was asked: nothing, until something new happens or somebody takes it."
    if record.team_mode is TeamMode.OBSERVE:
        return "The team is in observe mode: nobody is rung."
    if episode.nobody_since is not None:
        return "There is nobody to ask. It rings as soon as the sales desk is an active salesperson."
    seller_awaited = episode.rang and record.order.sold_by is not None and record.order.sold_by not in record.directory
    if episode.responsible is None or seller_awaited:
        return "Whoever sold it is rung once the directory knows them; after a while the desk."
    return "Nobody was rung: nothing, until something new happens."


def _climbed(record: Record, desk: str) -> str:
    """Who is rung next, as the directory is now."""
    episode, order = record.episode, record.order
    at = max(record.now, episode.deadline_at or record.now)
    assigned = assigned_to(record.account, record.directory, record.now)
    moment = Moment(at, episode.severity, record.latest_policy)
    ladder = rungs(order, record.directory, desk=desk, moment=moment, mode=record.team_mode, assigned=assigned) or ()
    asked = {alert.recipient for alert in record.alerts}
    found = whom(still_to_ask(ladder, episode, asked), Situation(order, record.directory, moment))
    if found is not None:
        later = f" at {clock(found.rung_at)}, when they are at work" if found.rung_at > at else ""
        return f"{STEP_WORDS[found.rung.step]} ({found.rung.salesperson_id}) is rung{later}"
    if episode.repeats < record.latest_policy.ladder.repeats.times:
        last = last_to_ask(ladder)
        if last is not None:
            return f"{STEP_WORDS[last.step]} ({last.salesperson_id}) is rung once more"
        return f"{STEP_WORDS[Step.DESK]} ({desk}) is rung once more"
    return "nobody is left to be rung"
