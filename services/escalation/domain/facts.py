"""The data kept of each fact that can put a sale at risk or end a risk; never a customer's personal data."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import UUID

from services.escalation.domain.entities import Order, products_of
from services.escalation.domain.order_lines import stored_lines
from shared.contracts import orders, support
from shared.contracts.envelope import Envelope, Fact
from shared.contracts.order_parts import Side
from shared.contracts.support_inbound import Person
from shared.ids import derived

LEAVING = "leaving"
"""The part of a contact in which the customer says that they are leaving."""

_SUPPORT, _TAB = "handoff/support", "\t"  # a tab is in no id


class FactKind(StrEnum):
    """The kind of a fact. A sale reports `sold`, `promise` and `delivery_due`; a salesperson reports
    `customer_reached`.

    `customer_duty` is a promise of the customer's own. `promise_said_kept`, `customer_duty_said_done` and
    `outcome_said` are salespeople's reports of customers' answers, which are not proof.
    `order_lines` are a sale's lines, remembered once a part was delivered or the lines changed. `request_closed`: the
    episode of a request was closed; `request_reopened`: that close was undone. `offer_agreed`: an amount that the
    customer may have, within a limit or approved.
    """

    CONTACT = "contact"
    CUSTOMER_REACHED = "customer_reached"
    CASE_OPENED = "case_opened"
    CASE_REASSIGNED = "case_reassigned"
    CASE_PROGRESSED = "case_progressed"
    CASE_REOPENED = "case_reopened"
    CASE_RESOLVED = "case_resolved"
    CASE_CLOSED = "case_closed"
    ANSWER_NOT_NEEDED = "answer_not_needed"
    RESPONSE_PROMISED = "response_promised"
    RESPONSE_OVERDUE = "response_overdue"
    RATED = "rated"
    REFUND_REQUESTED = "refund_requested"
    REFUND_WITHDRAWN = "refund_withdrawn"
    CANCELLATION_REQUESTED = "cancellation_requested"
    CANCELLATION_WITHDRAWN = "cancellation_withdrawn"
    CUSTOMER_INSISTS = "customer_insists"
    SELLER_REQUESTED = "seller_requested"
    REQUEST_CLOSED = "request_closed"
    REQUEST_REOPENED = "request_reopened"
    SOLD = "sold"
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
    PROMISE_SAID_KEPT = "promise_said_kept"
    CUSTOMER_DUTY = "customer_duty"
    CUSTOMER_DUTY_SAID_DONE = "customer_duty_said_done"
    OUTCOME_REPORTED = "outcome_reported"
    OUTCOME_SAID = "outcome_said"
    OFFER_AGREED = "offer_agreed"

    # Enum's own hash is written in Python and too slow: every fact is put into indexes by it.
    __hash__ = str.__hash__


SAID = (FactKind.PROMISE_SAID_KEPT, FactKind.CUSTOMER_DUTY_SAID_DONE, FactKind.OUTCOME_SAID)
"""Kinds that are salespeople's reports of customers' answers."""


@dataclass(frozen=True, slots=True)
class AccountFact:
    """One fact of an account.

    `direction`, `channel`, `result`, `agent` (our person) and `conversation` belong to a contact. `result` and `agent`
    are also the reason why no answer is needed and its reporter; `agent` is also the reporter of a customer's answer.
    `courtesy`: declared to be a "thanks" or an automatic reply. `number`: how often a case was passed on; a rating in
    thousandths of its scale; 1 or 0 for an outcome reached or not, and for a delivery reported as the whole order or
    not. `due_at`: of a promised answer, a promise of either side, a delivery. `waiting_for`: the reported turn.
    `amount_minor` and `currency` are the amount requested or paid back; `said` and `asked_by` are digests of the words
    and the person of a request, and `reason_code` is the customer's reason as reported with it.

    `what` names a promise, the kind of refund requested, the word of a status (`status_word`), the contact that needs
    no answer (see `contact_ids`), or the request that was closed or reopened. For a delivery it is the places of its
    lines; for an order's lines, each with its product and quantity, as JSON.
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
    waiting_for: str | None = None
    conversation: str | None = None
    said: str | None = None
    asked_by: str | None = None
    reason_code: str | None = None


