"""The classes into which all three reasons of a loss fall, so that they can be compared."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class LossClass(StrEnum):
    """Why a customer left, in the order in which the main class is chosen. Events never show `price`."""

    NOBODY_REACHED = "nobody_reached"
    PASSED_AROUND = "passed_around"
    TOO_LATE = "too_late"
    PROMISE_BROKEN = "promise_broken"
    OUTCOME_MISSED = "outcome_missed"
    NOT_AS_SOLD = "not_as_sold"
    PRICE = "price"
    OTHER = "other"


CLASS_WORDS: Mapping[LossClass, str] = {
    LossClass.NOBODY_REACHED: "Nobody reached them",
    LossClass.PASSED_AROUND: "Passed around",
    LossClass.TOO_LATE: "Too late",
    LossClass.PROMISE_BROKEN: "Promise broken",
    LossClass.OUTCOME_MISSED: "Result not achieved",
    LossClass.NOT_AS_SOLD: "Not as sold",
    LossClass.PRICE: "Price",
    LossClass.OTHER: "Other",
}

USUAL_CLASSES: Mapping[str, LossClass] = MappingProxyType(
    {
        "price": LossClass.PRICE,
        "product_fault": LossClass.NOT_AS_SOLD,
        "service": LossClass.PASSED_AROUND,
        "delivery": LossClass.TOO_LATE,
        "promise_broken": LossClass.PROMISE_BROKEN,
        "not_reached": LossClass.NOBODY_REACHED,
    }
)
"""The class of a seller's reason whose line in the policy names none, as those of earlier releases; else `other`."""
