"""Matches signals to orders; a signal joins the order's episode or opens one. Matches are final. Start at `admit`."""

from collections.abc import Sequence
from dataclasses import replace

from services.escalation.domain.deciding.notifying import assign_silently, notify
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
from services.escalation.domain.entities import Case, Episode, Order, Signal
from services.escalation.domain.facts import AccountFact
from services.escalation.domain.new_signal import as_said_last, matching_order, says_something_new
from services.escalation.domain.notification_causes import cause_of_signal, too_old, too_old_to_notify, waits_for_seller
from services.escalation.domain.own_facts import OrderWaitEnded, RulesChanged
from services.escalation.domain.severity import SeverityAssessment, assess_severity
from shared.contracts import support
from shared.contracts.envelope import Fact
from shared.contracts.escalation import RingCause
from shared.ids import derived


def admit(draft: Draft[Fact], signal: Signal) -> None:
    """Keep a new signal. It joins its order's episode or waits for the order that it names."""
    traced = replace(signal, traceparent=draft.traceparent)
    draft.keep(traced)
    match(draft, traced)
    waiting = draft.state.signals[signal.signal_id]
    if waiting.episode_id is None:
        draft.decide(SignalWaits(waiting))
    if waiting.episode_id is None and waiting.order_awaited_until is not None:
        wait = OrderWaitEnded(signal=signal.signal_id)
        draft.set_timer(wait, due_at=waiting.order_awaited_until, made_of_silence=True)


def match(draft: Draft[Fact], signal: Signal) -> None:
    """Add a signal to the episode of its order, if the order is known."""
    within = draft.work.policies.at(signal.at).policy.matching.seller_first_within
    order = matching_order(signal, draft.state, seller_first_within=within)
    if order is None:
        return
    latest = draft.state.latest_order(signal.at)
    if latest is not None and signal.names_order is None and latest != order:
        draft.decide(OrderPreferred(signal, order, latest))
    if signal.order_awaited_until is not None:
        draft.take_timer_back(OrderWaitEnded(signal=signal.signal_id))
    join(draft, order, replace(signal, order_awaited_until=None))


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


def join(draft: Draft[Fact], order: Order, signal: Signal) -> None:
    """Add a signal to the open episode of its order. If there is none, or it has been closed, open a new one."""
    known = draft.state.open_episodes.get(order.order_id)
    episode = known or _new_episode(draft, order, signal)
    joined = replace(signal, episode_id=episode.episode_id)
    draft.keep(joined)
    too_old = too_old_to_notify(joined, draft.work.ring_within)
    version, policy = draft.work.policy_for(order)
    ending = (draft.state.signals.get(id) for id in draft.work.ending)
    mine = (one for one in ending if one is not None and one.stands and one.episode_id == episode.episode_id)
    replaced = any(_is_same_trouble(one, joined) for one in mine)
    assessed = assess_severity(draft.work.decisive_signals(episode), order, policy)
    if known is None:
        episode = replace(episode, severity=assessed.severity, policy_version=version)
        draft.decide(EpisodeRaised(episode, joined, too_old))
        draft.decide(SeverityFound(episode, joined, assessed))
        rose = True
    else:
        draft.decide(EpisodeSignalled(episode, joined, too_old))
        episode, rose = _risen(draft, episode, joined, assessed)
    draft.keep(replace(episode, changed_at=draft.now))
    _notify_if_due(draft, draft.state.episodes[episode.episode_id], joined, rose=rose, news=rose or not replaced)


def weigh_again(draft: Draft[Fact], order: Order) -> None:
    """Assess an open episode again after its order changed. The severity may go up, which notifies; never down."""
    episode = draft.state.open_episodes.get(order.order_id)
    signal = draft.work.main_signal(episode) if episode is not None else None
    if episode is None or signal is None:
        return
    if rise(draft, episode, signal):
        _notify_if_due(draft, draft.state.episodes[episode.episode_id], signal, rose=True, news=True)


def _is_same_trouble(known: Signal, signal: Signal) -> bool:
    """Whether one signal only replaces the other because a late fact moved the start of the trouble."""
    return (known.kind, known.case_id) == (signal.kind, signal.case_id)


def _notify_if_due(draft: Draft[Fact], episode: Episode, signal: Signal, *, rose: bool, news: bool) -> None:
    if waits_for_seller(episode):
        draft.decide(NotNotified(episode, signal, NotNotifiedBecause.WAITS_FOR_SELLER))
        return
    cause = cause_of_signal(episode, signal, rose=rose, ring_within=draft.work.ring_within)
    quiet = _quiet(draft, episode, signal)
    if cause is not None and (news or not episode.rang) and quiet is None:
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
    order = draft.work.order_of(episode)
    assessed = assess_severity(draft.work.decisive_signals(episode), order, draft.work.policy_for(order)[1])
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
    """Update the signal and notify if a request was made again with other words or another amount.

    A repeated report of the same request notifies nobody.
    """
    detection = next((one for one in found if any(again.fact_id == fact.fact_id for again in one.again)), None)
    signal = draft.state.signals.get(detection.signal_id) if detection is not None else None
    if detection is None or signal is None or not signal.stands:
        return
    updated = as_said_last(signal, detection, draft.event)
    if updated != signal:
        draft.keep(updated)
    episode = draft.state.episodes.get(updated.episode_id) if updated.episode_id is not None else None
    if episode is None or episode.closed_at is not None:
        return
    if not says_something_new(fact, detection):
        draft.decide(RequestReportedAgain(episode, updated))
        return
    draft.decide(RequestRepeated(episode, updated))
    rise(draft, episode, updated)
    if not too_old(fact.at, draft.now, draft.work.ring_within):
        notify(draft, draft.state.episodes[episode.episode_id], updated, RingCause.CONTACT, something_new=True)
