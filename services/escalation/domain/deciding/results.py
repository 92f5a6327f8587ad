"""Keeps the result of each close, and judges it again when something was reported about its order.

Start at `judge_order`; `domain.results` has the rules.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.escalation.domain.deciding.upward import send_thanks_upward, send_to_saver
from services.escalation.domain.decisions.results import (
    AlarmMissed,
    OfResult,
    RelapseWithdrawn,
    SaveProven,
    SaveProvisional,
    SaveRelapsed,
    WonBack,
)
from services.escalation.domain.detections.history import History
from services.escalation.domain.draft import Draft
from services.escalation.domain.entities import Episode, Order, Signal
from services.escalation.domain.notification_causes import too_old
from services.escalation.domain.own_facts import RulesChanged
from services.escalation.domain.policy.model import NOTHING_WRONG, TeamMode
from services.escalation.domain.policy.results import Saved
from services.escalation.domain.results import (
    CHECKED,
    SAVES,
    ProofDue,
    Result,
    ResultState,
    causes_text,
    judged,
    line_of_disproof,
    won_back,
)
from services.escalation.domain.severity import SeverityAssessment, assess_severity
from services.escalation.domain.unit_of_work import UnitOfWork
from shared.contracts import orders
from shared.contracts.envelope import Fact
from shared.contracts.escalation import EpisodeResult, SignalKind

_STATES: Mapping[EpisodeResult, ResultState] = {
    EpisodeResult.SAVED: ResultState.PROVISIONAL,
    EpisodeResult.LOST: ResultState.LOST,
    EpisodeResult.FALSE_ALARM: ResultState.FALSE_ALARM,
}


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known about one order; see `results.Evidence`."""

    work: UnitOfWork
    order: Order

    @property
    def history(self) -> History:
        return self.work.history(self.order.account_id)

    def signals_after(self, order_id: str, kind: SignalKind, after: datetime) -> Iterator[tuple[datetime, UUID]]:
        state = self.work.state(self.order.account_id)
        for at, id in state.results.signals_after(order_id, kind, after):
            if not self.work.signal_is_for_information(state.signals[id], self.order):
                yield at, id


def note_result(draft: Draft[Fact], episode: Episode, main: SignalKind | None) -> None:
    """Keep the result of an episode that a person closed; `main` is the kind of the signal that it was about."""
    result = _of_close(draft, episode, main)
    if result is None:
        return
    if result.state is ResultState.PROVISIONAL:
        draft.decide(SaveProvisional(result, _rule_for(draft, result)[0]))
    else:
        draft.keep(result)
    if result.proof_due_at is not None:
        draft.set_timer(_timer(result), due_at=result.proof_due_at, made_of_silence=True)


def _of_close(draft: Draft[Fact], episode: Episode, main: SignalKind | None) -> Result | None:
    """The result of a close; None for one that later facts cannot contradict."""
    state = _STATES.get(episode.result) if episode.result is not None else None
    checked = state is ResultState.PROVISIONAL or (episode.result, episode.reason) == _NOTHING_WRONG
    signals = draft.state.signals_of(episode)
    if state is None or episode.closed_by is None or not signals or not (checked or state is ResultState.LOST):
        return None
    assert episode.closed_at is not None
    kinds = [signal.kind for signal in signals]
    if state is ResultState.PROVISIONAL:
        kinds += _earlier_causes(draft, episode)
    _, rule = _rule_at(draft, episode.order_id, episode.closed_at)
    return Result(
        episode_id=episode.episode_id,
        account_id=episode.account_id,
        order_id=episode.order_id,
        state=state,
        by=episode.closed_by,
        began_at=signals[0].at,
        closed_at=episode.closed_at,
        changed_at=draft.now,
        severity=episode.severity,
        causes=causes_text(kinds if main is None else [main, *kinds]),
        proof_due_at=episode.closed_at + rule.proven_after if checked else None,
    )


_NOTHING_WRONG = (EpisodeResult.FALSE_ALARM, NOTHING_WRONG)


def _earlier_causes(draft: Draft[Fact], episode: Episode) -> list[SignalKind]:
    """The kinds of the saves that this close decides for as well: their time is not up yet."""
    assert episode.closed_at is not None
    return [
        kind
        for one in draft.state.results.of_order(episode.order_id)
        if one.state in SAVES and one.proof_due_at is not None and one.proof_due_at >= episode.closed_at
        for kind in one.kinds
    ]


def _timer(result: Result) -> ProofDue:
    return ProofDue(episode=result.episode_id, order=result.order_id)


def take_back_result(draft: Draft[Any], episode: Episode) -> None:
    """A close was undone: it has no result."""
    result = draft.state.results.get(episode)
    if result is None:
        return
    if result.state in CHECKED:
        draft.take_timer_back(_timer(result))
    draft.keep(replace(result, state=ResultState.UNDONE, shares_fate_of=None, changed_at=draft.now))


def judge_results(draft: Draft[Any]) -> None:
    """Judge the orders again about which this event reported something."""
    state = draft.work.states.get(draft.account_id)
    while state is not None and state.results.unjudged:
        judge_order(draft, min(state.results.unjudged))


