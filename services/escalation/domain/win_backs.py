"""Win-backs: a call to a lost customer, months after the loss. Pure functions; start at `planned`.

A win-back has a row of its own, because its history outlasts the episode's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from services.escalation.domain.entities import Episode, Order
from services.escalation.domain.loss_class import LossClass
from services.escalation.domain.policy.follow_ups import WinBacks
from services.escalation.domain.policy.reasons import Reason
from shared.contracts.escalation import WinBackAnswer
from shared.contracts.fact import Fact

LOOKED_BACK = timedelta(days=30)
"""The time over which losses and requests are compared."""
ENOUGH_REQUESTS = 10
"""With fewer requests than this a share of losses says nothing, and no win-back waits for it."""
LOOK_AGAIN_AFTER = timedelta(days=1)


class WinBackChecked(Fact):
    """It is time to look at the win-back of a lost episode. `losses` are those of its class within 30 days, and
    `requests` the requests, both in the customer's segment: counted over all accounts, so they come with the fact."""

    type: ClassVar[str] = "escalation.win_back.checked"
    topic: ClassVar[str] = ""
    episode: UUID
    losses: Annotated[int, Field(ge=0)]
    requests: Annotated[int, Field(ge=0)]


class WinBackState(StrEnum):
    """`planned`: its date is ahead. `waits`: customers are still lost for the same reason. `due`: to be done now.
    `undone`: the close of the episode was undone. The others are the ways in which it ended."""

    PLANNED = "planned"
    WAITS = "waits"
    DUE = "due"
    WON_BACK = "won_back"
    NO = "no"
    LAPSED = "lapsed"
    BOUGHT_AGAIN = "bought_again"
    MUST_NOT_BE_CALLED = "must_not_be_called"
    UNDONE = "undone"


OPEN = frozenset({WinBackState.PLANNED, WinBackState.WAITS, WinBackState.DUE})
_ANSWERED = {WinBackAnswer.WON_BACK: WinBackState.WON_BACK, WinBackAnswer.NO: WinBackState.NO}


@dataclass(frozen=True, slots=True)
class WinBack:
    """One loss, and the call that follows it; `episode_id` is the lost episode.

    `loss_class` and `segment` say which losses it waits for; `losses` of `requests` is the share seen last, and
    `waits_since` when it was first too high. `check_at` is when to look at it again; None once it has ended.
    `postponed`: the customer has asked for a later call once.
    """

    episode_id: UUID
    account_id: str
    order_id: str
    lost_at: datetime
    reason: str
    loss_class: LossClass
    segment: str | None
    state: WinBackState
    due_at: datetime
    lapses_at: datetime
    check_at: datetime | None
    changed_at: datetime
    postponed: bool = False
    waits_since: datetime | None = None
    losses: int | None = None
    requests: int | None = None
    ended_by: str | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """Losses of one class among the requests of one segment, over `LOOKED_BACK`."""

    losses: int
    requests: int

    def is_above(self, rate: float) -> bool:
        """Whether customers are still lost this often. Few requests say nothing."""
        return self.requests >= ENOUGH_REQUESTS and self.losses > rate * self.requests


def class_of_loss(reason: str | None, reasons: Sequence[Reason]) -> LossClass:
    """The class of a loss, by the seller's reason: losses of one class have one cause."""
    return next((known.loss_class for known in reasons if known.code == reason), LossClass.OTHER)


def planned(
    episode: Episode, order: Order, policy: WinBacks, of_class: LossClass, *, may_be_called: bool
) -> WinBack | None:
    """The win-back of an episode that was closed as lost; None if the policy wants none.

    A loss whose customer must not be called is kept as well: other win-backs wait for losses like it.
    """
    if not policy.enabled:
        return None
    assert episode.closed_at is not None
    assert episode.reason is not None
    due_at = episode.closed_at + policy.after_reason.get(episode.reason, policy.after)
    return WinBack(
        episode_id=episode.episode_id,
        account_id=episode.account_id,
        order_id=episode.order_id,
        lost_at=episode.closed_at,
        reason=episode.reason,
        loss_class=of_class,
        segment=order.segment,
        state=WinBackState.PLANNED if may_be_called else WinBackState.MUST_NOT_BE_CALLED,
        due_at=due_at,
        lapses_at=due_at + policy.lapses_after,
        check_at=due_at if may_be_called else None,
        changed_at=episode.closed_at,
    )


def checked(
    win_back: WinBack, policy: WinBacks, share: Share, now: datetime, *, may_be_called: bool, bought_again: bool = False
) -> WinBack:
    """An open win-back as it stands now: it ends, waits, or is due. Once due it waits no more."""
    if bought_again:
        return _ended(win_back, WinBackState.BOUGHT_AGAIN, now)
    if not may_be_called:
        return _ended(win_back, WinBackState.MUST_NOT_BE_CALLED, now)
    if now >= win_back.lapses_at:
        return _ended(win_back, WinBackState.LAPSED, now)
    if now < win_back.due_at:
        return replace(win_back, check_at=win_back.due_at)
    seen = replace(win_back, losses=share.losses, requests=share.requests)
    if win_back.state is WinBackState.DUE or not share.is_above(policy.waits_above):
        return replace(seen, state=WinBackState.DUE, check_at=win_back.lapses_at, changed_at=now)
    return replace(
        seen,
        state=WinBackState.WAITS,
        waits_since=win_back.waits_since or now,
        check_at=min(now + LOOK_AGAIN_AFTER, win_back.lapses_at),
        changed_at=now,
    )


def answered(win_back: WinBack, answer: WinBackAnswer, policy: WinBacks, now: datetime, *, by: str) -> WinBack:
    """A win-back after the customer's answer. A customer who says "later" again means no."""
    if answer is not WinBackAnswer.LATER or win_back.postponed:
        return replace(_ended(win_back, _ANSWERED.get(answer, WinBackState.NO), now), ended_by=by)
    due_at = now + policy.again_after
    return replace(
        win_back,
        state=WinBackState.PLANNED,
        due_at=due_at,
        lapses_at=due_at + policy.lapses_after,
        check_at=due_at,
        changed_at=now,
        postponed=True,
        waits_since=None,
    )


def undone(win_back: WinBack, now: datetime) -> WinBack:
    """The loss is none: its close was undone."""
    return _ended(win_back, WinBackState.UNDONE, now)


def _ended(win_back: WinBack, state: WinBackState, now: datetime) -> WinBack:
    return replace(win_back, state=state, check_at=None, changed_at=now)
