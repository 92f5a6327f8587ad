"""The customer keeps trying on one matter, and it is not resolved."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

from services.escalation.domain.detections.case_turns import ending_statuses, with_status
from services.escalation.domain.detections.detection import Clearing, Detection, Matter
from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.index import FactIndex
from services.escalation.domain.detections.indexes import IndexName, Key, is_inbound, is_two_way
from services.escalation.domain.detections.parts import Part
from services.escalation.domain.detections.scope import Scope
from services.escalation.domain.detections.thresholds import ThresholdsAt
from services.escalation.domain.detections.windows import END_OF_TIME, START_OF_TIME, Window
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.risk import Risk
from services.escalation.domain.signals.definition import SignalDefinition
from shared.contracts.escalation import SignalKind
from shared.formatting import ordinal
from shared.ids import derived


def repeated_contacts(history: History, scope: Scope, thresholds: ThresholdsAt) -> Iterator[Detection]:
    for case in scope.cases_of(history):
        ends = history.index(IndexName.RESOLVED, case)
        for times_resolved, since, until in _spans(ends, scope.repeated):
            for begun_by, run in _parts(history, case, thresholds, within=Window(since, until)):
                attempts = _Attempts(history, run, thresholds)
                first = attempts.at(0)
                if first is not None:
                    signal_id = derived("signal", first.account_id, case, times_resolved, *begun_by, SIGNAL.kind.value)
                    yield from _repeated(history, attempts, signal_id, thresholds)
    if scope.loose is not None:
        window = scope.loose.and_also(scope.repeated)
        talks = history.index(IndexName.TWO_WAY_WITHOUT_CASE)
        for _, since, until in _spans(talks, window):
            attempts = _Attempts(history, history.index(IndexName.LOOSE).within(since, until), thresholds)
            first = attempts.at(0)
            if first is not None:
                yield from _repeated(history, attempts, derived("signal", first.fact_id, SIGNAL.kind.value), thresholds)


def _spans(ends: FactIndex, window: Window) -> Iterator[tuple[int, datetime, datetime]]:
    """The runs from one end to the next, each with the number of earlier ends. Facts at the instant of an end precede
    it.

    Only runs that overlap the window, each as a whole.
    """
    if window.since > window.until:
        return
    for number in range(bisect_left(ends.instants, window.since), len(ends.instants) + 1):
        since = ends.instants[number - 1] if number else START_OF_TIME
        if since > window.until:
            return
        yield number, since, ends.instants[number] if number < len(ends.instants) else END_OF_TIME


def _parts(
    history: History, case: str, thresholds: ThresholdsAt, *, within: Window
) -> Iterator[tuple[tuple[UUID, ...], Iterable[AccountFact]]]:
    """A run of a case, split at the statuses that ended the case; a part after such a status has the status's id."""
    lines, since = history.index(IndexName.OF_CASE, case), within.since
    begun_by: tuple[UUID, ...] = ()
    for status in ending_statuses(history, case, thresholds, after=within.since, until=within.until):
        yield begun_by, lines.within(since, status.at)
        since, begun_by = status.at, (status.fact_id,)
    yield begun_by, lines.within(since, within.until)


class _Attempts:
    """The attempts of a run: the first line of each conversation that needs an answer. They are read as needed."""

    def __init__(self, history: History, run: Iterable[AccountFact], thresholds: ThresholdsAt) -> None:
        def within(line: AccountFact) -> timedelta:
            rule = thresholds(line.at).signals.contact_repeated
            return rule.same_conversation_within

        self._history = history
        self._lines = _conversations(run, within)
        self._conversations: set[UUID] = set()
        self._read: list[AccountFact] = []

    def at(self, place: int) -> AccountFact | None:
        """The attempt at this place of the run, from 0; None if there are fewer."""
        while len(self._read) <= place:
            read = next(self._lines, None)
            if read is None:
                return None
            line, conversation = read
            if conversation not in self._conversations and self._counts(line):
                self._conversations.add(conversation)
                self._read.append(line)
        return self._read[place]

    def _counts(self, line: AccountFact) -> bool:
        settled = line.result == "resolved" if line.case_id is not None else is_two_way(line)
        return is_inbound(line) and not settled and not self._history.needs_no_answer(line)


