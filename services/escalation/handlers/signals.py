"""Facts become signals, signals find their order, and episodes rise."""

from dataclasses import replace

from services.escalation.domain.book import Book
from services.escalation.domain.entities import Case, Episode, Order, Signal
from services.escalation.domain.matching import matching_order
from services.escalation.domain.notes import SignalMatched
from services.escalation.domain.own_facts import OrderWaitEnded, RecipientSought
from services.escalation.domain.ringing import ringing, rings
from services.escalation.domain.signals import bounced, make_signal, signal_of
from services.escalation.handlers.rings import find_recipient
from shared.contracts import support
from shared.contracts.envelope import Envelope, Fact
from shared.contracts.escalation import EpisodeRaised, EpisodeSignalled, SignalKind
from shared.ids import derived
from shared.transaction import Transaction


def raise_signal(tx: Transaction, book: Book, event: Envelope[Fact]) -> None:
    """A fact that is a signal by itself joins its order's episode, or waits for the order."""
    case = book.case_of(event.subject, getattr(event.data, "case", None))
    signal = signal_of(event, case, book.rules, tx.now)
    if signal is not None:
        _admit(tx, book, signal, event)


def remember_case(tx: Transaction, book: Book, event: Envelope[support.CaseOpened]) -> None:
    """A case tells which order it is about, also to its signals that wait for one."""
    known = book.case_of(event.subject, event.data.case) or Case(event.subject, event.data.case)
    if known.order_id is not None:
        return
    book.put_case(replace(known, order_id=event.data.order))
    for signal in book.waiting_signals(event.subject) if event.data.order else ():
        if signal.case_id == event.data.case and signal.names_order is None:
            awaited_until = tx.now + book.rules.order_wait
            naming = replace(signal, names_order=event.data.order, order_awaited_until=awaited_until)
            _admit(tx, book, naming, event.model_copy(update=_own_trace(signal)))


def raise_on_bounces(tx: Transaction, book: Book, event: Envelope[support.CaseReassigned]) -> None:
    """A case that was passed on too often raises a signal, once; the highest count counts."""
    if event.data.case is None:
        return
    before = book.case_of(event.subject, event.data.case) or Case(event.subject, event.data.case)
    after = replace(before, reassignments=max(before.reassignments, event.data.reassignments))
    book.put_case(after)
    if bounced(before, after, book.rules):
        signal = make_signal(SignalKind.CASE_BOUNCED, event, after, book.rules, tx.now)
        _admit(tx, book, signal, event)


def stop_waiting_for_the_named_order(tx: Transaction, book: Book, event: Envelope[OrderWaitEnded]) -> None:
    """From now on the account's latest order counts."""
    signal = book.signals.get(event.data.signal)
    if signal is None or signal.episode_id is not None:
        return
    patient = replace(signal, order_awaited_until=None)
    book.put_signal(patient)
    _match(tx, book, patient, event)


def match_waiting_signals(tx: Transaction, book: Book, account_id: str, event: Envelope[Fact]) -> None:
    """A new order may be what signals waited for. Each goes on in the trace of its own fact."""
    for signal in book.waiting_signals(account_id):
        _match(tx, book, signal, event.model_copy(update=_own_trace(signal)))


def _own_trace(signal: Signal) -> dict[str, str | None]:
    """What makes the effects of a match the signal's own, though another event brought it about."""
    return {
        "id": str(signal.signal_id),
        "source": "handoff/escalation/signals",
        "type": "escalation.signal_matched",
        "traceparent": signal.traceparent,
    }


def _admit(tx: Transaction, book: Book, signal: Signal, event: Envelope[Fact]) -> None:
    traced = replace(signal, traceparent=tx.traceparent(event))
    book.put_signal(traced)
    _match(tx, book, traced, event)
    waiting = book.signals[signal.signal_id]
    if waiting.episode_id is None and waiting.order_awaited_until is not None:
        wait = OrderWaitEnded(signal=signal.signal_id)
        tx.set_timer(wait, cause=event, due_at=waiting.order_awaited_until, made_of_silence=True)


def _match(tx: Transaction, book: Book, signal: Signal, cause: Envelope[Fact]) -> None:
    order = matching_order(signal, book.orders[signal.account_id])
    if order is None:
        return
    if signal.order_awaited_until is not None:
        tx.cancel_timer(OrderWaitEnded(signal=signal.signal_id), signal.account_id)
    episode = book.open_episodes.get(order.order_id)
    if episode is None:
        episode = _raise_episode(tx, book, order, signal, cause)
    else:
        _tell_of_signal(tx, episode, signal, cause)
    joined = replace(signal, order_awaited_until=None, episode_id=episode.episode_id)
    book.put_signal(joined)
    tx.notes.append(SignalMatched(signal))
    _ring_if_due(tx, book, episode, joined, cause)


def _raise_episode(tx: Transaction, book: Book, order: Order, signal: Signal, cause: Envelope[Fact]) -> Episode:
    episode = Episode(
        episode_id=derived("episode", order.order_id, signal.signal_id),
        account_id=order.account_id,
        order_id=order.order_id,
        salesperson=order.sold_by,
        raised_at=tx.now,
        changed_at=tx.now,
    )
    book.put_episode(episode)
    fact = EpisodeRaised(
        episode=episode.episode_id,
        order=order.order_id,
        salesperson=order.sold_by,
        signal=signal.signal_id,
        kind=signal.kind,
        at=signal.at,
    )
    tx.publish(fact, cause=cause, time=signal.at, discriminator=episode.episode_id)
    return episode


def _tell_of_signal(tx: Transaction, episode: Episode, signal: Signal, cause: Envelope[Fact]) -> None:
    fact = EpisodeSignalled(
        episode=episode.episode_id,
        order=episode.order_id,
        signal=signal.signal_id,
        kind=signal.kind,
        case=signal.case_id,
        at=signal.at,
    )
    tx.publish(fact, cause=cause, time=signal.at, discriminator=signal.signal_id)


def _ring_if_due(tx: Transaction, book: Book, episode: Episode, signal: Signal, cause: Envelope[Fact]) -> None:
    due = rings(episode, signal, book.rules)
    current = ringing(episode, tx.now) if due else replace(episode, changed_at=tx.now)
    book.put_episode(current)
    if due or current.responsible is None:
        until = tx.now + book.rules.salesperson_wait
        sought = RecipientSought(episode=episode.episode_id, signal=signal.signal_id, rings=due, until=until)
        find_recipient(tx, book, current, sought, cause)
