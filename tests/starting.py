"""The moment at which a run starts: the machine's time, or that of `--starts-at "2027-03-28T00:30 Europe/Berlin"`.

It applies to this process and to the databases of the tests, and time passes from there. Tests that need Kafka or other
processes are left out of such a run: the broker refuses records an hour ahead of its own clock.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from time_machine import travel

AHEAD = pytest.StashKey[timedelta]()
"""How far the run is ahead of the machine."""

_OF_THE_MACHINE = {"kafka", "private_kafka", "private_postgres", "company"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--starts-at", type=_moment, metavar='"MOMENT ZONE"', help="the clock at which the run starts")


def pytest_configure(config: pytest.Config) -> None:
    starts_at: datetime | None = config.getoption("--starts-at")
    config.stash[AHEAD] = timedelta()
    if starts_at is not None:
        config.stash[AHEAD] = starts_at.astimezone(UTC) - datetime.now(UTC)
        travelling = travel(starts_at, tick=True)
        travelling.start()
        config.add_cleanup(travelling.stop)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--starts-at") is None:
        return
    left_out = [item for item in items if _OF_THE_MACHINE & set(getattr(item, "fixturenames", ()))]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


def _moment(text: str) -> datetime:
    """Raises ValueError or ZoneInfoNotFoundError for an invalid moment."""
    moment, _, zone = text.partition(" ")
    return datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(zone))
