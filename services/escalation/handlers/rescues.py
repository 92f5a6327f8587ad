"""What people and channels report back: acknowledgements, and attempts to deliver."""

from dataclasses import replace

from services.escalation.domain.book import Book
from services.escalation.domain.deliveries import after_attempt, silenced
from services.escalation.domain.entities import Delivery
from services.escalation.domain.own_facts import (
    AcknowledgePressed,
    Attempt,
    DeliveryAttempted,
    RecipientSought,
)
from services.escalation.domain.ringing import acknowledged
from services.escalation.handlers.rings import find_recipient
from shared.contracts.envelope import Envelope, Fact
from shared.contracts.escalation import AlertSent, DeliveryChannel, EpisodeAcknowledged
from shared.transaction import Transaction


def acknowledge(tx: Transaction, book: Book, event: Envelope[AcknowledgePressed]) -> None:
    """Take an episode: everything pending for it stops, in this very transaction."""
    episode = book.episodes.get(event.data.episode)
    if episode is None or episode.account_id != event.subject:
        tx.reject(event, "episode_not_open", "this episode is not open any more; reload the page.")
        return
    if episode.responsible != event.data.by:
        tx.reject(event, "episode_of_another", "this episode has gone to somebody else; reload the page.")
        return
    if episode.acknowledged_at is not None:
        return
    taken = acknowledged(episode, event.data.by, tx.now)
    book.put_episode(taken)
    book.silence(taken.episode_id, tx.now)
    fact = EpisodeAcknowledged(episode=taken.episode_id, order=taken.order_id, by=event.data.by, acknowledged_at=tx.now)
    tx.publish(fact, cause=event, time=tx.now)


def look_for_recipient(tx: Transaction, book: Book, event: Envelope[RecipientSought]) -> None:
    """Time to look again for the seller of an episode's order."""
    episode = book.episodes.get(event.data.episode)
    if episode is not None and episode.acknowledged_at is None:
        find_recipient(tx, book, episode, event.data, event)


def record_attempt(tx: Transaction, book: Book, event: Envelope[DeliveryAttempted]) -> None:
    """An attempt to deliver ended; the first one accepted is when the alert was sent."""
    delivery = book.deliveries.get(event.data.delivery)
    if delivery is None:
        return
    changed = after_attempt(delivery, event.data, tx.now)
    if changed is None:
        return
    episode = book.episodes.get(book.alerts[delivery.alert_id].episode_id)
    if episode is None or episode.acknowledged_at is not None:  # taken while it was being sent
        changed = silenced(changed, tx.now)
    book.put_delivery(changed)
    if event.data.result is Attempt.ACCEPTED:
        _tell_of_first_sending(tx, book, changed, event)


def _tell_of_first_sending(tx: Transaction, book: Book, delivery: Delivery, event: Envelope[Fact]) -> None:
    alert = book.alerts[delivery.alert_id]
    if alert.sent_at is not None:
        return
    book.put_alert(replace(alert, sent_at=tx.now))
    fact = AlertSent(
        alert=alert.alert_id,
        episode=alert.episode_id,
        channel=DeliveryChannel(delivery.channel),
        sent_at=tx.now,
    )
    tx.publish(fact, cause=event, time=tx.now)
