"""The deliveries of a new alert, one on each channel on which it is to be sent. Start at `deliveries_of`."""

from dataclasses import replace
from datetime import datetime

from services.escalation.domain.channels import CHANNELS, ChannelDefinition
from services.escalation.domain.decisions.notifying import Times
from services.escalation.domain.deliveries import AWAITS_RESPONSE
from services.escalation.domain.entities import Alert, Delivery, Salesperson
from services.escalation.domain.policy.channels import Channels
from shared.ids import derived


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


def _on(channel: ChannelDefinition, alert: Alert, person: Salesperson | None, notified_at: datetime) -> Delivery:
    """The delivery on one channel. The inbox shows it at once. A message goes out when the person is to be notified; it
    is skipped if there is no address."""
    id, now = derived("delivery", alert.alert_id, channel.name), alert.raised_at
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
