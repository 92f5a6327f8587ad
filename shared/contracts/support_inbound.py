"""Events that internal systems (help desk, telephony, shop) send to the support service."""

from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.fact import Fact, Value
from shared.contracts.fields import AmountMinor, Code, Currency, Id, Instant, OptionalText, Text, Words
from shared.contracts.refund_kinds import RefundKind as RefundKind
from shared.contracts.support_turns import ContactPreference as ContactPreference
from shared.contracts.support_turns import ContactReference as ContactReference
from shared.contracts.support_turns import Courtesy as Courtesy
from shared.contracts.support_turns import Intent as Intent
from shared.contracts.support_turns import NoAnswerReason as NoAnswerReason
from shared.contracts.support_turns import WaitingFor as WaitingFor

TOPIC = "support.inbound.v1"


class Person(Value):
    """The person who called or wrote: not always the buyer."""

    name: OptionalText = None
    phone: OptionalText = None
    email: OptionalText = None


class CustomerMatter(Fact):
    """The fields of every fact about a customer's case: the case and the order, if they are known.

    A `test` is kept and published, and raises no signal.
    """

    case: Id | None = None
    order: Id | None = None
    test: bool | None = None


class CaseOpened(CustomerMatter):
    """A case was opened. `case` is required.

    `waiting_for` says who has to act next. If it is absent, the policy's `[statuses]` decide by the status.
    """

    type: ClassVar[str] = "support.inbound.case_opened"
    topic: ClassVar[str] = TOPIC

    case: Id
    status: Text = "new"
    waiting_for: WaitingFor | None = None
    title: OptionalText = None
    person: Person | None = None


