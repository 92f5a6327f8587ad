"""What every test can ask for: the moment at which a run starts, and servers; and no property has to be fast."""

import os
from collections.abc import Iterator
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.starting", "tests.servers"]

# How long an example takes depends on the machine's load, not on the code. A test draws the same examples each time,
# so that a change that breaks nothing is never red; `make faults` draws others.
settings.register_profile("handoff", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.register_profile("drawn-anew", settings.get_profile("handoff"), derandomize=False, print_blob=True)
settings.load_profile("handoff")


@pytest.fixture(autouse=True)
def own_environment() -> Iterator[None]:
    """A command makes the installation it works with its process's environment: it ends with its test."""
    with patch.dict(os.environ):
        yield
