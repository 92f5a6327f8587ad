"""The stored signals are those that all facts of an account amount to when they are judged together."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from services.escalation.domain.calendar import company_calendar
from services.escalation.domain.detections.detection import Detection
from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.thresholds import Thresholds
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.own_facts import SilenceEnded
from services.escalation.domain.policy.versions import Policies
from services.escalation.domain.signals.find import detections
from shared.contracts.escalation import SignalKind
from shared.timers import timer_id
from tests.simulation.commits import require
from tests.simulation.database import Database
from tests.simulation.tables import FACTS, SIGNALS, TIMERS, Row

_POLICY = Policies.shipped().latest.policy
_TERMS = Thresholds(_POLICY.signals, company_calendar(_POLICY.company))


def signals_are_what_the_facts_say(database: Database) -> None:
    """The signals that stand are those found from all facts, in whichever order the facts arrived."""
    histories: dict[str, list[AccountFact]] = {}
    for row in database.tables[FACTS].values():
        fact = AccountFact(**{**row, "kind": FactKind(row["kind"])})
        histories.setdefault(fact.account_id, []).append(fact)
    for account, facts in histories.items():
        history = History(facts)
        found = [_as_of_now(database, history, one) for one in detections(history, lambda _at: _TERMS)]
        kept = {id: row for (id,), row in database.tables[SIGNALS].items() if row["account_id"] == account}
        _check_found(database, account, found, kept)


def _as_of_now(database: Database, history: History, detection: Detection) -> Detection:
    """A signal that ends by time alone still stands until its timer fires."""
    ended = detection.cleared_by
    if ended is None or history.get(ended.fact_id) is not None:
        return detection
    waits = (_silence_timer(detection),) in database.tables[TIMERS]
    return replace(detection, cleared_by=None) if ended.at > database.now or waits else detection


def _silence_timer(detection: Detection) -> UUID:
    cause = detection.cause
    silence = SilenceEnded(kind=detection.kind, case=cause.case_id, order=cause.order_id)
    return timer_id(silence, cause.account_id, silence.model_dump_json())


def _check_found(database: Database, account: str, found: list[Detection], kept: dict[Any, Row]) -> None:
    standing = {id for id, row in kept.items() if row["ended"] is None}
    lasting = {one.signal_id: one for one in found if one.cleared_by is None}
    for id in standing:
        require(
            id in lasting, f"a signal stands that does not follow from the facts: {kept[id]['kind']} {kept[id]['at']}"
        )
        require(kept[id]["at"] == lasting[id].at, f"a signal stands with another time: {kept[id]['kind']}")
        _check_money(lasting[id], kept[id])
    for one in lasting.values():
        if one.signal_id in standing:
            continue
        require(one.waits, f"a signal was swallowed: {one.kind.value} at {one.at}")
        require(
            (_silence_timer(one),) in database.tables[TIMERS],
            f"a silence has no timer: {one.kind.value} at {one.at} of {one.cause.case_id} {one.cause.order_id}",
        )


def _check_money(detection: Detection, kept: Row) -> None:
    """The kind of refund, the amount requested or refunded, and the customer's reason, whichever event raised the
    signal."""
    amounts = [one for one in (detection.cause, *detection.again) if one.amount_minor]
    amount = amounts[-1].amount_minor if amounts else None
    refund_kind = detection.cause.what if detection.kind is SignalKind.REFUND_REQUESTED else None
    reasons = [one.reason_code for one in (detection.cause, *detection.again) if one.reason_code]
    reported = (amount, refund_kind, reasons[-1] if reasons else None)
    said = (kept["amount_minor"], kept["refund_kind"], kept["reason_code"])
    require(said == reported, f"{detection.kind} says {said} and its facts {reported}")
