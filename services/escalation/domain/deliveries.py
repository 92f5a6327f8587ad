"""A delivery's way: pending, sending, then sent, failed, pending again, or unknown. None ends unsaid.

It has failed when this recipient was refused for good, when it came back, or after fifty attempts that may each have
arrived. Trouble with the server or the sender puts it off, ever more slowly, for as long as somebody needs it. It is
skipped where no address is known, held until its recipient is to be rung, and cancelled once somebody has acknowledged
or the episode is over. The inbox shows the episode whatever becomes of its e-mail.
`sending` is stored before the channel is called, so a crash in between leaves it there; once its time is up it is
`unknown`: the channel may have accepted it. An e-mail of unknown outcome is sent again with the same Message-ID.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from services.escalation.domain.channels import CHANNELS
from services.escalation.domain.entities import Alert, Delivery, Episode
from services.escalation.domain.own_facts import Attempt, DeliveryAttempted
from shared.contracts.escalation import RingCause

RESEND_UNKNOWN_AFTER = timedelta(seconds=60)
GIVE_UP_AFTER_UNKNOWN = 50
"""So many attempts of unknown outcome: each may have arrived."""
RESENDABLE = ("failed", "skipped", "pending")
"""What can be sent again by command: what ended without arriving, and at once what waits to be tried again."""
_RESENDABLE_WORDS = f"{', '.join(RESENDABLE[:-1])} or {RESENDABLE[-1]}"
CLOSED = "closed"
_IN_WORDS = {
    "it rang again": "a newer alert was raised",
    "not available": "the recipient is not available",
    "offer_over": "the hand-over is over",
    "passed_on": "passed on",
    "somebody else is asked": "someone else is notified",
}
_LONGEST_PAUSE = timedelta(minutes=10)


class NotResendable(ValueError):
    """A delivery is not sent again; says why."""


def after_attempt(delivery: Delivery, fact: DeliveryAttempted, now: datetime) -> Delivery | None:
    """The delivery after an attempt ended; None if that attempt is not the one under way any more."""
    under_way = delivery.state in ("sending", "unknown") and delivery.attempts == fact.attempt
    if not under_way:
        return None
    told = replace(delivery, changed_at=now, reason=fact.reason)
    match fact.result:
        case Attempt.ACCEPTED:
            return replace(told, state="sent")
        case Attempt.REFUSED:
            return replace(told, state="failed")
        case Attempt.PUT_OFF:
            return replace(told, state="pending", try_at=now + pause_before_retry(delivery.attempts))
        case Attempt.UNKNOWN if delivery.state == "unknown":
            return None
        case Attempt.UNKNOWN if delivery.unknown_count + 1 >= GIVE_UP_AFTER_UNKNOWN:
            return replace(told, state="failed", unknown_count=delivery.unknown_count + 1)
        case Attempt.UNKNOWN:
            resend_at = now + RESEND_UNKNOWN_AFTER
            return replace(told, state="unknown", unknown_count=delivery.unknown_count + 1, try_at=resend_at)


def returned(delivery: Delivery, reason: str, now: datetime) -> Delivery | None:
    """A delivery whose message came back; None where it was given up or is still to be sent."""
    if delivery.state not in ("sent", "unknown"):
        return None
    return replace(delivery, state="failed", reason=reason, changed_at=now)


def resent(delivery: Delivery, now: datetime) -> Delivery:
    """A delivery that is to be sent at once, by command. Raises NotResendable."""
    not_again = CHANNELS[delivery.channel].not_again
    if not_again is not None:
        raise NotResendable(not_again)
    if delivery.state not in RESENDABLE:
        raise NotResendable(f"it is {delivery.state}; only deliveries that are {_RESENDABLE_WORDS} can be sent again")
    return replace(delivery, state="pending", reason=None, list_id=None, try_at=now, changed_at=now)


def cancelled(delivery: Delivery, because: str, now: datetime) -> Delivery:
    """A delivery that nobody needs any more: it is not sent (again). What is being sent ends as it ends."""
    if delivery.state not in ("pending", "held", "unknown"):
        return delivery
    return replace(delivery, state="cancelled", reason=because, changed_at=now)


def shown_reason(reason: str) -> str:
    """The reason of a delivery as people read it: some are kept as codes."""
    return _IN_WORDS.get(reason, reason)


def needless(alert: Alert, episode: Episode | None) -> str | None:
    """Why nobody needs this alert any more, if so: it is over, somebody has it, or the offer it told of is gone.

    What is told for information is needed until it is over, and a reminder as long as its recipient has the episode.
    """
    if episode is None or episode.closed_at is not None:
        return CLOSED
    if alert.cause is RingCause.INFORMED:
        return None
    if alert.cause is RingCause.HANDED_OVER:
        return None if episode.offered_to == alert.recipient else "offer_over"
    if alert.cause is RingCause.APPOINTMENT:
        return None if episode.acknowledged_by == alert.recipient else "passed_on"
    return None if episode.acknowledged_at is None else "acknowledged"


def pause_before_retry(attempts: int) -> timedelta:
    """Doubles from two seconds to ten minutes."""
    return min(_LONGEST_PAUSE, timedelta(seconds=2.0 ** min(attempts, 12)))
