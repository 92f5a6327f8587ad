"""Decision: one value with its sentence, its policy line, its changes, its published event and its later name.

`Draft.decide` folds it into the state and records it; `handlers.apply` writes it. No other code does either.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, TypeAlias
from uuid import UUID

from services.escalation.domain.entities import Account, Alert, Case, Delivery, Episode, Order, Salesperson, Signal
from services.escalation.domain.losses.loss import Loss
from services.escalation.domain.offers import Offer
from services.escalation.domain.results import Result
from services.escalation.domain.save_windows import SaveWindow
from services.escalation.domain.win_backs import WinBack
from services.escalation.domain.words import STEPS, absolute, at_absolute
from shared.contracts.envelope import Fact
from shared.contracts.escalation import RingCause, Step

Row: TypeAlias = (
    Account
    | Alert
    | Case
    | Delivery
    | Episode
    | Loss
    | Offer
    | Order
    | Result
    | Salesperson
    | SaveWindow
    | Signal
    | WinBack
)


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision about an account.

    Class attributes, usable without an instance:

    - `rule`: the name stored in `escalation.decisions` and printed by `handoff explain`; None leaves no record.
    - `policy_lines`: the policy lines it may rest on, with `{severity}` and the like if a line has variants.
    - `outcome`: the words for its person in the list of people notified, such as "passed it on".
    - `timeline`: its name in the account's timeline.
    - `color`: its style of Rich in `handoff explain`.
    - `cancels`: the reason for which it cancels unsent e-mail of the episode.
    - `sets_clock`: whether it sets the timer of the episode's clock again, or cancels it if nothing falls due.
    """

    rule: ClassVar[str | None] = None
    policy_lines: ClassVar[tuple[str, ...]] = ()
    outcome: ClassVar[str | None] = None
    timeline: ClassVar[str | None] = None
    color: ClassVar[str] = ""
    cancels: ClassVar[str | None] = None
    sets_clock: ClassVar[bool] = False

    @property
    def sentence(self) -> str | None:
        """The decision in words, for `handoff explain`; None if it leaves no record. It names orders and salespeople,
        never a customer."""
        return None

    @property
    def policy_line(self) -> str | None:
        """The line of the policy that counted, or several, separated by commas."""
        return self.policy_lines[0] if self.policy_lines else None

    @property
    def policy_version(self) -> int | None:
        """The version of the policy for the decision; None for the latest."""
        return None

    @property
    def episode_id(self) -> UUID | None:
        return None

    @property
    def signal_id(self) -> UUID | None:
        return None

    @property
    def who(self) -> str | None:
        """The salesperson that the decision is about."""
        return None

    def rows(self) -> Iterable[Row]:
        """The changed rows in their new state."""
        return ()

    def publishes(self) -> Fact | None:
        """The event about the account to publish; None for no event."""
        return None

    @property
    def happened_at(self) -> datetime | None:
        """The time of that event; None for now."""
        return None

    @property
    def discriminator(self) -> object:
        """The value that distinguishes that event from others of its type and cause; part of its id."""
        return ""


@dataclass(frozen=True, slots=True)
class OfEpisode(Decision):
    """A decision about an episode that does not change the episode."""

    episode: Episode

    @property
    def episode_id(self) -> UUID | None:
        return self.episode.episode_id

    @property
    def policy_line(self) -> str | None:
        """The first of the lines, for the severity, the step and the result of the episode."""
        if not self.policy_lines:
            return None
        step, result = self.episode.step or Step.SELLER, self.episode.result
        return self.policy_lines[0].format(severity=self.episode.severity.value, step=step.value, result=result)


@dataclass(frozen=True, slots=True)
class ChangesEpisode(OfEpisode):
    """A decision that changes an episode; `episode` is its new state."""

    def rows(self) -> Iterable[Row]:
        return (self.episode,)


@dataclass(frozen=True, slots=True)
class SetsClock(ChangesEpisode):
    """A decision by which an episode's clock may run to another time, or stop."""

    sets_clock: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Kept(Decision):
    """Changed rows without an event, such as the time of an episode's last change, or the directory's rows."""

    kept: tuple[Row, ...]

    def rows(self) -> Iterable[Row]:
        return self.kept


@dataclass(frozen=True, slots=True)
class KeptWithClock(SetsClock):
    """An episode that changed together with its clock; another decision records the reason."""


CAUSE_PHRASES = {
    RingCause.SIGNAL: "of a signal",
    RingCause.SEVERITY: "because severity went up",
    RingCause.CONTACT: "because the customer contacted us again",
    RingCause.STEP: "because no one notified before has responded",
    RingCause.UNREDEEMED: "because the acknowledger did not reach the customer in time",
    RingCause.NOT_MINE: "because it was passed on",
    RingCause.SNOOZE_ENDED: "because the snooze is over",
    RingCause.APPOINTMENT: "as a reminder of the call promised to the customer",
    RingCause.REPEAT: "again, because no one on the escalation path has responded",
    RingCause.HANDED_OVER: "of a request to take it over",
    RingCause.UNAVAILABLE: "because the person before is no longer available",
    RingCause.INFORMED: "for information, because it was raised outside their working hours",
    RingCause.REASSIGNED: "because a manager assigned it to them",
    RingCause.TAKEN_OVER: "for information, because a manager took it over",
    RingCause.APPROVAL: "of a request to approve an offer",
    RingCause.APPROVAL_ANSWERED: "of the answer to their request for approval",
}
STEP_WORDS = {step: f"{'a' if step is Step.COLLEAGUE else 'the'} {words}" for step, words in STEPS.items()}


def utc_minute(at: datetime) -> str:
    """A time to the minute, in UTC, because people in several zones read it."""
    return absolute(at.astimezone(UTC))


def at_clock(at: datetime) -> str:
    """The same as an adverb: "on 4 May 2026 at 16:40 UTC"."""
    return at_absolute(at.astimezone(UTC))
