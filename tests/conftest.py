"""For all tests: the moment at which a run starts, servers, and no time limit for properties."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.starting"]
SERVERS = "tests.servers"
TEMPLATES = "tests.templates"
WITHOUT_SERVERS = {"adapters", "architecture", "contracts", "unit"}
WITHOUT_TEMPLATES = {"architecture", "contracts", "unit"}

pytest.register_assert_rewrite(SERVERS)

# How long an example takes depends on the machine's load, not on the code. A test draws the same examples each time,
# so that a change that breaks nothing is never red; `make faults` draws others, `make unit` a few of them.
settings.register_profile(
    "handoff", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True, max_examples=100
)
settings.register_profile("drawn-anew", settings.get_profile("handoff"), derandomize=False, print_blob=True)
settings.register_profile("short", settings.get_profile("handoff"), max_examples=5)
settings.load_profile("handoff")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> None:
    """Only folders with tests that use servers get the fixtures for them: importing the code that starts and
    migrates them takes seconds."""
    folder, *inside = file_path.relative_to(Path(__file__).parent).parts
    if inside and folder not in WITHOUT_SERVERS:
        parent.config.pluginmanager.import_plugin(SERVERS)
    if inside and folder not in WITHOUT_TEMPLATES:
        parent.config.pluginmanager.import_plugin(TEMPLATES)


@pytest.fixture(autouse=True)
def own_environment() -> Iterator[None]:
    """A command puts the installation it works with into its process's environment; that ends with the test."""
    before = os.environ.copy()
    yield
    if os.environ != before:
        os.environ.clear()
        os.environ.update(before)
