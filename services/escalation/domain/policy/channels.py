"""The part of a policy that decides when an alert goes out on which channel."""

from datetime import timedelta

from services.escalation.domain.policy.values import Section, Span
from shared.contracts.escalation import Severity


class EmailAfterPush(Section):
    """How long an e-mail waits for a response to the notification on a device, by severity; zero: not at all."""

    watch: Span = timedelta(minutes=10)
    high: Span = timedelta(minutes=5)
    critical: Span = timedelta(0)

    def of(self, severity: Severity) -> timedelta:
        within: timedelta = getattr(self, severity.value)
        return within


class Channels(Section):
    """When an alert goes out on which channel to a person with a device that receives notifications."""

    email_after_push: EmailAfterPush = EmailAfterPush()
