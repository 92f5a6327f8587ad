"""Requests for a refund or a cancellation: a repeated request is one request. Some requests are withdrawn."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.escalation.domain.detections.detection import Clearing, Detection, Matter
from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.indexes import IndexName, Key, request_key
from services.escalation.domain.detections.scope import Scope
from services.escalation.domain.detections.thresholds import ThresholdsAt
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.policy.signal_rules import RequestRule
from services.escalation.domain.signals.definition import SignalDefinition


def until_withdrawn(kind: FactKind) -> Clearing:
    """The end of a request by a withdrawal of this kind."""

    def keys(matter: Matter) -> tuple[Key, ...]:
        named = (("case", matter.case), ("order", matter.order))
        indexes = (((IndexName.OF_KIND, kind, *name)) for name in named if name[1] is not None)
        return (*indexes, (IndexName.OF_KIND, kind, "neither"))

    sentence = (
        "The request is withdrawn: for its case if the withdrawal names one, else for its order, else for the account."
    )
    return Clearing(sentence, keys)


def requests(history: History, scope: Scope, thresholds: ThresholdsAt, signal: SignalDefinition) -> Iterator[Detection]:
    """Each request with its repetitions: they are one signal, from the earliest on."""
    if scope.requests is None:
        return
    first: dict[UUID, Detection] = {}
    matters: set[Key] = set()
    window = scope.requests
    for fact in history.index(IndexName.OF_KIND, FactKind(signal.kind.value)).from_to(window.since, window.until):
        matter = request_key(fact)
        if matter not in matters:
            matters.add(matter)
            first |= {
                one.cause.fact_id: one
                for one in _requests_of(history, history.index(*matter).facts, thresholds, signal)
            }
        if fact.fact_id in first:
            yield first[fact.fact_id]


def _requests_of(
    history: History, requests: Sequence[AccountFact], thresholds: ThresholdsAt, signal: SignalDefinition
) -> Iterator[Detection]:
    """The requests about one matter, each with its repetitions."""
    detection: Detection | None = None
    for fact in requests:
        rule = thresholds(fact.at).signals.request(signal.kind)
        if not rule.enabled:
            continue
        if detection is not None and _is_the_same(history, detection, fact, rule):
            detection = replace(detection, again=(*detection.again, fact))
            continue
        if detection is not None:
            yield detection
        detection = signal.by_itself(history, fact)
    if detection is not None:
        yield detection


def _is_the_same(history: History, detection: Detection, fact: AccountFact, rule: RequestRule) -> bool:
    """Whether a fact repeats the earlier request: it stands, its episode is open, and no talk came in between."""
    earliest = detection.cause
    if fact.at > earliest.at + rule.same_request_within:
        return False
    talked = history.index(IndexName.TWO_WAY).after(earliest.at)
    if any(_was_closed(history, one, fact.at) for one in (earliest, *detection.again)):
        return False
    settled = detection.cleared_by is not None and detection.cleared_by.at == fact.at
    over = (talked, detection.cleared_by)
    return all(one is None or one.at > fact.at or (settled and one is detection.cleared_by) for one in over)


def _was_closed(history: History, request: AccountFact, at: datetime) -> bool:
    """Whether the episode of a request was closed at this time.

    A request made while it was closed stays a separate request after it was reopened.
    """
    last = next(history.index(IndexName.CLOSED_REQUEST, str(request.fact_id)).back_from(at), None)
    return last is not None and last.kind is FactKind.REQUEST_CLOSED
