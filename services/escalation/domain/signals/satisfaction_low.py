"""The customer gave a low rating."""

from bisect import bisect_right
from collections.abc import Iterator

from services.escalation.domain.detections.detection import Clearing, Detection
from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.indexes import IndexName
from services.escalation.domain.detections.parts import Part
from services.escalation.domain.detections.scope import Scope
from services.escalation.domain.detections.thresholds import ThresholdsAt, is_low, mark_of
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.signals.definition import SignalDefinition
from shared.contracts.escalation import SignalKind


def low_ratings(history: History, scope: Scope, thresholds: ThresholdsAt) -> Iterator[Detection]:
    matters: list[str | None] = list(scope.cases_of(history))
    if scope.loose_ratings:
        matters.append(None)
    for case in matters:
        yield from _of_matter(history, case, thresholds)


def _of_matter(history: History, case: str | None, thresholds: ThresholdsAt) -> Iterator[Detection]:
    """Low ratings of a matter. Later ratings are judged by the mark of the low rating that they could offset."""
    ratings = history.index(IndexName.OF_KIND, FactKind.RATED, "case", case).facts
    above: dict[int, list[AccountFact]] = {}
    for fact in ratings:
        rule = thresholds(fact.at).signals.satisfaction_low
        if not rule.enabled or not is_low(fact, rule):
            continue
        mark = mark_of(rule)
        if mark not in above:
            above[mark] = [one for one in ratings if (one.number or 0) > mark]
        better = above[mark]
        place = bisect_right(better, fact.at, key=lambda one: one.at)
        ended = better[place] if place < len(better) else None
        kind, own_id = SIGNAL.kind, SIGNAL.own_id(fact)
        yield Detection(own_id, kind, fact.at, fact, case, history.order_of(fact), cleared_by=ended)


SIGNAL = SignalDefinition(
    kind=SignalKind.SATISFACTION_LOW,
    label="Low rating",
    counted=("a low rating", "low ratings"),
    headline=lambda _: "The customer gave a low rating",
    raised_when="The customer gave a rating of at most `at_most` as a share of its scale.",
    starts_with=(FactKind.RATED,),
    settled_by=Clearing(
        "A later rating above the threshold for the same case, or without a case if neither rating has one.",
        lambda matter: ((IndexName.OF_KIND, FactKind.RATED, "case", matter.case),),
    ),
    part=Part.RATINGS,
    find=low_ratings,
    examples="""
        two of five stars: 1 rated 400 case=k -> 1
        just above the mark: 1 rated 401 case=k -> never
        a better rating of the same case: 1 rated 200 case=k, 2 rated 800 case=k -> 1 to 2
        a better rating of another case: 1 rated 200 case=k, 2 rated 800 case=l -> 1
        as low again: 1 rated 200 case=k, 2 rated 400 case=k -> 1; 2
        the case is resolved: 1 rated 200 case=k, 2 case_resolved case=k -> 1
    """,
)
