"""Alerts and their deliveries: one for the person notified, later ones for information, and what is shown while
nobody can be notified."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from services.escalation.domain.channels import CHANNELS, ChannelDefinition
from services.escalation.domain.clocks import NEVER, Moment, notifiable_at, repeat_pause
from services.escalation.domain.decisions.notifying import NobodyToNotify, Notified, Skipped, Times
from services.escalation.domain.deliveries import AWAITS_RESPONSE
from services.escalation.domain.draft import Draft
from services.escalation.domain.entities import Alert, DeadlineFor, Delivery, Episode, Salesperson, Signal
from services.escalation.domain.ladder_step import LadderStep
from services.escalation.domain.next_step import NextStep, Situation, answer_until
from services.escalation.domain.own_facts import EmptyLadderRetryDue, InformationDue
from services.escalation.domain.policy.channels import Channels
from shared.contracts.envelope import Fact
from shared.contracts.escalation import RingCause, Severity, Step
from shared.ids import derived


@dataclass(frozen=True, slots=True)
class Notification:
    """The person to notify, the signal, and the cause of this notification."""

    to_notify: NextStep
    signal: Signal
    cause: RingCause

    @property
    def ladder_step(self) -> LadderStep:
        return self.to_notify.ladder_step

    @property
    def recipient(self) -> str:
        assert self.ladder_step.salesperson_id is not None
        return self.ladder_step.salesperson_id


def raise_alert(draft: Draft[Fact], episode: Episode, notification: Notification) -> None:
    """Raise one alert, with a delivery on each channel. The recipient's response time starts when they are notified."""
    awaiting, notified_at = _awaiting_response(draft, episode, notification), notification.to_notify.notified_at
    if draft.work.is_for_information(episode):
        informed = replace(awaiting, step=episode.step, deadline_at=None, deadline_for=None)
        send_alert(draft, informed, notification, Times(notified_at, None, "plays.refund_kinds", informs=True))
        return
    path = f"ladder.{awaiting.severity.value}.{_timed_as(notification, episode).value}"
    send_alert(draft, awaiting, notification, Times(notified_at, awaiting.deadline_at, path))


def send_alert(draft: Draft[Fact], episode: Episode, notification: Notification, times: Times) -> None:
    """Send the alert, with its deliveries, of an episode whose `rings` already counts it."""
    alert = _alert(draft, episode, notification)
    _, policy = draft.work.policy_for(draft.work.order_of(episode))
    deliveries = deliveries_of(alert, draft.work.people.get(alert.recipient), times, policy.channels)
    draft.decide(Notified(episode, alert, notification.signal, times, deliveries))


def _awaiting_response(draft: Draft[Fact], episode: Episode, notification: Notification) -> Episode:
    order = draft.work.order_of(episode)
    version, policy = draft.work.policy_for(order)
    if notification.cause is RingCause.REPEAT:
        deadline = notification.to_notify.notified_at + repeat_pause(episode.repeats - 1, policy)
    else:
        situation = Situation(order, draft.work.people, Moment(draft.now, episode.severity, policy))
        deadline = answer_until(notification.to_notify, _timed_as(notification, episode), situation)
    return replace(
        episode,
        rings=episode.rings + 1,
        responsible=notification.recipient,
        why_you=_why_you(notification, episode),
        step=episode.step if notification.ladder_step.step is Step.COLLEAGUE else notification.ladder_step.step,
        policy_version=version,
        deadline_at=deadline,
        deadline_for=DeadlineFor.ANSWER,
        nobody_since=None,
        changed_at=draft.now,
    )


def _timed_as(notification: Notification, episode: Episode) -> Step:
    """A colleague gets as much time as the step that had the episode before."""
    step = notification.ladder_step.step
    return step if step is not Step.COLLEAGUE else episode.step or Step.SELLER


def _alert(draft: Draft[Fact], episode: Episode, notification: Notification) -> Alert:
    return Alert(
        alert_id=derived("alert", episode.episode_id, episode.rings),
        account_id=episode.account_id,
        episode_id=episode.episode_id,
        signal_id=notification.signal.signal_id,
        recipient=notification.recipient,
        because=notification.ladder_step.because,
        why_you=_why_you(notification, episode),
        raised_at=draft.now,
        ring=episode.rings,
        step=notification.ladder_step.step,
        cause=notification.cause,
        severity=episode.severity,
        policy_version=episode.policy_version,
        traceparent=draft.traceparent,
    )


def _why_you(notification: Notification, episode: Episode) -> str:
    """The reason, with a remark if the order is not the one that the signal named."""
    why, named = notification.ladder_step.why_you, notification.signal.names_order
    if named not in (None, episode.order_id):
        why = f"{why} The report mentions order {named}, which we do not know. This is the customer's latest order."
    return why