def judge_order(draft: Draft[Any], order_id: str, *, joins: Episode | None = None) -> list[Result]:
    """Judge the results of an order by all facts known so far. Return the saves that relapse now.

    `joins` is the episode that the disproof opened or joined.
    """
    results = draft.state.results
    before, relapsed = results.of_order(order_id), list[Result]()
    if not before:
        return []
    for old, new in zip(before, _judged(draft, order_id, before), strict=True):
        if new == old:
            continue
        new = replace(new, changed_at=draft.now)
        if new.state in (old.state, ResultState.FALSE_ALARM):
            draft.keep(new)
            continue
        new = replace(new, follow_up=joins.episode_id if joins is not None and _is_relapse(new) else None)
        draft.decide(_decided(draft, new))
        relapsed += [new] if _is_relapse(new) else []
        if (old.state, new.state) == _JUST_PROVEN:
            _inform_manager(draft, new)
    results.unjudged.discard(order_id)
    return relapsed


def _judged(draft: Draft[Any], order_id: str, before: list[Result]) -> list[Result]:
    order = draft.state.orders[order_id]
    return judged(before, _Known(draft.work, order), lambda one: _rule_at(draft, order_id, one.closed_at)[1])


def _rule_for(draft: Draft[Any], result: Result) -> tuple[int, Saved]:
    """What counted for a judged result, with the policy's version: of its close, or of the save that decides for it."""
    decides = draft.state.results.find(result.shares_fate_of, result.order_id) if result.shares_fate_of else None
    return _rule_at(draft, result.order_id, (decides or result).closed_at)


def _rule_at(draft: Draft[Any], order_id: str, at: datetime) -> tuple[int, Saved]:
    version, policy = draft.work.policy_for(draft.state.orders[order_id], at)
    return version, policy.results.saved


def _is_relapse(result: Result) -> bool:
    return result.state is ResultState.RELAPSED


_JUST_PROVEN = (ResultState.PROVISIONAL, ResultState.PROVEN)


def _decided(draft: Draft[Any], result: Result) -> OfResult:
    version, rule = _rule_for(draft, result)
    match result.state:
        case ResultState.PROVEN:
            return SaveProven(result, version)
        case ResultState.RELAPSED:
            return SaveRelapsed(result, version, line_of_disproof(result, rule))
        case ResultState.MISSED:
            return AlarmMissed(result, version)
        case _:
            return RelapseWithdrawn(result, version)


def note_proof_due(draft: Draft[ProofDue]) -> Result | None:
    """Note that all facts up to the end of the time for a proof were read. None if the close was undone meanwhile."""
    result = draft.state.results.find(draft.fact.episode, draft.fact.order)
    if result is None or result.state not in CHECKED or result.proof_due_at is None or result.proof_due_at > draft.now:
        return None
    due = replace(result, proof_was_due=True, changed_at=draft.now)
    draft.keep(due)
    return due


def lacks_delivery(draft: Draft[Any], result: Result) -> bool:
    """Whether a save relapses now because its order has not arrived."""
    now = next(
        one
        for one in _judged(draft, result.order_id, draft.state.results.of_order(result.order_id))
        if one.episode_id == result.episode_id
    )
    return not _is_relapse(result) and _is_relapse(now) and now.because_id == result.episode_id


def note_win_back(draft: Draft[orders.OrderPlaced]) -> None:
    """A new sale, other than a renewal, wins back the customer of earlier losses."""
    fact = draft.fact
    if fact.renews is not None:
        return
    for loss in draft.state.results.losses():
        new = won_back(loss, order_id=fact.order, sold_at=fact.sold_at)
        if new == loss:
            continue
        new = replace(new, changed_at=draft.now)
        if loss.state is ResultState.WON_BACK:
            draft.keep(new)
        else:
            draft.decide(WonBack(new))


def severity_of(draft: Draft[Any], episode: Episode) -> SeverityAssessment:
    """The severity of an episode's standing signals; after a relapse at least one level above the save's."""
    order = draft.work.order_of(episode)
    own = assess_severity(draft.work.decisive_signals(episode), order, draft.work.policy_for(order)[1])
    least = draft.state.results.least_severity(episode)
    if least is None or own.severity.rank >= least.rank:
        return own
    relapsed = draft.state.results.relapsed_into(episode)
    lines = dict.fromkeys(line_of_disproof(one, _rule_for(draft, one)[1]) for one in relapsed)
    why = f"{own.why}, after a save that it disproves"
    return SeverityAssessment(least, why, ", ".join((own.policy_path, *lines)))


def inform_savers(draft: Draft[Any], relapsed: list[Result], signal: Signal, episode: Episode) -> None:
    """Inform the people whose saves relapsed, unless the episode is theirs anyway."""
    for result in relapsed:
        mine = result.by in (episode.responsible, episode.acknowledged_by)
        if not mine and not _is_quiet(draft, result, signal.at):
            send_to_saver(draft, result)


def _inform_manager(draft: Draft[Any], result: Result) -> None:
    """Inform the saver's manager of a proven save, once: not of an earlier save that shares its fate."""
    assert result.proof_due_at is not None
    if result.shares_fate_of is None and not _is_quiet(draft, result, result.proof_due_at):
        send_thanks_upward(draft, result)


def _is_quiet(draft: Draft[Any], result: Result, at: datetime) -> bool:
    """Whether nobody is informed: the rules changed, it is too long ago, or the team only observes."""
    if isinstance(draft.fact, RulesChanged) or too_old(at, draft.now, draft.work.ring_within):
        return True
    return draft.work.team_mode(draft.state.orders[result.order_id]) is TeamMode.OBSERVE
