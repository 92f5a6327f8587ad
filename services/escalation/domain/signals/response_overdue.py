"""A promised answer is overdue."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from services.escalation.domain.detections.case_turns import is_over, lasts, with_status
from services.escalation.domain.detections.detection import Clearing, Detection, Matter, merged, over, two_way_on_matter
from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.indexes import IndexName, Key
from services.escalation.domain.detections.parts import Part
from services.escalation.domain.detections.scope import Scope
from services.escalation.domain.detections.thresholds import ThresholdsAt
from services.escalation.domain.detections.windows import END_OF_TIME, Window
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.signals.definition import SignalDefinition
from shared.contracts.escalation import SignalKind


def responses_overdue(history: History, scope: Scope, thresholds: ThresholdsAt) -> Iterator[Detection]:
    """Overdue answers: reported as overdue, or past the promised time. Until the answer it is one trouble."""
    return overdue(history, widened_to_whole_matters(history, scope), thresholds)


def overdue(history: History, scope: Scope, thresholds: ThresholdsAt) -> Iterator[Detection]:
    return merged(_each(history, scope, thresholds))


def _each(history: History, scope: Scope, thresholds: ThresholdsAt) -> Iterator[Detection]:
    for fact in scope.starting(history, FactKind.RESPONSE_OVERDUE):
        if SIGNAL.is_on(fact, thresholds) and not is_over(history, fact, thresholds):
            yield with_status(history, SIGNAL.by_itself(history, fact), thresholds)
    for promise, due_at in promised_answers(history, scope, thresholds):
        if SIGNAL.is_on(promise, thresholds) and is_waited_for(history, promise, due_at, thresholds):
            late = SIGNAL.found(history, promise, at=due_at, by_silence=True)
            yield with_status(history, late, thresholds)


def is_waited_for(history: History, promise: AccountFact, until: datetime, thresholds: ThresholdsAt) -> bool:
    """Whether a promised answer was not given by then, and is still owed."""
    return SIGNAL.unbroken(history, promise, until=until) and lasts(history, promise, until, thresholds)


def widened_to_whole_matters(history: History, scope: Scope) -> Scope:
    """A scope, widened to the end of the signals that begin at the last instant of its loose facts."""
    if scope.loose is None:
        return scope
    after = history.index(IndexName.TWO_WAY_WITHOUT_CASE, None).after(scope.loose.until)
    return replace(scope, loose=Window(scope.loose.since, after.at if after else END_OF_TIME))


def promised_answers(
    history: History, scope: Scope, thresholds: ThresholdsAt
) -> Iterator[tuple[AccountFact, datetime]]:
    """Each promise with the time it passes, never before it was made.

    A promise after the end of its case does not count.
    """
    for promise in scope.starting(history, FactKind.RESPONSE_PROMISED):
        if promise.due_at is not None and not is_over(history, promise, thresholds):
            yield promise, max(promise.at, promise.due_at)


def answered_or_over(matter: Matter) -> tuple[Key, ...]:
    return (*two_way_on_matter(matter), *over(matter))


SIGNAL = SignalDefinition(
    kind=SignalKind.RESPONSE_OVERDUE,
    label="Answer overdue",
    counted=("an overdue answer", "overdue answers"),
    headline=lambda _: "A promised answer became overdue",
    raised_when=(
        "A promised answer is reported as overdue, or its time passed without one. Until the matter is answered it is "
        "one signal, dated from the earliest report, however often it is reported."
    ),
    starts_with=(FactKind.RESPONSE_PROMISED, FactKind.RESPONSE_OVERDUE),
    settled_by=Clearing("A conversation with the customer about the matter, or the end of its case.", answered_or_over),
    part=Part.CASES,
    find=responses_overdue,
    examples="""
        nobody answers: 1 response_promised due=8 case=k -> 8
        answered in time: 1 response_promised due=8 case=k, 8 outbound answered case=k -> never
        answered too late: 1 response_promised due=8 case=k, 9 outbound answered case=k -> 8 to 9
        answered on another case: 1 response_promised due=8 case=k, 5 outbound answered case=l -> 8
        it is reported: 5 response_overdue case=k -> 5
        it passed, and it is reported: 1 response_promised due=8 case=k, 9 response_overdue case=k -> 8
        the case is resolved: 1 response_promised due=8 case=k, 5 case_resolved case=k -> never
    """,
)
