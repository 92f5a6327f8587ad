"""What support is told of whose turn it is: who acts next on a case, and what needs no answer."""

from enum import StrEnum

from shared.contracts.fact import Value
from shared.contracts.fields import Id


class WaitingFor(StrEnum):
    """Whose turn it is on a case: ours, the customer's, or nobody's."""

    US = "us"
    CUSTOMER = "customer"
    NOBODY = "nobody"


class Intent(StrEnum):
    """What the customer said they are about to do."""

    LEAVING = "leaving"


class NoAnswerReason(StrEnum):
    """Why what the customer sent needs no answer: they said goodbye, or were answered on another way; or nobody meant
    anything by it."""

    GOODBYE = "goodbye"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    SPAM = "spam"
    TEST = "test"


class ContactReference(Value):
    """A contact that was told before: the `source` and `id` of its event."""

    source: Id
    id: Id
