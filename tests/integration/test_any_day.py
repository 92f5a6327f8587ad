"""A run can start at any moment: the tests that depend on the day most are run at two of the
moments of `make calendar`.
"""

from datetime import UTC, datetime, timedelta

import pytest

from tests.calendar import run_at
from tests.databases import Databases
from tests.servers import MakeDatabase
from tests.services import running
from tests.starting import AHEAD

HERE = "tests/integration/test_any_day.py::test_process_and_services_have_the_same_time"
DEPENDENT = (
    HERE,
    "tests/unit/test_absences.py",
    "tests/unit/test_duties.py",
    "tests/integration/test_inbox_duties.py",
)


@pytest.mark.parametrize("service", ["orders", "support", "escalation"])
async def test_process_and_services_have_the_same_time(
    service: str, database: MakeDatabase, pytestconfig: pytest.Config
) -> None:
    async with running(await database(service), service, _nothing) as under_test:
        assert abs(await under_test.now() - datetime.now(UTC)) < timedelta(hours=1)
        ahead = await under_test.pool.fetchval("select coalesce(sum(ahead), interval '0') from shared.clock")
    assert ahead == pytestconfig.stash[AHEAD]


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param("2027-10-30T23:30 Europe/Berlin", id="a Saturday, before the night in which an hour comes twice"),
        pytest.param("2028-02-29T00:30 America/New_York", id="29 February"),
    ],
)
async def test_the_tests_that_depend_on_the_day_most_pass(
    moment: str, databases: Databases, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    if pytestconfig.getoption("--starts-at"):
        pytest.skip("this run has a moment of its own")
    monkeypatch.setenv("TEST_DATABASE_URL", databases.server_url)
    status, said = await run_at(moment, *DEPENDENT)
    assert status == 0, said


async def _nothing(*_: object) -> None:
    """Handles nothing."""
