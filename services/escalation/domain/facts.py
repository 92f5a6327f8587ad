"""What escalation remembers of each fact that can put a sale at risk, or end a risk: never a customer's own data."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.contracts.envelope import Envelope, Fact
from shared.ids import derived


class FactKind(StrEnum):
    """What happened. `promise` and `delivery_due` are told by a sale, `customer_reached` by a salesperson."""

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
    ORDER_CANCELLED = "order_cancelled"
    REFUND_PAID = "refund_paid"
    DELIVERY_DUE = "delivery_due"
    DELIVERY_LATE = "delivery_late"
    PROMISE = "promise"
    PROMISE_KEPT = "promise_kept"
    OUTCOME_REPORTED = "outcome_reported"


@dataclass(frozen=True, slots=True)
class AccountFact:
    """One fact of an account.

    `direction`, `channel`, `result` and `agent` (who of us) are a contact's. `courtesy`: declared to be a "thanks" or
    an automatic reply. `number`: how often a case was passed on; a rating in thousandths of its scale; 1 or 0 for an
    outcome that was reached or not. `due_at`: of a promised answer, a promise, a delivery. `what` names a promise.
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


def fact_id(event: Envelope[Fact], part: str = "") -> UUID:
    """The id of what is remembered of an event; `part` where one event tells several things."""
    return derived("fact", event.source, event.id, part)
