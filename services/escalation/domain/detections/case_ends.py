"""The other way for a case to end than a resolution: a status by which it is nobody's turn and nothing is owed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from services.escalation.domain.detections.detection import Detection
from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.index import in_order, is_after_ends
from services.escalation.domain.detections.indexes import IndexName
from services.escalation.domain.detections.thresholds import ThresholdsAt
from services.escalation.domain.detections.windows import END_OF_TIME
from services.escalation.domain.facts import AccountFact, FactKind
from shared.contracts.support_inbound import WaitingFor


def ending_statuses(
    history: History, case: str | None, thresholds: ThresholdsAt, *, after: datetime, until: datetime = END_OF_TIME
) -> Iterator[AccountFact]:
    """The statuses that end a case, later than `after` and no later than `until`."""
    if case is None:
        return
    for status in history.index(IndexName.STATUS, case).within(after, until):
        if _ends(status, thresholds):
            yield status


def over_by_status(
    history: History, cause: AccountFact, after: datetime, thresholds: ThresholdsAt
) -> AccountFact | None:
    """The first status later than this that ends the case of `cause`, or one of the same instant, as an end."""
    if cause.case_id is not None and (cause.at != after or not is_after_ends(cause)):
        for status in history.index(IndexName.STATUS, cause.case_id).from_to(after, after):
            if _ends(status, thresholds):
                return status
    return next(ending_statuses(history, cause.case_id, thresholds, after=after), None)


def with_status(history: History, detection: Detection, thresholds: ThresholdsAt) -> Detection:
    """A detection that ends with its case, ended by such a status if the status comes first."""
    status = over_by_status(history, detection.cause, detection.at, thresholds)
    if status is None or (detection.cleared_by is not None and in_order(detection.cleared_by) < in_order(status)):
        return detection
    return replace(detection, cleared_by=status)


def lasts(history: History, cause: AccountFact, until: datetime, thresholds: ThresholdsAt) -> bool:
    """Whether no status until then says that nothing is owed any more on the case of `cause`."""
    status = over_by_status(history, cause, cause.at, thresholds)
    return status is None or status.at > until


def _ends(status: AccountFact, thresholds: ThresholdsAt) -> bool:
    turn = thresholds(status.at).turn(status)
    return status.kind is FactKind.CASE_PROGRESSED and turn is WaitingFor.NOBODY
