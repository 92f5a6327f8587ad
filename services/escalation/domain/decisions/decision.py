"""A decision is one value: its sentence, the policy line it rests on, what it changes, publishes and is called later.

`Draft.decide` folds it into the state and records it, `handlers.apply` writes it; nothing else does either.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, TypeAlias
from uuid import UUID

from services.escalation.domain.entities import Account, Alert, Case, Delivery, Episode, Order, Salesperson, Signal
from services.escalation.domain.words import STEPS, absolute
from shared.contracts.envelope import Fact
from shared.contracts.escalation import RingCause, Step

Row: TypeAlias = Account | Alert | Case | Delivery | Episode | Order | Salesperson | Signal


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision about an account.

    Class attributes, usable without an instance:

    - `rule`: the name that is kept in `escalation.decisions` and printed by `handoff explain`; None leaves no record.
    - `policy_lines`: the lines of the policy it may rest on, with `{severity}` and the like where a line has variants.
    - `outcome`: what the list of people notified says of the person it is about, such as "passed it on".
    - `timeline`: what the account's timeline calls it.
    - `color`: how `handoff explain` prints it, as a style of Rich.
    - `cancels`: why e-mail of the episode that has not left yet is cancelled by it.
    - `sets_clock`: whether the timer of the episode's clock is set anew, or taken back where nothing falls due.
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
        """What was decided, for `handoff explain`; None where no record is left. It names orders and salespeople, never
        a customer."""
        return None

    @property
    def policy_line(self) -> str | None:
        """The line of the policy that counted, or several, separated by commas."""
        return self.policy_lines[0] if self.policy_lines else None

    @property
    def policy_version(self) -> int | None:
        """The version of the policy it was made under; None for the latest."""
        return None

    @property
    def episode_id(self) -> UUID | None:
        return None

    @property
    def signal_id(self) -> UUID | None:
        return None

    @property
    def who(self) -> str | None:
        """The salesperson whom it is about."""
        return None

    def rows(self) -> Iterable[Row]:
        """What it changes, as it is afterwards."""
        return ()

    def publishes(self) -> Fact | None:
        """The event that tells others, about the account; None for nothing."""
        return None

    @property
    def happened_at(self) -> datetime | None:
        """The time of that event; None for now."""
        return None

    @property
    def discriminator(self) -> object:
        """What tells that event from others of its type by the same cause; part of its id."""
        return ""


@dataclass(frozen=True, slots=True)
class OfEpisode(Decision):
    """A decision about an episode, which it leaves as it is."""

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
    """A decision that leaves an episode as `episode` says."""

    def rows(self) -> Iterable[Row]:
        return (self.episode,)


@dataclass(frozen=True, slots=True)
class SetsClock(ChangesEpisode):
    """A decision by which an episode's clock may run to another time, or stop."""

    sets_clock: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Kept(Decision):
    """Rows that nobody is told of, such as when an episode changed last, or the directory's."""

    kept: tuple[Row, ...]

    def rows(self) -> Iterable[Row]:
        return self.kept


@dataclass(frozen=True, slots=True)
class KeptWithClock(SetsClock):
    """An episode that changed together with its clock; another decision tells why."""


RING_CAUSES = {
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
}
STEP_WORDS = {step: f"{'a' if step is Step.COLLEAGUE else 'the'} {words}" for step, words in STEPS.items()}


def clock(at: datetime) -> str:
    """A moment to the minute, in UTC: it is read by people of several zones."""
    return absolute(at.astimezone(UTC))
