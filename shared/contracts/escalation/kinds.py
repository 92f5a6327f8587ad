"""The kinds and codes in escalation's events, each a bounded set."""

from enum import StrEnum
from typing import Annotated, TypeAlias

from pydantic import Field

from shared.contracts.fields import MAX_SAFE_INTEGER

PolicyVersion: TypeAlias = Annotated[int, Field(ge=1, le=MAX_SAFE_INTEGER)]
"""A version of the policy; the first is 1."""


class SignalKind(StrEnum):
    """The kind of a signal: what puts a sale at risk."""

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
"""Signals by which the customer asks for money or a cancellation."""


class Severity(StrEnum):
    """Severity of a signal or an episode. It only rises while an episode is open."""

    WATCH = "watch"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """The higher, the worse."""
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


class Step(StrEnum):
    """The recipient's role: a step of the escalation path, or a colleague outside it who acknowledged the episode or is
    asked to take it over."""

    SELLER = "seller"
    SUCCESSOR = "successor"
    BACKUP = "backup"
    MANAGER = "manager"
    UPPER_MANAGER = "upper_manager"
    DESK = "desk"
    COLLEAGUE = "colleague"


LADDER = tuple(step for step in Step if step is not Step.COLLEAGUE)
"""The steps of the escalation path, from the first to the last."""


class RingCause(StrEnum):
    """Why a person is notified now.

    `unavailable`: the acknowledger or the person notified has left or is away. `informed`: this person was skipped
    while off duty, and is notified once for information.
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
    """How an episode ended. `informed`: it was for information only and was marked as seen; it counts in no rate."""

    SAVED = "saved"
    LOST = "lost"
    FALSE_ALARM = "false_alarm"
    CAUSE_GONE = "cause_gone"
    INFORMED = "informed"


class DeliveryChannel(StrEnum):
    """A channel on which alerts are delivered."""

    EMAIL = "email"


class CustomersAnswer(StrEnum):
    """A customer's answer about a promise or an expected outcome, as reported by a salesperson."""

    KEPT = "kept"
    WORKED = "worked"
    DID_NOT_WORK = "did_not_work"
