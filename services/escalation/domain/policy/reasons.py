"""The reasons of a policy: why an episode was closed, and the classes that reasons of losses fall into."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Annotated, TypeAlias

from pydantic import Field

from services.escalation.domain.loss_class import USUAL_CLASSES, LossClass
from services.escalation.domain.policy.values import Section, Span
from shared.contracts.fields import Code, Text


class Reason(Section):
    """Why an episode was closed: a code that is counted, and the words a person chooses by.

    `class` is for reasons of losses. Without it, the usual class of the code counts, or `other`.
    """

    code: Code
    words: Text
    of_class: Annotated[LossClass | None, Field(alias="class", exclude_if=lambda known: known is None)] = None

    @property
    def loss_class(self) -> LossClass:
        return self.of_class or USUAL_CLASSES.get(self.code, LossClass.OTHER)


class Losses(Section):
    """How long before a loss a trouble may lie to count among its reasons."""

    look_back: Span = timedelta(days=90)


CustomerReasons: TypeAlias = Mapping[LossClass, tuple[Code, ...]]
"""The codes of customers' own reasons, by the class that they fall into."""

USUAL_CUSTOMER_REASONS: CustomerReasons = MappingProxyType(
    {
        LossClass.NOBODY_REACHED: ("no_response",),
        LossClass.PASSED_AROUND: ("customer_service",),
        LossClass.TOO_LATE: ("took_too_long", "delivered_late", "not_delivered"),
        LossClass.PROMISE_BROKEN: ("promise_broken",),
        LossClass.OUTCOME_MISSED: ("did_not_help", "too_complex"),
        LossClass.NOT_AS_SOLD: (
            *("not_as_described", "wrong_item", "defective", "low_quality", "missing_features"),
            *("size_too_small", "size_too_large"),
        ),
        LossClass.PRICE: ("too_expensive", "found_cheaper"),
        LossClass.OTHER: ("switched_service", "unused", "unwanted", "no_longer_needed", "other", "unknown"),
    }
)
"""The usual codes of shops and billing systems for why a customer cancels or returns something."""


def customers_class(code: str, reasons: CustomerReasons) -> LossClass:
    """The class of a customer's code; `other` for a code that the policy does not list."""
    return next((known for known, codes in reasons.items() if code in codes), LossClass.OTHER)
