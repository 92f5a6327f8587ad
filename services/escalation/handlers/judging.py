"""Compares the signals kept with those the facts amount to: raises, clears and withdraws. Start at `judge`."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from services.escalation.domain.entities import Ended, Signal
from services.escalation.domain.facts import AccountFact, remembered
from services.escalation.domain.findings.all import findings
from services.escalation.domain.findings.finding import Finding
from services.escalation.domain.findings.scope import NOTHING, WHOLE, Scope, affected
from services.escalation.domain.findings.silences import OF_ANSWERS, Silence, broken_by, listening_to, silence_of
from services.escalation.domain.own_facts import RulesChanged, SilenceEnded
from services.escalation.domain.signals import signal_of_finding
from services.escalation.domain.words import RULES_CHANGED
from services.escalation.handlers.contacts import follow_rescue, ring_on_contact
from services.escalation.handlers.endings import end_signal
from services.escalation.handlers.repeated_requests import follow_request
from services.escalation.handlers.signals import admit
from services.escalation.handlers.turn import Turn
from shared.contracts.envelope import Fact


def judge(turn: Turn[Fact]) -> None:
    """Remember what an event tells, and put right what it changes of the account's signals."""
    note_facts(turn, remembered(turn.event))


def note_facts(turn: Turn[Fact], facts: Iterable[AccountFact]) -> None:
    """Facts first count for the acknowledger, then for the signals, then they may ring again.

    The facts of one event are compared once: a signal that one of them raises joins the episode that another would end.
    """
    new, scope = list[AccountFact](), NOTHING
    for fact in facts:
        if turn.book.put_fact(fact):
            new.append(fact)
            scope = scope.and_that(affected(turn.state.history, fact))
    for fact in new:
        follow_rescue(turn, fact)
        _expect_no_more(turn, fact)
    found = _compare(turn, scope) if new else []
    for fact in new:
        follow_request(turn, fact, found)
        ring_on_contact(turn, fact)


def raise_on_silence(turn: Turn[SilenceEnded]) -> None:
    """A silence has lasted too long, and everything told meanwhile was read: what still stands is raised.

    A warning is over when its time has come, and not before what it warned of was raised. Once that time has come, as
    after an outage, there is nothing to warn of any more.
    """
    until, silence = turn.event.time, Silence(turn.fact.kind, turn.fact.case, turn.fact.order)
    scope = listening_to(turn.state.history, silence)
    found = [one for one in findings(turn.state.history, turn.book.terms, scope) if one.by_silence]
    mine = _with_answers(found, [one for one in found if silence_of(one) == silence])
    kept = turn.state.signals
    over = [one for one in mine if one.cleared_by is not None and not _stands(turn, one, until)]
    turn.book.ending = frozenset(one.signal_id for one in over)
    for finding in mine:
        if finding.at <= until and _stands(turn, finding, turn.now) and not _is_standing(kept.get(finding.signal_id)):
            admit(turn, _signal(turn, finding))
    turn.book.ending = frozenset()
    for finding in over:
        signal, warned = kept.get(finding.signal_id), finding.cleared_by
        if signal is not None and signal.stands and warned is not None:
            end_signal(turn, signal, Ended.CLEARED, at=warned.at, because=warned.kind.value)
    _expect(turn, mine)


def judge_anew(turn: Turn[RulesChanged]) -> None:
    """Put right what all facts of an account amount to by the rules of today.

    A silence of the past that nobody waited for is raised at once, as a timer would ring somebody; a fact that broke it
    in time and is still unread withdraws it.
    """
    _compare(turn, WHOLE)


def _with_answers(found: list[Finding], mine: list[Finding]) -> list[Finding]:
    """A promised answer that is soon due and one that is overdue are judged together: the one ends the other."""
    matters = {(one.case_id, one.names_order) for one in mine if one.kind in OF_ANSWERS}
    answers = [one for one in found if one.kind in OF_ANSWERS and (one.case_id, one.names_order) in matters]
    return answers or mine


def _compare(turn: Turn[Fact], scope: Scope) -> list[Finding]:
    """Raise first, end afterwards, in the order of event times: an episode with a new signal stays open.

    What is about to end makes nothing graver that is raised. A silence that turns out to last longer is none yet.
    """
    found = findings(turn.state.history, turn.book.terms, scope)
    kept = turn.state.signals
    by_id = {finding.signal_id: finding for finding in found if not finding.waits or finding.at <= turn.now}
    standing = [one for one in turn.state.standing.within(scope) if _covers(turn, scope, one)]
    over = [one for one in standing if _is_over(turn, by_id.get(one.signal_id))]
    turn.book.ending = frozenset(one.signal_id for one in over)
    for finding in found:
        is_new = not _is_standing(kept.get(finding.signal_id))
        if is_new and _stands(turn, finding, turn.now) and _is_certain(turn, finding, over):
            admit(turn, _signal(turn, finding))
    turn.book.ending = frozenset()
    for signal in sorted(standing, key=lambda one: (one.at, one.signal_id)):
        _hold_against(turn, signal, by_id.get(signal.signal_id))
    _expect(turn, found)
    return found


