"""Whether a case is open, and whose turn it is, by its openings, ends and statuses. One look-up each.

Beside a resolution, a case has another way to end: a status by which it is nobody's turn and nothing is owed.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import takewhile

from services.escalation.domain.detections.detection import Detection
from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.index import in_order, is_after_ends, place_of
from services.escalation.domain.detections.indexes import ENDS_OF_CASE, IndexName
from services.escalation.domain.detections.thresholds import ThresholdsAt
from services.escalation.domain.detections.windows import END_OF_TIME
from services.escalation.domain.facts import AccountFact, FactKind
from shared.contracts.support_inbound import WaitingFor

_OURS = (WaitingFor.US, WaitingFor.CUSTOMER)
_ALONG = (WaitingFor.US, WaitingFor.CUSTOMER, WaitingFor.NOBODY)
"""The turns of a case by its progress: at the end nobody has to act."""


def is_open(history: History, case: str, fact: AccountFact, thresholds: ThresholdsAt) -> bool:
    """Whether a case is open after this fact. A case that was never opened is not open."""
    bound = history.index(IndexName.BOUNDS, case).up_to(fact)
    if bound is None or bound.kind not in ENDS_OF_CASE:
        return bound is not None
    return _came_back(history, bound, fact, thresholds)


def is_over(history: History, fact: AccountFact, thresholds: ThresholdsAt) -> bool:
    """Whether a fact is dated after the end of its case. Such a fact raises no signal that the end settles."""
    if fact.case_id is None:
        return False
    bound = history.index(IndexName.BOUNDS, fact.case_id).up_to(fact)
    if bound is not None and bound.kind in ENDS_OF_CASE and not _came_back(history, bound, fact, thresholds):
        return True
    return _is_nobodys(history, fact, bound, thresholds)


def _is_nobodys(history: History, fact: AccountFact, bound: AccountFact | None, thresholds: ThresholdsAt) -> bool:
    """Whether the last status since says that nothing is owed any more, without a later request by the customer."""
    assert fact.case_id is not None
    status, turn = _last_status(history, fact.case_id, fact.at, thresholds)
    if status is None or turn is not WaitingFor.NOBODY or status.kind is not FactKind.CASE_PROGRESSED:
        return False
    if bound is not None and in_order(status) < in_order(bound):
        return False
    next_contact = history.index(IndexName.BY_CUSTOMER, fact.case_id).after(status.at)
    return next_contact is None or next_contact.at > fact.at


def _came_back(history: History, end: AccountFact, fact: AccountFact, thresholds: ThresholdsAt) -> bool:
    """Whether a status after the end of a case says that it is someone's turn again, which reopens it silently.

    At one instant the status comes first, like an opening.
    """
    for status in history.index(IndexName.STATUS, end.case_id).from_to(end.at, fact.at):
        if in_order(end) < in_order(status) and thresholds(status.at).turn(status) in _OURS:
            return True
    return False


def turn_at(history: History, case: str, at: datetime, thresholds: ThresholdsAt) -> WaitingFor | None:
    """Whose turn it is on a case at this time: by the last status with a known word, and the customer's actions
    since."""
    status, turn = _last_status(history, case, at, thresholds)
    if status is None:
        return None
    next_contact = history.index(IndexName.BY_CUSTOMER, case).after(status.at)
    return turn if next_contact is None or next_contact.at > at else WaitingFor.US


def _last_status(
    history: History, case: str, at: datetime, thresholds: ThresholdsAt
) -> tuple[AccountFact, WaitingFor] | tuple[None, None]:
    """The last status until then with a known word, and the turn that it means.

    If several statuses have the same time, the one furthest along counts, in any order of arrival.
    """
    read = (
        (status, thresholds(status.at).turn(status)) for status in history.index(IndexName.STATUS, case).back_from(at)
    )
    known = ((status, turn) for status, turn in read if turn is not None)
    last, turn = next(known, (None, None))
    if last is None or turn is None:
        return None, None
    of_instant = takewhile(lambda one: (one[0].at, place_of(one[0])) == (last.at, place_of(last)), known)
    return last, max([turn, *(other for _, other in of_instant)], key=_ALONG.index)


def next_from_customer(history: History, case: str, after: datetime) -> AccountFact | None:
    """The customer's first contact or request on a case later than this."""
    return history.index(IndexName.BY_CUSTOMER, case).after(after)


def handed_to_customer(history: History, contact: AccountFact, until: datetime, thresholds: ThresholdsAt) -> bool:
    """Whether it became the customer's turn after their contact, by then. No answer to that contact is owed."""
    if contact.case_id is None:
        return False
    return any(
        thresholds(status.at).turn(status) is WaitingFor.CUSTOMER
        for status in history.index(IndexName.STATUS, contact.case_id).from_to(contact.at, until)
        if status.kind is not FactKind.CASE_OPENED or status.at > contact.at
    )


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
