"""What escalation remembers of each fact that can put a sale at risk, or end a risk: never a customer's own data."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.escalation.domain.entities import Order, products_of
from shared.contracts import orders, support
from shared.contracts.envelope import Envelope, Fact
from shared.contracts.order_parts import Line
from shared.ids import derived


class FactKind(StrEnum):
    """What happened. `promise` and `delivery_due` are told by a sale, `customer_reached` by a salesperson.

    `order_lines` are a sale's lines, remembered once a part of it was delivered or they changed.
    """

    CONTACT = "contact"
    CUSTOMER_REACHED = "customer_reached"
    CASE_OPENED = "case_opened"
    CASE_REASSIGNED = "case_reassigned"
    CASE_PROGRESSED = "case_progressed"
    CASE_REOPENED = "case_reopened"
    CASE_RESOLVED = "case_resolved"
    CASE_CLOSED = "case_closed"
    RESPONSE_PROMISED = "response_promised"
    RESPONSE_OVERDUE = "response_overdue"
    RATED = "rated"
    REFUND_REQUESTED = "refund_requested"
    REFUND_WITHDRAWN = "refund_withdrawn"
    CANCELLATION_REQUESTED = "cancellation_requested"
    CANCELLATION_WITHDRAWN = "cancellation_withdrawn"
    CONFIRMATION_REQUIRED = "confirmation_required"
    ORDER_CONFIRMED = "order_confirmed"
    ORDER_DELIVERED = "order_delivered"
    ORDER_CHANGED = "order_changed"
    ORDER_LINES = "order_lines"
    ORDER_CANCELLED = "order_cancelled"
    REFUND_PAID = "refund_paid"
    DELIVERY_DUE = "delivery_due"
    DELIVERY_LATE = "delivery_late"
    PROMISE = "promise"
    PROMISE_KEPT = "promise_kept"
    OUTCOME_REPORTED = "outcome_reported"

    # Enum's own is written in Python, and every fact is put into lanes by it.
    __hash__ = str.__hash__


@dataclass(frozen=True, slots=True)
class AccountFact:
    """One fact of an account.

    `direction`, `channel`, `result` and `agent` (who of us) are a contact's. `courtesy`: declared to be a "thanks" or
    an automatic reply. `number`: how often a case was passed on; a rating in thousandths of its scale; 1 or 0 for an
    outcome that was reached or not, and for a delivery that says whether it was the whole order. `due_at`: of a
    promised answer, a promise, a delivery. `what` names a promise; of a delivery it is the places of its lines, of
    an order's lines each with its product and quantity, as JSON. `amount_minor`
    and `currency` are what was paid back.
    """

    fact_id: UUID
    account_id: str
    kind: FactKind
    at: datetime
    case_id: str | None = None
    order_id: str | None = None
    direction: str | None = None
    channel: str | None = None
    result: str | None = None
    agent: str | None = None
    courtesy: bool = False
    number: int | None = None
    due_at: datetime | None = None
    what: str | None = None
    amount_minor: int | None = None
    currency: str | None = None


def fact_id(event: Envelope[Fact], part: str = "") -> UUID:
    """The id of what is remembered of an event; `part` where one event tells several things."""
    return derived("fact", event.source, event.id, part)


_KINDS: Mapping[type[Fact], FactKind] = {
    orders.ConfirmationRequired: FactKind.CONFIRMATION_REQUIRED,
    orders.OrderConfirmed: FactKind.ORDER_CONFIRMED,
    orders.OrderDelivered: FactKind.ORDER_DELIVERED,
    orders.OrderChanged: FactKind.ORDER_CHANGED,
    orders.OrderCancelled: FactKind.ORDER_CANCELLED,
    orders.RefundPaid: FactKind.REFUND_PAID,
    orders.DeliveryLate: FactKind.DELIVERY_LATE,
    orders.PromiseKept: FactKind.PROMISE_KEPT,
    orders.OutcomeReported: FactKind.OUTCOME_REPORTED,
    support.CaseOpened: FactKind.CASE_OPENED,
    support.ContactMade: FactKind.CONTACT,
    support.ContactDeadEnded: FactKind.CONTACT,
    support.CaseReassigned: FactKind.CASE_REASSIGNED,
    support.CaseStatusChanged: FactKind.CASE_PROGRESSED,
    support.CaseReopened: FactKind.CASE_REOPENED,
    support.CaseResolved: FactKind.CASE_RESOLVED,
    support.CaseClosed: FactKind.CASE_CLOSED,
    support.ResponsePromised: FactKind.RESPONSE_PROMISED,
    support.ResponseOverdue: FactKind.RESPONSE_OVERDUE,
    support.SatisfactionRated: FactKind.RATED,
    support.RefundRequested: FactKind.REFUND_REQUESTED,
    support.RefundWithdrawn: FactKind.REFUND_WITHDRAWN,
    support.CancellationRequested: FactKind.CANCELLATION_REQUESTED,
    support.CancellationWithdrawn: FactKind.CANCELLATION_WITHDRAWN,
}


def remembered(event: Envelope[Fact]) -> list[AccountFact]:
    """What is remembered of an event that orders or support published; nothing of one that matters to no rule."""
    fact = event.data
    if isinstance(fact, orders.OrderPlaced):
        return _of_sale(event, fact)
    kind = _KINDS.get(type(fact))
    if kind is None:
        return []
    told = AccountFact(
        fact_id=fact_id(event),
        account_id=event.subject,
        kind=kind,
        at=event.time,
        case_id=getattr(fact, "case", None),
        order_id=getattr(fact, "order", None),
        courtesy=getattr(fact, "courtesy", None) is not None,
        due_at=getattr(fact, "due_at", None),
    )
    return [_with_details(told, fact)]


def _of_sale(event: Envelope[Fact], sale: orders.OrderPlaced) -> list[AccountFact]:
    """What a sale committed us to: each promise, and the delivery."""

    def committed(kind: FactKind, part: str, due_at: datetime, what: str | None = None) -> AccountFact:
        id = fact_id(event, part)
        return AccountFact(id, event.subject, kind, event.time, order_id=sale.order, due_at=due_at, what=what)

    facts = [
        committed(FactKind.PROMISE, f"promise-{place}", promise.due_at, promise.id or promise.what)
        for place, promise in enumerate(sale.promises)
    ]
    if sale.delivery_due_at is not None:
        facts.append(committed(FactKind.DELIVERY_DUE, "delivery", sale.delivery_due_at))
    return facts


def lines_told(lines: Sequence[Line]) -> str:
    """An order's lines as they are remembered."""
    return json.dumps([(line.product, line.quantity) for line in lines], ensure_ascii=False)


