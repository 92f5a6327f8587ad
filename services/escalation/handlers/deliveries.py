"""What channels report back: attempts to deliver, and messages that came back. What operators have sent again."""

from dataclasses import replace

from services.escalation.domain.deliveries import (
    NotResendable,
    after_attempt,
    cancelled,
    needless,
    resent,
    returned,
)
from services.escalation.domain.entities import Delivery
from services.escalation.domain.own_facts import (
    AddressFailed,
    Attempt,
    DeliveryAttempted,
    DeliveryResent,
    DeliveryReturned,
)
from services.escalation.handlers.turn import Turn
from shared.contracts.escalation import AlertSent, DeliveryChannel

NOT_NEEDED = {
    "closed": "its episode is closed",
    "acknowledged": "somebody has acknowledged its episode",
    "offer_over": "the hand-over that it told of is over",
    "passed_on": "its recipient does not have the episode any more",
}


def record_attempt(turn: Turn[DeliveryAttempted]) -> None:
    """An attempt to deliver ended; the first one accepted is when the alert was sent."""
    book, fact = turn.book, turn.fact
    delivery = book.deliveries.get(fact.delivery)
    changed = after_attempt(delivery, fact, turn.now) if delivery else None
    if changed is None:
        return
    alert = book.alerts[changed.alert_id]
    because = needless(alert, turn.state.episodes.get(alert.episode_id))
    if because is not None:  # since when this was being sent
        changed = cancelled(changed, because, turn.now)
    book.put_delivery(changed)
    if fact.result is Attempt.ACCEPTED:
        _tell_of_first_sending(turn, changed)
    if fact.refused_address is not None:
        _tell_of_address(turn, changed, fact.refused_address)


def record_return(turn: Turn[DeliveryReturned]) -> None:
    """A message came back: it reached nobody."""
    delivery = turn.book.deliveries.get(turn.fact.delivery)
    changed = returned(delivery, turn.fact.reason, turn.now) if delivery else None
    if changed is not None:
        turn.book.put_delivery(changed)


def send_again(turn: Turn[DeliveryResent]) -> None:
    """Send a delivery at once, if somebody needs it still."""
    delivery = turn.book.deliveries.get(turn.fact.delivery)
    if delivery is None:
        turn.reject("unknown_delivery", "there is no such delivery")
        return
    alert = turn.book.alerts[delivery.alert_id]
    because = needless(alert, turn.state.episodes.get(alert.episode_id))
    if because is not None:
        turn.reject("not_needed", NOT_NEEDED[because])
        return
    try:
        turn.book.put_delivery(resent(delivery, turn.now))
    except NotResendable as refused:
        turn.reject("not_resendable", str(refused))


def _tell_of_address(turn: Turn[DeliveryAttempted], delivery: Delivery, address: str) -> None:
    """A person is changed under their own lock, not under the account's."""
    of_person = turn.event.model_copy(update={"subject": delivery.recipient})
    failed = AddressFailed(address=address, reason=delivery.reason or "refused")
    turn.tx.set_timer(failed, cause=of_person, due_at=turn.now)


def _tell_of_first_sending(turn: Turn[DeliveryAttempted], delivery: Delivery) -> None:
    alert = turn.book.alerts[delivery.alert_id]
    if alert.sent_at is not None:
        return
    turn.book.put_alert(replace(alert, sent_at=turn.now))
    fact = AlertSent(
        alert=alert.alert_id,
        episode=alert.episode_id,
        channel=DeliveryChannel(delivery.channel),
        sent_at=turn.now,
    )
    turn.publish(fact)
