"""Tests must not depend on the machine's clock or speed: otherwise they pass now and fail another day."""

import ast
import re
from collections.abc import Iterator

from hypothesis import HealthCheck, settings

from tests.architecture.sources import PRODUCT, Module, modules

PROFILE = "tests/conftest.py"
DEFINES_THE_CLOCK = "shared/migrations/versions/0001_initial.py"
CLOCK_OF_THE_DATABASE = re.compile(
    r"(?<![\w.])(now\(\)|(clock|statement|transaction)_timestamp|current_(date|time))", re.I
)
CLOCK_OF_THE_MACHINE = {"datetime.now", "datetime.today", "date.today", "time.time", "time.time_ns"}
SPEED = {"time.monotonic", "time.perf_counter", "time.process_time"}

# Real processes run by the machine's clock, and so do their tests, at any hour.
OF_PROCESSES = ("tests/benchmarks/", "tests/end_to_end/", "tests/faults/", "tests/stories.py")
MAY_READ_THE_CLOCK = {
    "tests/starting.py": "moves it",
    "tests/other_servers/test_kafka.py": "makes tokens that a broker takes, whose clock is the machine's",
    "tests/integration/test_any_day.py": "compares it with the services' clock",
}


def test_no_property_has_a_time_limit() -> None:
    profile = settings.default
    assert profile is not None
    assert (profile.deadline, HealthCheck.too_slow in profile.suppress_health_check) == (None, True)


def test_one_profile_removes_the_limit_for_all_properties() -> None:
    copies = [
        f"{module.path}:{node.value.lineno}"
        for module in modules("tests")
        if "deadline" in module.text and module.path != PROFILE
        for node in module.nodes()
        if isinstance(node, ast.keyword) and node.arg == "deadline"
    ]
    assert copies == []


def test_services_and_their_tests_use_one_clock_of_the_database() -> None:
    """The project's clock can be moved; Postgres's own cannot."""
    asked = [
        f"{module.path}:{text.lineno}"
        for module in modules(*PRODUCT, "tests")
        if module.path != DEFINES_THE_CLOCK and not module.path.startswith(("tests/benchmarks/", "tests/faults/"))
        if CLOCK_OF_THE_DATABASE.search(module.text)
        for text in module.nodes()
        if isinstance(text, ast.Constant) and isinstance(text.value, str)
        if CLOCK_OF_THE_DATABASE.search(text.value) and _is_sql(text.value)
    ]
    assert asked == []


def test_stories_do_not_begin_at_the_machines_time() -> None:
    asking = {
        module.path
        for module in modules("tests")
        if not module.path.startswith(OF_PROCESSES) and any(_called(module, CLOCK_OF_THE_MACHINE))
    }
    assert asking == MAY_READ_THE_CLOCK.keys()


def test_no_test_measures_its_own_speed() -> None:
    measured = [
        f"{module.path}:{line}"
        for module in modules("tests")
        if module.path.rpartition("/")[2].startswith("test_")
        for line in _called(module, SPEED)
    ]
    assert measured == []


def _called(module: Module, names: set[str]) -> Iterator[int]:
    """The lines on which one of these is called."""
    if not any(name in module.text for name in names):
        return iter(())
    return (call.lineno for call in module.nodes() if isinstance(call, ast.Call) and ast.unparse(call.func) in names)


def _is_sql(text: str) -> bool:
    return re.search(r"\b(select|update|insert|delete|set|where|interval|create)\b", text, re.I) is not None
