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
    SELLER_REQUESTED = "seller_requested"
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
    while off duty, and is notified once for information. `reassigned`: a manager chose this person. `taken_over`: a
    manager acknowledged it in this person's place, who is notified for information.
    `approval`: this person is asked to approve an offer;
    `approval_answered`: this person asked for it, and has the answer.
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
    REASSIGNED = "reassigned"
    TAKEN_OVER = "taken_over"
    APPROVAL = "approval"
    APPROVAL_ANSWERED = "approval_answered"


class EpisodeResult(StrEnum):
    """How an episode ended. `informed`: it was for information only and was marked as seen; it counts in no rate."""

    SAVED = "saved"
    LOST = "lost"
    FALSE_ALARM = "false_alarm"
    CAUSE_GONE = "cause_gone"
    INFORMED = "informed"


class SaveWindowEnd(StrEnum):
    """What ends a save window; of ends at one instant the first in this list.

    `executed`: the money was paid, or the order cancelled. `withdrawn`: the customer withdrew their request.
    `customer_insists`: they insist on it. `must_not_be_called`: they asked not to be called, are in a dispute or have
    died. `saved`, `lost`, `not_ours`, `cause_gone`: a colleague closed the episode with this result (`not_ours`: as a
    false alarm), or a later fact took the request back (`cause_gone`). `time_up`: its time is over.
    """

    EXECUTED = "executed"
    WITHDRAWN = "withdrawn"
    CUSTOMER_INSISTS = "customer_insists"
    MUST_NOT_BE_CALLED = "must_not_be_called"
    SAVED = "saved"
    LOST = "lost"
    NOT_OURS = "not_ours"
    CAUSE_GONE = "cause_gone"
    TIME_UP = "time_up"


class SaleContribution(StrEnum):
    """What the sale itself contributed to a loss, according to the salesperson who closed the episode.

    `expectation_not_discussed`: the customer expected something that nobody discussed with them. `unknown_duty`: the
    customer did not know of something that they had to do.
    """

    EXPECTATION_NOT_DISCUSSED = "expectation_not_discussed"
    WRONG_PRODUCT = "wrong_product"
    UNKNOWN_DUTY = "unknown_duty"
    NOTHING = "nothing"


class DeliveryChannel(StrEnum):
    """A channel on which alerts are delivered."""

    EMAIL = "email"
    PUSH = "push"


class CustomersAnswer(StrEnum):
    """A customer's answer about a promise of ours, their own part of the sale (`done`), or an expected outcome, as
    reported by a salesperson."""

    KEPT = "kept"
    DONE = "done"
    WORKED = "worked"
    DID_NOT_WORK = "did_not_work"


class WinBackAnswer(StrEnum):
    """A lost customer's answer to a call months later, as reported by a salesperson."""

    WON_BACK = "won_back"
    LATER = "later"
    NO = "no"


class WinBackEnding(StrEnum):
    """Why a lost customer is not called any more. `lapsed`: nobody called within the time for it."""

    LAPSED = "lapsed"
    BOUGHT_AGAIN = "bought_again"
    MUST_NOT_BE_CALLED = "must_not_be_called"
