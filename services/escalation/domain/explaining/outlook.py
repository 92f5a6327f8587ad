"""The current state of an episode, its clock, and the next step. Start at `outlook`."""

from dataclasses import dataclass
from datetime import datetime

from services.escalation.domain.clocks import Moment
from services.escalation.domain.decisions.closing import closing_sentence, reason_words
from services.escalation.domain.decisions.decision import STEP_WORDS, at_clock, utc_minute
from services.escalation.domain.entities import DeadlineFor, Episode
from services.escalation.domain.explaining.record import Record
from services.escalation.domain.ladder import assigned_to, ladder_steps
from services.escalation.domain.main_signal import all_for_information
from services.escalation.domain.next_step import Situation, last_step, remaining_steps, whom
from services.escalation.domain.offers import offered_total
from services.escalation.domain.policy.model import TeamMode
from services.escalation.domain.reopening import reopened_until
from services.escalation.domain.words import SIGNAL_LABELS
from shared.contracts.escalation import Step
from shared.formatting import money


@dataclass(frozen=True, slots=True)
class Outlook:
    """The current state in words.

    `given` is the money given away with offers, and what waits for approval; None if there is neither. `until` is when
    the clock runs out; `next` is the step that follows, or may follow.
    """

    state: str
    risks: str
    whose: str
    clock: str
    until: datetime | None
    next: str
    given: str | None = None


def outlook(record: Record, *, desk: str) -> Outlook:
    """The outlook of an episode; `desk` is notified if there is nobody else."""
    episode = record.episode
    standing = [SIGNAL_LABELS[signal.kind] for signal in record.signals if signal.stands]
    if episode.closed_at is not None:
        assert episode.result is not None
        assert episode.reason is not None
        reason = reason_words(record.latest_policy, episode.result, episode.reason)
        ended = closing_sentence(episode.result, reason)
        by = f"by {episode.closed_by}" if episode.closed_by else "by itself"
        state = f"{ended.removesuffix('.')}. Closed {by} {at_clock(episode.closed_at)}."
        return Outlook(
            state,
            _joined(standing),
            "no one",
            "none",
            None,
            f"{_undo(record)}A new signal would open a new episode.",
            _given(record),
        )
    return Outlook(
        state=f"open, severity {episode.severity.value}",
        risks=_joined(standing),
        whose=_whose(episode),
        clock=f"{_clock(episode)}{_promised(episode)}{_window(record)}",
        until=episode.deadline_at,
        next=_next(record, desk),
        given=_given(record),
    )


def _given(record: Record) -> str | None:
    """The offers made and approved, and the one that waits for an answer, in words."""
    total = [money(minor, currency) for currency, minor in offered_total(record.offers).items()]
    waiting = [one for one in record.offers if one.is_pending]
    asked = [f"{one.asked} is asked to approve {money(one.amount_minor, one.currency)}" for one in waiting]
    return "; ".join([*total, *asked]) or None


def _undo(record: Record) -> str:
    """Who can still undo the close, if something is at risk."""
    episode = record.episode
    if episode.closed_at is None or episode.closed_by is None or not any(one.stands for one in record.signals):
        return ""
    until = reopened_until(episode.closed_at, record.latest_policy.acknowledgement.reopen_within)
    return f"{episode.closed_by} can undo that until {utc_minute(until)}. " if record.now <= until else ""


def _joined(labels: list[str]) -> str:
    return ", ".join(dict.fromkeys(labels)) or "none"


def _whose(episode: Episode) -> str:
    if episode.nobody_since is not None:
        return f"no one to notify, since {utc_minute(episode.nobody_since)}"
    if episode.responsible is None:
        return "no one yet"
    waiting = ""
    if episode.offered_to and episode.offered_until:
        waiting = f"; waiting for {episode.offered_to} to accept until {utc_minute(episode.offered_until)}"
    if episode.acknowledged_at is None:
        return f"{episode.responsible}, not acknowledged"
    return f"{episode.acknowledged_by}, acknowledged {at_clock(episode.acknowledged_at)}{waiting}"


