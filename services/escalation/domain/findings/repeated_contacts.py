"""The customer keeps trying on one matter, and it is not resolved."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import groupby
from uuid import UUID

from services.escalation.domain.facts import AccountFact
from services.escalation.domain.findings.conversations import conversations
from services.escalation.domain.findings.finding import Finding
from services.escalation.domain.findings.history import History
from services.escalation.domain.findings.lane import Lane
from services.escalation.domain.findings.lanes import LaneName, is_inbound, is_two_way
from services.escalation.domain.findings.raising import found
from services.escalation.domain.findings.scope import ALWAYS, NEVER, Scope, Window
from services.escalation.domain.findings.terms import TermsAt
from shared.contracts.escalation import SignalKind
from shared.ids import derived

KIND = SignalKind.CONTACT_REPEATED


def repeated_contacts(history: History, scope: Scope, terms: TermsAt) -> Iterator[Finding]:
    for case in scope.cases_of(history):
        lines = history.lane(LaneName.OF_CASE, case).facts
        contacts = [fact for fact in lines if is_inbound(fact) and fact.result != "resolved"]
        if len(contacts) < 2:
            continue
        counted = _Counting(history, lines, terms)
        for times_resolved, run in _runs(contacts, history.lane(LaneName.RESOLVED, case)):
            signal_id = derived("signal", run[0].account_id, case, times_resolved, KIND.value)
            yield from _repeated(history, counted.contacts(run), signal_id, terms)
    if scope.loose is not None:
        loose = _whole_matters(history, scope.loose)
        lines = history.lane(LaneName.LOOSE).from_to(loose.since, loose.until)
        contacts = [fact for fact in lines if is_inbound(fact) and not is_two_way(fact)]
        counted = _Counting(history, lines, terms)
        for _, run in _runs(contacts, history.lane(LaneName.TWO_WAY_WITHOUT_CASE)):
            run = counted.contacts(run)
            if run:
                yield from _repeated(history, run, derived("signal", run[0].fact_id, KIND.value), terms)


class _Counting:
    """Which lines of a matter count as contacts: the first of each conversation that needs an answer."""

    def __init__(self, history: History, lines: Sequence[AccountFact], terms: TermsAt) -> None:
        def within(line: AccountFact) -> timedelta:
            rule = terms(line.at, history.order_of(line)).signals.contact_repeated
            return rule.same_conversation_within

        self._history = history
        self._begun = conversations(lines, within)

    def contacts(self, run: Sequence[AccountFact]) -> Sequence[AccountFact]:
        first: dict[UUID, AccountFact] = {}
        for line in run:
            if not self._history.needs_no_answer(line):
                first.setdefault(self._begun[line.fact_id], line)
        return list(first.values())


def _whole_matters(history: History, window: Window) -> Window:
    """The window, widened to the talks without a case at its ends: a matter is what lies between two of them."""
    talks = history.lane(LaneName.TWO_WAY_WITHOUT_CASE)
    before = talks.before(window.since)
    after = talks.after(window.until)
    return Window(before.at if before else ALWAYS, after.at if after else NEVER)


def _runs(contacts: list[AccountFact], ends: Lane) -> Iterator[tuple[int, Sequence[AccountFact]]]:
    """Several contacts between two ends, with how many ends were before; one at the instant of an end is before it."""
    for ended, grouped in groupby(contacts, key=lambda fact: bisect_left(ends.instants, fact.at)):
        run = list(grouped)
        if len(run) > 1:
            yield ended, run


def _repeated(history: History, run: Sequence[AccountFact], signal_id: UUID, terms: TermsAt) -> Iterator[Finding]:
    """The first attempt from which on there were enough within the window, at the attempt that was one too many."""
    for start, first in enumerate(run[:-1]):
        rule = terms(first.at, history.order_of(first)).signals.contact_repeated
        last = start + rule.contacts - 1
        if rule.enabled and last < len(run) and run[last].at - first.at <= rule.within:
            yield found(history, KIND, first, at=run[last].at, signal_id=signal_id)
            return
