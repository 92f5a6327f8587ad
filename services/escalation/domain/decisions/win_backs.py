"""Decisions about calls to lost customers, months after the loss."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from services.escalation.domain.decisions.decision import Decision, Row, at_clock
from services.escalation.domain.win_backs import LOOKED_BACK, WinBack, WinBackState
from shared.contracts import escalation
from shared.contracts.envelope import Fact
from shared.contracts.escalation import WinBackAnswer, WinBackEnding
from shared.contracts.support_inbound import ContactChannel


@dataclass(frozen=True, slots=True)
class OfWinBack(Decision):
    """A decision that changes a win-back; `win_back` is its new state."""

    win_back: WinBack

    @property
    def episode_id(self) -> UUID | None:
        return self.win_back.episode_id

    def rows(self) -> Iterable[Row]:
        return (self.win_back,)

    @property
    def discriminator(self) -> object:
        return self.win_back.episode_id


@dataclass(frozen=True, slots=True)
class WinBackPlanned(OfWinBack):
    """A loss makes a call to the customer, months later."""

    rule = "win_back_planned"
    policy_lines = ("win_back.after", "win_back.after_reason")
    timeline = "win-back planned"

    by_reason: bool = False

    @property
    def policy_line(self) -> str | None:
        return self.policy_lines[int(self.by_reason)]

    @property
    def sentence(self) -> str:
        return f"Lost. A call to win the customer back is due {at_clock(self.win_back.due_at)}."

    def publishes(self) -> Fact:
        one = self.win_back
        return escalation.WinBackPlanned(
            episode=one.episode_id, order=one.order_id, reason=one.reason, due_at=one.due_at
        )


@dataclass(frozen=True, slots=True)
class WinBackWaits(OfWinBack):
    """Customers are still lost for the same reason, so a call would be too early."""

    rule = "win_back_waits"
    policy_lines = ("win_back.waits_above",)
    timeline = "win-back waits"
    color = "yellow"

    @property
    def sentence(self) -> str:
        return f"The win-back waits: {waits_because(self.win_back)}."

    def publishes(self) -> Fact:
        one = self.win_back
        assert one.waits_since is not None
        return escalation.WinBackWaits(
            episode=one.episode_id,
            order=one.order_id,
            reason=one.reason,
            since=one.waits_since,
            losses=one.losses or 0,
            requests=one.requests or 0,
        )


def waits_because(win_back: WinBack) -> str:
    """For example "4 losses for the same reason on 20 requests in this segment within 30 days"."""
    within = f"within {LOOKED_BACK.days} days"
    of = f"{win_back.losses} losses for the same reason on {win_back.requests} requests"
    return f"{of} in this segment {within}"


@dataclass(frozen=True, slots=True)
class WinBackDue(OfWinBack):
    """The time has come, and customers are not lost for the same reason any more."""

    rule = "win_back_due"
    policy_lines = ("win_back.waits_above",)
    timeline = "win-back due"

    @property
    def sentence(self) -> str:
        return "The win-back is due: the follow-ups of the customer's salesperson list it."

    def publishes(self) -> Fact:
        one = self.win_back
        return escalation.WinBackDue(episode=one.episode_id, order=one.order_id, due_at=one.due_at)


@dataclass(frozen=True, slots=True)
class WinBackDone(OfWinBack):
    """A salesperson talked with the lost customer; `by` reports the `answer`."""

    rule = "win_back_answered"
    policy_lines = ("win_back.again_after",)
    timeline = "win-back answered"
    color = "bold green"

    by: str
    answer: WinBackAnswer
    channel: ContactChannel

    @property
    def who(self) -> str | None:
        return self.by

    @property
    def sentence(self) -> str:
        if self.win_back.state is WinBackState.PLANNED:
            return f"{self.by} spoke with the customer, who wants another call {at_clock(self.win_back.due_at)}."
        result = "is coming back" if self.answer is WinBackAnswer.WON_BACK else "is not coming back"
        return f"{self.by} spoke with the customer, who {result}."

    def publishes(self) -> Fact:
        one = self.win_back
        return escalation.WinBackAnswered(
            episode=one.episode_id,
            order=one.order_id,
            by=self.by,
            at=one.changed_at,
            channel=self.channel,
            answer=self.answer,
            due_at=one.due_at if one.state is WinBackState.PLANNED else None,
        )


@dataclass(frozen=True, slots=True)
class WinBackEnded(OfWinBack):
    """A win-back ends without a call."""

    rule = "win_back_ended"
    policy_lines = ("win_back.lapses_after",)
    timeline = "win-back ended"

    @property
    def _because(self) -> WinBackEnding:
        return WinBackEnding(self.win_back.state)

    @property
    def policy_line(self) -> str | None:
        return self.policy_lines[0] if self._because is WinBackEnding.LAPSED else None

    @property
    def sentence(self) -> str:
        return _ENDED[self._because]

    def publishes(self) -> Fact:
        one = self.win_back
        return escalation.WinBackEnded(
            episode=one.episode_id, order=one.order_id, because=self._because, at=one.changed_at
        )


_ENDED: Mapping[WinBackEnding, str] = {
    WinBackEnding.LAPSED: "The win-back lapsed: nobody called the customer in time.",
    WinBackEnding.BOUGHT_AGAIN: "The win-back ended: the customer has bought again.",
    WinBackEnding.MUST_NOT_BE_CALLED: "The win-back ended: the customer must not be called.",
}
