"""Signals find their order and join its episode. A match is final."""

from dataclasses import replace

from services.escalation.domain.decisions.signals import OrderPreferred, SignalWaits
from services.escalation.domain.draft import Draft
from services.escalation.domain.entities import Case, Signal
from services.escalation.domain.matching import matching_order
from services.escalation.domain.own_facts import OrderWaitEnded
from services.escalation.handlers.episodes import join
from shared.contracts import support
from shared.contracts.envelope import Fact


def admit(draft: Draft[Fact], signal: Signal) -> None:
    """Keep a new signal; it joins its order's episode, or waits for the order it names."""
    traced = replace(signal, traceparent=draft.traceparent)
    draft.keep(traced)
    match(draft, traced)
    waiting = draft.state.signals[signal.signal_id]
    if waiting.episode_id is None:
        draft.decide(SignalWaits(waiting))
    if waiting.episode_id is None and waiting.order_awaited_until is not None:
        wait = OrderWaitEnded(signal=signal.signal_id)
        draft.set_timer(wait, due_at=waiting.order_awaited_until, made_of_silence=True)


def match(draft: Draft[Fact], signal: Signal) -> None:
    """Have a signal join the episode of its order, if that is known."""
    within = draft.book.policies.at(signal.at).policy.matching.seller_first_within
    order = matching_order(signal, draft.state, seller_first_within=within)
    if order is None:
        return
    latest = draft.state.latest_order(signal.at)
    if latest is not None and signal.names_order is None and latest != order:
        draft.decide(OrderPreferred(signal, order, latest))
    if signal.order_awaited_until is not None:
        draft.take_timer_back(OrderWaitEnded(signal=signal.signal_id))
    join(draft, order, replace(signal, order_awaited_until=None))


def remember_case(draft: Draft[support.CaseOpened]) -> None:
    """A case tells which order it is about, also to its signals that wait for one."""
    book, fact = draft.book, draft.fact
    known = book.case_of(draft.account_id, fact.case) or Case(draft.account_id, fact.case)
    if known.order_id is not None:
        return
    draft.keep(replace(known, order_id=fact.order))
    for signal in draft.state.waiting_signals() if fact.order else ():
        if signal.case_id == fact.case and signal.names_order is None:
            awaited_until = draft.now + book.rules.order_wait
            naming = replace(signal, names_order=fact.order, order_awaited_until=awaited_until)
            admit(draft.of_signal(signal), naming)


def stop_waiting_for_the_named_order(draft: Draft[OrderWaitEnded]) -> None:
    """From now on the account's latest order counts."""
    signal = draft.state.signals.get(draft.fact.signal)
    if signal is None or signal.episode_id is not None or not signal.stands:
        return
    patient = replace(signal, order_awaited_until=None)
    draft.keep(patient)
    match(draft, patient)


def match_waiting_signals(draft: Draft[Fact]) -> None:
    """A new order may be what signals waited for. Each goes on in the trace of its own fact."""
    for signal in draft.state.waiting_signals():
        match(draft.of_signal(signal), signal)