def _clock(episode: Episode) -> str:
    if episode.deadline_at is None:
        return "none"
    until = utc_minute(episode.deadline_at)
    match episode.deadline_for:
        case DeadlineFor.ANSWER | None:
            return f"acknowledgement due by {until}"
        case DeadlineFor.REDEEM:
            return f"customer to be reached by {until}"
        case DeadlineFor.APPOINTMENT:
            return f"paused until {until}, the call-back time agreed with the customer"
        case DeadlineFor.SNOOZE:
            return f"snoozed until {until}"


def _promised(episode: Episode) -> str:
    if episode.appointment_at is None:
        return ""
    return f"; the customer was promised a call {at_clock(episode.appointment_at)}"


def _window(record: Record) -> str:
    window = record.window
    if window is None or window.ended is not None:
        return ""
    return f"; save window until {utc_minute(window.until)}"


def _next(record: Record, desk: str) -> str:
    episode = record.episode
    if episode.deadline_at is None:
        return _without_clock(record)
    match episode.deadline_for:
        case DeadlineFor.ANSWER | None:
            return f"Then {_climbed(record, desk)}."
        case DeadlineFor.REDEEM:
            return f"Then the episode is released, and {_climbed(record, desk)}."
        case DeadlineFor.APPOINTMENT:
            return f"Shortly before, {episode.acknowledged_by} is reminded; then the time to reach the customer starts."
        case DeadlineFor.SNOOZE:
            return f"Then {episode.acknowledged_by} is notified again."


def _without_clock(record: Record) -> str:
    episode = record.episode
    if all_for_information([signal for signal in record.signals if signal.stands], record.latest_policy):
        return "For information: nothing is due until something new happens or someone marks it as seen."
    if episode.reached_at is not None:
        return "The customer was reached: nothing is due until something new happens or someone closes it."
    if episode.acknowledged_by is not None:
        return "The customer must not be contacted: nothing is due until something new happens or someone closes it."
    if episode.exhausted_at is not None:
        return "No one has responded: no one is notified until something new happens or someone acknowledges it."
    if record.team_mode is TeamMode.OBSERVE:
        return "The team is in observe mode: no one is notified."
    if episode.nobody_since is not None:
        return "There is no one to notify. The sales desk is notified once it is an active salesperson."
    seller_awaited = episode.rang and record.order.sold_by is not None and record.order.sold_by not in record.directory
    if episode.responsible is None or seller_awaited:
        return (
            "The seller is notified once they are in the directory; after a while, the sales desk is notified instead."
        )
    return "No one was notified; nothing is due until something new happens."


def _climbed(record: Record, desk: str) -> str:
    """The next person to be notified, by the current directory."""
    episode, order = record.episode, record.order
    at = max(record.now, episode.deadline_at or record.now)
    assigned = assigned_to(record.account, record.directory, record.now)
    moment = Moment(at, episode.severity, record.latest_policy)
    ladder = (
        ladder_steps(order, record.directory, desk=desk, moment=moment, mode=record.team_mode, assigned=assigned) or ()
    )
    notified = {alert.recipient for alert in record.alerts}
    found = whom(remaining_steps(ladder, episode, notified), Situation(order, record.directory, moment))
    if found is not None:
        later = f" {at_clock(found.notified_at)}, when they are at work" if found.notified_at > at else ""
        return f"{STEP_WORDS[found.ladder_step.step]} ({found.ladder_step.salesperson_id}) is notified{later}"
    if episode.repeats < record.latest_policy.ladder.repeats.times:
        last = last_step(ladder)
        if last is not None:
            return f"{STEP_WORDS[last.step]} ({last.salesperson_id}) is notified again"
        return f"{STEP_WORDS[Step.DESK]} ({desk}) is notified again"
    return "no one is left to notify"
