"""Facts and inputs for tests: builders make complete, valid facts, and accept the differences."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from shared.contracts import escalation, orders_inbound, support_inbound
from shared.contracts.envelope import Envelope, Fact, decode_binary, encode_binary, envelope
from shared.contracts.order_parts import Customer, Line
from shared.contracts.orders_inbound import OrderPlaced, SalespersonChanged
from shared.contracts.people_parts import Day, WorkingHours
from shared.contracts.support_inbound import (
    CancellationRequested,
    CaseOpened,
    CaseReassigned,
    CaseStatusChanged,
    ContactChannel,
    ContactMade,
    ContactResult,
    Direction,
    Person,
    RefundRequested,
)
from shared.inputs import Batch, Input, InputKind

ACCOUNT = "c-17"
OTHER_ACCOUNT = "c-18"
SELLER = "anna"
ORDER = "4711"
CASE = "case-1"
AT = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
"""The default time of facts: a Monday morning."""
ZONE = ZoneInfo("Europe/Berlin")
"""The customers' zone."""


ALWAYS = (WorkingHours(days=tuple(Day), start="00:00", end="23:59"),)
"""Day and night: stories that are not about hours work at any hour."""

_ABOUT = {"account": ACCOUNT, "salesperson": SELLER, "policy": escalation.POLICY_SUBJECT}


def minutes(count: float) -> datetime:
    """This many minutes after AT."""
    return AT + timedelta(minutes=count)


def order_placed(order: str = ORDER, **changes: Any) -> OrderPlaced:
    fields = {
        "lines": (Line(product="Heat pump", amount_minor=1_250_000), Line(product="Installation")),
        "amount_minor": 1_490_000,
        "currency": "EUR",
        "sold_by": SELLER,
        "sold_at": AT,
        "customer": Customer(name="Petra Weiss", phone="+49 30 901820", email="petra@customer.example", zone=ZONE.key),
    }
    return OrderPlaced(order=order, **(fields | changes))


def confirmation_required(order: str = ORDER, **changes: Any) -> orders_inbound.ConfirmationRequired:
    return orders_inbound.ConfirmationRequired(order=order, **changes)


def order_confirmed(order: str = ORDER) -> orders_inbound.OrderConfirmed:
    return orders_inbound.OrderConfirmed(order=order)


def order_delivered(order: str = ORDER, **changes: Any) -> orders_inbound.OrderDelivered:
    return orders_inbound.OrderDelivered(order=order, **changes)


def order_changed(order: str = ORDER, **changes: Any) -> orders_inbound.OrderChanged:
    return orders_inbound.OrderChanged(order=order, **changes)


def order_cancelled(order: str = ORDER, **changes: Any) -> orders_inbound.OrderCancelled:
    return orders_inbound.OrderCancelled(order=order, **changes)


def refund_paid(order: str = ORDER, amount_minor: int = 5_000, currency: str = "EUR") -> orders_inbound.RefundPaid:
    return orders_inbound.RefundPaid(order=order, amount_minor=amount_minor, currency=currency)


def promise_kept(promise: str = "training", order: str = ORDER, **changes: Any) -> orders_inbound.PromiseKept:
    return orders_inbound.PromiseKept(order=order, promise=promise, **changes)


def outcome_reported(*, reached: bool, order: str = ORDER, **changes: Any) -> orders_inbound.OutcomeReported:
    return orders_inbound.OutcomeReported(order=order, reached=reached, **changes)


def sale_corrected(sold_by: str | None = "ben", order: str = ORDER, **changes: Any) -> orders_inbound.SaleCorrected:
    fields = {"reason": "Ben closed it on the phone.", "by": "mona"}
    return orders_inbound.SaleCorrected(order=order, sold_by=sold_by, **(fields | changes))


def delivery_late(order: str = ORDER, **changes: Any) -> orders_inbound.DeliveryLate:
    return orders_inbound.DeliveryLate(order=order, **changes)


def account_reassigned(salesperson: str = "ben", since: date = date(2026, 7, 1)) -> orders_inbound.AccountReassigned:
    return orders_inbound.AccountReassigned(salesperson=salesperson, since=since)


def salesperson_changed(name: str = "Anna Berg", **changes: Any) -> SalespersonChanged:
    """A person who is always at work by default."""
    fields: dict[str, Any] = {"email": "anna@sales.example", "phone": "+49 30 555012", "zone": "Europe/Berlin"}
    fields |= {"working_hours": ALWAYS}
    return SalespersonChanged(name=name, **(fields | changes))