def fact_id(event: Envelope[Fact], part: str = "") -> UUID:
    """The id of an event's fact; `part` distinguishes several facts of one event."""
    return derived("fact", event.source, event.id, part)


def ids_of(source: str, event_id: str) -> tuple[UUID, ...]:
    """The ids of all facts that any event but a sale may have, without reading the event."""
    return tuple(derived("fact", source, event_id, part) for part in ("", LEAVING, "no answer"))


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
    support.AnswerNotNeeded: FactKind.ANSWER_NOT_NEEDED,
    support.ResponsePromised: FactKind.RESPONSE_PROMISED,
    support.ResponseOverdue: FactKind.RESPONSE_OVERDUE,
    support.SatisfactionRated: FactKind.RATED,
    support.RefundRequested: FactKind.REFUND_REQUESTED,
    support.RefundWithdrawn: FactKind.REFUND_WITHDRAWN,
    support.CancellationRequested: FactKind.CANCELLATION_REQUESTED,
    support.CancellationWithdrawn: FactKind.CANCELLATION_WITHDRAWN,
    support.CustomerInsists: FactKind.CUSTOMER_INSISTS,
    support.SellerRequested: FactKind.SELLER_REQUESTED,
}


def remembered(event: Envelope[Fact]) -> list[AccountFact]:
    """The facts of an event that orders or support published; none for a test, or for an event that no rule needs."""
    fact = event.data
    if getattr(fact, "test", None):
        return []
    if isinstance(fact, orders.OrderPlaced):
        return _of_sale(event, fact)
    kind = _KINDS.get(type(fact))
    if kind is None:
        return []
    named: dict[str, Any] = {
        "case_id": getattr(fact, "case", None),
        "order_id": getattr(fact, "order", None),
        "courtesy": getattr(fact, "courtesy", None) is not None,
        "due_at": getattr(fact, "due_at", None),
    }
    own = AccountFact(fact_id(event), event.subject, kind, event.time, **named | _details(event.subject, fact))
    return [own, *_implied(event, own, named)]


def _implied(event: Envelope[Fact], own: AccountFact, named: dict[str, Any]) -> Iterator[AccountFact]:
    """The other facts of an event: the customer is leaving, or a case needs no answer."""
    fact = event.data
    if isinstance(fact, support.ContactMade) and fact.intent is not None and not own.courtesy:
        leaving, request = fact_id(event, LEAVING), _request_members(event.subject, fact)
        yield AccountFact(leaving, event.subject, FactKind.CANCELLATION_REQUESTED, event.time, **named | request)
    if isinstance(fact, support.CaseClosed) and fact.reason is not None:
        id, kind = fact_id(event, "no answer"), FactKind.ANSWER_NOT_NEEDED
        yield AccountFact(id, event.subject, kind, event.time, **named | {"result": fact.reason.value})


def _request_members(
    account_id: str, fact: support.RefundRequested | support.CancellationRequested | support.ContactMade
) -> dict[str, Any]:
    """The members that distinguish requests: a report with the same words is the same request. Also the customer's
    reason, which distinguishes none."""
    said, asked_by = _digest(account_id, fact.words), _digest(account_id, _name_of(fact.by))
    return {"said": said, "asked_by": asked_by, "reason_code": getattr(fact, "reason_code", None)}


def _name_of(person: Person | None) -> str | None:
    return None if person is None else person.email or person.phone or person.name


def _digest(account_id: str, text: str | None) -> str | None:
    """A short digest that recognises a text without revealing it."""
    normalised = " ".join((text or "").casefold().split())
    return derived("text", account_id, normalised).hex[:8] if normalised else None


@lru_cache(maxsize=4096)
def status_word(status: str) -> str:
    """The word of a status, normalised over its spellings: without case, hyphens and underscores."""
    return " ".join(status.casefold().replace("_", " ").replace("-", " ").split())