def lines_of_sale(order: Order) -> AccountFact:
    """What a sale was of: the first of what its deliveries are held against."""
    products = products_of(order)
    quantities = json.loads(order.quantities) if order.quantities else [1] * len(products)
    lines = json.dumps(list(zip(products, quantities, strict=True)), ensure_ascii=False)
    id = derived("fact", "order_lines", order.order_id)
    return AccountFact(id, order.account_id, FactKind.ORDER_LINES, order.sold_at, order_id=order.order_id, what=lines)


def _with_details(told: AccountFact, fact: Fact) -> AccountFact:
    """What only some kinds of facts say."""
    match fact:
        case support.ContactMade():
            agent, result = fact.agent, fact.result.value
            return replace(told, direction=fact.direction.value, channel=fact.channel.value, result=result, agent=agent)
        case support.CaseReassigned():
            return replace(told, number=fact.reassignments)
        case support.SatisfactionRated():
            return replace(told, number=round(1000 * fact.rating / fact.scale))
        case orders.OutcomeReported():
            return replace(told, number=int(fact.reached))
        case orders.PromiseKept():
            return replace(told, what=fact.promise)
        case orders.RefundPaid():
            return replace(told, amount_minor=fact.amount_minor, currency=fact.currency)
        case orders.OrderDelivered():
            complete = None if fact.complete is None else int(fact.complete)
            return replace(told, number=complete, what=json.dumps(fact.lines) if fact.lines else None)
        case orders.OrderChanged():
            return replace(told, due_at=fact.delivery_due_at, what=lines_told(fact.lines) if fact.lines else None)
        case _:
            return told
