"""What internal systems (help desk, telephony, shop) tell the support service about a customer's matters."""

from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.fact import Fact, Value
from shared.contracts.fields import AmountMinor, Currency, Id, Instant, OptionalText, Text, Words
from shared.contracts.support_turns import ContactReference as ContactReference
from shared.contracts.support_turns import Intent as Intent
from shared.contracts.support_turns import NoAnswerReason as NoAnswerReason
from shared.contracts.support_turns import WaitingFor as WaitingFor

TOPIC = "support.inbound.v1"


class Person(Value):
    """Who actually called or wrote: not always the buyer."""

    name: OptionalText = None
    phone: OptionalText = None
    email: OptionalText = None


class CustomerMatter(Fact):
    """The fields of every fact of support: the case and the order it is about, as far as known.

    A `test` is kept and published, and raises no signal.
    """

    case: Id | None = None
    order: Id | None = None
    test: bool | None = None


class CaseOpened(CustomerMatter):
    """A customer raised a matter; here the case must be named.

    `waiting_for` tells whose turn it is; without it the policy's `[statuses]` say what the status means.
    """

    type: ClassVar[str] = "support.inbound.case_opened"
    topic: ClassVar[str] = TOPIC

    case: Id
    status: Text = "new"
    waiting_for: WaitingFor | None = None
    title: OptionalText = None
    person: Person | None = None


class Direction(StrEnum):
    """Who tried to reach whom."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class ContactChannel(StrEnum):
    """How customer and company tried to reach each other."""

    PHONE = "phone"
    EMAIL = "email"
    CHAT = "chat"
    MESSAGE = "message"
    WEB = "web"
    IN_PERSON = "in_person"
    OTHER = "other"


class ContactResult(StrEnum):
    """How an attempt to reach the other ended."""

    ANSWERED = "answered"
    UNANSWERED = "unanswered"
    VOICEMAIL = "voicemail"
    DEAD_END = "dead_end"
    RESOLVED = "resolved"


class Courtesy(StrEnum):
    """What looks like a contact or a reopening, and asks nothing of anybody."""

    THANKS = "thanks"
    AUTOMATIC_REPLY = "automatic_reply"


class ContactMade(CustomerMatter):
    """One attempt of customer or company to reach the other; `by` acted for the customer, `agent` is who of us did.

    A `courtesy` counts neither as a contact nor as trouble. Lines with one `conversation` count as one contact. The
    `intent` to leave, said in it, counts as a cancellation request.
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
    """A case went to somebody else; `reassignments` counts from the opening on: the highest is the latest."""

    type: ClassVar[str] = "support.inbound.case_reassigned"
    topic: ClassVar[str] = TOPIC

    reassignments: Annotated[int, Field(ge=1, le=1_000_000)]
    assigned_to: OptionalText = None


class CaseStatusChanged(CustomerMatter):
    """A case has another status, in the help desk's own words.

    `waiting_for` tells whose turn it is; without it the policy's `[statuses]` say what the status means.
    """

    type: ClassVar[str] = "support.inbound.case_status_changed"
    topic: ClassVar[str] = TOPIC

    status: Text
    waiting_for: WaitingFor | None = None


class CaseReopened(CustomerMatter):
    """A resolved or closed case came back; as a `courtesy` it counts as no reopening."""

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
    """A promised time of answer passed."""

    type: ClassVar[str] = "support.inbound.response_overdue"
    topic: ClassVar[str] = TOPIC

    due_at: Instant | None = None


class RefundKind(StrEnum):
    """Why the money is asked back."""

    DISSATISFACTION = "dissatisfaction"
    STATUTORY_WITHDRAWAL = "statutory_withdrawal"
    DOUBLE_CHARGE = "double_charge"
    CHARGEBACK = "chargeback"
    FRAUD = "fraud"


class RefundRequested(CustomerMatter):
    """The customer asked for money back; without a currency the amount is in the order's."""

    type: ClassVar[str] = "support.inbound.refund_requested"
    topic: ClassVar[str] = TOPIC

    kind: RefundKind = RefundKind.DISSATISFACTION
    amount_minor: AmountMinor | None = None
    currency: Currency | None = None
    words: Words = None
    by: Person | None = None


class CancellationRequested(CustomerMatter):
    """The customer asked to cancel."""

    type: ClassVar[str] = "support.inbound.cancellation_requested"
    topic: ClassVar[str] = TOPIC

    words: Words = None
    by: Person | None = None


class RefundWithdrawn(CustomerMatter):
    """The customer no longer asks for money back."""

    type: ClassVar[str] = "support.inbound.refund_withdrawn"
    topic: ClassVar[str] = TOPIC

    words: Words = None
    by: Person | None = None


class CancellationWithdrawn(CustomerMatter):
    """The customer no longer asks to cancel."""

    type: ClassVar[str] = "support.inbound.cancellation_withdrawn"
    topic: ClassVar[str] = TOPIC

    words: Words = None
    by: Person | None = None


class SatisfactionRated(CustomerMatter):
    """The customer rated us: `rating` out of `scale`, more is better."""

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
    """A case counts as solved."""

    type: ClassVar[str] = "support.inbound.case_resolved"
    topic: ClassVar[str] = TOPIC

    words: Words = None


class CaseClosed(CustomerMatter):
    """A case is over. With a `reason` what was sent on it needs no answer, as `answer_not_needed` says of a case."""

    type: ClassVar[str] = "support.inbound.case_closed"
    topic: ClassVar[str] = TOPIC

    reason: NoAnswerReason | None = None


class AnswerNotNeeded(CustomerMatter):
    """Somebody of us decided that a contact, or all contacts on a case so far, need no answer.

    `goodbye` and `answered_elsewhere` take back the silence that counted as a dead end, and the contact's part in
    repeated contacts; never an explicit dead end, a request or a rating. `spam` and `test` take back all that the
    contact, or the case so far, raised. It proves nothing: nobody talked with the customer.
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


class ContactPreference(StrEnum):
    """Whether a customer may be called."""

    NONE = "none"
    DO_NOT_CALL = "do_not_call"
    DISPUTE = "dispute"
    DECEASED = "deceased"


class ContactPreferenceChanged(Fact):
    """A customer must not be called any more, and why; `none`: they may be called again."""

    type: ClassVar[str] = "support.inbound.contact_preference_changed"
    topic: ClassVar[str] = TOPIC

    preference: ContactPreference