def contact_ids(no_answer: AccountFact) -> tuple[UUID, ...]:
    """The facts of the contact that needs no answer: support publishes it under an id of its own."""
    if no_answer.what is None:
        return ()
    source, _, id = no_answer.what.partition(_TAB)
    published = [derived("event", source, id, one.type, "") for one in (support.ContactMade, support.ContactDeadEnded)]
    return tuple(derived("fact", _SUPPORT, str(one), part) for one in published for part in ("", LEAVING))


def _of_sale(event: Envelope[Fact], sale: orders.OrderPlaced) -> list[AccountFact]:
    """The commitments of a sale: each promise of both sides, and the delivery, for which something must happen from the
    sale on."""

    def committed(kind: FactKind, part: str, due_at: datetime, what: str | None = None) -> AccountFact:
        id = fact_id(event, part)
        return AccountFact(id, event.subject, kind, event.time, order_id=sale.order, due_at=due_at, what=what)

    facts = [
        committed(_PROMISES[promise.owed_by], f"promise-{place}", promise.due_at, promise.id or promise.what)
        for place, promise in enumerate(sale.promises)
    ]
    if sale.delivery_due_at is not None:
        facts.append(
            AccountFact(fact_id(event, "sold"), event.subject, FactKind.SOLD, sale.sold_at, order_id=sale.order)
        )
        facts.append(committed(FactKind.DELIVERY_DUE, "delivery", sale.delivery_due_at))
    return facts


_PROMISES = {Side.US: FactKind.PROMISE, Side.CUSTOMER: FactKind.CUSTOMER_DUTY}


def lines_of_sale(order: Order) -> AccountFact:
    """The lines of a sale as a fact, with which its deliveries are compared first."""
    products = products_of(order)
    quantities = json.loads(order.quantities) if order.quantities else [1] * len(products)
    lines = json.dumps(list(zip(products, quantities, strict=True)), ensure_ascii=False)
    id = derived("fact", "order_lines", order.order_id)
    return AccountFact(id, order.account_id, FactKind.ORDER_LINES, order.sold_at, order_id=order.order_id, what=lines)


def _details(account_id: str, fact: Fact) -> dict[str, Any]:
    """The details that only some kinds of facts have, as members of an `AccountFact`."""
    match fact:
        case support.ContactMade():
            return {
                "direction": fact.direction.value,
                "channel": fact.channel.value,
                "result": fact.result.value,
                "agent": fact.agent,
                "conversation": fact.conversation,
            }
        case support.CaseOpened() | support.CaseStatusChanged():
            waiting_for = None if fact.waiting_for is None else fact.waiting_for.value
            return {"what": status_word(fact.status), "waiting_for": waiting_for}
        case support.RefundRequested():
            amount = {"amount_minor": fact.amount_minor or None, "currency": fact.currency}
            return {"what": fact.kind.value, **amount, **_request_members(account_id, fact)}
        case support.CancellationRequested():
            return _request_members(account_id, fact)
        case support.AnswerNotNeeded():
            contact = None if fact.contact is None else f"{fact.contact.source}{_TAB}{fact.contact.id}"
            return {"result": fact.reason.value, "agent": fact.by, "what": contact}
        case support.CaseReassigned():
            return {"number": fact.reassignments}
        case support.SatisfactionRated():
            return {"number": round(1000 * fact.rating / fact.scale)}
        case orders.OutcomeReported():
            return {"number": int(fact.reached)}
        case orders.PromiseKept():
            return {"what": fact.promise}
        case orders.RefundPaid():
            return {"amount_minor": fact.amount_minor, "currency": fact.currency}
        case orders.OrderDelivered():
            complete = None if fact.complete is None else int(fact.complete)
            return {"number": complete, "what": json.dumps(fact.lines) if fact.lines else None}
        case orders.OrderChanged():
            return {"due_at": fact.delivery_due_at, "what": stored_lines(fact.lines) if fact.lines else None}
        case _:
            return {}
