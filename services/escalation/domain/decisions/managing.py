"""Decisions of a manager about an episode of their team: given to a colleague, or taken over."""

from dataclasses import dataclass

from services.escalation.domain.decisions.decision import OfEpisode, SetsClock
from services.escalation.domain.decisions.taking import REDEEM, acknowledged_sentence
from shared.contracts import escalation
from shared.contracts.envelope import Fact


@dataclass(frozen=True, slots=True)
class Reassigned(OfEpisode):
    """A manager gives it to a colleague, who is notified next. `episode` is its state before."""

    rule = "reassigned"
    outcome = "assigned it to a colleague"
    timeline = "reassigned"
    cancels = "reassigned"
    by: str
    to: str
    giver: str

    @property
    def sentence(self) -> str:
        return f"{self.by} assigned it to {self.to} in place of {self.giver}."

    @property
    def who(self) -> str | None:
        return self.by

    def publishes(self) -> Fact:
        return escalation.EpisodeReassigned(
            episode=self.episode.episode_id, order=self.episode.order_id, by=self.by, to=self.to, giver=self.giver
        )


@dataclass(frozen=True, slots=True)
class TakenOver(SetsClock):
    """A manager acknowledged it in place of the person who had it, or had been notified."""

    rule = "taken_over"
    policy_lines = (REDEEM,)
    outcome = "took it over as a manager"
    timeline = "taken over by a manager"
    color = "green"
    cancels = "acknowledged"
    giver: str

    @property
    def sentence(self) -> str:
        return f"Taken over from {self.giver}. {acknowledged_sentence(self.episode)}"

    @property
    def who(self) -> str | None:
        return self.episode.acknowledged_by

    def publishes(self) -> Fact:
        episode = self.episode
        assert episode.acknowledged_by is not None
        assert episode.acknowledged_at is not None
        return escalation.EpisodeTakenOver(
            episode=episode.episode_id,
            order=episode.order_id,
            by=episode.acknowledged_by,
            giver=self.giver,
            acknowledged_at=episode.acknowledged_at,
        )
