"""Decisions about the talk with the customer: tried, reached, agreed for later, snoozed."""

from dataclasses import dataclass
from datetime import datetime

from services.escalation.domain.decisions.decision import OfEpisode, at_clock, utc_minute
from services.escalation.domain.decisions.taking import ATTEMPT_EXTENDS, REDEEM, ChangesHolder, OfHolder
from services.escalation.domain.facts import AccountFact
from shared.contracts import escalation
from shared.contracts.envelope import Fact
from shared.contracts.support_inbound import ContactChannel


@dataclass(frozen=True, slots=True)
class Attempted(ChangesHolder):
    """A call that reached nobody, which may extend the deadline. `deadline_before` is the deadline before."""

    rule = "attempt"
    policy_lines = (f"acknowledgement.attempts, {ATTEMPT_EXTENDS}",)
    deadline_before: datetime | None

    @property
    def sentence(self) -> str:
        until = self.episode.deadline_at
        longer = until is not None and until != self.deadline_before
        more = f"deadline extended to {utc_minute(until)}." if longer and until else "deadline unchanged."
        return f"Attempt {self.episode.attempts} did not reach the customer; {more}"


@dataclass(frozen=True, slots=True)
class AttemptKnown(OfHolder):
    """One call that was reported twice."""

    rule = "attempt"

    @property
    def sentence(self) -> str:
        return "This attempt has already been reported."


@dataclass(frozen=True, slots=True)
class Reached(ChangesHolder):
    """The holder talked with the customer; `talk` is the proof."""

    rule = "reached"
    policy_lines = (REDEEM,)
    outcome = "acknowledged it and reached the customer"
    timeline = "customer reached"
    color = "bold green"
    talk: AccountFact

    @property
    def sentence(self) -> str:
        return f"{self.holder} reached the customer, so the acknowledgement is fulfilled."

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
        return f"The customer is to be called {at_clock(self.at)}; the clock is paused until then."

    def publishes(self) -> Fact:
        return escalation.AppointmentMade(
            episode=self.episode.episode_id, order=self.episode.order_id, by=self.holder, at=self.at
        )


@dataclass(frozen=True, slots=True)
class AppointmentDue(ChangesHolder):
    """The appointment is due or imminent: the talk is due. `at` is its time."""

    rule = "appointment_due"
    policy_lines = ("acknowledgement.remind_before",)
    at: datetime

    @property
    def sentence(self) -> str:
        due = self.episode.deadline_at
        until = f" and has until {utc_minute(due)} to reach them" if due else ""
        return f"The customer was promised a call {at_clock(self.at)}; {self.holder} is reminded{until}."


@dataclass(frozen=True, slots=True)
class Snoozed(ChangesHolder):
    """The holder snoozed it."""

    rule = "snoozed"
    policy_lines = ("acknowledgement.longest_snooze",)
    until: datetime

    @property
    def sentence(self) -> str:
        return f"{self.holder} snoozed it until {utc_minute(self.until)} and is notified again then."

    def publishes(self) -> Fact:
        return escalation.EpisodeSnoozed(
            episode=self.episode.episode_id, order=self.episode.order_id, by=self.holder, until=self.until
        )


@dataclass(frozen=True, slots=True)
class PauseEnded(OfEpisode):
    """The snooze is over."""

    rule = "pause_ended"

    @property
    def sentence(self) -> str:
        return "The snooze is over: the alert is raised again."


@dataclass(frozen=True, slots=True)
class ContactMissed(OfEpisode):
    """The customer tried again, and the holder did not answer."""

    rule = "contact"

    @property
    def sentence(self) -> str:
        return "The customer contacted us again, and the acknowledger did not answer."
