"""Decisions without a record of their reasoning: published actions, and receipts of channels."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.escalation.domain.decisions.decision import Decision, Row
from services.escalation.domain.entities import Alert, Delivery
from services.escalation.domain.policy.versions import PolicyVersion
from shared.contracts import escalation
from shared.contracts.envelope import Fact
from shared.contracts.escalation import DeliveryChannel


@dataclass(frozen=True, slots=True)
class CareTaken(Decision):
    """A check-in that was done, or a follow-up that was answered; `published` is the fact to publish."""

    published: escalation.CheckInDone | escalation.FollowUpAnswered

    def publishes(self) -> Fact:
        return self.published


@dataclass(frozen=True, slots=True)
class AlertSent(Decision):
    """The first channel accepted an alert; `alert` is its state afterwards."""

    alert: Alert
    delivery: Delivery

    def rows(self) -> Iterable[Row]:
        return (self.alert,)

    def publishes(self) -> Fact:
        assert self.alert.sent_at is not None
        return escalation.AlertSent(
            alert=self.alert.alert_id,
            episode=self.alert.episode_id,
            channel=DeliveryChannel(self.delivery.channel),
            sent_at=self.alert.sent_at,
        )


@dataclass(frozen=True, slots=True)
class PolicyPublished(Decision):
    """A document is the next version of the policy."""

    version: PolicyVersion

    def publishes(self) -> Fact:
        version = self.version
        return escalation.PolicyPublished(
            version=version.version, by=version.published_by, summary=version.summary, digest=version.digest
        )

    @property
    def happened_at(self) -> datetime | None:
        return self.version.since
