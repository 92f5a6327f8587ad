"""Decisions about an episode's acknowledger, and the deadline for the talk with the customer."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.escalation.domain.decisions.decision import OfEpisode, Row, utc_minute
from services.escalation.domain.entities import Episode
from services.escalation.domain.words import ordinal
from shared.contracts import escalation
from shared.contracts.envelope import Fact
from shared.formatting import possessive

REDEEM = "acknowledgement.redeem_within.{severity}"
ATTEMPT_EXTENDS = "acknowledgement.attempt_extends"


def acknowledged_sentence(episode: Episode) -> str:
    """The acknowledger in words, and their time to talk with the customer."""
    until = f" and has until {utc_minute(episode.deadline_at)} to reach the customer" if episode.deadline_at else ""
    return f"{episode.acknowledged_by} acknowledged it{until}."


@dataclass(frozen=True, slots=True)
class OfHolder(OfEpisode):
    """A decision about the person who has acknowledged an episode."""

    @property
    def who(self) -> str | None:
        return self.episode.acknowledged_by

    @property
    def holder(self) -> str:
        assert self.episode.acknowledged_by is not None
        return self.episode.acknowledged_by


@dataclass(frozen=True, slots=True)
class ChangesHolder(OfHolder):
    """A decision that changes the acknowledger's task and its deadline."""

    sets_clock = True

    def rows(self) -> Iterable[Row]:
        return (self.episode,)


@dataclass(frozen=True, slots=True)
class Acknowledged(ChangesHolder):
    """A person acknowledged it: nobody else is notified, and the time to talk with the customer runs."""

    rule = "acknowledged"
    policy_lines = (REDEEM,)
    outcome = "acknowledged it"
    timeline = "acknowledged"
    color = "green"
    cancels = "acknowledged"

    @property
    def sentence(self) -> str:
        return acknowledged_sentence(self.episode)

    def publishes(self) -> Fact:
        episode = self.episode
        assert episode.acknowledged_at is not None
        return escalation.EpisodeAcknowledged(
            episode=episode.episode_id,
            order=episode.order_id,
            by=self.holder,
            acknowledged_at=episode.acknowledged_at,
        )


@dataclass(frozen=True, slots=True)
class Queued(OfHolder):
    """The acknowledger gets more time, because other calls come first."""

    rule = "queued"
    policy_lines = ("acknowledgement.call_takes",)
    ahead: int

    @property
    def sentence(self) -> str:
        before = "1 call" if self.ahead == 1 else f"{self.ahead} calls"
        return f"{ordinal(self.ahead + 1)} call in line, after {before} of the same or a higher severity."


def no_shared_hour(hours: str) -> str:
    """The rest of the sentence after "has" or "have"; `hours` are such as "your working hours"."""
    return (
        "no working hours in the next week in which this customer may be called, so the deadline also runs outside "
        f"{hours}."
    )


@dataclass(frozen=True, slots=True)
class NoSharedHour(OfHolder):
    """The holder works when the customer must not be called, so other time counts."""

    rule = "no_hour_in_common"
    policy_lines = ("customers",)
    name: str

    @property
    def sentence(self) -> str:
        return f"{self.name} has {no_shared_hour(f'{possessive(self.name)} working hours')}"


@dataclass(frozen=True, slots=True)
class PassedOn(OfEpisode):
    """The person notified, or the holder, says that it is not theirs."""

    rule = "not_mine"
    outcome = "passed it on"
    cancels = "passed on"
    by: str

    @property
    def sentence(self) -> str:
        return f"{self.by} passed it on."

    @property
    def who(self) -> str | None:
        return self.by

    def publishes(self) -> Fact:
        return escalation.RescuePassedOn(episode=self.episode.episode_id, order=self.episode.order_id, by=self.by)


@dataclass(frozen=True, slots=True)
class Expired(OfHolder):
    """The holder did not reach the customer by the deadline, which an attempt may have set.

    `version` is the policy's when the deadline was set; the latest, if an attempt set it.
    """

    rule = "expired"
    policy_lines = (REDEEM, ATTEMPT_EXTENDS)
    outcome = "acknowledged it but did not reach the customer in time"
    timeline = "customer not reached in time"
    color = "bold red"
    cancels = "passed on"
    version: int

    @property
    def policy_version(self) -> int | None:
        return self.version

    @property
    def sentence(self) -> str:
        return f"{self.holder} did not reach the customer in time, so the episode is released."

    @property
    def policy_line(self) -> str | None:
        return ATTEMPT_EXTENDS if self.episode.deadline_extended else super(Expired, self).policy_line

    def publishes(self) -> Fact:
        episode = self.episode
        assert episode.acknowledged_at is not None
        return escalation.AcknowledgementExpired(
            episode=episode.episode_id,
            order=episode.order_id,
            by=self.holder,
            acknowledged_at=episode.acknowledged_at,
            attempts=episode.attempts,
        )


@dataclass(frozen=True, slots=True)
class TalkWaived(ChangesHolder):
    """The customer must not be contacted any more."""

    rule = "excused"

    @property
    def sentence(self) -> str:
        return "The customer must no longer be contacted, so no call is due."


@dataclass(frozen=True, slots=True)
class TalkRequired(ChangesHolder):
    """The customer may be contacted again."""

    rule = "bound"
    policy_lines = (REDEEM,)

    @property
    def sentence(self) -> str:
        until = f" by {utc_minute(self.episode.deadline_at)}" if self.episode.deadline_at else ""
        return f"The customer may be contacted again: a call is due{until}."


@dataclass(frozen=True, slots=True)
class ClockMoved(OfEpisode):
    """An absence moved the clock; `why` is the explanation."""

    rule = "clock_moved"
    person_id: str
    why: str
    sets_clock = True

    @property
    def sentence(self) -> str:
        return self.why

    @property
    def who(self) -> str | None:
        return self.person_id

    def rows(self) -> Iterable[Row]:
        return (self.episode,)
