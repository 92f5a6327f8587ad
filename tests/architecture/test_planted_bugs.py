"""Planted bugs fit the code: what they replace still has the name by which they replace it."""

import subprocess
from pathlib import Path

import pytest

from tests.faults import planted
from tests.simulation.planted import PLANTED

PROJECT = Path(__file__).parents[2]
PATCHES = Path(planted.__file__).parent


@pytest.mark.parametrize("name", PLANTED)
def test_a_bug_can_be_planted(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    PLANTED[name](monkeypatch)


@pytest.mark.parametrize("patch", sorted(PATCHES.glob("*.patch")), ids=lambda patch: patch.stem)
def test_a_bug_of_the_fault_runs_can_be_planted(patch: Path) -> None:
    checked = subprocess.run(
        ["git", "apply", "--check", str(patch)], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
