"""Makes the signal of a detection, with the amount and the words of its facts, and finds its order."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from services.escalation.domain.account_state import AccountState
from services.escalation.domain.detections.detection import Detection
from services.escalation.domain.entities import Order, Signal
from services.escalation.domain.facts import LEAVING, AccountFact, FactKind, fact_id
from services.escalation.domain.unit_of_work import UnitOfWork
from shared.contracts.envelope import Envelope, Fact


def signal_of_detection(detection: Detection, event: Envelope[Fact], work: UnitOfWork, *, now: datetime) -> Signal:
    """A signal at the detection's own time, under the policy of that time. It waits for an order that it names.

    Another event than its own fact may raise or restore it, as when the fact that ended it is corrected.
    """
    cause = detection.cause
    awaited = detection.names_order is not None and detection.names_order not in work.state(cause.account_id).orders
    signal = Signal(
        signal_id=detection.signal_id,
        account_id=cause.account_id,
        kind=detection.kind,
        at=detection.at,
        seen_at=now,
        fact_id=cause.fact_id,
        policy_version=work.policies.at(cause.at).version,
        by_silence=detection.by_silence,
        case_id=detection.case_id,
        names_order=detection.names_order,
        order_awaited_until=now + work.installation.order_wait if awaited else None,
        refund_kind=cause.what if cause.kind is FactKind.REFUND_REQUESTED else None,
    )
    return as_said_last(signal, detection, event)


def as_said_last(signal: Signal, detection: Detection, event: Envelope[Fact]) -> Signal:
    """A signal with the amount, the customer's reason and the words reported last. An amount of zero counts as not
    reported.

    The facts remember the amount and the reason. Words are not in memory: without the event that reports them, stored
    words stay.
    """
    reports = [detection.cause, *detection.again]
    priced = next((one for one in reversed(reports) if one.amount_minor), None)
    signal = replace(
        signal,
        amount_minor=priced.amount_minor if priced else None,
        currency=priced.currency if priced else None,
        reason_code=next((one.reason_code for one in reversed(reports) if one.reason_code is not None), None),
    )
    spoken = next((one for one in reversed(reports) if one.said is not None), detection.cause)
    if spoken.fact_id in (fact_id(event), fact_id(event, LEAVING)):
        return replace(signal, words=getattr(event.data, "words", None))
    return signal


def says_something_new(fact: AccountFact, detection: Detection) -> bool:
    """Whether a repeated request names an amount, words or a person that no other report of it had."""
    others = [one for one in (detection.cause, *detection.again) if one.fact_id != fact.fact_id]
    known = {value for one in others for value in _details_of(one)}
    return any(value not in known for value in _details_of(fact))


def _details_of(request: AccountFact) -> Iterator[tuple[str, object]]:
    """The details that a request reports, without missing ones."""
    if request.amount_minor:
        yield "amount", (request.amount_minor, request.currency)
    if request.said is not None:
        yield "words", request.said
    if request.asked_by is not None:
        yield "person", request.asked_by


def matching_order(signal: Signal, account: AccountState, *, seller_first_within: timedelta) -> Order | None:
    """The order it names, of any date; else the account's latest order at or before it; None while there is none.

    The signal first waits for a named order that the account does not have. A sale with a seller takes precedence over
    later sales without one, if it is no older than `seller_first_within`.
    """
    if signal.names_order is not None and signal.names_order in account.orders:
        return account.orders[signal.names_order]
    if signal.order_awaited_until is not None:
        return None
    with_a_seller = account.latest_order(signal.at, with_seller=True)
    if with_a_seller is not None and with_a_seller.sold_at >= signal.at - seller_first_within:
        return with_a_seller
    return account.latest_order(signal.at)
