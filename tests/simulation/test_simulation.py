"""Thousands of histories keep every promise and find every planted bug."""

import os

import pytest

from tests.simulation.campaign import play, play_all
from tests.simulation.planted import PLANTED

HISTORIES = int(os.environ.get("SIMULATION_HISTORIES", "2500"))
_AT_MOST = 3000
"""This many histories find every planted bug."""
_REACHED_LATE = {"check_in_that_is_not_due": 1333, "ask_the_time_before_claiming": 486}
"""A seed that finds a bug that few others find; it is played first. If it finds nothing, all seeds
are played in order."""


def test_no_history_breaks_a_promise() -> None:
    assert [str(failure) for failure in play_all(0, HISTORIES)] == []


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_bug_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    PLANTED[name](monkeypatch)
    for seed in (_REACHED_LATE.get(name, 0), *range(_AT_MOST)):
        if failures := play([seed]):
            print(f"{name}: after {seed + 1} histories: {failures[0].words[:200]}")
            return
    pytest.fail(f"{_AT_MOST} histories did not find it")
