"""Decisions about whoever takes an episode: acknowledged, tried, reached, put off, or not in time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.escalation.domain.decisions.decision import OfEpisode, Row
from services.escalation.domain.decisions.wording import clock
from services.escalation.domain.entities import Episode
from services.escalation.domain.facts import AccountFact
from services.escalation.domain.words import ordinal
from shared.contracts import escalation
from shared.contracts.envelope import Fact
from shared.contracts.support_inbound import ContactChannel

_REDEEM = "acknowledgement.redeem_within.{severity}"


def _redeem(episode: Episode) -> str:
    return f"acknowledgement.redeem_within.{episode.severity.value}"


def taken(episode: Episode) -> str:
    """Who took an episode, and how long they have to talk with the customer."""
    until = f", and has until {clock(episode.deadline_at)} to talk with the customer" if episode.deadline_at else ""
    return f"{episode.acknowledged_by} took it{until}."


@dataclass(frozen=True, slots=True)
class OfHolder(OfEpisode):
    """A decision about whoever has acknowledged an episode."""

    @property
    def who(self) -> str | None:
        return self.episode.acknowledged_by

    @property
    def holder(self) -> str:
        assert self.episode.acknowledged_by is not None
        return self.episode.acknowledged_by


@dataclass(frozen=True, slots=True)
class ChangesHolder(OfHolder):
    """A decision that changes what somebody who acknowledged owes, and by when."""

    sets_clock = True

    def rows(self) -> Iterable[Row]:
        return (self.episode,)


@dataclass(frozen=True, slots=True)
class Acknowledged(ChangesHolder):
    """Somebody took it: nobody else is asked, and the time to talk with the customer runs."""

    rule = "acknowledged"
    policy_lines = (_REDEEM,)
    outcome = "acknowledged it"
    timeline = "acknowledged"
    color = "green"
    cancels = "acknowledged"

    @property
    def sentence(self) -> str:
        return taken(self.episode)

    @property
    def policy_line(self) -> str | None:
        return _redeem(self.episode)

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
    """There is more time than for a call alone, as others come before it."""

    rule = "queued"
    policy_lines = ("acknowledgement.call_takes",)
    ahead: int

    @property
    def sentence(self) -> str:
        before = "one call comes" if self.ahead == 1 else f"{self.ahead} calls come"
        return f"It is the {ordinal(self.ahead + 1)} call: {before} before it, of the same severity or a higher one."


@dataclass(frozen=True, slots=True)
class NoHourInCommon(OfHolder):
    """The holder works while the customer must not be called, so other time counts."""

    rule = "no_hour_in_common"
    policy_lines = ("customers",)
    name: str

    @property
    def sentence(self) -> str:
        return (
            f"{self.name} works while this customer must not be called: within a week they have no hour in common. "
            "So all the time counts in which the customer may be called."
        )


@dataclass(frozen=True, slots=True)
class PassedOn(OfEpisode):
    """The person asked, or the holder, says that it is not theirs."""

    rule = "not_mine"
    outcome = "passed it on"
    cancels = "passed on"
    by: str

    @property
    def sentence(self) -> str:
        return f"{self.by} says that it is not theirs."

    @property
    def who(self) -> str | None:
        return self.by

    def publishes(self) -> Fact:
        return escalation.RescuePassedOn(episode=self.episode.episode_id, order=self.episode.order_id, by=self.by)


@dataclass(frozen=True, slots=True)
class Attempted(ChangesHolder):
    """A call that reached nobody, which may give more time. `deadline_before` is the deadline as it was."""

    rule = "attempt"
    policy_lines = ("acknowledgement.attempts, acknowledgement.attempt_extends",)
    deadline_before: datetime | None

    @property
    def sentence(self) -> str:
        until = self.episode.deadline_at
        longer = until is not None and until != self.deadline_before
        more = f"more time, until {clock(until)}." if longer and until else "no more time for it."
        return f"Attempt {self.episode.attempts} reached nobody: {more}"


@dataclass(frozen=True, slots=True)
class AttemptKnown(OfHolder):
    """One call that was reported twice."""

    rule = "attempt"

    @property
    def sentence(self) -> str:
        return "It is the attempt that was heard of already."


@dataclass(frozen=True, slots=True)
class Reached(ChangesHolder):
    """The holder talked with the customer; `talk` is the proof."""

    rule = "reached"
    policy_lines = (_REDEEM,)
    outcome = "acknowledged it and reached the customer"
    timeline = "customer reached"
    color = "bold green"
    talk: AccountFact

    @property
    def sentence(self) -> str:
        return f"{self.holder} talked with the customer: the acknowledgement is redeemed."

    @property
    def policy_line(self) -> str | None:
        return _redeem(self.episode)

    def publishes(self) -> Fact:
        return escalation.CustomerReached(
            episode=self.episode.episode_id,
            order=self.episode.order_id,
            by=self.holder,
            at=self.talk.at,
            channel=ContactChannel(self.talk.channel or "other"),
        )

    @property
    def discriminator(self) -> object:
        return self.episode.episode_id


@dataclass(frozen=True, slots=True)
class AppointmentMade(ChangesHolder):
    """The customer is to be called at a time that they agreed to."""

    rule = "appointment"
    policy_lines = ("acknowledgement.longest_appointment",)
    at: datetime

    @property
    def sentence(self) -> str:
        return f"The customer is to be called at {clock(self.at)}: until then the clock stands still."

    def publishes(self) -> Fact:
        return escalation.AppointmentMade(
            episode=self.episode.episode_id, order=self.episode.order_id, by=self.holder, at=self.at
        )


@dataclass(frozen=True, slots=True)
class AppointmentDue(ChangesHolder):
    """The appointment has come, or is about to: the talk is due. `at` is its time."""

    rule = "appointment_due"
    policy_lines = ("acknowledgement.remind_before",)
    at: datetime

    @property
    def sentence(self) -> str:
        due = self.episode.deadline_at
        until = f", who has until {clock(due)} to reach them" if due else ""
        return f"The customer was promised a call at {clock(self.at)}: this reminds {self.holder}{until}."


@dataclass(frozen=True, slots=True)
class Snoozed(ChangesHolder):
    """The holder put it off."""

    rule = "snoozed"
    policy_lines = ("acknowledgement.longest_snooze",)
    until: datetime

    @property
    def sentence(self) -> str:
        return f"{self.holder} put it off until {clock(self.until)}, then it rings again."

    def publishes(self) -> Fact:
        return escalation.EpisodeSnoozed(
            episode=self.episode.episode_id, order=self.episode.order_id, by=self.holder, until=self.until
        )


@dataclass(frozen=True, slots=True)
class PauseEnded(OfEpisode):
    """What was put off is due again."""

    rule = "pause_ended"

    @property
    def sentence(self) -> str:
        return "The pause is over: it rings again."


@dataclass(frozen=True, slots=True)
class Expired(OfHolder):
    """The holder did not reach the customer in time."""

    rule = "expired"
    policy_lines = (_REDEEM,)
    outcome = "acknowledged it, did not reach the customer in time"
    timeline = "customer not reached in time"
    color = "bold red"

    @property
    def sentence(self) -> str:
        return f"{self.holder} has not reached the customer in time: it is nobody's any more."

    @property
    def policy_line(self) -> str | None:
        return _redeem(self.episode)

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
class ContactMissed(OfEpisode):
    """The customer tried again, and the holder did not answer."""

    rule = "contact"

    @property
    def sentence(self) -> str:
        return "The customer tried again meanwhile."


@dataclass(frozen=True, slots=True)
class Excused(ChangesHolder):
    """The customer must not be contacted any more."""

    rule = "excused"

    @property
    def sentence(self) -> str:
        return "The customer must not be contacted any more: no talk is due."


@dataclass(frozen=True, slots=True)
class Bound(ChangesHolder):
    """The customer may be contacted again."""

    rule = "bound"
    policy_lines = (_REDEEM,)

    @property
    def sentence(self) -> str:
        until = f" until {clock(self.episode.deadline_at)}" if self.episode.deadline_at else ""
        return f"The customer may be contacted again: a talk is due{until}."

    @property
    def policy_line(self) -> str | None:
        return _redeem(self.episode)


@dataclass(frozen=True, slots=True)
class ClockMoved(OfEpisode):
    """An absence moved the clock; `why` says how."""

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
