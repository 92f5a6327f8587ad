"""One more fact costs as much on a large account as on a small one. The cost is counted in calls, not in time."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from types import FrameType
from typing import Any

import pytest

from services.escalation.domain.own_facts import OWN_FACTS
from services.escalation.handlers import handling
from shared.contracts.envelope import Fact
from shared.inputs import Batch
from shared.transaction import InputProcessor
from tests.benchmarks.hot_account import STORIES, Account, first_sale
from tests.simulation.connections import FakePool
from tests.simulation.database import Database
from tests.simulation.happenings import START
from tests.simulation.replaying import run
from tests.simulation.statements import ANSWERS
from tests.simulation.workers import INSTALLATION

SMALL, LARGE, SINGLES = 100, 2_000, 12


@pytest.mark.parametrize("name", STORIES)
def test_a_fact_costs_no_more_on_an_account_with_thousands_of_facts(name: str) -> None:
    database = Database(START)
    database.pauses = lambda: False
    pool: Any = FakePool(database, ANSWERS, "large accounts")
    processor = InputProcessor(pool, "escalation", handling(INSTALLATION), OWN_FACTS, seconds_allowed=inf)
    account = Account(processor, STORIES[name]())

    def receive(facts: list[Fact]) -> None:
        run(account.processor.apply(Batch(account.inputs(facts))))

    def work_of_one() -> float:
        with counting() as calls:
            for _ in range(SINGLES):
                receive(account.next(1))
        return sum(calls) / SINGLES

    receive([first_sale()])
    receive(account.next(SMALL - account.known))
    small = work_of_one()
    while account.known < LARGE:
        receive(account.next(200))
    assert work_of_one() < 1.5 * small


@contextmanager
def counting() -> Iterator[list[int]]:
    """Calls from escalation's own code, of its own functions and of the interpreter's."""
    calls = [0]

    def count(frame: FrameType, event: str, _argument: object) -> None:
        if event in ("call", "c_call") and "/services/escalation/" in frame.f_code.co_filename:
            calls[0] += 1

    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(None)
