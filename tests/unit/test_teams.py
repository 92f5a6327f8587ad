"""Who is above whom, also in directories with circles and gaps."""

from dataclasses import replace

import pytest

from services.escalation.domain.entities import Salesperson
from services.escalation.domain.teams import is_above
from tests.builders import AT

_NOBODY = Salesperson("nobody", AT, "Nobody", None, None, None, None, "UTC", "[]", True, None, None)
_TEAM = {"anna": "mona", "mona": "vera", "vera": None, "lost": "unknown"}
_MANAGERS = {**_TEAM, "x": "y", "y": "z", "z": "x", "own": "own"}
PEOPLE = {id: replace(_NOBODY, salesperson_id=id, manager=above) for id, above in _MANAGERS.items()}


@pytest.mark.parametrize(
    ("manager", "person", "expected"),
    [
        pytest.param("mona", "anna", True, id="the manager"),
        pytest.param("vera", "anna", True, id="the manager's manager"),
        pytest.param("anna", "mona", False, id="a report"),
        pytest.param("mona", "mona", False, id="oneself"),
        pytest.param("own", "own", False, id="one's own manager"),
        pytest.param("x", "x", False, id="oneself in a circle"),
        pytest.param("z", "x", True, id="in a circle"),
        pytest.param("anna", "x", False, id="outside a circle"),
        pytest.param("unknown", "lost", True, id="a manager who is not in the directory"),
        pytest.param("mona", None, False, id="nobody"),
        pytest.param("mona", "stranger", False, id="a person who is not in the directory"),
    ],
)
def test_a_manager_is_above_everyone_below(manager: str, person: str | None, expected: bool) -> None:
    assert is_above(PEOPLE, manager, person) is expected
