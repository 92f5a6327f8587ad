"""The benchmark itself, on a handful of events: it measures, and compares equal work. The tests never check speed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from services.escalation.domain.decisions.notifying import Notified, Times
from shared.contracts.escalation import RingCause, Step
from tests.benchmarks import draining, latency, parts
from tests.benchmarks.backlog import Backlog
from tests.benchmarks.checker import EndState, end_state
from tests.benchmarks.command import read_arguments
from tests.benchmarks.ground import Ground, connected, publish
from tests.benchmarks.rows import ROWS
from tests.databases import Databases

EVENTS = 3_000
_DECIDED = """
    insert into escalation.decisions (decision_id, account_id, at, rule, words, policy_version)
    values (gen_random_uuid(), 'c-1', '2026-05-04 09:00Z', 'rang', $1, 1)
"""


@pytest.fixture
def ground(kafka: str, databases: Databases, tmp_path: Path) -> Ground:
    return Ground(kafka, databases, tmp_path)


async def test_service_and_floor_leave_the_same_state(ground: Ground) -> None:
    cluster = await ground.topics()
    backlog = Backlog(events=EVENTS, accounts=EVENTS // 10)
    sales = list(backlog.sales())
    events = await publish(cluster, backlog.matters())
    assert events + len(sales) == EVENTS
    floor = await draining.floor(ground, cluster, events, sales=sales)
    service = await draining.service(ground, cluster, events, sales=sales)
    assert service.end.differences(floor.end) == []
    assert service.out_of_order == floor.out_of_order == 0
    assert service.end.rows("ledger") == service.end.rows("journal") == events
    assert (
        min(
            service.end.rows(name)
            for name in ("facts", "signals", "episodes", "alerts", "decisions", "timers", "outbox")
        )
        > 100
    )
    assert service.events_per_second > 0
    assert 0 < service.memory_at(1.0) <= service.afterwards.peak


async def test_the_checker_detects_another_recipient(ground: Ground) -> None:
    url = await ground.escalation_database()
    before = await end_state(url)
    async with connected(url) as connection:
        await connection.execute("update escalation.salespeople set name = 'Somebody' where salesperson_id = 'desk'")
    assert (await end_state(url)).differences(before) == ["people: 201 rows and 201, of other contents"]


async def test_the_checker_leaves_out_the_minutes_in_words(ground: Ground) -> None:
    states = list[EndState]()
    for minute in (0, 1):
        at = datetime(2026, 5, 4, 9, minute, tzinfo=UTC)
        alert: Any = SimpleNamespace(recipient="anna", step=Step.SELLER, cause=RingCause.SIGNAL, raised_at=at)
        times = Times(notified_at=at + timedelta(minutes=5), answer_by=at + timedelta(hours=1), policy_path="")
        beside: Any = None
        words = Notified(beside, alert, beside, times, ()).sentence
        url = await ground.escalation_database()
        async with connected(url) as connection:
            await connection.execute(_DECIDED, words)
        states.append(await end_state(url))
    first, second = states
    assert first.differences(second) == []


def test_each_failure_is_of_an_account_of_its_own() -> None:
    failures = [latency.failure(number, 1e9) for number in (0, 7, latency.ACCOUNTS - 1)]
    assert len({one.subject for one in failures}) == len({one.data.order for one in failures}) == 3
    with pytest.raises(AssertionError, match="more than"):
        latency.failure(latency.ACCOUNTS, 1e9)


async def test_every_open_page_is_notified(ground: Ground) -> None:
    reported = await parts.pages(ground, 3)
    assert 0 < reported.half <= reported.everybody


def test_a_backlog_is_the_same_in_every_run() -> None:
    first, second = (list(Backlog(events=500, accounts=50)) for _ in range(2))
    assert first == second
    assert len({event.id for event in first}) == 500


def test_rows_are_chosen_by_their_letters() -> None:
    assert read_arguments(["a", "f", "--quick"]).rows == ["a", "f"]
    assert read_arguments([]).rows == list(ROWS)
    with pytest.raises(SystemExit):
        read_arguments(["z"])
