"""Rings: finds the person, makes the alert and its deliveries, or waits for the directory to know the seller."""

from dataclasses import replace
from datetime import datetime

from services.escalation.domain.book import Book
from services.escalation.domain.entities import Alert, Delivery, Episode, Order, Salesperson, Signal
from services.escalation.domain.notes import AlertMade
from services.escalation.domain.own_facts import RecipientSought
from services.escalation.domain.recipients import Recipient, desk_instead, recipient
from shared.contracts.envelope import Envelope, Fact
from shared.contracts.escalation import AlertRaised
from shared.ids import derived
from shared.transaction import Transaction


def find_recipient(
    tx: Transaction, book: Book, episode: Episode, sought: RecipientSought, cause: Envelope[Fact]
) -> None:
    """Hand an episode to whoever is to hear of it, and ring if that is due; else look again later."""
    order = book.orders[episode.account_id][episode.order_id]
    found = recipient(order, book.people, desk=book.rules.desk, now=tx.now)
    if found is None and tx.now >= sought.until:
        found = desk_instead(order, book.people, desk=book.rules.desk, now=tx.now)
    if found is None:
        _look_again(tx, book, order, sought, cause)
        return
    found = replace(found, why_you=_why_you(found, sought, book))
    book.put_episode(replace(episode, responsible=found.salesperson_id, why_you=found.why_you, changed_at=tx.now))
    if sought.rings:
        _raise_alert(tx, book, episode, book.signals[sought.signal], found, cause)


def _look_again(tx: Transaction, book: Book, order: Order, sought: RecipientSought, cause: Envelope[Fact]) -> None:
    """The directory's fact hurries this timer; the minute between looks covers a race with that fact."""
    again_at = min(tx.now + book.rules.salesperson_recheck, sought.until)
    tx.set_timer(
        sought,
        cause=cause,
        due_at=again_at,
        awaits=f"salesperson:{order.sold_by}",
        made_of_silence=again_at == sought.until,
    )


def _raise_alert(
    tx: Transaction, book: Book, episode: Episode, signal: Signal, to: Recipient, cause: Envelope[Fact]
) -> None:
    alert = Alert(
        alert_id=derived("alert", episode.episode_id, signal.signal_id),
        account_id=episode.account_id,
        episode_id=episode.episode_id,
        signal_id=signal.signal_id,
        recipient=to.salesperson_id,
        because=to.because,
        why_you=to.why_you,
        raised_at=tx.now,
        traceparent=tx.traceparent(cause),
    )
    book.put_alert(alert)
    for delivery in _deliveries(alert, book.people.get(to.salesperson_id), tx.now):
        book.put_delivery(delivery)
    tx.notes.append(AlertMade(signal))
    fact = AlertRaised(
        alert=alert.alert_id,
        episode=episode.episode_id,
        order=episode.order_id,
        recipient=to.salesperson_id,
        signal=signal.signal_id,
        kind=signal.kind,
        because=to.because,
    )
    tx.publish(fact, cause=cause, time=tx.now, discriminator=alert.alert_id)


def _deliveries(alert: Alert, person: Salesperson | None, now: datetime) -> list[Delivery]:
    """The inbox has it at once; e-mail is to be sent, or skipped where there is no address."""
    reachable = person is not None and person.email is not None
    return [
        _delivery(alert, "inbox", "sent", now),
        _delivery(alert, "email", "pending", now)
        if reachable
        else _delivery(alert, "email", "skipped", now, reason="no e-mail address is known"),
    ]


def _delivery(alert: Alert, channel: str, state: str, now: datetime, reason: str | None = None) -> Delivery:
    id = derived("delivery", alert.alert_id, channel)
    return Delivery(id, alert.alert_id, channel, state, try_at=now, changed_at=now, reason=reason)


def _why_you(found: Recipient, sought: RecipientSought, book: Book) -> str:
    """The reason, with a word where the order is not the one that was named."""
    signal = book.signals[sought.signal]
    episode = book.episodes[sought.episode]
    if signal.names_order in (None, episode.order_id):
        return found.why_you
    return f"{found.why_you} The order that was named, {signal.names_order}, is not known; this is the latest one."
