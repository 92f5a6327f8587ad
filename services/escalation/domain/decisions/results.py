"""Decisions about the results of closed episodes: what later facts prove or disprove."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.escalation.domain.decisions.decision import Decision, Row, at_clock, utc_minute
from services.escalation.domain.results import Result
from services.escalation.domain.words import SIGNAL_LABELS
from shared.contracts import escalation
from shared.contracts.envelope import Fact

LINES_OF_DISPROOFS = ("results.saved.disproved_by", "results.saved.disproved_by_kind.{cause}")


@dataclass(frozen=True, slots=True)
class OfResult(Decision):
    """A decision about the result of an episode; `result` is its new state."""

    result: Result

    @property
    def episode_id(self) -> UUID | None:
        return self.result.episode_id

    @property
    def who(self) -> str | None:
        return self.result.by

    def rows(self) -> Iterable[Row]:
        return (self.result,)

    @property
    def discriminator(self) -> object:
        """The close and the disproof: a save may relapse more than once."""
        result = self.result
        return f"{result.episode_id} {result.closed_at.isoformat()} {result.because_id or result.won_by or ''}"


def disproof_words(result: Result) -> str:
    """What disproves a result, and when: "refund paid on 4 May 2026 at 16:40 UTC"."""
    assert result.because is not None
    assert result.because_at is not None
    return f"{SIGNAL_LABELS[result.because].lower()} {at_clock(result.because_at)}"


@dataclass(frozen=True, slots=True)
class CheckedResult(OfResult):
    """A decision about a result that facts can disprove, by the policy in force at its close: of this `version`."""

    version: int

    @property
    def policy_version(self) -> int | None:
        return self.version


@dataclass(frozen=True, slots=True)
class SaveProvisional(CheckedResult):
    """A save that later facts can disprove."""

    rule = "save_provisional"
    policy_lines = ("results.saved.proven_after",)

    @property
    def sentence(self) -> str:
        assert self.result.proof_due_at is not None
        return f"Saved, not yet proven: later facts can disprove it until {utc_minute(self.result.proof_due_at)}."


@dataclass(frozen=True, slots=True)
class RelapseWithdrawn(SaveProvisional):
    """What disproved a save was taken back."""

    rule = "relapse_withdrawn"
    timeline = "saved after all"

    @property
    def sentence(self) -> str:
        return "What disproved the save was taken back: it is saved, not yet proven."

    def publishes(self) -> Fact:
        result = self.result
        return escalation.RelapseWithdrawn(
            episode=result.episode_id, order=result.order_id, by=result.by, closed_at=result.closed_at
        )


@dataclass(frozen=True, slots=True)
class SaveProven(CheckedResult):
    """Nothing disproved a save in time."""

    rule = "save_proven"
    policy_lines = ("results.saved.proven_after",)
    timeline = "save proven"
    color = "bold green"

    @property
    def sentence(self) -> str:
        assert self.result.proof_due_at is not None
        return f"Proven: nothing disproved the save by {self.result.by} until {utc_minute(self.result.proof_due_at)}."

    def publishes(self) -> Fact:
        result = self.result
        assert result.proof_due_at is not None
        return escalation.SaveProven(
            episode=result.episode_id,
            order=result.order_id,
            by=result.by,
            closed_at=result.closed_at,
            proven_at=result.proof_due_at,
            counts_with=result.shares_fate_of,
        )


@dataclass(frozen=True, slots=True)
class SaveRelapsed(CheckedResult):
    """A fact disproves a save, by this `line` of the policy."""

    rule = "save_relapsed"
    policy_lines = LINES_OF_DISPROOFS
    timeline = "save disproved"
    color = "bold red"
    line: str

    @property
    def sentence(self) -> str:
        return f"Not saved after all: {disproof_words(self.result)}."

    @property
    def policy_line(self) -> str | None:
        return self.line

    def publishes(self) -> Fact:
        result = self.result
        assert result.because is not None
        assert result.because_at is not None
        return escalation.SaveRelapsed(
            episode=result.episode_id,
            order=result.order_id,
            by=result.by,
            closed_at=result.closed_at,
            because=result.because,
            at=result.because_at,
            follow_up=result.follow_up,
            counts_with=result.shares_fate_of,
        )

    @property
    def happened_at(self) -> datetime | None:
        return self.result.because_at


@dataclass(frozen=True, slots=True)
class WonBack(OfResult):
    """A lost customer bought again."""

    rule = "won_back"
    timeline = "won back"
    color = "bold green"

    @property
    def sentence(self) -> str:
        assert self.result.because_at is not None
        return f"Won back: the customer bought order {self.result.won_by} {at_clock(self.result.because_at)}."

    def publishes(self) -> Fact:
        result = self.result
        assert result.won_by is not None
        assert result.because_at is not None
        return escalation.WonBack(
            episode=result.episode_id,
            order=result.order_id,
            lost_at=result.closed_at,
            new_order=result.won_by,
            sold_at=result.because_at,
        )

    @property
    def happened_at(self) -> datetime | None:
        return self.result.because_at


@dataclass(frozen=True, slots=True)
class AlarmMissed(CheckedResult):
    """A false alarm was none: facts disprove that nothing was wrong. It is for the closer's own figures; nobody is
    notified."""

    rule = "alarm_missed"
    policy_lines = ("signals.{kind}",)

    @property
    def sentence(self) -> str:
        return f"The alarm was right: {disproof_words(self.result)}."

    @property
    def policy_line(self) -> str | None:
        """The line of the signal that the closed episode was about."""
        return f"signals.{self.result.kinds[0].value}"