def _covers(turn: Turn[Fact], scope: Scope, signal: Signal) -> bool:
    cause = turn.state.history.get(signal.fact_id)
    return cause is not None and scope.covers(signal.kind, cause)


def _is_standing(signal: Signal | None) -> bool:
    """Whether a signal stands; one that ended comes back when facts that are told late say so after all."""
    return signal is not None and signal.stands


def _is_over(turn: Turn[Fact], finding: Finding | None) -> bool:
    """Whether a signal ends now: the facts do not say it any more, or one that was told ended it."""
    return finding is None or (finding.cleared_by is not None and _passes_at(turn, finding) is None)


def _is_certain(turn: Turn[Fact], finding: Finding, over: Iterable[Signal]) -> bool:
    """Whether nothing that is still unread can show that it never was, or a timer would never come to ask."""
    replaces = any(finding.goes_back_beyond(one) for one in over)
    return not finding.waits or replaces or _is_past(turn, finding)


def _is_past(turn: Turn[Fact], finding: Finding) -> bool:
    """Whether only other rules make a silence of the past a signal: then there was no timer for it."""
    if not isinstance(turn.fact, RulesChanged) or finding.at > turn.now:
        return False
    return silence_of(finding) not in turn.book.awaited


def _hold_against(turn: Turn[Fact], signal: Signal, finding: Finding | None) -> None:
    if finding is None:
        end_signal(turn, signal, Ended.WITHDRAWN, at=turn.event.time, because=turn.event.type.rpartition(".")[2])
    elif finding.cleared_by is not None and _is_over(turn, finding):
        cleared_by, anew = finding.cleared_by, isinstance(turn.fact, RulesChanged)
        end_signal(
            turn, signal, Ended.CLEARED, at=cleared_by.at, because=RULES_CHANGED if anew else cleared_by.kind.value
        )
    elif finding.at != signal.at:
        turn.book.put_signal(replace(signal, at=finding.at))


def _passes_at(turn: Turn[Fact], finding: Finding) -> datetime | None:
    """When a warning is over by time alone: what ends it is no fact that was told."""
    ended = finding.cleared_by
    told = ended is None or turn.state.history.get(ended.fact_id) is not None
    return None if ended is None or told else ended.at


def _stands(turn: Turn[Fact], finding: Finding, at: datetime) -> bool:
    """Whether a finding is a signal then: no fact has ended it, and its time has not passed."""
    passes_at = _passes_at(turn, finding)
    return finding.cleared_by is None or (passes_at is not None and passes_at > at)


def _expect(turn: Turn[Fact], found: Iterable[Finding]) -> None:
    """Set a timer for each silence that may become a signal: one a kind and matter, at the earliest of them."""
    expected: dict[Silence, datetime] = {}
    for finding in found:
        at = _expected_at(turn, finding) if finding.by_silence else None
        if at is not None:
            silence = silence_of(finding)
            expected[silence] = min(at, expected.get(silence, at))
    for silence, at in expected.items():
        late_reports = turn.book.policies.latest.policy.age.late_reports
        due_at = at if at > turn.now else turn.now + late_reports
        if turn.book.expect(turn.account_id, silence, due_at):
            turn.tx.set_timer(_timer(silence), cause=turn.event, due_at=due_at, made_of_silence=True)


def _expect_no_more(turn: Turn[Fact], fact: AccountFact) -> None:
    """Take back the timers of silences that a fact broke, before it is seen whether others begin."""
    for silence in broken_by(turn.state.history, fact):
        turn.book.expected.pop((turn.account_id, silence), None)
        turn.tx.cancel_timer(_timer(silence), turn.account_id)


def _timer(silence: Silence) -> SilenceEnded:
    return SilenceEnded(kind=silence.kind, case=silence.case, order=silence.order)


def _expected_at(turn: Turn[Fact], finding: Finding) -> datetime | None:
    """When a silence has lasted too long, and of a warning that was raised when it is over."""
    signal = turn.state.signals.get(finding.signal_id)
    if not _is_standing(signal):
        return finding.at if _stands(turn, finding, turn.now) else None
    return _passes_at(turn, finding)


def _signal(turn: Turn[Fact], finding: Finding) -> Signal:
    return signal_of_finding(finding, turn.event, turn.book, now=turn.now)
