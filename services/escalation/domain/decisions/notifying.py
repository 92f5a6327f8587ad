"""Decisions about an episode's notifications, its skipped steps, and the end of the ladder."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.escalation.domain.decisions.decision import (
    CAUSE_PHRASES,
    STEP_WORDS,
    ChangesEpisode,
    OfEpisode,
    Row,
    SetsClock,
    at_clock,
    utc_minute,
)
from services.escalation.domain.entities import Alert, Delivery, Order, Signal
from services.escalation.domain.ladder_step import LadderStep
from services.escalation.domain.words import STEPS
from shared.contracts import escalation
from shared.contracts.envelope import Fact
from shared.contracts.escalation import Step


@dataclass(frozen=True, slots=True)
class Times:
    """When a person is notified, when the response is due, and the policy line for it, if one counts. `informs`: the
    episode is for information (a refund kind without a play). Reminders need no response either, but are no such
    alerts."""

    notified_at: datetime
    answer_by: datetime | None
    policy_path: str | None
    informs: bool = False


@dataclass(frozen=True, slots=True)
class Notified(SetsClock):
    """An alert: a person is notified on every channel."""

    rule = "rang"
    policy_lines = (
        "ladder.{severity}.{step}",
        "plays.refund_kinds",
        "ladder.skip_unless_at_work_within.{severity}",
        "acknowledgement.longest_hand_over",
        "acknowledgement.remind_before",
        "acknowledgement.reopen_within",
        "approvals",
        "approvals.backup",
        "approvals.manager",
        "approvals.upper_manager",
        "approvals.desk",
    )
    color = "bold yellow"
    alert: Alert
    signal: Signal
    times: Times
    deliveries: tuple[Delivery, ...]

    @property
    def sentence(self) -> str:
        """The recipient, the reason, the time of the notification, and when the response is due."""
        alert, times = self.alert, self.times
        whom = f"{alert.recipient} ({STEPS[alert.step]})"
        if times.informs:
            return f"Notified {whom} for information; nothing is due."
        held = f"; message held until {utc_minute(times.notified_at)}" if times.notified_at > alert.raised_at else ""
        until = f"; acknowledgement due by {utc_minute(times.answer_by)}" if times.answer_by else ""
        return f"Notified {whom} {CAUSE_PHRASES[alert.cause]}{held}{until}."

    @property
    def policy_line(self) -> str | None:
        return self.times.policy_path

    @property
    def policy_version(self) -> int | None:
        return self.alert.policy_version

    @property
    def signal_id(self) -> UUID | None:
        return self.alert.signal_id

    @property
    def who(self) -> str | None:
        return self.alert.recipient

    def rows(self) -> Iterable[Row]:
        return (self.episode, self.alert, *self.deliveries)

    def publishes(self) -> Fact:
        alert = self.alert
        return escalation.AlertRaised(
            alert=alert.alert_id,
            episode=alert.episode_id,
            order=self.episode.order_id,
            recipient=alert.recipient,
            signal=alert.signal_id,
            kind=self.signal.kind,
            because=alert.because,
            step=alert.step,
            severity=alert.severity,
            cause=alert.cause,
            policy_version=alert.policy_version,
        )

    @property
    def discriminator(self) -> object:
        return self.alert.alert_id


@dataclass(frozen=True, slots=True)
class Skipped(OfEpisode):
    """A step of the ladder at which nobody is notified."""

    rule = "skipped"
    ladder_step: LadderStep

    @property
    def sentence(self) -> str:
        assert self.ladder_step.skipped is not None
        return f"{_skipped(self.ladder_step.step)}{self.ladder_step.skipped}."

    @property
    def who(self) -> str | None:
        return self.ladder_step.salesperson_id


def skipped_step(sentence: str) -> Step | None:
    """The ladder step in a stored sentence of `Skipped`; records have no column for it."""
    return next((step for step in STEP_WORDS if sentence.startswith((_skipped(step), _skipped_before(step)))), None)


def skipped_because(sentence: str) -> str:
    """The reason in such a stored sentence, without a full stop."""
    step = skipped_step(sentence)
    if step is not None:
        sentence = sentence.removeprefix(_skipped(step)).removeprefix(_skipped_before(step))
    return sentence.removesuffix(".")


def _skipped(step: Step) -> str:
    return f"Skipped {STEP_WORDS[step]}: "


def _skipped_before(step: Step) -> str:
    """The beginning of such a sentence in earlier releases; stored sentences stay as written."""
    return f"Skipped: {STEP_WORDS[step]}, as "


@dataclass(frozen=True, slots=True)
class ShownInInbox(ChangesEpisode):
    """An episode that notifies nobody is in the inbox of the person who would be notified."""

    rule = "shown"

    @property
    def sentence(self) -> str:
        return f"Shown in the inbox of {self.episode.responsible}."

    @property
    def who(self) -> str | None:
        return self.episode.responsible


@dataclass(frozen=True, slots=True)
class Observed(OfEpisode):
    """The team of the seller only observes."""

    rule = "observed"
    policy_lines = ("teams",)

    @property
    def sentence(self) -> str:
        return "The team is in observe mode: no one is notified."


@dataclass(frozen=True, slots=True)
class SellerAwaited(OfEpisode):
    """The directory does not know the seller yet."""

    rule = "seller_awaited"
    order: Order
    until: datetime

    @property
    def sentence(self) -> str:
        seller, until = self.order.sold_by, utc_minute(self.until)
        return f"{seller} sold it but is not in the directory yet; waiting for the directory until {until}."

    @property
    def who(self) -> str | None:
        return self.order.sold_by


@dataclass(frozen=True, slots=True)
class NobodyToNotify(OfEpisode):
    """Nobody is left on the ladder, because the desk is not an active salesperson."""

    rule = "nobody_to_ask"
    desk: str

    @property
    def sentence(self) -> str:
        return f"There is no one to notify. The sales desk, {self.desk}, is notified once it is an active salesperson."


@dataclass(frozen=True, slots=True)
class NobodyFurtherUp(SetsClock):
    """The last person of the ladder passed it on: they are notified again after a pause."""

    rule = "nobody_further_up"
    policy_lines = ("ladder.repeats",)

    @property
    def sentence(self) -> str:
        assert self.episode.deadline_at is not None
        again_at = at_clock(self.episode.deadline_at)
        return f"No one is further up the escalation path; {self.episode.responsible} is notified again {again_at}."


@dataclass(frozen=True, slots=True)
class Exhausted(SetsClock):
    """Everyone was notified, as often as the policy allows, and nobody responded."""

    rule = "exhausted"
    policy_lines = ("ladder.repeats.times",)
    timeline = "nobody answered"
    color = "bold red"

    @property
    def sentence(self) -> str:
        return "No one on the escalation path has responded, even after every repeat. The episode stays open."

    def publishes(self) -> Fact:
        assert self.episode.exhausted_at is not None
        return escalation.EpisodeExhausted(
            episode=self.episode.episode_id, order=self.episode.order_id, at=self.episode.exhausted_at
        )


@dataclass(frozen=True, slots=True)
class Unanswered(OfEpisode):
    """The person who was notified did not respond in time."""

    rule = "unanswered"
    policy_lines = ("ladder.{severity}.{step}",)
    outcome = "did not respond in time"
    color = "red"

    @property
    def sentence(self) -> str:
        return f"{self.episode.responsible} did not respond in time."

    @property
    def policy_version(self) -> int | None:
        return self.episode.policy_version

    @property
    def who(self) -> str | None:
        return self.episode.responsible


@dataclass(frozen=True, slots=True)
class Unavailable(OfEpisode):
    """The person notified, or the acknowledger, is no longer available. `what` says which, `why` is the reason."""

    rule = "unavailable"
    outcome = "no longer available"
    person_id: str
    name: str
    what: str
    why: str

    @property
    def sentence(self) -> str:
        return f"{self.name}, who {self.what}, {self.why}; the next person is notified."

    @property
    def who(self) -> str | None:
        return self.person_id