class Direction(StrEnum):
    """The direction of a contact."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class ContactChannel(StrEnum):
    """The channel of a contact."""

    PHONE = "phone"
    EMAIL = "email"
    CHAT = "chat"
    MESSAGE = "message"
    WEB = "web"
    IN_PERSON = "in_person"
    OTHER = "other"


class ContactResult(StrEnum):
    """The result of a contact."""

    ANSWERED = "answered"
    UNANSWERED = "unanswered"
    VOICEMAIL = "voicemail"
    DEAD_END = "dead_end"
    RESOLVED = "resolved"


class ContactMade(CustomerMatter):
    """One attempt by the customer or the company to reach the other. `by` acted for the customer, `agent` for the
    company.

    A `courtesy` does not count as a contact, and raises no signal. Lines with the same `conversation` count as one
    contact. The `intent` to leave counts as a cancellation request.
    """

    type: ClassVar[str] = "support.inbound.contact_made"
    topic: ClassVar[str] = TOPIC

    direction: Direction
    channel: ContactChannel
    by: Person | None = None
    result: ContactResult
    words: Words = None
    agent: Id | None = None
    courtesy: Courtesy | None = None
    conversation: Id | None = None
    intent: Intent | None = None


class CaseReassigned(CustomerMatter):
    """A case was reassigned. `reassignments` counts since the case was opened; the highest count is the latest."""

    type: ClassVar[str] = "support.inbound.case_reassigned"
    topic: ClassVar[str] = TOPIC

    reassignments: Annotated[int, Field(ge=1, le=1_000_000)]
    assigned_to: OptionalText = None


class CaseStatusChanged(CustomerMatter):
    """The status of a case changed. `status` is the help desk's own name for it.

    `waiting_for` says who has to act next. If it is absent, the policy's `[statuses]` decide by the status.
    """

    type: ClassVar[str] = "support.inbound.case_status_changed"
    topic: ClassVar[str] = TOPIC

    status: Text
    waiting_for: WaitingFor | None = None


class CaseReopened(CustomerMatter):
    """A resolved or closed case was reopened. With a `courtesy` it does not count as a reopening."""

    type: ClassVar[str] = "support.inbound.case_reopened"
    topic: ClassVar[str] = TOPIC

    words: Words = None
    courtesy: Courtesy | None = None


class ResponsePromised(CustomerMatter):
    """The customer was promised an answer by a certain time."""

    type: ClassVar[str] = "support.inbound.response_promised"
    topic: ClassVar[str] = TOPIC

    due_at: Instant


class ResponseOverdue(CustomerMatter):
    """A promised answer is overdue."""

    type: ClassVar[str] = "support.inbound.response_overdue"
    topic: ClassVar[str] = TOPIC

    due_at: Instant | None = None


class RefundRequested(CustomerMatter):
    """The customer requested a refund. Without a currency, the amount is in the order's currency.

    `reason_code` is the customer's reason as a form or an agent recorded it; the policy's `[customer_reasons]` say what
    each code means.
    """

    type: ClassVar[str] = "support.inbound.refund_requested"
    topic: ClassVar[str] = TOPIC

    kind: RefundKind = RefundKind.DISSATISFACTION
    amount_minor: AmountMinor | None = None
    currency: Currency | None = None
    words: Words = None
    by: Person | None = None
    reason_code: Code | None = None


class CancellationRequested(CustomerMatter):
    """The customer requested a cancellation. `reason_code` is as in a refund request."""

    type: ClassVar[str] = "support.inbound.cancellation_requested"
    topic: ClassVar[str] = TOPIC

    words: Words = None
    by: Person | None = None
    reason_code: Code | None = None


class RefundWithdrawn(CustomerMatter):
    """The customer withdrew a refund request."""

    type: ClassVar[str] = "support.inbound.refund_withdrawn"
    topic: ClassVar[str] = TOPIC

    words: Words = None
    by: Person | None = None


class CancellationWithdrawn(CustomerMatter):
    """The customer withdrew a cancellation request."""

    type: ClassVar[str] = "support.inbound.cancellation_withdrawn"
    topic: ClassVar[str] = TOPIC

    words: Words = None
    by: Person | None = None


class CustomerInsists(CustomerMatter):
    """The customer insists on a refund or cancellation that they asked for: nobody is to try to change their mind.

    It ends the save window of the case that it names, or of its order; if it names neither, of every order.
    """

    type: ClassVar[str] = "support.inbound.customer_insists"
    topic: ClassVar[str] = TOPIC

    words: Words = None
    by: Person | None = None


class SellerRequested(CustomerMatter):
    """An agent asks for the seller to call the customer, or the customer asked for them. `by` is the agent.

    It alerts the seller of the order: a help desk sends it when the agent presses a button.
    """

    type: ClassVar[str] = "support.inbound.seller_requested"
    topic: ClassVar[str] = TOPIC

    words: Words = None
    by: Id | None = None


class SatisfactionRated(CustomerMatter):
    """The customer gave a rating: `rating` out of `scale`, higher is better."""

    type: ClassVar[str] = "support.inbound.satisfaction_rated"
    topic: ClassVar[str] = TOPIC

    rating: Annotated[int, Field(ge=0, le=100)]
    scale: Annotated[int, Field(ge=1, le=100)] = 5
    words: Words = None

    @model_validator(mode="after")
    def _rating_within_scale(self) -> Self:
        if self.rating > self.scale:
            raise PydanticCustomError("rating", "must have a rating of at most its scale")
        return self


class CaseResolved(CustomerMatter):
    """A case was resolved."""

    type: ClassVar[str] = "support.inbound.case_resolved"
    topic: ClassVar[str] = TOPIC

    words: Words = None


class CaseClosed(CustomerMatter):
    """A case was closed. With a `reason`, its messages need no answer, as after `answer_not_needed`."""

    type: ClassVar[str] = "support.inbound.case_closed"
    topic: ClassVar[str] = TOPIC

    reason: NoAnswerReason | None = None


class AnswerNotNeeded(CustomerMatter):
    """An employee decided that a contact, or every contact on a case so far, needs no answer.

    `goodbye` and `answered_elsewhere` withdraw a dead end made of silence, and no longer count the contact among
    repeated contacts; they never withdraw an explicit dead end, a request or a rating. `spam` and `test` withdraw
    every signal that the contact, or the case so far, raised. It is no proof of a conversation with the customer.
    """

    type: ClassVar[str] = "support.inbound.answer_not_needed"
    topic: ClassVar[str] = TOPIC

    contact: ContactReference | None = None
    reason: NoAnswerReason
    by: Id

    @model_validator(mode="after")
    def _names_what(self) -> Self:
        if self.contact is None and self.case is None:
            raise PydanticCustomError("contact_or_case", "must name a contact (its source and id) or a case")
        return self


class ContactPreferenceChanged(Fact):
    """A customer must not be called any more, with the reason; `none`: they may be called again."""

    type: ClassVar[str] = "support.inbound.contact_preference_changed"
    topic: ClassVar[str] = TOPIC

    preference: ContactPreference
