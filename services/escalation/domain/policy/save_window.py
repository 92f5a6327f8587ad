"""How long a colleague may try to save a sale after the customer asked for a refund or a cancellation."""

from datetime import timedelta

from services.escalation.domain.policy.values import Section, Span, WorkingSpan


class SaveWindow(Section):
    """The time from the first request on: `within` of the company's working time, at most `legal_limit`."""

    within: WorkingSpan = timedelta(hours=8)
    legal_limit: Span = timedelta(days=14)
