"""What channels report back: attempts to deliver."""

from dataclasses import replace

from services.escalation.domain.deliveries import after_attempt, cancelled, needless
from services.escalation.domain.entities import Delivery
from services.escalation.domain.own_facts import Attempt, DeliveryAttempted
from services.escalation.handlers.turn import Turn
from shared.contracts.escalation import AlertSent, DeliveryChannel


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
