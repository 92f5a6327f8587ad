"""The policy's rules for each kind of signal. Every setting has its default here: see `SignalRule`."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from services.escalation.domain.policy.values import Section, Span, WorkingSpan
from shared.contracts.escalation import Severity, SignalKind


class SignalRule(Section):
    """Whether a kind of signal is raised, and its own severity.

    Every setting of a signal has its default here, so that a document from before the signal or the setting stays
    valid. `default.toml` has the same values, each with its reason.
    """

    enabled: bool = True
    severity: Severity = Severity.WATCH


class GraveRule(SignalRule):
    severity: Severity = Severity.HIGH


class DeadEndRule(GraveRule):
    answer_within: WorkingSpan = timedelta(hours=4)


class RepeatedRule(GraveRule):
    contacts: Annotated[int, Field(ge=2, le=100)] = 3
    within: Span = timedelta(days=7)
    same_conversation_within: Span = timedelta(minutes=30)


class StuckRule(SignalRule):
    no_progress_for: WorkingSpan = timedelta(hours=24)
    customers_turn_for: Span = timedelta(days=14)


class BouncedRule(SignalRule):
    reassignments: Annotated[int, Field(ge=1, le=1000)] = 3


class ResponseDueRule(SignalRule):
    warn_before: Span = timedelta(hours=2)


class SatisfactionRule(GraveRule):
    """`at_most` is a share of the scale: 0.4 is two of five."""

    at_most: Annotated[float, Field(ge=0, le=1)] = 0.4


class RequestRule(GraveRule):
    same_request_within: Span = timedelta(days=1)


class StalledRule(SignalRule):
    reached_within: WorkingSpan = timedelta(hours=8)
    no_progress_for: Span = timedelta(days=7)


class QuietRule(GraveRule):
    silent_for: Span = timedelta(days=14)


class Signals(Section):
    """One rule for each kind of signal."""

    contact_dead_ended: DeadEndRule = DeadEndRule()
    contact_repeated: RepeatedRule = RepeatedRule()
    case_stuck: StuckRule = StuckRule()
    case_bounced: BouncedRule = BouncedRule()
    case_reopened: SignalRule = SignalRule()
    response_due: ResponseDueRule = ResponseDueRule()
    response_overdue: GraveRule = GraveRule()
    satisfaction_low: SatisfactionRule = SatisfactionRule()
    refund_requested: RequestRule = RequestRule()
    cancellation_requested: RequestRule = RequestRule()
    seller_requested: GraveRule = GraveRule()
    order_stalled: StalledRule = StalledRule()
    promise_missed: GraveRule = GraveRule()
    outcome_denied: GraveRule = GraveRule()
    delivery_late: SignalRule = SignalRule()
    order_cancelled: SignalRule = SignalRule()
    refund_paid: SignalRule = SignalRule()
    gone_quiet: QuietRule = QuietRule()

    def request(self, kind: SignalKind) -> RequestRule:
        """The rule of a kind of request."""
        return self.refund_requested if kind is SignalKind.REFUND_REQUESTED else self.cancellation_requested

    def of(self, kind: SignalKind) -> SignalRule:
        rule: SignalRule = getattr(self, kind.value)
        return rule