def case_opened(case: str = CASE, **changes: Any) -> CaseOpened:
    fields = {"title": "Heating stays cold", "person": Person(name="Jonas Weiss", phone="+49 30 901821")}
    return CaseOpened(case=case, **(fields | changes))


def contact_made(result: str = "unanswered", case: str | None = CASE, **changes: Any) -> ContactMade:
    fields = {"direction": Direction.INBOUND, "channel": ContactChannel.PHONE}
    return ContactMade(case=case, result=ContactResult(result), **(fields | changes))


def case_reassigned(reassignments: int, case: str | None = CASE, **changes: Any) -> CaseReassigned:
    return CaseReassigned(case=case, reassignments=reassignments, **changes)


def case_status_changed(status: str, case: str | None = CASE) -> CaseStatusChanged:
    return CaseStatusChanged(case=case, status=status)


def case_reopened(case: str | None = CASE, **changes: Any) -> support_inbound.CaseReopened:
    return support_inbound.CaseReopened(case=case, **changes)


def case_resolved(case: str | None = CASE) -> support_inbound.CaseResolved:
    return support_inbound.CaseResolved(case=case)


def case_closed(case: str | None = CASE, **changes: Any) -> support_inbound.CaseClosed:
    return support_inbound.CaseClosed(case=case, **changes)


def answer_not_needed(
    reason: str = "goodbye", case: str | None = CASE, **changes: Any
) -> support_inbound.AnswerNotNeeded:
    reasoned = support_inbound.NoAnswerReason(reason)
    return support_inbound.AnswerNotNeeded(case=case, reason=reasoned, **({"by": "agent-3"} | changes))


def response_promised(
    due_at: datetime = AT + timedelta(hours=4), case: str | None = CASE, **changes: Any
) -> support_inbound.ResponsePromised:
    return support_inbound.ResponsePromised(case=case, due_at=due_at, **changes)


def response_overdue(case: str | None = CASE) -> support_inbound.ResponseOverdue:
    return support_inbound.ResponseOverdue(case=case, due_at=AT)


def satisfaction_rated(rating: int, case: str | None = CASE) -> support_inbound.SatisfactionRated:
    return support_inbound.SatisfactionRated(case=case, rating=rating)


def refund_requested(case: str | None = CASE, **changes: Any) -> RefundRequested:
    fields = {"amount_minor": 1_490_000, "currency": "EUR", "words": "I want my money back."}
    return RefundRequested(case=case, **(fields | changes))


def cancellation_requested(case: str | None = CASE, **changes: Any) -> CancellationRequested:
    return CancellationRequested(case=case, **changes)


def refund_withdrawn(case: str | None = CASE, **changes: Any) -> support_inbound.RefundWithdrawn:
    return support_inbound.RefundWithdrawn(case=case, **changes)


def cancellation_withdrawn(case: str | None = CASE, **changes: Any) -> support_inbound.CancellationWithdrawn:
    return support_inbound.CancellationWithdrawn(case=case, **changes)


def seller_requested(case: str | None = CASE, **changes: Any) -> support_inbound.SellerRequested:
    return support_inbound.SellerRequested(case=case, **changes)


def customer_insists(case: str | None = CASE, **changes: Any) -> support_inbound.CustomerInsists:
    return support_inbound.CustomerInsists(case=case, **changes)


def contact_preference_changed(preference: str = "do_not_call") -> support_inbound.ContactPreferenceChanged:
    return support_inbound.ContactPreferenceChanged(preference=support_inbound.ContactPreference(preference))


def event_of(
    fact: Fact, *, subject: str | None = None, id: str | None = None, at: datetime = AT, source: str = "shop"
) -> Envelope[Any]:
    """A fact in its envelope: about ACCOUNT, SELLER or the policy, under an id of its own, by default."""
    return envelope(fact, id=id or str(uuid4()), source=source, subject=subject or _ABOUT[fact.about], time=at)


def input_of(
    fact: Fact, *, subject: str | None = None, id: str | None = None, at: datetime = AT, source: str = "shop"
) -> Input:
    """A fact as a service receives it: encoded and decoded again, as on the wire."""
    attributes, body = encode_binary(event_of(fact, subject=subject, id=id, at=at, source=source))
    decoded = decode_binary(attributes, body, topic=None)
    return Input(decoded.envelope, decoded.body, decoded.digest, InputKind.RECORD)


def batch_of(*inputs: Input | Fact) -> Batch:
    """A batch of inputs, and of facts with default envelopes."""
    return Batch([one if isinstance(one, Input) else input_of(one) for one in inputs])
