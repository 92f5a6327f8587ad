"""The turn that each status word of a help desk means, unless the policy differs."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from services.escalation.domain.facts import status_word
from shared.contracts.fields import Text
from shared.contracts.support_inbound import WaitingFor


def _once(value: Any) -> Any:
    known: dict[str, Any] = {}
    for word, turn in value.items() if isinstance(value, Mapping) else ():
        if known.setdefault(status_word(str(word)), turn) != turn:
            raise PydanticCustomError(
                "statuses",
                'lists the status "{status}" with two different values (capital letters, hyphens and underscores make '
                "no difference): keep one",
                {"status": status_word(str(word))},
            )
    return value


_StatusWord: TypeAlias = Annotated[Text, AfterValidator(status_word)]

Statuses: TypeAlias = Annotated[Mapping[_StatusWord, WaitingFor], BeforeValidator(_once)]
"""The turn that a status word means; capital letters, hyphens and underscores make no difference."""

_US = (
    "new",
    "open",
    "opened",
    "reopened",
    "re opened",
    "active",
    "assigned",
    "in progress",
    "work in progress",
    "escalated",
    "waiting for us",
    "waiting for agent",
    "waiting for support",
    "waiting on us",
    "awaiting agent",
    "customer replied",
    "customer responded",
    "awaiting third party",
    "awaiting vendor",
    "awaiting problem",
    "awaiting change",
    "pending vendor",
    "waiting on third party",
)
_CUSTOMER = (
    "pending",
    "on hold",
    "awaiting caller",
    "awaiting customer",
    "awaiting customer info",
    "awaiting customer response",
    "awaiting customer reply",
    "awaiting reply",
    "awaiting response",
    "awaiting user",
    "awaiting user info",
    "customer pending",
    "pending customer",
    "pending customer response",
    "pending user",
    "pending user info",
    "replied",
    "waiting for client",
    "waiting for customer",
    "waiting for customer response",
    "waiting for reply",
    "waiting for user",
    "waiting on client",
    "waiting on customer",
    "waiting on contact",
)
_NOBODY = ("cancelled", "canceled", "closed", "completed", "done", "duplicate", "merged", "resolved", "solved", "spam")

USUAL_STATUSES: Mapping[str, WaitingFor] = MappingProxyType(
    {
        **dict.fromkeys(_US, WaitingFor.US),
        **dict.fromkeys(_CUSTOMER, WaitingFor.CUSTOMER),
        **dict.fromkeys(_NOBODY, WaitingFor.NOBODY),
    }
)
"""The usual status words of help desks."""
