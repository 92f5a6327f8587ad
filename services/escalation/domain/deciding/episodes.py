"""Matches signals to orders; a signal joins the order's episode or opens one. Matches are final. Start at `admit`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.escalation.domain.deciding.notifying import assign_silently, notify
from services.escalation.domain.deciding.results import inform_savers, judge_order, severity_of
from services.escalation.domain.decisions.severities import SeverityFound, SeverityRaised
from services.escalation.domain.decisions.signals import (
    EpisodeRaised,
    EpisodeSignalled,
    NotNotified,
    NotNotifiedBecause,
    OrderPreferred,
    RequestRepeated,
    RequestReportedAgain,
    SignalWaits,
    reason_already_notified,
)
from services.escalation.domain.detections.detection import Detection
from services.escalation.domain.draft import Draft
from services.escalation.domain.entities import Case, Episode, Order, Signal, SignalEnd
from services.escalation.domain.facts import AccountFact
from services.escalation.domain.new_signal import matching_order, says_something_new
from services.escalation.domain.notification_causes import cause_of_signal, too_old, too_old_to_notify, waits_for_seller
from services.escalation.domain.own_facts import OrderWaitEnded, RulesChanged
from services.escalation.domain.severity import SeverityAssessment
from shared.contracts import support
from shared.contracts.envelope import Fact
from shared.contracts.escalation import REQUESTS, RingCause
from shared.ids import derived


def admit(draft: Draft[Fact], signal: Signal) -> None:
    """Keep a new signal. It joins its order's episode or waits for the order that it names."""
    traced = replace(signal, traceparent=draft.traceparent)
    before = draft.state.signals.get(signal.signal_id)
    draft.keep(traced)
    match(draft, traced, before=before)
    waiting = draft.state.signals[signal.signal_id]
    if waiting.episode_id is None:
        draft.decide(SignalWaits(waiting))
    if waiting.episode_id is None and waiting.order_awaited_until is not None:
        wait = OrderWaitEnded(signal=signal.signal_id)
        draft.set_timer(wait, due_at=waiting.order_awaited_until, made_of_silence=True)


def match(draft: Draft[Fact], signal: Signal, *, before: Signal | None = None) -> None:
    """Add a signal to the episode of its order, if the order is known. `before`: as it was when it ended."""
    within = draft.work.policies.at(signal.at).policy.matching.seller_first_within
    order = matching_order(signal, draft.state, seller_first_within=within)
    if order is None:
        return
    latest = draft.state.latest_order(signal.at)
    if latest is not None and signal.names_order is None and latest != order:
        draft.decide(OrderPreferred(signal, order, latest))
    if signal.order_awaited_until is not None:
        draft.take_timer_back(OrderWaitEnded(signal=signal.signal_id))
    join(draft, order, replace(signal, order_awaited_until=None), before=before)


def remember_case(draft: Draft[support.CaseOpened]) -> None:
    """Remember the case's order, and match its signals that were waiting for it."""
    work, fact = draft.work, draft.fact
    known = work.case_of(draft.account_id, fact.case) or Case(draft.account_id, fact.case)
    if known.order_id is not None:
        return
    draft.keep(replace(known, order_id=fact.order))
    for signal in draft.state.waiting_signals() if fact.order else ():
        if signal.case_id == fact.case and signal.names_order is None:
            awaited_until = draft.now + work.installation.order_wait
            naming = replace(signal, names_order=fact.order, order_awaited_until=awaited_until)
            admit(draft.of_signal(signal), naming)


def stop_waiting_for_the_named_order(draft: Draft[OrderWaitEnded]) -> None:
    """Stop waiting: the signal is matched to the account's latest order."""
    signal = draft.state.signals.get(draft.fact.signal)
    if signal is None or signal.episode_id is not None or not signal.stands:
        return
    patient = replace(signal, order_awaited_until=None)
    draft.keep(patient)
    match(draft, patient)


def match_waiting_signals(draft: Draft[Fact]) -> None:
    """Match signals that were waiting for this order. Each continues the trace of its own fact."""
    for signal in draft.state.waiting_signals():
        match(draft.of_signal(signal), signal)


def join(draft: Draft[Fact], order: Order, signal: Signal, *, before: Signal | None = None) -> None:
    """Add a signal to the open episode of its order. If there is none, or it has been closed, open a new one.
    `before`: the signal as it was when it ended, if it stands again."""
    known = draft.state.open_episodes.get(order.order_id)
    episode = known or _new_episode(draft, order, signal)
    joined = replace(signal, episode_id=episode.episode_id)
    draft.keep(joined)
    too_old = too_old_to_notify(joined, draft.work.ring_within)
    version, _ = draft.work.policy_for(order)
    ending = (draft.state.signals.get(id) for id in draft.work.ending)
    mine = (one for one in ending if one is not None and one.stands and one.episode_id == episode.episode_id)
    known_trouble = any(_is_same_trouble(one, joined) for one in mine) or _was_merged(before, joined)
    relapsed = judge_order(draft, order.order_id, joins=episode)
    assessed = severity_of(draft, episode)
    if known is None:
        episode = replace(episode, severity=assessed.severity, policy_version=version)
        draft.decide(EpisodeRaised(episode, joined, too_old))
        draft.decide(SeverityFound(episode, joined, assessed))
        rose = True
    else:
        draft.decide(EpisodeSignalled(episode, joined, too_old))
        episode, rose = _risen(draft, episode, joined, assessed)
    draft.keep(replace(episode, changed_at=draft.now))
    keeps = rose and bool(relapsed) and episode.acknowledged_by is not None
    news = _News(rose=rose, counts=rose or not known_trouble, holder_keeps_it=keeps)
    _notify_if_due(draft, draft.state.episodes[episode.episode_id], joined, news)
    inform_savers(draft, relapsed, joined, draft.state.episodes[episode.episode_id])


