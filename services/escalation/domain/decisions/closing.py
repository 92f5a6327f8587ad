"""Decisions by which an episode ends, needs no response any more, or is reopened."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.escalation.domain.decisions.decision import Row, SetsClock
from services.escalation.domain.deliveries import CLOSED
from services.escalation.domain.losses.loss import Loss
from services.escalation.domain.policy.model import Policy
from shared.contracts import escalation
from shared.contracts.envelope import Fact
from shared.contracts.escalation import EpisodeResult


def reason_words(policy: Policy, result: EpisodeResult, reason: str) -> str:
    """A reason in the policy's words; a reason that the policy no longer has, as its code in words."""
    known = next((one.words for one in policy.reasons.get(result, ()) if one.code == reason), None)
    return known or reason.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True)
class Closed(SetsClock):
    """An episode ends with a result and a reason; `reason_text` is the reason in the policy's words. `loss` has the
    answers about a loss."""

    rule = "closed"
    policy_lines = ("reasons.{result}",)
    timeline = "episode closed"
    color = "bold green"
    cancels = CLOSED
    reason_text: str
    loss: Loss | None = None

    @property
    def _result(self) -> EpisodeResult:
        assert self.episode.result is not None
        return self.episode.result

    def rows(self) -> Iterable[Row]:
        return (self.episode,) if self.loss is None else (self.episode, self.loss)

    @property
    def sentence(self) -> str:
        return closing_sentence(self._result, self.reason_text)

    @property
    def who(self) -> str | None:
        return self.episode.closed_by

    def publishes(self) -> Fact:
        episode = self.episode
        assert episode.reason is not None
        assert episode.closed_at is not None
        return escalation.EpisodeClosed(
            episode=episode.episode_id,
            order=episode.order_id,
            result=self._result,
            reason=episode.reason,
            by=episode.closed_by,
            closed_at=episode.closed_at,
            contributed=self.loss.contributed if self.loss else None,
            may_call_again=self.loss.may_call_again if self.loss else None,
        )

    @property
    def discriminator(self) -> object:
        return self.episode.episode_id


def closing_sentence(result: EpisodeResult, reason: str) -> str:
    """A result, and the reason in the policy's words."""
    return f"Closed as {result.value.replace('_', ' ')}: {reason}."


@dataclass(frozen=True, slots=True)
class ForInformation(SetsClock):
    """Only signals for information are left."""

    rule = "for_information"
    policy_lines = ("plays.refund_kinds",)
    cancels = "for information"

    @property
    def sentence(self) -> str:
        return "Only signals for information are left; nothing is due."


@dataclass(frozen=True, slots=True)
class Reopened(SetsClock):
    """A person undid their close. `episode` is open again; it was closed at `closed_at`."""

    rule = "reopened"
    policy_lines = ("acknowledgement.reopen_within",)
    timeline = "close undone"
    color = "yellow"
    by: str
    closed_at: datetime
    reopened_at: datetime

    @property
    def sentence(self) -> str:
        return f"{self.by} undid the close; the episode is open again as it was."

    @property
    def who(self) -> str | None:
        return self.by

    def publishes(self) -> Fact:
        return escalation.EpisodeReopened(
            episode=self.episode.episode_id,
            order=self.episode.order_id,
            by=self.by,
            closed_at=self.closed_at,
            reopened_at=self.reopened_at,
        )

    @property
    def discriminator(self) -> object:
        return self.episode.episode_id
