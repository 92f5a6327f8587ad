"""Opens and closes the save windows of an account. Start at `judge_windows`; `domain.save_windows` has the rules."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.escalation.domain.decisions.save_windows import WindowClosed, WindowOpened, WindowPassedOn
from services.escalation.domain.detections.indexes import IndexName
from services.escalation.domain.draft import Draft
from services.escalation.domain.entities import Episode, Order, Signal, SignalEnd
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.main_signal import is_for_information
from services.escalation.domain.notification_causes import too_old_to_notify
from services.escalation.domain.own_facts import SaveWindowDue
from services.escalation.domain.save_windows import (
    End,
    Limit,
    SaveWindow,
    end_of_episode,
    end_of_requests,
    first_end,
    limit_of,
)
from services.escalation.domain.stakes import Amount, is_executed, named_amount
from shared.contracts.escalation import SaveWindowEnd, SignalKind
from shared.contracts.support_inbound import ContactPreference


@dataclass(frozen=True, slots=True)
class _Judged:
    """A window as it is now, and what limits it."""

    window: SaveWindow
    limit: Limit
    version: int


def judge_windows(draft: Draft[Any]) -> None:
    """Judge the windows again about which this event reported something."""
    state = draft.work.states.get(draft.account_id)
    while state is not None and state.windows.unjudged:
        episode_id = min(state.windows.unjudged)
        state.windows.unjudged.discard(episode_id)
        episode = state.episodes.get(episode_id)
        if episode is not None and not state.is_followed(episode):
            _judge(draft, episode)


def note_window_due(draft: Draft[SaveWindowDue]) -> None:
    """The time of a window is over: it is judged again with the others."""
    draft.state.windows.note_episode(draft.fact.episode)


def _judge(draft: Draft[Any], episode: Episode) -> None:
    known = draft.state.windows.get(episode.episode_id)
    judged = _judged(draft, episode, known)
    if judged is None or judged.window == known:
        return
    window = replace(judged.window, changed_at=draft.now)
    shown = episode if episode.closed_at is not None else replace(episode, changed_at=draft.now)
    due = SaveWindowDue(episode=episode.episode_id)
    if window.ended is None:
        name = draft.work.people[window.who].name if window.who in draft.work.people else None
        zone = draft.work.order_of(episode).customer_zone or draft.work.policies.latest.policy.customers.zone
        if known is not None and known.ended is None and known.until == window.until:
            draft.decide(WindowPassedOn(shown, window, name, zone))
            return
        draft.decide(WindowOpened(shown, window, name, zone, judged.limit.line, judged.version))
        draft.set_timer(due, due_at=window.until)
    elif known is None or known.ended is window.ended:
        draft.keep(window)
    else:
        draft.decide(WindowClosed(shown, window))
        draft.take_timer_back(due)


def _judged(draft: Draft[Any], episode: Episode, known: SaveWindow | None) -> _Judged | None:
    """The window of an episode by everything that is known; None if it has none."""
    order = draft.work.order_of(episode)
    requests = _requests(draft, episode, order)
    first = next((one for one in requests if one.ended is not SignalEnd.WITHDRAWN), None)
    window = known if first is None else _window(draft, episode, order, first, known)
    if window is None:
        return None
    window = _with_talk(window, episode, requests)
    version, policy = draft.work.policy_for(order, window.requested_at)
    end = first_end(_ends(draft, episode, order, window, requests), window.until, draft.now)
    if end is not None:
        window = replace(_with_person_of(known or window, window), ended=end.by, ended_at=end.at)
    if known is None and window.ended is not None:
        return None
    return _Judged(window, limit_of(window.requested_at, policy), version)


def _requests(draft: Draft[Any], episode: Episode, order: Order) -> list[Signal]:
    """The requests of an episode that had a save play when they were made."""

    def has_play(signal: Signal) -> bool:
        return not is_for_information(signal, draft.work.policy_for(order, signal.at)[1])

    return [one for one in draft.state.windows.requests_of(episode.episode_id) if has_play(one)]


def _window(
    draft: Draft[Any], episode: Episode, order: Order, first: Signal, known: SaveWindow | None
) -> SaveWindow | None:
    """The window that this first request makes, as if nothing had ended it; None if it opens none."""
    limit = limit_of(first.at, draft.work.policy_for(order, first.at)[1])
    if known is None and not _may_open(draft, episode, first, limit):
        return None
    who = episode.acknowledged_by or episode.responsible or (known.who if known is not None else None)
    assert who is not None, "a person was notified"
    return SaveWindow(
        episode_id=episode.episode_id,
        account_id=episode.account_id,
        order_id=episode.order_id,
        request_id=first.signal_id,
        case_id=first.case_id,
        requested_at=first.at,
        until=limit.until,
        opened_at=draft.now if known is None else known.opened_at,
        changed_at=draft.now if known is None else known.changed_at,
        who=who,
        acknowledged=episode.acknowledged_by is not None,
    )


def _with_talk(window: SaveWindow, episode: Episode, requests: list[Signal]) -> SaveWindow:
    """The window with its person's appointment, and their talk if the customer has made no request since."""
    last = max((one.at for one in requests if one.ended is not SignalEnd.WITHDRAWN), default=window.requested_at)
    has_it = episode.acknowledged_by is not None
    talked = has_it and episode.reached_at is not None and episode.reached_at >= last
    return replace(
        window,
        call_at=episode.promised_at if has_it else None,
        reached_at=episode.reached_at if talked else None,
    )


