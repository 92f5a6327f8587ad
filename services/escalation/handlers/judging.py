"""Compares the signals kept with those the facts amount to: raises, clears and withdraws. Start at `judge`."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from services.escalation.domain.entities import Ended, Signal
from services.escalation.domain.facts import AccountFact, remembered
from services.escalation.domain.findings.all import findings
from services.escalation.domain.findings.finding import Finding
from services.escalation.domain.findings.scope import Scope, affected
from services.escalation.domain.own_facts import SilenceEnded
from services.escalation.domain.signals import signal_of_finding
from services.escalation.handlers.contacts import follow_rescue, ring_on_contact
from services.escalation.handlers.endings import end_signal
from services.escalation.handlers.signals import admit
from services.escalation.handlers.turn import Turn
from shared.contracts.envelope import Fact
from shared.contracts.escalation import SignalKind


def judge(turn: Turn[Fact]) -> None:
    """Remember what an event tells, and put right what it changes of the account's signals."""
    for fact in remembered(turn.event):
        note_fact(turn, fact)


def note_fact(turn: Turn[Fact], fact: AccountFact) -> None:
    """A fact first counts for whoever took an episode, then for its signals, then it may ring again."""
    if not turn.book.put_fact(fact):
        return
    scope = affected(turn.book.history(turn.account_id), fact)
    follow_rescue(turn, fact)
    _compare(turn, scope)
    ring_on_contact(turn, fact)


def raise_on_silence(turn: Turn[SilenceEnded]) -> None:
    """A silence has lasted too long, and everything told meanwhile was read: what still stands is raised.

    A warning is over when its time has come, and not before what it warned of was raised.
    """
    silence, until = turn.fact, turn.event.time
    found = [one for one in findings(turn.book.history(turn.account_id), turn.book.terms) if one.by_silence]
    mine = _with_answers(found, [one for one in found if _silence_of(one) == silence])
    kept = turn.book.signals[turn.account_id]
    over = [one for one in mine if one.cleared_by is not None and not _stands(turn, one, until)]
    turn.book.ending = frozenset(one.signal_id for one in over)
    for finding in mine:
        if finding.at <= until and _stands(turn, finding, until) and not _known(kept.get(finding.signal_id)):
            admit(turn, _signal(turn, finding))
    turn.book.ending = frozenset()
    for finding in over:
        signal, warned = kept.get(finding.signal_id), finding.cleared_by
        if signal is not None and signal.stands and warned is not None:
            end_signal(turn, signal, Ended.CLEARED, at=warned.at, because=warned.kind.value)
    _expect(turn, mine)


def _with_answers(found: list[Finding], mine: list[Finding]) -> list[Finding]:
    """A promised answer that is soon due and one that is overdue are judged together: the one ends the other."""
    matters = {(one.case_id, one.names_order) for one in mine if one.kind in _OF_ANSWERS}
    answers = [one for one in found if one.kind in _OF_ANSWERS and (one.case_id, one.names_order) in matters]
    return answers or mine


_OF_ANSWERS = (SignalKind.RESPONSE_DUE, SignalKind.RESPONSE_OVERDUE)


def _compare(turn: Turn[Fact], scope: Scope) -> None:
    """Raise first, end afterwards, in the order of event times: an episode with a new signal stays open.

    What is about to end makes nothing graver that is raised.
    """
    found = findings(turn.book.history(turn.account_id), turn.book.terms, scope)
    kept = turn.book.signals[turn.account_id]
    by_id = {finding.signal_id: finding for finding in found}
    standing = [one for one in kept.values() if one.stands and _covers(turn, scope, one)]
    over = [one for one in standing if _is_over(turn, by_id.get(one.signal_id))]
    turn.book.ending = frozenset(one.signal_id for one in over)
    for finding in found:
        certain = not finding.waits or any(finding.goes_back_beyond(one) for one in over)
        if certain and _stands(turn, finding, turn.now) and not _known(kept.get(finding.signal_id)):
            admit(turn, _signal(turn, finding))
    turn.book.ending = frozenset()
    for signal in sorted(standing, key=lambda one: (one.at, one.signal_id)):
        _hold_against(turn, signal, by_id.get(signal.signal_id))
    _expect(turn, found)


def _covers(turn: Turn[Fact], scope: Scope, signal: Signal) -> bool:
    cause = turn.book.history(turn.account_id).get(signal.fact_id)
    return cause is not None and scope.covers(signal.kind, cause)


def _known(signal: Signal | None) -> bool:
    """Whether a signal stands; one that ended comes back when facts that are told late say so after all."""
    return signal is not None and signal.stands


def _is_over(turn: Turn[Fact], finding: Finding | None) -> bool:
    """Whether a signal ends now: the facts do not say it any more, or one that was told ended it."""
    return finding is None or (finding.cleared_by is not None and _passes_at(turn, finding) is None)


def _hold_against(turn: Turn[Fact], signal: Signal, finding: Finding | None) -> None:
    if finding is None:
        end_signal(turn, signal, Ended.WITHDRAWN, at=turn.event.time, because=turn.event.type.rpartition(".")[2])
    elif finding.cleared_by is not None and _is_over(turn, finding):
        cleared_by = finding.cleared_by
        end_signal(turn, signal, Ended.CLEARED, at=cleared_by.at, because=cleared_by.kind.value)
    elif finding.at != signal.at:
        turn.book.put_signal(replace(signal, at=finding.at))


def _passes_at(turn: Turn[Fact], finding: Finding) -> datetime | None:
    """When a warning is over by time alone: what ends it is no fact that was told."""
    ended = finding.cleared_by
    told = ended is None or turn.book.history(turn.account_id).get(ended.fact_id) is not None
    return None if ended is None or told else ended.at


def _stands(turn: Turn[Fact], finding: Finding, at: datetime) -> bool:
    passes_at = _passes_at(turn, finding)
    return finding.cleared_by is None or (passes_at is not None and passes_at > at)


def _expect(turn: Turn[Fact], found: Iterable[Finding]) -> None:
    """Set a timer for each silence that may become a signal: one a kind and matter, at the earliest of them."""
    expected: dict[SilenceEnded, datetime] = {}
    for finding in found:
        at = _expected_at(turn, finding) if finding.by_silence else None
        if at is not None:
            silence = _silence_of(finding)
            expected[silence] = min(at, expected.get(silence, at))
    for silence, at in expected.items():
        late_reports = turn.book.policies.latest.policy.age.late_reports
        due_at = at if at > turn.now else turn.now + late_reports
        if turn.book.expect(turn.account_id, silence, due_at):
            turn.tx.set_timer(silence, cause=turn.event, due_at=due_at, made_of_silence=True)


def _expected_at(turn: Turn[Fact], finding: Finding) -> datetime | None:
    """When a silence has lasted too long, and of a warning that was raised when it is over."""
    signal = turn.book.signals[turn.account_id].get(finding.signal_id)
    if not _known(signal):
        return finding.at if _stands(turn, finding, turn.now) else None
    return _passes_at(turn, finding) if signal is not None and signal.stands else None


def _silence_of(finding: Finding) -> SilenceEnded:
    return SilenceEnded(kind=finding.kind, case=finding.cause.case_id, order=finding.cause.order_id)


def _signal(turn: Turn[Fact], finding: Finding) -> Signal:
    return signal_of_finding(finding, turn.event, turn.book, now=turn.now)
