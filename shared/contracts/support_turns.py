"""Parts of support's events: who acts next on a case, what needs no answer, and whether a customer may be called."""

from enum import StrEnum

from shared.contracts.fact import Value
from shared.contracts.fields import Id


class WaitingFor(StrEnum):
    """Who has to act next on a case: the company (`us`), the customer, or nobody."""

    US = "us"
    CUSTOMER = "customer"
    NOBODY = "nobody"


class Intent(StrEnum):
    """What the customer said they will do."""

    LEAVING = "leaving"


class Courtesy(StrEnum):
    """A message that needs no response, although it looks like a contact or a reopening."""

    THANKS = "thanks"
    AUTOMATIC_REPLY = "automatic_reply"


class NoAnswerReason(StrEnum):
    """Why the customer's message needs no answer: a goodbye, an answer through another channel, spam, or a test."""

    GOODBYE = "goodbye"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    SPAM = "spam"
    TEST = "test"


class ContactPreference(StrEnum):
    """Whether a customer may be called."""

    NONE = "none"
    DO_NOT_CALL = "do_not_call"
    DISPUTE = "dispute"
    DECEASED = "deceased"


class ContactReference(Value):
    """A contact reported earlier, identified by the `source` and `id` of its event."""

    source: Id
    id: Id
