"""Compares stored signals with those that the facts imply; raises, clears and withdraws. Start at `reconcile`."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from services.escalation.domain.deciding.contacts import apply_contact_to_acknowledgement, notify_on_contact
from services.escalation.domain.deciding.endings import end_signal, expect_no_response
from services.escalation.domain.deciding.episodes import admit, follow_request
from services.escalation.domain.deciding.results import severity_of
from services.escalation.domain.decisions.severities import SeverityCorrected
from services.escalation.domain.detections.detection import Detection
from services.escalation.domain.detections.scope import NOTHING, WHOLE, Scope, affected
from services.escalation.domain.draft import Draft
from services.escalation.domain.entities import Episode, Signal, SignalEnd
from services.escalation.domain.facts import AccountFact, remembered
from services.escalation.domain.new_signal import as_said_last, signal_of_detection
from services.escalation.domain.own_facts import RulesChanged, SilenceEnded
from services.escalation.domain.signals.find import covers, detections
from services.escalation.domain.signals.silences import OF_ANSWERS, Silence, broken_by, listening_to, silence_of
from services.escalation.domain.words import RULES_CHANGED
from shared.contracts.envelope import Fact


def reconcile(draft: Draft[Fact]) -> None:
    """Remember an event's facts, and correct the account's signals accordingly."""
    note_facts(draft, remembered(draft.event))


def note_facts(draft: Draft[Fact], facts: Iterable[AccountFact]) -> None:
    """Remember facts, and apply those that are new.

    They first settle or extend the acknowledger's task. Then the signals are reconciled, once for all of them: a signal
    raised by one fact joins the episode that another would end. Then a contact may notify again.
    """
    new, scope = list[AccountFact](), NOTHING
    for fact in facts:
        if draft.work.put_fact(fact):
            new.append(fact)
            scope = scope.and_that(affected(draft.state.history, fact))
    for fact in new:
        apply_contact_to_acknowledgement(draft, fact)
        _expect_no_more(draft, fact)
    found = _compare(draft, scope) if new else []
    for fact in new:
        follow_request(draft, fact, found)
        notify_on_contact(draft, fact)


def raise_on_silence(draft: Draft[SilenceEnded]) -> None:
    """Raise the signals that still stand when a silence has lasted too long and all input up to then was read.

    A warning ends when its time has come, after the signal that it warned of was raised. If that time has already
    passed, as after an outage, no warning is raised.
    """
    until, silence = draft.event.time, Silence(draft.fact.kind, draft.fact.case, draft.fact.order)
    scope = listening_to(draft.state.history, silence)
    found = [one for one in detections(draft.state.history, draft.work.thresholds, scope) if one.by_silence]
    mine = _with_answers(found, [one for one in found if silence_of(one) == silence])
    kept = draft.state.signals
    over = [one for one in mine if one.cleared_by is not None and not _is_current(draft, one, until)]
    draft.work.ending = frozenset(one.signal_id for one in over)
    for detection in mine:
        if (
            detection.at <= until
            and _is_current(draft, detection, draft.now)
            and not _exists(kept.get(detection.signal_id))
        ):
            admit(draft, _signal(draft, detection))
    draft.work.ending = frozenset()
    for detection in over:
        signal, warned = kept.get(detection.signal_id), detection.cleared_by
        if signal is not None and signal.stands and warned is not None:
            end_signal(draft, signal, SignalEnd.CLEARED, at=warned.at, because=warned.kind.value)
    _expect(draft, mine)


def _with_answers(found: list[Detection], mine: list[Detection]) -> list[Detection]:
    """Promised answers due soon and overdue are compared together, as one ends the other."""
    matters = {(one.case_id, one.names_order) for one in mine if one.kind in OF_ANSWERS}
    answers = [one for one in found if one.kind in OF_ANSWERS and (one.case_id, one.names_order) in matters]
    return answers or mine


def _compare(draft: Draft[Fact], scope: Scope) -> list[Detection]:
    """Raise signals first and end others afterwards, in the order of event times, so an episode with a new signal stays
    open.

    Signals about to end do not raise the severity of new ones. A silence that turns out to end later is not a signal
    yet; a clock that is set back makes no such silence.
    """
    found = detections(draft.state.history, draft.work.thresholds, scope)
    kept = draft.state.signals
    due = (one for one in found if not one.waits or one.at <= draft.now or _was_raised(one, kept.get(one.signal_id)))
    by_id = {detection.signal_id: detection for detection in due}
    standing = [one for one in draft.state.standing.within(scope) if _covers(draft, scope, one)]
    over = [one for one in standing if _ends_now(draft, by_id.get(one.signal_id))]
    draft.work.ending = frozenset(one.signal_id for one in over)
    for detection in found:
        is_new = not _exists(kept.get(detection.signal_id))
        if is_new and _is_current(draft, detection, draft.now) and _is_certain(draft, detection, over):
            admit(draft, _signal(draft, detection))
    draft.work.ending = frozenset()
    for signal in sorted(standing, key=lambda one: (one.at, one.signal_id)):
        _end_or_move(draft, signal, by_id.get(signal.signal_id))
    _expect(draft, found)
    return found


def _was_raised(detection: Detection, signal: Signal | None) -> bool:
    """Whether a silence is already a signal, and no later fact moved its time."""
    return signal is not None and signal.stands and detection.at <= signal.at


def _covers(draft: Draft[Fact], scope: Scope, signal: Signal) -> bool:
    cause = draft.state.history.get(signal.fact_id)
    return cause is not None and covers(scope, signal.kind, cause)


def _exists(signal: Signal | None) -> bool:
    """Whether a signal stands. A signal that ended stands again if late facts imply it after all."""
    return signal is not None and signal.stands


def _ends_now(draft: Draft[Fact], detection: Detection | None) -> bool:
    """Whether a signal ends now: the facts no longer imply it, or a reported fact ended it."""
    return detection is None or (detection.cleared_by is not None and _lapses_at(draft, detection) is None)


def _is_certain(draft: Draft[Fact], detection: Detection, over: Iterable[Signal]) -> bool:
    """Whether no unread fact can disprove a detection, or no timer will ever check it."""
    replaces = any(detection.goes_back_beyond(one) for one in over)
    return not detection.waits or replaces or _had_no_timer(draft, detection)


def _had_no_timer(draft: Draft[Fact], detection: Detection) -> bool:
    """Whether a past silence is a signal only under changed rules; no timer was set for it then."""
    if not isinstance(draft.fact, RulesChanged) or detection.at > draft.now:
        return False
    return silence_of(detection) not in draft.work.awaited


def _end_or_move(draft: Draft[Fact], signal: Signal, detection: Detection | None) -> None:
    """End a signal that the facts no longer imply or that a fact ended; else correct its time and what it says: a talk
    reported late makes a repeated request a signal of its own."""
    if detection is None:
        end_signal(draft, signal, SignalEnd.WITHDRAWN, at=draft.event.time, because=draft.event.type.rpartition(".")[2])
    elif detection.cleared_by is not None and _ends_now(draft, detection):
        cleared_by, anew = detection.cleared_by, isinstance(draft.fact, RulesChanged)
        end_signal(
            draft, signal, SignalEnd.CLEARED, at=cleared_by.at, because=RULES_CHANGED if anew else cleared_by.kind.value
        )
    elif (corrected := as_said_last(replace(signal, at=detection.at), detection, draft.event)) != signal:
        draft.keep(corrected)


def _lapses_at(draft: Draft[Fact], detection: Detection) -> datetime | None:
    """When a warning ends by time alone, without a reported fact."""
    ended = detection.cleared_by
    reported = ended is None or draft.state.history.get(ended.fact_id) is not None
    return None if ended is None or reported else ended.at


def _is_current(draft: Draft[Fact], detection: Detection, at: datetime) -> bool:
    """Whether a detection is a signal at that time: no fact has ended it, and its time has not passed."""
    lapses_at = _lapses_at(draft, detection)
    return detection.cleared_by is None or (lapses_at is not None and lapses_at > at)


def _expect(draft: Draft[Fact], found: Iterable[Detection]) -> None:
    """Set timers for silences that may become signals: one for each kind and matter, at the earliest time."""
    expected: dict[Silence, datetime] = {}
    for detection in found:
        at = _expected_at(draft, detection) if detection.by_silence else None
        if at is not None:
            silence = silence_of(detection)
            expected[silence] = min(at, expected.get(silence, at))
    for silence, at in expected.items():
        late_reports = draft.work.policies.latest.policy.age.late_reports
        due_at = at if at > draft.now else draft.now + late_reports
        if draft.work.expect(draft.account_id, silence, due_at):
            draft.set_timer(_timer(silence), due_at=due_at, made_of_silence=True)


def _expect_no_more(draft: Draft[Fact], fact: AccountFact) -> None:
    """Cancel the timers of silences that a fact broke. New silences are looked for afterwards."""
    for silence in broken_by(draft.state.history, fact):
        draft.work.expected.pop((draft.account_id, silence), None)
        draft.take_timer_back(_timer(silence))


def _timer(silence: Silence) -> SilenceEnded:
    return SilenceEnded(kind=silence.kind, case=silence.case, order=silence.order)


def _expected_at(draft: Draft[Fact], detection: Detection) -> datetime | None:
    """When a silence has lasted too long; for a raised warning, when it ends."""
    signal = draft.state.signals.get(detection.signal_id)
    if not _exists(signal):
        return detection.at if _is_current(draft, detection, draft.now) else None
    return _lapses_at(draft, detection)


def _signal(draft: Draft[Fact], detection: Detection) -> Signal:
    return signal_of_detection(detection, draft.event, draft.work, now=draft.now)


def rejudge(draft: Draft[RulesChanged]) -> None:
    """Raise, end and correct an account's signals by the current rules, then correct its open episodes.

    A past silence that had no timer is raised at once, because a timer would send a notification. An unread fact that
    broke the silence in time withdraws the signal later.
    """
    _compare(draft, WHOLE)
    for episode in draft.state.open_by_id():
        _correct_severity(draft, episode)
        if draft.work.is_for_information(episode):
            expect_no_response(draft, draft.state.episodes[episode.episode_id])


def _correct_severity(draft: Draft[RulesChanged], episode: Episode) -> None:
    """Set the severity that the standing signals have now, even a lower one, because the old rules no longer count. A
    deadline that was given to a person stays."""
    order = draft.work.order_of(episode)
    version, _ = draft.work.policy_for(order)
    assessed = severity_of(draft, episode)
    if assessed.severity is episode.severity:
        return
    corrected = replace(episode, severity=assessed.severity, policy_version=version, changed_at=draft.now)
    draft.decide(SeverityCorrected(corrected, episode.severity, assessed))
