"""Events that the support service publishes: what happened to a customer since the sale."""

from typing import ClassVar, Literal

from shared.contracts import support_inbound as inbound

TOPIC = "support.cases.v1"


class CaseOpened(inbound.CaseOpened):
    """A case was opened."""

    type: ClassVar[str] = "support.case_opened"
    topic: ClassVar[str] = TOPIC


class ContactMade(inbound.ContactMade):
    """A contact between customer and company that was not a dead end."""

    type: ClassVar[str] = "support.contact_made"
    topic: ClassVar[str] = TOPIC


class ContactDeadEnded(ContactMade):
    """A contact that was a dead end; it is not also published as contact_made."""

    type: ClassVar[str] = "support.contact_dead_ended"

    result: Literal[inbound.ContactResult.DEAD_END] = inbound.ContactResult.DEAD_END


class CaseReassigned(inbound.CaseReassigned):
    """A case was reassigned."""

    type: ClassVar[str] = "support.case_reassigned"
    topic: ClassVar[str] = TOPIC


class CaseStatusChanged(inbound.CaseStatusChanged):
    """The status of a case changed."""

    type: ClassVar[str] = "support.case_status_changed"
    topic: ClassVar[str] = TOPIC


class CaseReopened(inbound.CaseReopened):
    """A case was reopened."""

    type: ClassVar[str] = "support.case_reopened"
    topic: ClassVar[str] = TOPIC


class ResponsePromised(inbound.ResponsePromised):
    """The customer was promised an answer by a certain time."""

    type: ClassVar[str] = "support.response_promised"
    topic: ClassVar[str] = TOPIC


class ResponseOverdue(inbound.ResponseOverdue):
    """A promised answer is overdue."""

    type: ClassVar[str] = "support.response_overdue"
    topic: ClassVar[str] = TOPIC


class RefundRequested(inbound.RefundRequested):
    """The customer requested a refund."""

    type: ClassVar[str] = "support.refund_requested"
    topic: ClassVar[str] = TOPIC


class CancellationRequested(inbound.CancellationRequested):
    """The customer requested a cancellation."""

    type: ClassVar[str] = "support.cancellation_requested"
    topic: ClassVar[str] = TOPIC


class RefundWithdrawn(inbound.RefundWithdrawn):
    """The customer withdrew a refund request."""

    type: ClassVar[str] = "support.refund_withdrawn"
    topic: ClassVar[str] = TOPIC


class CancellationWithdrawn(inbound.CancellationWithdrawn):
    """The customer withdrew a cancellation request."""

    type: ClassVar[str] = "support.cancellation_withdrawn"
    topic: ClassVar[str] = TOPIC


class SellerRequested(inbound.SellerRequested):
    """An agent asks for the seller to call the customer."""

    type: ClassVar[str] = "support.seller_requested"
    topic: ClassVar[str] = TOPIC


class CustomerInsists(inbound.CustomerInsists):
    """The customer insists on a refund or cancellation that they asked for."""

    type: ClassVar[str] = "support.customer_insists"
    topic: ClassVar[str] = TOPIC


class SatisfactionRated(inbound.SatisfactionRated):
    """The customer gave a rating."""

    type: ClassVar[str] = "support.satisfaction_rated"
    topic: ClassVar[str] = TOPIC


class CaseResolved(inbound.CaseResolved):
    """A case was resolved."""

    type: ClassVar[str] = "support.case_resolved"
    topic: ClassVar[str] = TOPIC


class CaseClosed(inbound.CaseClosed):
    """A case was closed."""

    type: ClassVar[str] = "support.case_closed"
    topic: ClassVar[str] = TOPIC


class AnswerNotNeeded(inbound.AnswerNotNeeded):
    """A contact, or every contact on a case so far, needs no answer."""

    type: ClassVar[str] = "support.answer_not_needed"
    topic: ClassVar[str] = TOPIC


class ContactPreferenceChanged(inbound.ContactPreferenceChanged):
    """A customer must not be called any more, or may be called again."""

    type: ClassVar[str] = "support.contact_preference_changed"
    topic: ClassVar[str] = TOPIC
