"""The checker of runs with faults has its own implementation of the rules: in any history it finds
the service's signals.
"""

import json
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as some

from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.thresholds import Thresholds
from services.escalation.domain.facts import AccountFact, FactKind, remembered
from services.escalation.domain.policy.signal_rules import Signals
from services.escalation.domain.signals.find import detections
from shared.contracts import support
from shared.contracts.envelope import Envelope, Fact, envelope
from shared.contracts.escalation import SignalKind
from tests.faults.checker import findings as checker
from tests.faults.checker.evidence import Reported
from tests.faults.checker.facts import Fact as CheckersFact
from tests.faults.checker.facts import facts_of
from tests.faults.policy import terms_in_seconds, thresholds
from tests.simulation import happenings
from tests.simulation.happenings import ACCOUNTS, ORDERS, START
from tests.unit.accounts import RoundTheClock

_ACCOUNT = ACCOUNTS[0]
_IN_SECONDS = terms_in_seconds()
_RULES = {**_IN_SECONDS["signals"], "statuses": _IN_SECONDS["statuses"]}
_KINDS = [kind.value for kind in SignalKind]


@settings(max_examples=400)
@given(seed=some.integers(0, 2**32), size=some.integers(1, 40), off=some.sampled_from([None, *_KINDS]))
def test_checker_and_service_find_the_same_signals_even_if_a_kind_is_switched_off(
    seed: int, size: int, off: str | None
) -> None:
    chance = Random(seed)
    events = [_event(happenings.sale(chance, _ACCOUNT, order), f"sale-{order}") for order in ORDERS[_ACCOUNT]]
    now, pauses = START, chance.choice(((0, 0, 1, 3), (0, 1, 3, 12, 40, 300)))
    for number in range(size):
        now += timedelta(minutes=chance.choice(pauses))
        events.append(_event(happenings.fact_of(chance, _ACCOUNT, now), f"fact-{number}"))
    said = [_said(chance, chance.uniform(0, 1) * (now - START)) for _ in range(chance.choice((0, 0, 1, 3)))]
    ours = [fact for event in events for fact in remembered(event)] + said
    theirs = [fact for event in events for fact in _received(event)] + [_known(one) for one in said]
    assert _found_by_service(ours, off) == _found_by_checker(theirs, off)


def _event(report: happenings.Report, id: str) -> Envelope[Fact]:
    return envelope(report.fact, id=id, source="handoff/support", subject=report.subject, time=report.at)


def _said(chance: Random, after: timedelta) -> AccountFact:
    """A salesperson reports the customer's answer about the only promise of these sales, or about the result."""
    of_outcome = chance.random() < 0.3
    return AccountFact(
        fact_id=UUID(int=chance.getrandbits(128)),
        account_id=_ACCOUNT,
        kind=FactKind.OUTCOME_SAID if of_outcome else FactKind.PROMISE_SAID_KEPT,
        at=START + after,
        order_id=chance.choice(ORDERS[_ACCOUNT]),
        number=chance.choice((0, 1)) if of_outcome else None,
        what=None if of_outcome else "training",
    )


def _known(said: AccountFact) -> CheckersFact:
    data = {"reached": bool(said.number)}
    return CheckersFact(said.fact_id, said.kind.value, said.at, None, said.order_id, data, what=said.what)


def _received(event: Envelope[Fact]) -> list[CheckersFact]:
    kind = "contact_made" if isinstance(event.data, support.ContactDeadEnded) else event.type.rpartition(".")[2]
    data: dict[str, Any] = json.loads(event.data.model_dump_json(exclude_none=True))
    reported = Reported(
        "kafka", "support.inbound.v1", "desk", event.id, f"x.{kind}", event.subject, event.time, data, None
    )
    return list(facts_of(reported, {"source": event.source, "event_id": event.id}))


def _without(signals: dict[str, Any], off: str | None) -> dict[str, Any]:
    return signals if off is None else {**signals, off: {**signals[off], "enabled": False}}


def _found_by_service(facts: list[AccountFact], off: str | None) -> list[tuple[Any, ...]]:
    signals = _without(thresholds()["signals"], off)
    in_force = Thresholds(Signals.model_validate_json(json.dumps(signals)), RoundTheClock())
    return [
        (
            *(one.kind.value, one.signal_id, one.at, one.names_order),
            None if one.cleared_by is None else one.cleared_by.at,
            tuple(again.fact_id for again in one.again),
        )
        for one in detections(History(facts), lambda _at: in_force)
    ]


def _found_by_checker(facts: list[CheckersFact], off: str | None) -> list[tuple[Any, ...]]:
    return [
        (
            *(one.kind, one.id, one.at, one.names),
            one.passes if one.cleared is None else one.cleared.at,
            tuple(again.id for again in one.again),
        )
        for one in checker.findings(_ACCOUNT, facts, _without(_RULES, off))
    ]
