"""If the tables do not match the code, no record is to blame: consuming stops, reports it, and resumes by itself."""

from collections.abc import Awaitable, Callable

import pytest

from shared.database import TablesUnfit
from shared.inputs import Batch
from shared.messaging.consumer import Consumer
from shared.metrics import render
from shared.migrations import SHARED_MIGRATIONS
from shared.migrations.fitting import Fitting
from tests.builders import input_of, order_confirmed
from tests.raw_records import confirmed
from tests.streams import Plumbing
from tests.waiting import eventually, until

COUNT = 12
RECORDS = [confirmed(number) for number in range(COUNT)]
IDS = [f"e-{number}" for number in range(COUNT)]
NEWEST = SHARED_MIGRATIONS.steps()[-1].revision


@pytest.fixture
async def fitted(plumbing: Plumbing) -> Plumbing:
    """The plumbing, with the shared tables that it was written for."""
    plumbing.fitting = Fitting("plumbing", {"shared": tuple(step.revision for step in SHARED_MIGRATIONS.steps())})
    return plumbing


async def reasons(consumer: Consumer) -> list[str]:
    return consumer.not_ready()


@pytest.mark.parametrize(
    ("breaks", "mends", "sqlstate"),
    [
        pytest.param("table effects rename to gone", "table gone rename to effects", "42P01", id="a table"),
        pytest.param(
            "table effects rename account to was", "table effects rename was to account", "42703", id="a column"
        ),
        pytest.param(
            "function shared.app_now() rename to gone",
            "function shared.gone() rename to app_now",
            "42883",
            id="a function",
        ),
        pytest.param("schema shared rename to gone", "schema gone rename to shared", "42P01", id="a schema"),
    ],
)
async def test_a_missing_table_or_column_stops_consuming_and_is_no_records_fault(
    fitted: Plumbing, breaks: str, mends: str, sqlstate: str
) -> None:
    async with fitted.consuming() as consumer:
        await fitted.pool.execute(f"alter {breaks}")
        await fitted.publish(*RECORDS)
        (reason,) = await until(lambda: reasons(consumer), lambda said: bool(said))
        assert reason.startswith(f"the tables of plumbing do not fit this version of Handoff (SQLSTATE {sqlstate})")
        assert "handoff_tables_unfit 1.0" in render(fitted.metrics.registry).decode()
        await fitted.pool.execute(f"alter {mends}")
        await eventually(fitted.effects, IDS)
        await eventually(lambda: reasons(consumer), [])
        assert "handoff_tables_unfit 0.0" in render(fitted.metrics.registry).decode()
    assert await fitted.ledger() == {"applied": COUNT}
    assert not await fitted.dead_letters()


@pytest.mark.parametrize(
    ("right", "relation"),
    [("insert", "shared.journal"), ("select", "shared.offsets"), ("update", "shared.offsets")],
)
async def test_a_right_that_is_missing_is_named_with_its_relation(fitted: Plumbing, right: str, relation: str) -> None:
    async with fitted.consuming() as consumer:
        await eventually(_assigned(consumer), 2)
        await fitted.pool.execute(f"revoke {right} on {relation} from current_user")
        await fitted.publish(*RECORDS)
        (reason,) = await until(lambda: reasons(consumer), lambda said: "run `grant" in "".join(said))
        user = await fitted.pool.fetchval("select current_user")
        assert f"`grant {right} on {relation} to {user}`" in reason
        assert "SQLSTATE 42501" in reason
        assert "do not fit" not in reason
        assert "migrate" not in reason
        assert fitted.blocked() == {"database_right_missing"}
        assert "handoff_tables_unfit 0.0" in render(fitted.metrics.registry).decode()
        await fitted.pool.execute(f"grant {right} on {relation} to current_user")
        await eventually(fitted.effects, IDS)
        await eventually(lambda: reasons(consumer), [])
        assert fitted.blocked() == set()
    assert not await fitted.dead_letters()


def _assigned(consumer: Consumer) -> Callable[[], Awaitable[int]]:
    async def assigned() -> int:
        return len(consumer.positions.assigned())

    return assigned


@pytest.mark.parametrize(
    ("rule", "without"),
    [
        pytest.param("alter column added set not null", "alter column added drop not null", id="NOT NULL"),
        pytest.param("add constraint rule check (added is not null)", "drop constraint rule", id="CHECK"),
    ],
)
async def test_a_constraint_of_other_tables_is_no_records_fault(fitted: Plumbing, rule: str, without: str) -> None:
    await fitted.pool.execute("alter table effects add column added text")
    await fitted.pool.execute(f"alter table effects {rule}")
    await fitted.pool.execute("update shared.alembic_version set version_num = '9999'")
    async with fitted.consuming() as consumer:
        await fitted.publish(*RECORDS)
        (reason,) = await until(lambda: reasons(consumer), lambda said: bool(said))
        assert f"shared is at revision 9999, but this version needs {NEWEST}" in reason
        assert await fitted.ledger() == {}
        await fitted.pool.execute(f"alter table effects {without}")
        await eventually(fitted.effects, IDS)
        await eventually(lambda: reasons(consumer), [])
    assert not await fitted.dead_letters()


async def test_a_constraint_of_this_codes_tables_is_the_records_fault(fitted: Plumbing) -> None:
    await fitted.pool.execute("alter table effects add constraint rule check (event_id <> 'e-3')")
    await fitted.publish(*RECORDS)
    async with fitted.consuming() as consumer:
        await eventually(fitted.ledger, {"applied": COUNT - 1, "dead_lettered": 1})
        assert await reasons(consumer) == []


async def test_http_publishers_are_asked_to_try_again(fitted: Plumbing) -> None:
    await fitted.pool.execute("alter table effects rename to gone")
    with pytest.raises(TablesUnfit):
        await fitted.processor().apply(Batch([input_of(order_confirmed())]), whole=True)
    assert not await fitted.dead_letters()
