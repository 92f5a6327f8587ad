"""Delivery states. Open: pending, held, sending, unknown. Ended: sent, failed, skipped, cancelled, and expired (a newer
alert overtook it). Every delivery ends; a command can send a failed or skipped one again.

A delivery fails when the recipient is refused for good, when the message comes back, or after fifty attempts of unknown
outcome. Trouble with the server or the sender delays it for as long as it is needed, with growing pauses, or with the
pause that the server asked for. It is skipped if no address is known, and cancelled once the episode is acknowledged or
over. It is held until its recipient is to be notified, or while a response to a message on another channel is awaited.
The inbox shows the episode regardless of its messages. `sending` is stored before the channel is called, so after a
crash the row stays `sending` and becomes `unknown` after the timeout: the channel may have accepted it. A message of
unknown outcome is sent again as the same message.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from services.escalation.domain.channels import CHANNELS, FIRST
from services.escalation.domain.delivery_facts import Attempt, DeliveryAttempted
from services.escalation.domain.entities import INFORMING, Alert, Delivery, Episode
from shared.contracts.escalation import RingCause

RESEND_UNKNOWN_AFTER = timedelta(seconds=60)
GIVE_UP_AFTER_UNKNOWN = 50
"""The number of attempts of unknown outcome after which a delivery fails; each may have arrived."""
RESENDABLE = ("failed", "skipped", "pending")
"""The states that a command can send again: ended without arriving, or waiting for the next attempt."""
_RESENDABLE_WORDS = f"{', '.join(RESENDABLE[:-1])} or {RESENDABLE[-1]}"
CLOSED = "closed"
APPROVAL_OVER = "approval_over"
BESIDE_THE_LADDER = (*INFORMING, RingCause.APPROVAL, RingCause.APPROVAL_ANSWERED)
"""Causes of alerts that neither begin nor end anyone's turn on the escalation path."""
AWAITS_RESPONSE = f"waits for a response to the {FIRST}"
"""The reason of a delivery that is held until a message on a channel that comes first had its time."""
_DID_NOT_ARRIVE = f"the {FIRST} did not arrive"
_IN_WORDS = {
    APPROVAL_OVER: "the request for approval is over",
    "it rang again": "a newer alert was raised",
    "not available": "the recipient is not available",
    "offer_over": "the hand-over is over",
    "passed_on": "passed on",
    "somebody else is asked": "someone else is notified",
}
_LONGEST_PAUSE = timedelta(minutes=10)


class NotResendable(ValueError):
    """A delivery cannot be sent again; carries the reason."""


def after_attempt(delivery: Delivery, fact: DeliveryAttempted, now: datetime) -> Delivery | None:
    """The delivery after an attempt ended; None if that attempt is no longer the current one."""
    under_way = delivery.state in ("sending", "unknown") and delivery.attempts == fact.attempt
    if not under_way:
        return None
    attempted = replace(delivery, changed_at=now, reason=fact.reason)
    match fact.result:
        case Attempt.ACCEPTED:
            return replace(attempted, state="sent")
        case Attempt.REFUSED:
            return replace(attempted, state="failed")
        case Attempt.PUT_OFF:
            pause = pause_before_retry(delivery.attempts)
            if fact.retry_after_seconds is not None:
                pause = timedelta(seconds=fact.retry_after_seconds)
            return replace(attempted, state="pending", try_at=now + pause)
        case Attempt.UNKNOWN if delivery.state == "unknown":
            return None
        case Attempt.UNKNOWN if delivery.unknown_count + 1 >= GIVE_UP_AFTER_UNKNOWN:
            return replace(attempted, state="failed", unknown_count=delivery.unknown_count + 1)
        case Attempt.UNKNOWN:
            resend_at = now + RESEND_UNKNOWN_AFTER
            return replace(attempted, state="unknown", unknown_count=delivery.unknown_count + 1, try_at=resend_at)


def returned(delivery: Delivery, reason: str, now: datetime) -> Delivery | None:
    """The delivery after its message came back; None if it was given up or is still to be sent."""
    if delivery.state not in ("sent", "unknown"):
        return None
    return replace(delivery, state="failed", reason=reason, changed_at=now)


def resent(delivery: Delivery, now: datetime) -> Delivery:
    """The delivery, to be sent at once by command. Raises NotResendable."""
    not_again = CHANNELS[delivery.channel].not_again
    if not_again is not None:
        raise NotResendable(not_again)
    if delivery.state not in RESENDABLE:
        raise NotResendable(f"it is {delivery.state}; only deliveries that are {_RESENDABLE_WORDS} can be sent again")
    return replace(delivery, state="pending", reason=None, list_id=None, try_at=now, changed_at=now)


def released(delivery: Delivery, failed: Delivery, now: datetime) -> Delivery | None:
    """A delivery that waited for a response to a message of the same alert, to be sent at once because that message
    `failed`; None if it does not wait for one."""
    waited_for = delivery.alert_id == failed.alert_id and CHANNELS[failed.channel].comes_first
    waits = CHANNELS[delivery.channel].gives_way and delivery.state == "held" and delivery.list_id is None
    if failed.state != "failed" or not (waited_for and waits):
        return None
    return replace(delivery, state="pending", try_at=now, changed_at=now, reason=_DID_NOT_ARRIVE)


def cancelled(delivery: Delivery, because: str, now: datetime) -> Delivery:
    """The delivery, cancelled because nobody needs it any more. An attempt under way is not interrupted."""
    if delivery.state not in ("pending", "held", "unknown"):
        return delivery
    return replace(delivery, state="cancelled", reason=because, changed_at=now)


def shown_reason(reason: str) -> str:
    """The reason of a delivery in words; some are stored as codes."""
    return _IN_WORDS.get(reason, reason)


def needless(alert: Alert, episode: Episode | None, asked: str | None = None) -> str | None:
    """Why nobody needs this alert any more, if so: the episode is over or acknowledged, or the hand-over is over.

    An alert for information is needed until the episode is over; a reminder, as long as its recipient has the episode;
    a request to approve an offer, as long as its recipient is the person `asked` to.
    """
    if episode is None or episode.closed_at is not None:
        return CLOSED
    if alert.cause is RingCause.APPROVAL:
        return None if asked == alert.recipient else APPROVAL_OVER
    if alert.cause in BESIDE_THE_LADDER:
        return None
    if alert.cause is RingCause.HANDED_OVER:
        return None if episode.offered_to == alert.recipient else "offer_over"
    if alert.cause is RingCause.APPOINTMENT:
        return None if episode.acknowledged_by == alert.recipient else "passed_on"
    return None if episode.acknowledged_at is None else "acknowledged"


def pause_before_retry(attempts: int) -> timedelta:
    """Doubles from two seconds to ten minutes."""
    return min(_LONGEST_PAUSE, timedelta(seconds=2.0 ** min(attempts, 12)))
