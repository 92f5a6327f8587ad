"""The kinds of things that escalation's events tell of, each a bounded set."""

from enum import StrEnum
from typing import Annotated, TypeAlias

from pydantic import Field

from shared.contracts.fields import MAX_SAFE_INTEGER

PolicyVersion: TypeAlias = Annotated[int, Field(ge=1, le=MAX_SAFE_INTEGER)]
"""Which version of the policy something was decided by; the first is 1."""


class SignalKind(StrEnum):
    """A fact that puts a sale at risk."""

    CONTACT_DEAD_ENDED = "contact_dead_ended"
    CONTACT_REPEATED = "contact_repeated"
    CASE_STUCK = "case_stuck"
    CASE_BOUNCED = "case_bounced"
    CASE_REOPENED = "case_reopened"
    RESPONSE_DUE = "response_due"
    RESPONSE_OVERDUE = "response_overdue"
    SATISFACTION_LOW = "satisfaction_low"
    REFUND_REQUESTED = "refund_requested"
    CANCELLATION_REQUESTED = "cancellation_requested"
    ORDER_STALLED = "order_stalled"
    PROMISE_MISSED = "promise_missed"
    OUTCOME_DENIED = "outcome_denied"
    DELIVERY_LATE = "delivery_late"
    ORDER_CANCELLED = "order_cancelled"
    REFUND_PAID = "refund_paid"
    GONE_QUIET = "gone_quiet"


REQUESTS = frozenset({SignalKind.REFUND_REQUESTED, SignalKind.CANCELLATION_REQUESTED})
"""By these the customer says in so many words that the sale is in danger."""


class Severity(StrEnum):
    """How bad it is for a sale; of an open episode it only rises."""

    WATCH = "watch"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """The higher, the worse."""
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


class Step(StrEnum):
    """As whom somebody is rung: a rung of the ladder, or a colleague beside it who took it or is to take it over."""

    SELLER = "seller"
    SUCCESSOR = "successor"
    BACKUP = "backup"
    MANAGER = "manager"
    UPPER_MANAGER = "upper_manager"
    DESK = "desk"
    COLLEAGUE = "colleague"


LADDER = tuple(step for step in Step if step is not Step.COLLEAGUE)
"""The rungs, from the first that is asked to the last."""


class RingCause(StrEnum):
    """Why somebody is rung at this moment.

    `unavailable`: the acknowledger or the person notified has left or is away. `informed`: this person was passed over
    while not at work, and is notified once; nothing is asked of them.
    """

    SIGNAL = "signal"
    SEVERITY = "severity"
    CONTACT = "contact"
    STEP = "step"
    UNREDEEMED = "unredeemed"
    NOT_MINE = "not_mine"
    SNOOZE_ENDED = "snooze_ended"
    APPOINTMENT = "appointment"
    REPEAT = "repeat"
    HANDED_OVER = "handed_over"
    UNAVAILABLE = "unavailable"
    INFORMED = "informed"


class EpisodeResult(StrEnum):
    """How an episode ended; `informed`: it asked nothing, and somebody has seen it. That one counts in no rate."""

    SAVED = "saved"
    LOST = "lost"
    FALSE_ALARM = "false_alarm"
    CAUSE_GONE = "cause_gone"
    INFORMED = "informed"


class DeliveryChannel(StrEnum):
    """A way by which an alert leaves us."""

    EMAIL = "email"


class CustomersAnswer(StrEnum):
    """What a customer said of a promise or of the outcome they expected, as a salesperson tells it."""

    KEPT = "kept"
    WORKED = "worked"
    DID_NOT_WORK = "did_not_work"
