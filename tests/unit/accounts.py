"""Facts of an account and the terms that judge them, for the tests of findings: hours after AT."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.escalation.domain.detections.detection import Detection
from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.thresholds import Thresholds, ThresholdsAt
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.policy.signal_rules import Signals
from services.escalation.domain.signals.find import detections
from shared.contracts.escalation import SignalKind
from shared.ids import derived
from tests.builders import ACCOUNT, AT

_THRESHOLDS: dict[SignalKind, dict[str, Any]] = {
    SignalKind.CONTACT_DEAD_ENDED: {"answer_within": "4h"},
    SignalKind.CONTACT_REPEATED: {"contacts": 3, "within": "24h"},
    SignalKind.CASE_STUCK: {"no_progress_for": "16h"},
    SignalKind.CASE_BOUNCED: {"reassignments": 3},
    SignalKind.RESPONSE_DUE: {"warn_before": "2h"},
    SignalKind.SATISFACTION_LOW: {"at_most": 0.4},
    SignalKind.ORDER_STALLED: {"reached_within": "8h"},
    SignalKind.GONE_QUIET: {"silent_for": "48h"},
}


def rules(*, only: SignalKind | None = None, **thresholds: dict[str, Any]) -> Signals:
    """All rules, or those of one kind alone; thresholds by kind replace the ones above."""
    return Signals.model_validate(
        {
            kind.value: {"severity": "high", "enabled": only in (None, kind)}
            | _THRESHOLDS.get(kind, {})
            | thresholds.get(kind.value, {})
            for kind in SignalKind
        }
    )


class RoundTheClock:
    """Working time that never pauses."""

    def after(self, start: datetime, working: timedelta) -> datetime:
        return start + working


class Twice:
    """Working time half as fast as the clock, as for people who work twelve hours a day."""

    def after(self, start: datetime, working: timedelta) -> datetime:
        return start + 2 * working


def always(signals: Signals, working: RoundTheClock | Twice | None = None) -> ThresholdsAt:
    """The same terms at any time."""
    thresholds = Thresholds(signals, working or RoundTheClock())
    return lambda at: thresholds


def hours(count: float) -> datetime:
    """This many hours after AT."""
    return AT + timedelta(hours=count)


def fact(kind: FactKind, at: float, *, case: str | None = None, order: str | None = None, **more: Any) -> AccountFact:
    """A fact this many hours after AT; its id is derived from its whole content, unless `id` names it."""
    number = more.pop("id", None)
    due = more.pop("due", None)
    reported = {"case_id": case, "order_id": order, "due_at": None if due is None else hours(due)} | more
    fact_id = UUID(int=number) if number else derived("test", kind, at, sorted(reported.items()).__repr__())
    return AccountFact(fact_id=fact_id, account_id=ACCOUNT, kind=kind, at=hours(at), **reported)


def inbound(at: float, result: str = "unanswered", **more: Any) -> AccountFact:
    """The customer calls."""
    return fact(FactKind.CONTACT, at, **({"direction": "inbound", "channel": "phone", "result": result} | more))


def outbound(at: float, result: str = "answered", **more: Any) -> AccountFact:
    """We call the customer."""
    return inbound(at, result, **({"direction": "outbound"} | more))


def reached(at: float, **more: Any) -> AccountFact:
    """A salesperson reports that they talked with the customer."""
    return fact(FactKind.CUSTOMER_REACHED, at, **({"channel": "phone"} | more))


def of_kind(kind: SignalKind, *facts: AccountFact, working: RoundTheClock | Twice | None = None) -> list[Detection]:
    """The findings of one kind, with that kind alone enabled."""
    found = detections(History(facts), always(rules(only=kind), working))
    assert all(detection.kind is kind for detection in found)
    return found


def reported(kind: SignalKind, *facts: AccountFact) -> list[tuple[float, float | None]]:
    """The findings of one kind: when each began and when it was cleared, in hours after AT."""
    return [times(detection) for detection in of_kind(kind, *facts)]


def times(detection: Detection) -> tuple[float, float | None]:
    """When a finding began and when it was cleared, in hours after AT."""
    return _hours(detection.at), _cleared(detection)


def _cleared(detection: Detection) -> float | None:
    return None if detection.cleared_by is None else _hours(detection.cleared_by.at)


def _hours(at: datetime) -> float:
    return (at - AT).total_seconds() / 3600
