"""One trouble counts once, whichever sources report it, however often, and in whichever order."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from services.escalation.domain.own_facts import AcknowledgePressed
from shared.contracts import orders, support
from shared.contracts.envelope import Fact
from shared.contracts.support_inbound import ContactChannel, ContactResult, Direction
from tests.simulation import happenings
from tests.simulation.deciding import Deciding
from tests.simulation.happenings import START, Report
from tests.simulation.tables import ALERTS, EPISODES, SIGNALS, Row

_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)
_LATE_REPORTS = _HOUR / 2
"""Longer than the wait for late facts of a silence that was already over when it was found."""


@pytest.fixture
def service() -> Deciding:
    return _sold()


def _sold(delivery_due_at: datetime | None = None) -> Deciding:
    """A small order without a seller, and the desk."""
    service = Deciding()
    desk = orders.SalespersonChanged(name="Desk", working_hours=happenings.ALWAYS)
    service.receive(Report(desk, "desk", START))
    service.receive(happenings.directory_change(Random(1), START))
    sale = happenings.sale(Random(1), "north", "n-1", sold_by=None)
    plain = {"promises": (), "delivery_due_at": delivery_due_at, "amount_minor": 5_000}
    service.receive(replace(sale, fact=sale.fact.model_copy(update=plain)))
    return service


def _report(service: Deciding, fact: Fact, at: datetime | None = None) -> None:
    service.receive(Report(fact, "north", at or service.now))


def _dead_end(case: str = "case-2") -> Fact:
    inbound = {"direction": Direction.INBOUND, "channel": ContactChannel.PHONE, "result": ContactResult.DEAD_END}
    return support.ContactDeadEnded.model_validate({"case": case, **inbound})


def _call(result: ContactResult, case: str = "case-1", agent: str | None = None) -> Fact:
    direction = Direction.OUTBOUND if agent else Direction.INBOUND
    return support.ContactMade(case=case, direction=direction, channel=ContactChannel.PHONE, result=result, agent=agent)


def _promise(hours: float) -> Fact:
    return support.ResponsePromised(case="case-1", due_at=START + hours * _HOUR)


_OVERDUE = support.ResponseOverdue(case="case-1")


def _episode(service: Deciding) -> Row:
    (episode,) = service.database.tables[EPISODES].values()
    return episode


def _standing(service: Deciding) -> Counter[str]:
    return Counter(row["kind"] for row in service.database.tables[SIGNALS].values() if row["ended"] is None)


def _take_and_reach(service: Deciding) -> None:
    """The responsible person acknowledges the episode and talks with the customer, about another case."""
    ((id,),) = service.database.tables[EPISODES]
    by = _episode(service)["responsible"]
    service.press(AcknowledgePressed(episode=id, by=by), "north")
    service.wait(_MINUTE)
    _report(service, _call(ContactResult.ANSWERED, "case-2", by))
    assert _episode(service)["reached_at"] is not None


def test_a_dead_end_and_one_broken_promise_are_two_troubles_and_not_three(service: Deciding) -> None:
    _report(service, _dead_end())
    _report(service, _promise(4))
    service.wait(3 * _HOUR)
    assert _standing(service) == {"contact_dead_ended": 1, "response_due": 1}
    service.wait(2 * _HOUR)
    assert _standing(service) == {"contact_dead_ended": 1, "response_overdue": 1}
    assert _episode(service)["severity"] == "high"


def test_a_promise_reported_after_its_due_time_counts_the_same(service: Deciding) -> None:
    _report(service, _dead_end())
    service.wait(5 * _HOUR)
    _report(service, _promise(4), START)
    service.wait(_LATE_REPORTS)
    assert _standing(service) == {"contact_dead_ended": 1, "response_overdue": 1}
    assert _episode(service)["severity"] == "high"


@pytest.mark.parametrize("reported_after", [-1, 0, 1], ids=["before its time", "at its time", "after its time"])
def test_a_broken_promise_and_a_report_of_it_are_one_signal(service: Deciding, reported_after: int) -> None:
    _report(service, _dead_end())
    _report(service, _promise(4))
    service.wait((4 + reported_after) * _HOUR)
    _report(service, _OVERDUE)
    service.wait(3 * _HOUR)
    assert _standing(service) == {"contact_dead_ended": 1, "response_overdue": 1}
    assert _episode(service)["severity"] == "high"


def test_a_late_delivery_and_reports_of_it_are_one_signal() -> None:
    service = _sold(START + 4 * _HOUR)
    _report(service, orders.DeliveryLate(order="n-1"))
    service.wait(5 * _HOUR)
    _report(service, orders.DeliveryLate(order="n-1"))
    assert _standing(service) == {"delivery_late": 1}
    assert _episode(service)["severity"] == "watch"


def test_a_trouble_found_to_be_older_is_another_signal_without_an_alert(service: Deciding) -> None:
    service.wait(5 * _HOUR)
    _report(service, _OVERDUE)
    _take_and_reach(service)
    alerts, known = len(service.database.tables[ALERTS]), set(service.database.tables[SIGNALS])
    _report(service, _promise(4), START)
    assert set(service.database.tables[SIGNALS]) > known, "the signal now begins with the promise"
    assert _standing(service) == {"response_overdue": 1}
    assert len(service.database.tables[ALERTS]) == alerts


def test_an_episode_stays_open_when_its_only_trouble_is_found_to_be_older(service: Deciding) -> None:
    """A second promise was overdue as a silence; the first one is reported afterwards."""
    _report(service, _promise(4))
    service.wait(5 * _HOUR)
    assert _standing(service) == {"response_overdue": 1}
    alerts = len(service.database.tables[ALERTS])
    _report(service, _promise(2), START)
    assert _standing(service) == {"response_overdue": 1}
    service.wait(_LATE_REPORTS)
    assert _episode(service)["closed_at"] is None
    assert len(service.database.tables[ALERTS]) == alerts


def test_a_late_resolution_does_not_count_the_customers_return_twice(service: Deciding) -> None:
    service.wait(6 * _HOUR)
    for minute in range(3):
        _report(service, _call(ContactResult.ANSWERED), START + _HOUR + minute * _MINUTE)
    _report(service, _dead_end())
    assert _standing(service) == {"contact_repeated": 1, "contact_dead_ended": 1}
    _report(service, support.CaseResolved(case="case-1"), START)
    assert _standing(service) == {"contact_repeated": 1, "contact_dead_ended": 1}
    assert _episode(service)["severity"] == "high"


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
def test_the_severity_does_not_depend_on_the_order_of_facts(service: Deciding, order: tuple[int, ...]) -> None:
    """All of it is reported at once, some hours later."""
    service.wait(5 * _HOUR)
    facts = [(_dead_end(), 0.0), (_promise(4), 0.0), (_OVERDUE, 4.5), (_promise(3), 1.0)]
    for place in order:
        fact, at = facts[place]
        _report(service, fact, START + at * _HOUR)
    service.wait(_LATE_REPORTS)
    assert _standing(service) == {"contact_dead_ended": 1, "response_overdue": 1}
    assert _episode(service)["severity"] == "high"


@settings(max_examples=60)
@given(
    promised=some.integers(0, 30), overdue=some.integers(0, 30), due=some.integers(4, 20), dead_end=some.integers(0, 30)
)
def test_the_severity_does_not_depend_on_when_a_broken_promise_is_reported(
    promised: int, overdue: int, due: int, dead_end: int
) -> None:
    """Each fact is reported this many quarters of an hour after the beginning. By then the promise
    may be long overdue."""
    service = _sold()
    reported = [(promised, _promise(due / 4), START), (dead_end, _dead_end(), START)]
    reported.append((overdue, _OVERDUE, START + due / 4 * _HOUR))
    for quarter in range(31):
        for when, fact, at in reported:
            if when == quarter:
                _report(service, fact, at)
        service.wait(_HOUR / 4)
    service.wait(_LATE_REPORTS)
    assert _standing(service) == {"contact_dead_ended": 1, "response_overdue": 1}
    assert _episode(service)["severity"] == "high"
    assert len(service.database.tables[EPISODES]) == 1
