"""A promised answer is due soon."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from services.escalation.domain.detections.case_turns import with_status
from services.escalation.domain.detections.detection import Clearing, Detection, merged, trouble_of
from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.parts import Part
from services.escalation.domain.detections.scope import Scope
from services.escalation.domain.detections.thresholds import ThresholdsAt
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.signals.definition import SignalDefinition
from services.escalation.domain.signals.response_overdue import (
    answered_or_over,
    is_waited_for,
    overdue,
    promised_answers,
    widened_to_whole_matters,
)
from shared.contracts.escalation import SignalKind
from shared.ids import derived


def responses_due(history: History, scope: Scope, thresholds: ThresholdsAt) -> Iterator[Detection]:
    """Warnings, some time before a promised answer is due. The signal that the answer is overdue ends them.

    If the policy raises no such signal, a warning stands until the answer is given.
    """
    return merged(_due(history, widened_to_whole_matters(history, scope), thresholds))


def _due(history: History, scope: Scope, thresholds: ThresholdsAt) -> Iterator[Detection]:
    promised = list(promised_answers(history, scope, thresholds))
    if not promised:
        return
    late = {trouble_of(detection): detection for detection in overdue(history, scope, thresholds)}
    for promise, due_at in promised:
        rule = thresholds(promise.at).signals.response_due
        at = max(promise.at, due_at - rule.warn_before)
        if not rule.enabled or at >= due_at or not is_waited_for(history, promise, at, thresholds):
            continue
        warning = with_status(history, SIGNAL.found(history, promise, at=at, by_silence=True), thresholds)
        known = late.get(trouble_of(warning))
        if known is None or known.at > at:
            yield warning if known is None else _ending(warning, known)


def _ending(warning: Detection, late: Detection) -> Detection:
    """A warning with its first end: the answer in time, or the overdue answer."""
    if warning.cleared_by is not None and warning.cleared_by.at <= late.at:
        return warning
    if late.waits:
        return replace(warning, cleared_by=_passing(late.cause, late.at))
    return replace(warning, cleared_by=replace(late.reported_by or late.cause, at=late.at))


def _passing(promise: AccountFact, due_at: datetime) -> AccountFact:
    """The passing of the promised time, as a fact."""
    fact_id = derived("fact", promise.fact_id, FactKind.RESPONSE_OVERDUE)
    return replace(promise, fact_id=fact_id, kind=FactKind.RESPONSE_OVERDUE, at=due_at)


SIGNAL = SignalDefinition(
    kind=SignalKind.RESPONSE_DUE,
    label="Answer due soon",
    counted=("an answer falling due", "answers falling due"),
    headline=lambda _: "A promised answer was flagged as due soon",
    raised_when=(
        "A promised answer is due within `warn_before`, has not been given, and no other answer on the matter is "
        "overdue."
    ),
    starts_with=(FactKind.RESPONSE_PROMISED,),
    settled_by=Clearing(
        "A conversation with the customer about the matter, the end of its case, or the signal of an overdue answer.",
        answered_or_over,
    ),
    part=Part.CASES,
    find=responses_due,
    of_its_own=False,
    examples="""
        nobody answers: 1 response_promised due=8 case=k -> 6 to 8
        answered before: 1 response_promised due=8 case=k, 6 outbound answered case=k -> never
        answered in time: 1 response_promised due=8 case=k, 7 outbound answered case=k -> 6 to 7
        promised at short notice: 1 response_promised due=2 case=k -> 1 to 2
        said to be overdue before: 1 response_promised due=8 case=k, 5 response_overdue case=k -> never
        the case is resolved: 1 response_promised due=8 case=k, 7 case_resolved case=k -> 6 to 7
    """,
)
