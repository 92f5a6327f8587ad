"""A failing property reports its counterexample: no plugin of a test library may remove it from the report."""

import subprocess
import sys
from pathlib import Path

from tests.architecture.sources import ROOT

_PROPERTY = """
from hypothesis import given
from hypothesis import strategies as some

@given(facts=some.lists(some.just("a fact"), min_size=1))
def test_there_are_no_facts(facts):
    assert not facts
"""


def test_a_failing_property_shows_its_counterexample(tmp_path: Path) -> None:
    failing = tmp_path / "test_failing.py"
    failing.write_text(_PROPERTY, "utf-8")
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), str(failing)]
    report = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False).stdout
    assert "facts=['a fact']" in report
