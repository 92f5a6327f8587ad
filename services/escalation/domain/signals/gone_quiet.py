"""A bad contact or a low rating, followed by silence: the customer leaves without a complaint."""

from collections.abc import Iterator
from datetime import datetime

from services.escalation.domain.detections.case_turns import lasts
from services.escalation.domain.detections.detection import Clearing, Detection
from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.indexes import IndexName
from services.escalation.domain.detections.parts import Part
from services.escalation.domain.detections.scope import Scope
from services.escalation.domain.detections.thresholds import ThresholdsAt, is_low
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.signals.definition import SignalDefinition
from shared.contracts.escalation import SignalKind


def quiet_customers(history: History, scope: Scope, thresholds: ThresholdsAt) -> Iterator[Detection]:
    if scope.quiet is None:
        return
    for fact in history.index(IndexName.UNHAPPY).from_to(scope.quiet.since, scope.quiet.until):
        signals = thresholds(fact.at).signals
        if not signals.gone_quiet.enabled or _is_fine(fact, thresholds):
            continue
        at = fact.at + signals.gone_quiet.silent_for
        if not _broken(history, fact, at, thresholds) and not _followed(history, fact, at, thresholds):
            yield SIGNAL.found(history, fact, at=at, by_silence=True)


def _is_fine(fact: AccountFact, thresholds: ThresholdsAt) -> bool:
    """Whether it is a rating above the mark."""
    if fact.kind is not FactKind.RATED:
        return False
    return not is_low(fact, thresholds(fact.at).signals.satisfaction_low)


def _broken(history: History, fact: AccountFact, until: datetime, thresholds: ThresholdsAt) -> bool:
    """Whether the customer made contact by then, or the same case ended."""
    if not lasts(history, fact, until, thresholds):
        return True
    in_touch = history.index(IndexName.IN_TOUCH).after(fact.at)
    over = history.index(IndexName.OVER, fact.case_id).settling(fact.at) if fact.case_id is not None else None
    return any(one is not None and one.at <= until for one in (in_touch, over))


def _followed(history: History, fact: AccountFact, until: datetime, thresholds: ThresholdsAt) -> bool:
    """Whether another bad contact or low rating followed by then, so that this was not the last."""
    for other in history.index(IndexName.UNHAPPY).beyond(fact):
        if other.at > until:
            return False
        if not _is_fine(other, thresholds):
            return True
    return False


SIGNAL = SignalDefinition(
    kind=SignalKind.GONE_QUIET,
    label="Gone quiet",
    counted=("a long silence", "long silences"),
    headline=lambda _: "No word from the customer since a bad contact or low rating; flagged",
    raised_when=(
        "After a bad contact or a low rating, no word from the customer and no conversation for `silent_for`, unless "
        "the same case was resolved or closed in the meantime."
    ),
    starts_with=(FactKind.CONTACT, FactKind.RATED),
    settled_by=Clearing(
        "The customer contacts us, or someone speaks with them.", lambda _matter: ((IndexName.IN_TOUCH,),)
    ),
    part=Part.QUIET,
    find=quiet_customers,
    bad_contact=True,
    examples="""
        after a dead end: 1 inbound dead_end -> 337
        after a low rating: 1 rated 200 case=k -> 337
        after a good rating: 1 rated 800 case=k -> never
        after a conversation that helped: 1 inbound resolved -> never
        the customer calls: 1 inbound dead_end, 300 inbound answered -> never
        the customer calls too late: 1 inbound dead_end, 350 inbound answered -> 337 to 350
        the case was resolved: 1 inbound dead_end case=k, 5 case_resolved case=k -> never
    """,
)