def inform_later(draft: Draft[Fact], episode: Episode, to_notify: NextStep, situation: Situation) -> None:
    """Schedule information for people who were skipped only because they are off work."""
    for ladder_step in to_notify.off:
        assert ladder_step.salesperson_id is not None
        _wait_for(draft, episode, ladder_step.salesperson_id, situation)


def _wait_for(draft: Draft[Fact], episode: Episode, person: str, situation: Situation) -> bool:
    """Set a timer for this person's return to work. Return whether they are off work now."""
    policy, people = situation.moment.policy, situation.people
    at = notifiable_at(people.get(person), situation.order, Severity.WATCH, policy, draft.now)
    if at not in (draft.now, NEVER):
        due = InformationDue(episode=episode.episode_id, person=person)
        draft.set_timer(due, due_at=at)
    return at != draft.now


def inform(draft: Draft[InformationDue], episode: Episode, to_notify: NextStep) -> None:
    """Inform a person who was never notified of the episode."""
    signal = draft.work.main_signal(episode)
    if signal is None or to_notify.ladder_step.salesperson_id in draft.work.notified[episode.episode_id]:
        return
    counted = replace(episode, rings=episode.rings + 1)
    path = f"ladder.skip_unless_at_work_within.{episode.severity.value}"
    send_alert(draft, counted, Notification(to_notify, signal, RingCause.INFORMED), Times(draft.now, None, path))


def is_still_off(draft: Draft[InformationDue], episode: Episode, situation: Situation) -> bool:
    """Whether the person is still off work, as their hours or absences changed; if so, set a timer for their return."""
    return _wait_for(draft, episode, draft.fact.person, situation)


SOUGHT_AGAIN_AFTER = timedelta(hours=1)
"""A manager or backup may have become available meanwhile. A change of the desk is noticed at once."""


def show_nobody(draft: Draft[Fact], episode: Episode, ladder: Sequence[LadderStep]) -> None:
    """Mark an episode that has no recipient. It is explained once, counted while it lasts, and checked again later."""
    desk = draft.work.installation.desk
    if episode.nobody_since is None:
        for ladder_step in ladder:
            draft.decide(Skipped(episode, ladder_step))
        draft.decide(NobodyToNotify(episode, desk))
    alone = replace(episode, responsible=None, why_you=None, nobody_since=episode.nobody_since or draft.now)
    draft.keep_with_clock(replace(alone, deadline_at=None, deadline_for=None, changed_at=draft.now))
    again = EmptyLadderRetryDue(episode=episode.episode_id)
    due_at = draft.now + SOUGHT_AGAIN_AFTER
    draft.set_timer(again, due_at=due_at, awaits=f"salesperson:{desk}")


def deliveries_of(alert: Alert, person: Salesperson | None, times: Times, policy: Channels) -> tuple[Delivery, ...]:
    """The deliveries of an alert raised now to this person, who may not be in the directory."""
    used = [one for one in CHANNELS.values() if not one.only_with_address or _has_address(one, person)]
    made = (_on(channel, alert, person, times.notified_at) for channel in used)
    if any(one.comes_first for one in used):
        awaited = _response_awaited_until(alert, times, policy)
        return tuple(_giving_way(delivery, awaited) for delivery in made)
    return tuple(made)


def _has_address(channel: ChannelDefinition, person: Salesperson | None) -> bool:
    return person is not None and channel.address(person) is not None


def _response_awaited_until(alert: Alert, times: Times, policy: Channels) -> datetime | None:
    """Until when messages wait for a response to the first ones. None: they do not wait, because no response is due, or
    it is due before that."""
    until = times.notified_at + policy.email_after_push.of(alert.severity)
    waits = times.notified_at < until and times.answer_by is not None and until < times.answer_by
    return until if waits else None


def delivery_id(alert: UUID, channel: ChannelDefinition) -> UUID:
    """The id of an alert's delivery on a channel."""
    return derived("delivery", alert, channel.name)


def _on(channel: ChannelDefinition, alert: Alert, person: Salesperson | None, notified_at: datetime) -> Delivery:
    """The delivery on one channel. The inbox shows it at once. A message goes out when the person is to be notified; it
    is skipped if there is no address."""
    id, now = delivery_id(alert.alert_id, channel), alert.raised_at
    made = Delivery(id, alert.alert_id, alert.recipient, channel.name, "pending", try_at=now, changed_at=now)
    if channel.shows_at_once:
        return replace(made, state="sent")
    if not _has_address(channel, person):
        return replace(made, state="skipped", reason=channel.no_address)
    if notified_at > now:
        return replace(made, state="held", try_at=notified_at, reason="the recipient is to be notified later")
    return made


def _giving_way(delivery: Delivery, awaited: datetime | None) -> Delivery:
    """The delivery, held while a response to the first messages is awaited."""
    if awaited is None or delivery.state == "skipped" or not CHANNELS[delivery.channel].gives_way:
        return delivery
    return replace(delivery, state="held", try_at=awaited, reason=AWAITS_RESPONSE)
