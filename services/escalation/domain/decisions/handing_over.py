"""Decisions about hand-overs: asked for, accepted, lapsed or withdrawn."""

from dataclasses import dataclass

from services.escalation.domain.decisions.decision import OfEpisode, SetsClock
from services.escalation.domain.decisions.taking import REDEEM, acknowledged_sentence
from shared.contracts import escalation
from shared.contracts.envelope import Fact


@dataclass(frozen=True, slots=True)
class HandOverOffered(SetsClock):
    """The holder asks a colleague to take it over."""

    rule = "offered"
    policy_lines = ("acknowledgement.longest_hand_over",)
    by: str
    to: str

    @property
    def sentence(self) -> str:
        return f"{self.by} asked {self.to} to take it over; it stays with {self.by} until {self.to} accepts."

    @property
    def who(self) -> str | None:
        return self.by

    def publishes(self) -> Fact:
        until = self.episode.offered_until
        assert until is not None
        return escalation.HandOverOffered(
            episode=self.episode.episode_id, order=self.episode.order_id, by=self.by, to=self.to, until=until
        )


@dataclass(frozen=True, slots=True)
class HandedOver(SetsClock):
    """The colleague accepted: the time to talk with the customer starts again."""

    rule = "handed_over"
    policy_lines = (REDEEM,)
    outcome = "took it over"
    timeline = "handed over"
    color = "green"
    giver: str

    @property
    def sentence(self) -> str:
        return f"{self.giver} handed it over. {acknowledged_sentence(self.episode)}"

    @property
    def who(self) -> str | None:
        return self.episode.acknowledged_by

    def publishes(self) -> Fact:
        by = self.episode.acknowledged_by
        assert by is not None
        return escalation.HandOverAccepted(
            episode=self.episode.episode_id, order=self.episode.order_id, by=by, giver=self.giver
        )


@dataclass(frozen=True, slots=True)
class HandOverLapsed(OfEpisode):
    """The colleague did not accept in time. `episode` is its state before."""

    rule = "offer_lapsed"
    outcome = "did not take it over"

    @property
    def sentence(self) -> str:
        return "The hand-over was not accepted in time."

    @property
    def who(self) -> str | None:
        return self.episode.offered_to


@dataclass(frozen=True, slots=True)
class HandOverWithdrawn(OfEpisode):
    """The colleague is not available to accept; `why` is the reason. `episode` is its state before."""

    rule = "offer_withdrawn"
    outcome = "no longer available"
    name: str
    why: str

    @property
    def sentence(self) -> str:
        return f"{self.name} {self.why}; the hand-over is withdrawn."

    @property
    def who(self) -> str | None:
        return self.episode.offered_to
