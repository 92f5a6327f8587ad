"""Signals find their order and join its episode. A match is final."""

from dataclasses import replace

from services.escalation.domain.entities import Case, Signal
from services.escalation.domain.matching import matching_order
from services.escalation.domain.own_facts import OrderWaitEnded
from services.escalation.domain.reasoning import waiting_words
from services.escalation.handlers.episodes import join
from services.escalation.handlers.turn import Turn
from shared.contracts import support
from shared.contracts.envelope import Fact


def admit(turn: Turn[Fact], signal: Signal) -> None:
    """Keep a new signal; it joins its order's episode, or waits for the order it names."""
    traced = replace(signal, traceparent=turn.tx.traceparent(turn.event))
    turn.book.put_signal(traced)
    match(turn, traced)
    waiting = turn.state.signals[signal.signal_id]
    if waiting.episode_id is None:
        about = {"signal_id": signal.signal_id, "policy_version": signal.policy_version}
        turn.explain("waits", waiting_words(waiting), policy_path=f"signals.{signal.kind.value}", **about)
    if waiting.episode_id is None and waiting.order_awaited_until is not None:
        wait = OrderWaitEnded(signal=signal.signal_id)
        turn.tx.set_timer(wait, cause=turn.event, due_at=waiting.order_awaited_until, made_of_silence=True)


def match(turn: Turn[Fact], signal: Signal) -> None:
    """Have a signal join the episode of its order, if that is known."""
    within = turn.book.policies.at(signal.at).policy.matching.seller_first_within
    order = matching_order(signal, turn.state, seller_first_within=within)
    if order is None:
        return
    latest = turn.state.latest_order(signal.at)
    if latest is not None and signal.names_order is None and latest != order:
        words = f"Order {order.order_id} goes before order {latest.order_id}, the latest, which nobody sold."
        about = {"signal_id": signal.signal_id, "who": order.sold_by}
        turn.explain("matched", words, policy_path="matching.seller_first_within", **about)
    if signal.order_awaited_until is not None:
        turn.tx.cancel_timer(OrderWaitEnded(signal=signal.signal_id), signal.account_id)
    join(turn, order, replace(signal, order_awaited_until=None))


def remember_case(turn: Turn[support.CaseOpened]) -> None:
    """A case tells which order it is about, also to its signals that wait for one."""
    book, fact = turn.book, turn.fact
    known = book.case_of(turn.account_id, fact.case) or Case(turn.account_id, fact.case)
    if known.order_id is not None:
        return
    book.put_case(replace(known, order_id=fact.order))
    for signal in turn.state.waiting_signals() if fact.order else ():
        if signal.case_id == fact.case and signal.names_order is None:
            awaited_until = turn.now + book.rules.order_wait
            naming = replace(signal, names_order=fact.order, order_awaited_until=awaited_until)
            admit(turn.of_signal(signal), naming)


def stop_waiting_for_the_named_order(turn: Turn[OrderWaitEnded]) -> None:
    """From now on the account's latest order counts."""
    signal = turn.state.signals.get(turn.fact.signal)
    if signal is None or signal.episode_id is not None or not signal.stands:
        return
    patient = replace(signal, order_awaited_until=None)
    turn.book.put_signal(patient)
    match(turn, patient)


def match_waiting_signals(turn: Turn[Fact]) -> None:
    """A new order may be what signals waited for. Each goes on in the trace of its own fact."""
    for signal in turn.state.waiting_signals():
        match(turn.of_signal(signal), signal)