def weigh_again(draft: Draft[Fact], order: Order) -> None:
    """Assess an open episode again after its order changed. The severity may go up, which notifies; never down."""
    episode = draft.state.open_episodes.get(order.order_id)
    signal = draft.work.main_signal(episode) if episode is not None else None
    if episode is None or signal is None:
        return
    if rise(draft, episode, signal):
        _notify_if_due(draft, draft.state.episodes[episode.episode_id], signal, _News(rose=True))


def _is_same_trouble(known: Signal, signal: Signal) -> bool:
    """Whether one signal only replaces the other because a late fact moved the start of the trouble."""
    return (known.kind, known.case_id) == (signal.kind, signal.case_id)


def _was_merged(before: Signal | None, signal: Signal) -> bool:
    """Whether a request was counted as the repetition of an earlier one, until a late fact separated them. It notified
    before."""
    if before is None or before.ended is not SignalEnd.WITHDRAWN or signal.kind not in REQUESTS:
        return False
    return before.episode_id == signal.episode_id


@dataclass(frozen=True, slots=True)
class _News:
    """What a signal means for its episode: whether the severity rose, and whether the signal counts as new.

    `holder_keeps_it`: the severity rose because a save before it relapsed, and someone has the episode already.
    """

    rose: bool
    counts: bool = True
    holder_keeps_it: bool = False


def _notify_if_due(draft: Draft[Fact], episode: Episode, signal: Signal, news: _News) -> None:
    if waits_for_seller(episode):
        draft.decide(NotNotified(episode, signal, NotNotifiedBecause.WAITS_FOR_SELLER))
        return
    cause = cause_of_signal(episode, signal, rose=news.rose, ring_within=draft.work.ring_within)
    quiet = _quiet(draft, episode, signal)
    if quiet is None and news.holder_keeps_it and cause is RingCause.SEVERITY:
        quiet = NotNotifiedBecause.HOLDER_KEEPS_IT
    if cause is not None and (news.counts or not episode.rang) and quiet is None:
        notify(draft, episode, signal, cause, something_new=True)
        return
    too_old = too_old_to_notify(signal, draft.work.ring_within)
    draft.decide(
        NotNotified(
            episode, signal, quiet or (NotNotifiedBecause.TOO_OLD if too_old else reason_already_notified(episode))
        )
    )
    if episode.responsible is None:
        assign_silently(draft, episode, signal)


def _quiet(draft: Draft[Fact], episode: Episode, signal: Signal) -> NotNotifiedBecause | None:
    """Why a signal notifies nobody at any severity: only the rules have changed, or it is for information and other
    signals of the episode ask for a response."""
    if isinstance(draft.fact, RulesChanged):
        return NotNotifiedBecause.RULES_CHANGED
    beside = not draft.work.is_for_information(episode)
    informs = draft.work.signal_is_for_information(signal, draft.work.order_of(episode))
    return NotNotifiedBecause.FOR_INFORMATION if informs and beside else None


def _new_episode(draft: Draft[Fact], order: Order, signal: Signal) -> Episode:
    before = draft.state.latest_closed.get(order.order_id)
    episode = Episode(
        episode_id=derived("episode", order.order_id, signal.signal_id, *([before.episode_id] if before else [])),
        account_id=order.account_id,
        order_id=order.order_id,
        salesperson=order.sold_by,
        raised_at=draft.now,
        changed_at=draft.now,
        follows=before.episode_id if before else None,
    )
    draft.keep(episode)
    return episode


def rise(draft: Draft[Fact], episode: Episode, signal: Signal) -> bool:
    """Assess an episode's severity again after one of its signals changed. Return whether it went up."""
    assessed = severity_of(draft, episode)
    _, rose = _risen(draft, episode, signal, assessed)
    return rose


def _risen(draft: Draft[Fact], episode: Episode, signal: Signal, assessed: SeverityAssessment) -> tuple[Episode, bool]:
    """The episode at its new severity, and whether that is higher. The severity never goes down."""
    before = episode.severity
    if assessed.severity.rank <= before.rank:
        return episode, False
    version, _ = draft.work.policy_for(draft.work.order_of(episode))
    raised = replace(episode, severity=assessed.severity, policy_version=version, changed_at=draft.now)
    draft.decide(SeverityRaised(raised, signal, assessed, before))
    return raised, True


def follow_request(draft: Draft[Fact], fact: AccountFact, found: Sequence[Detection]) -> None:
    """Notify if a request was made again with other words or another amount.

    A repeated report of the same request notifies nobody.
    """
    detection = next((one for one in found if any(again.fact_id == fact.fact_id for again in one.again)), None)
    signal = draft.state.signals.get(detection.signal_id) if detection is not None else None
    if detection is None or signal is None or not signal.stands:
        return
    episode = draft.state.episodes.get(signal.episode_id) if signal.episode_id is not None else None
    if episode is None or episode.closed_at is not None:
        return
    if not says_something_new(fact, detection):
        draft.decide(RequestReportedAgain(episode, signal))
        return
    draft.decide(RequestRepeated(episode, signal))
    rise(draft, episode, signal)
    if not too_old(fact.at, draft.now, draft.work.ring_within):
        notify(draft, draft.state.episodes[episode.episode_id], signal, RingCause.CONTACT, something_new=True)
