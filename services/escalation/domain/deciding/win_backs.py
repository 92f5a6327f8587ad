"""Plans, checks and ends calls to lost customers. Start at `plan_win_back`."""

from typing import Any

from services.escalation.domain.decisions.decision import Decision
from services.escalation.domain.decisions.win_backs import (
    WinBackDue,
    WinBackEnded,
    WinBackPlanned,
    WinBackWaits,
)
from services.escalation.domain.draft import Draft
from services.escalation.domain.entities import Episode, Order
from services.escalation.domain.losses.loss import Loss
from services.escalation.domain.policy.follow_ups import WinBacks
from services.escalation.domain.results import ResultState
from services.escalation.domain.win_backs import (
    OPEN,
    Share,
    WinBack,
    WinBackChecked,
    WinBackState,
    checked,
    class_of_loss,
    planned,
    undone,
)
from shared.contracts.envelope import Fact
from shared.contracts.escalation import EpisodeResult
from shared.contracts.support_inbound import ContactPreference


def plan_win_back(draft: Draft[Fact], episode: Episode, loss: Loss | None) -> None:
    """Plan the call that follows a loss, unless the customer must not be called or wants no call."""
    if episode.result is not EpisodeResult.LOST:
        return
    order = draft.work.order_of(episode)
    policy = win_back_policy(draft, order)
    wanted = loss is None or loss.may_call_again is not False
    _, reasons = draft.work.policy_for(order)
    of_class = class_of_loss(episode.reason, reasons.reasons.get(EpisodeResult.LOST, ()))
    win_back = planned(episode, order, policy, of_class, may_be_called=wanted and may_be_won_back(draft))
    if win_back is None:
        return
    if win_back.state is WinBackState.PLANNED:
        draft.decide(WinBackPlanned(win_back, by_reason=win_back.reason in policy.after_reason))
    else:
        draft.keep(win_back)


def take_win_back_back(draft: Draft[Fact], episode: Episode) -> None:
    """The close of this episode is undone, so there is no loss."""
    win_back = draft.work.win_backs.get(episode.episode_id)
    if win_back is not None and win_back.state is not WinBackState.UNDONE:
        draft.keep(undone(win_back, draft.now))


def check_win_back(draft: Draft[WinBackChecked]) -> None:
    """Look at a win-back whose time has come, with the losses and requests counted just before."""
    fact, win_back = draft.fact, draft.work.win_backs.get(draft.fact.episode)
    order = draft.state.orders.get(win_back.order_id) if win_back is not None else None
    if win_back is None or order is None or win_back.account_id != draft.account_id or win_back.state not in OPEN:
        return
    share = Share(fact.losses, fact.requests)
    result = draft.state.results.find(win_back.episode_id, win_back.order_id)
    now = checked(
        win_back,
        win_back_policy(draft, order),
        share,
        draft.now,
        may_be_called=may_be_won_back(draft),
        bought_again=result is not None and result.state is ResultState.WON_BACK,
    )
    if now.state is win_back.state:
        draft.keep(now)
    else:
        draft.decide(_decision(now))


def _decision(win_back: WinBack) -> Decision:
    match win_back.state:
        case WinBackState.WAITS:
            return WinBackWaits(win_back)
        case WinBackState.DUE:
            return WinBackDue(win_back)
        case _:
            return WinBackEnded(win_back)


def may_be_won_back(draft: Draft[Any]) -> bool:
    """Whether the customer may be called now."""
    return draft.state.account.preference == ContactPreference.NONE


def win_back_policy(draft: Draft[Any], order: Order) -> WinBacks:
    """The settings for an order, as they are now."""
    return draft.work.policy_for(order)[1].win_back
