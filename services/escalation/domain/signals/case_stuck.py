"""Nothing happens on an open case."""

from collections.abc import Iterator
from datetime import datetime

from services.escalation.domain.detections.case_turns import is_open, next_from_customer, turn_at
from services.escalation.domain.detections.detection import Clearing, Detection
from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.indexes import IndexName
from services.escalation.domain.detections.parts import Part
from services.escalation.domain.detections.scope import Scope
from services.escalation.domain.detections.thresholds import ThresholdsAt
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.signals.definition import SignalDefinition
from shared.contracts.escalation import SignalKind
from shared.contracts.support_inbound import WaitingFor


def stuck_cases(history: History, scope: Scope, thresholds: ThresholdsAt) -> Iterator[Detection]:
    """Open cases without progress for the allowed working time of the company, or with too long a turn of the
    customer."""
    for case in scope.cases_of(history):
        for fact, following in history.index(IndexName.PROGRESS, case).with_next(scope.stuck.since, scope.stuck.until):
            if following is not None and following.at == fact.at:
                continue
            in_force = thresholds(fact.at)
            rule = in_force.signals.case_stuck
            soonest = fact.at + min(rule.no_progress_for, rule.customers_turn_for)
            if (
                not rule.enabled
                or (following and following.at <= soonest)
                or not is_open(history, case, fact, thresholds)
            ):
                continue
            at = _stuck_at(history, fact, thresholds)
            if at is not None and (following is None or following.at > at):
                yield SIGNAL.found(history, fact, at=at, by_silence=True)


def _stuck_at(history: History, fact: AccountFact, thresholds: ThresholdsAt) -> datetime | None:
    """When a case has been without progress for too long. Never while it is nobody's turn, unless the customer asks."""
    assert fact.case_id is not None
    in_force = thresholds(fact.at)
    rule, turn = in_force.signals.case_stuck, turn_at(history, fact.case_id, fact.at, thresholds)
    if turn is None or turn is WaitingFor.US:
        return in_force.working.after(fact.at, rule.no_progress_for)
    first = next_from_customer(history, fact.case_id, fact.at)
    ours = in_force.working.after(first.at, rule.no_progress_for) if first is not None else None
    if turn is WaitingFor.NOBODY:
        return ours
    theirs = fact.at + rule.customers_turn_for
    return ours if first is not None and first.at < theirs else theirs


SIGNAL = SignalDefinition(
    kind=SignalKind.CASE_STUCK,
    label="Case stuck",
    counted=("a stuck case", "stuck cases"),
    headline=lambda _: "A case was flagged as stuck",
    raised_when=(
        "An open case made no progress for `no_progress_for` of the company's working time; while it is the customer's "
        "turn, for `customers_turn_for`."
    ),
    starts_with=(
        FactKind.CASE_OPENED,
        FactKind.CASE_REOPENED,
        FactKind.CASE_PROGRESSED,
        FactKind.CONTACT,
        FactKind.CUSTOMER_REACHED,
    ),
    settled_by=Clearing(
        "Progress: a new status, a conversation or an attempt by us on the case, its reopening or its end.",
        lambda matter: ((IndexName.PROGRESS, matter.case),),
    ),
    part=Part.STUCK,
    find=stuck_cases,
    examples="""
        nothing happens: 0 case_opened case=k -> 24
        progress in the last moment: 0 case_opened case=k, 24 case_progressed case=k -> 48
        progress too late: 0 case_opened case=k, 25 case_progressed case=k -> 24 to 25; 49
        an attempt of ours is progress: 0 case_opened case=k, 4 outbound voicemail case=k -> 28
        an attempt of the customer's is none: 0 case_opened case=k, 4 inbound unanswered case=k -> 24
        the customer's turn: 0 case_opened case=k waiting_for=customer -> 336
        resolved: 0 case_opened case=k, 4 case_resolved case=k -> never
    """,
)
