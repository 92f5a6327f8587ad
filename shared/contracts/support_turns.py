"""Parts of support's events: who acts next on a case, and what needs no answer."""

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


class NoAnswerReason(StrEnum):
    """Why the customer's message needs no answer: a goodbye, an answer through another channel, spam, or a test."""

    GOODBYE = "goodbye"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    SPAM = "spam"
    TEST = "test"


class ContactReference(Value):
    """A contact reported earlier, identified by the `source` and `id` of its event."""

    source: Id
    id: Id
