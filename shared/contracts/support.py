"""What the support service publishes: what happened to a customer since the sale."""

from typing import ClassVar, Literal

from shared.contracts import support_inbound as inbound

TOPIC = "support.cases.v1"


class CaseOpened(inbound.CaseOpened):
    """A customer raised a matter."""

    type: ClassVar[str] = "support.case_opened"
    topic: ClassVar[str] = TOPIC


class ContactMade(inbound.ContactMade):
    """An attempt to reach the other that did not end as a dead end."""

    type: ClassVar[str] = "support.contact_made"
    topic: ClassVar[str] = TOPIC


class ContactDeadEnded(ContactMade):
    """An attempt to reach the other that ended as a dead end: published as this only."""

    type: ClassVar[str] = "support.contact_dead_ended"

    result: Literal[inbound.ContactResult.DEAD_END] = inbound.ContactResult.DEAD_END


class CaseReassigned(inbound.CaseReassigned):
    """A case went to somebody else."""

    type: ClassVar[str] = "support.case_reassigned"
    topic: ClassVar[str] = TOPIC


class CaseStatusChanged(inbound.CaseStatusChanged):
    """A case has another status."""

    type: ClassVar[str] = "support.case_status_changed"
    topic: ClassVar[str] = TOPIC


class CaseReopened(inbound.CaseReopened):
    """A case came back."""

    type: ClassVar[str] = "support.case_reopened"
    topic: ClassVar[str] = TOPIC


class ResponsePromised(inbound.ResponsePromised):
    """The customer was promised an answer by a certain time."""

    type: ClassVar[str] = "support.response_promised"
    topic: ClassVar[str] = TOPIC


class ResponseOverdue(inbound.ResponseOverdue):
    """A promised time of answer passed."""

    type: ClassVar[str] = "support.response_overdue"
    topic: ClassVar[str] = TOPIC


class RefundRequested(inbound.RefundRequested):
    """The customer asked for money back."""

    type: ClassVar[str] = "support.refund_requested"
    topic: ClassVar[str] = TOPIC


class CancellationRequested(inbound.CancellationRequested):
    """The customer asked to cancel."""

    type: ClassVar[str] = "support.cancellation_requested"
    topic: ClassVar[str] = TOPIC


class RefundWithdrawn(inbound.RefundWithdrawn):
    """The customer no longer asks for money back."""

    type: ClassVar[str] = "support.refund_withdrawn"
    topic: ClassVar[str] = TOPIC


class CancellationWithdrawn(inbound.CancellationWithdrawn):
    """The customer no longer asks to cancel."""

    type: ClassVar[str] = "support.cancellation_withdrawn"
    topic: ClassVar[str] = TOPIC


class SatisfactionRated(inbound.SatisfactionRated):
    """The customer rated us."""

    type: ClassVar[str] = "support.satisfaction_rated"
    topic: ClassVar[str] = TOPIC


class CaseResolved(inbound.CaseResolved):
    """A case counts as solved."""

    type: ClassVar[str] = "support.case_resolved"
    topic: ClassVar[str] = TOPIC


class CaseClosed(inbound.CaseClosed):
    """A case is over."""

    type: ClassVar[str] = "support.case_closed"
    topic: ClassVar[str] = TOPIC


class AnswerNotNeeded(inbound.AnswerNotNeeded):
    """What the customer sent needs no answer."""

    type: ClassVar[str] = "support.answer_not_needed"
    topic: ClassVar[str] = TOPIC


class ContactPreferenceChanged(inbound.ContactPreferenceChanged):
    """Whether a customer may be called changed."""

    type: ClassVar[str] = "support.contact_preference_changed"
    topic: ClassVar[str] = TOPIC
