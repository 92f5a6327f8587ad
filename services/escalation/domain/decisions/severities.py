"""Decisions about the severity of an episode: it rises, and falls only if the rules changed."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.escalation.domain.decisions.decision import ChangesEpisode, Row
from services.escalation.domain.decisions.results import LINES_OF_DISPROOFS
from services.escalation.domain.decisions.signals import OfSignal
from services.escalation.domain.severity import SeverityAssessment
from shared.contracts import escalation
from shared.contracts.envelope import Fact
from shared.contracts.escalation import Severity

LINES = (
    "signals.{kind}.severity",
    "rises.large_amount.{currency}",
    "rises.many_signals",
    "rises.request_after_bad_contact",
    "plays.refund_kinds",
    *LINES_OF_DISPROOFS,
)


@dataclass(frozen=True, slots=True)
class SeverityFound(OfSignal):
    """The severity of an episode at its beginning or after a rise."""

    rule = "severity"
    policy_lines = LINES
    timeline = "severity raised"
    color = "magenta"
    assessed: SeverityAssessment

    @property
    def sentence(self) -> str:
        return f"Severity {self.assessed.severity.value}: {self.assessed.why}."

    @property
    def policy_line(self) -> str | None:
        return self.assessed.policy_path


@dataclass(frozen=True, slots=True)
class SeverityRaised(SeverityFound):
    """An open episode becomes more severe, because of a signal or together with one."""

    before: Severity

    def rows(self) -> Iterable[Row]:
        return (self.episode,)

    def publishes(self) -> Fact:
        return escalation.SeverityRaised(
            episode=self.episode.episode_id,
            order=self.episode.order_id,
            severity=self.episode.severity,
            before=self.before,
            signal=self.signal.signal_id,
            kind=self.signal.kind,
            policy_version=self.episode.policy_version,
        )


@dataclass(frozen=True, slots=True)
class SeverityCorrected(ChangesEpisode):
    """The rules changed, so an episode gets the severity that they imply. Nobody is notified."""

    rule = SeverityFound.rule
    policy_lines = LINES
    timeline = SeverityFound.timeline
    color = SeverityFound.color
    before: Severity
    assessed: SeverityAssessment

    @property
    def sentence(self) -> str:
        now = self.assessed
        return f"Severity {now.severity.value} (was {self.before.value}): the rules changed ({now.why})."

    @property
    def policy_line(self) -> str | None:
        return self.assessed.policy_path