def _with_person_of(before: SaveWindow, window: SaveWindow) -> SaveWindow:
    """The window as its person left it: what happens to the episode after the end changes nothing."""
    return replace(
        window,
        who=before.who,
        acknowledged=before.acknowledged,
        call_at=before.call_at,
        reached_at=before.reached_at,
    )


def _may_open(draft: Draft[Any], episode: Episode, first: Signal, limit: Limit) -> bool:
    """Whether a person was notified of an episode whose first request was reported in time."""
    asked = episode.rang and episode.rings > 0 and (episode.acknowledged_by or episode.responsible) is not None
    in_time = max(first.seen_at, draft.now) < limit.until
    return asked and episode.closed_at is None and in_time and not too_old_to_notify(first, draft.work.ring_within)


def _ends(
    draft: Draft[Any], episode: Episode, order: Order, window: SaveWindow, requests: list[Signal]
) -> Iterator[End]:
    """Everything that ends a window, whenever it happened."""
    executed_at = _executed_at(draft, order, requests)
    yield from filter(None, (end_of_requests(requests, executed_at), end_of_episode(episode)))
    account = draft.state.account
    if account.preference != ContactPreference.NONE and account.preference_at is not None:
        yield End(max(account.preference_at, window.requested_at), SaveWindowEnd.MUST_NOT_BE_CALLED)
    insisted = draft.state.history.index(IndexName.OF_KIND, FactKind.CUSTOMER_INSISTS)
    cases = {one.case_id for one in requests}
    for fact in insisted.from_to(window.requested_at, draft.now):
        if _is_about(draft, fact, window, cases):
            yield End(fact.at, SaveWindowEnd.CUSTOMER_INSISTS)
            return


def _is_about(draft: Draft[Any], fact: AccountFact, window: SaveWindow, cases: set[str | None]) -> bool:
    """Whether the customer insists on a request of this window: on its case, or on its order, or on neither by name."""
    if fact.case_id is not None and fact.case_id in cases:
        return True
    case = draft.work.case_of(fact.account_id, fact.case_id)
    order = fact.order_id or (case.order_id if case is not None else None)
    return order == window.order_id if order is not None else fact.case_id is None


def _executed_at(draft: Draft[Any], order: Order, requests: list[Signal]) -> Mapping[UUID, datetime]:
    """When each request was carried out, by signal; none that was not."""
    times = ((one.signal_id, _carried_out_at(draft, order, one)) for one in requests)
    return {id: at for id, at in times if at is not None}


def _carried_out_at(draft: Draft[Any], order: Order, request: Signal) -> datetime | None:
    """When the order was cancelled, or the requested money had been paid."""
    refund = request.kind is SignalKind.REFUND_REQUESTED
    kind = FactKind.REFUND_PAID if refund else FactKind.ORDER_CANCELLED
    facts = draft.state.history.index(IndexName.OF_ORDER, order.order_id, kind).facts
    since = (fact for fact in facts if fact.at >= request.at)
    if not refund:
        return next((fact.at for fact in since), None)
    wanted, paid = named_amount(request.amount_minor, request.currency, order.currency), 0
    for fact in since:
        paid += (fact.amount_minor or 0) if fact.currency == (request.currency or order.currency) else 0
        if is_executed(wanted, Amount(order.amount_minor, order.currency), paid):
            return fact.at
    return None
