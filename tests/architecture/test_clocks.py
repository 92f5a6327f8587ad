"""What a test may know of the machine's clock and speed: nothing by which it passes now and fails another day."""

import ast

from hypothesis import HealthCheck, settings

from tests.architecture.sources import modules

PROFILE = "tests/conftest.py"


def test_no_property_has_to_be_fast() -> None:
    profile = settings.default
    assert profile is not None
    assert (profile.deadline, HealthCheck.too_slow in profile.suppress_health_check) == (None, True)


def test_one_profile_says_so_for_all_properties() -> None:
    copies = [
        f"{module.path}:{node.value.lineno}"
        for module in modules("tests")
        for node in module.nodes()
        if isinstance(node, ast.keyword) and node.arg == "deadline" and module.path != PROFILE
    ]
    assert copies == []
