"""A person who was off work is not informed of a closed episode that a newer one follows: its close is final."""

from datetime import datetime, time, timedelta
from random import Random
from uuid import UUID

import orjson

from services.escalation.domain.own_facts import ClosePressed, InformationDue
from shared.contracts import orders, support
from shared.contracts.escalation import EpisodeResult
from shared.contracts.orders import DayHours
from shared.contracts.people_parts import Day
from tests.simulation import happenings
from tests.simulation.deciding import Deciding
from tests.simulation.happenings import START, Report
from tests.simulation.tables import TIMERS

_ACCOUNT = "north"
_BACK_AT = datetime.combine(START, time(22), tzinfo=START.tzinfo)
_LATE = (DayHours(days=tuple(Day), start="22:00", end="23:59"),)


def test_nobody_is_informed_of_an_episode_that_a_newer_one_follows() -> None:
    service = Deciding()
    for id, hours in (("desk", happenings.ALWAYS), ("anna", _LATE)):
        service.receive(Report(orders.SalespersonChanged(name=id.title(), working_hours=hours), id, service.now))
    service.receive(happenings.sale(Random(1), _ACCOUNT, "n-1", sold_by="anna"))
    _request_cancellation(service)
    first = _informed_later(service)[0][0]
    service.wait(_BACK_AT - timedelta(minutes=5) - service.now)
    service.press(ClosePressed(episode=first, by="desk", result=EpisodeResult.SAVED, reason="problem_solved"), _ACCOUNT)
    service.wait(timedelta(minutes=1))
    _request_cancellation(service)
    assert {due for _, due in _informed_later(service)} == {_BACK_AT}
    service.wait(_BACK_AT + timedelta(minutes=1) - service.now)
    assert _informed_later(service) == []


def _request_cancellation(service: Deciding) -> None:
    service.receive(Report(support.CancellationRequested(), _ACCOUNT, service.now))


def _informed_later(service: Deciding) -> list[tuple[UUID, datetime]]:
    timers = [row for row in service.database.tables[TIMERS].values() if row["type"] == InformationDue.type]
    return [(UUID(orjson.loads(row["body"])["episode"]), row["due_at"]) for row in timers]