def _repeated(history: History, attempts: _Attempts, signal_id: UUID, thresholds: ThresholdsAt) -> Iterator[Detection]:
    """The signal that begins with the first attempt followed by enough others in the window, at the last of these."""
    for start in count():
        first = attempts.at(start)
        if first is None:
            return
        rule = thresholds(first.at).signals.contact_repeated
        last = attempts.at(start + rule.contacts - 1)
        if rule.enabled and last is not None and last.at - first.at <= rule.within:
            yield with_status(history, SIGNAL.found(history, first, at=last.at, signal_id=signal_id), thresholds)
            return


_WRITTEN = ("chat", "message", "web")
"""Channels on which people write line by line. On other channels each call, letter or visit is one contact."""


def _conversations(
    lines: Iterable[AccountFact], within: Callable[[AccountFact], timedelta]
) -> Iterator[tuple[AccountFact, UUID]]:
    """Each line of one matter with its conversation's first line. A conversation counts as one contact.

    `lines` are of both directions, in their order. Lines that name the same conversation belong together. Other lines
    belong together if they were written on one channel, each at most `within` after the line before.
    """
    named: dict[str, UUID] = {}
    last: dict[str, tuple[datetime, UUID]] = {}
    for line in lines:
        if line.kind is not FactKind.CONTACT:
            continue
        first = line.fact_id
        if line.conversation is not None:
            first = named.setdefault(line.conversation, first)
        elif line.channel in _WRITTEN and line.channel in last:
            before, known = last[line.channel]
            first = known if line.at <= before + within(line) else first
        if line.channel is not None:
            last[line.channel] = line.at, first
        yield line, first


def _resolved(matter: Matter) -> tuple[Key, ...]:
    if matter.case is None:
        return ((IndexName.TWO_WAY_WITHOUT_CASE,),)
    return ((IndexName.RESOLVED, matter.case),)


def _headline(risk: Risk) -> str:
    times = f"for the {ordinal(risk.contacts)} time" if risk.contacts else "again"
    return f"The customer contacted us {times} about the same issue"


SIGNAL = SignalDefinition(
    kind=SignalKind.CONTACT_REPEATED,
    label="Repeat contact",
    counted=("a repeated contact", "repeated contacts"),
    headline=_headline,
    raised_when=(
        "The customer contacted us `contacts` times about one matter within `within` of the first attempt, and no "
        "contact resolved it. A conversation is one contact."
    ),
    starts_with=(FactKind.CONTACT,),
    counts=FactKind.CONTACT,
    settled_by=Clearing(
        "A contact resolves the matter, or its case is over. Without a case: a conversation with the customer.",
        _resolved,
    ),
    part=Part.REPEATED,
    find=repeated_contacts,
    bad_contact=True,
    examples="""
        twice: 1 inbound answered case=k, 3 inbound answered case=k -> never
        three times: 1 inbound answered case=k, 3 inbound answered case=k, 9 inbound answered case=k -> 9
        on two cases: 1 inbound answered case=k, 3 inbound answered case=l, 9 inbound answered case=k -> never
        in eight days: 1 inbound answered case=k, 3 inbound answered case=k, 190 inbound answered case=k -> never
        one chat: 1 inbound chat answered case=k, 1.2 inbound chat answered case=k, 3 inbound answered case=k -> never
        without a case: 1 inbound unanswered, 2 inbound unanswered, 3 inbound unanswered, 9 outbound answered -> 3 to 9
        resolved by the third: 1 inbound answered case=k, 3 inbound answered case=k, 9 inbound resolved case=k -> never
    """,
)
