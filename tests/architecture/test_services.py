"""All services have the same file names, absent only when not needed, so that a reader of one finds
their way in the others.
"""

from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, SERVICES

NEEDED = {
    "README.md",
    "__init__.py",
    "app",
    "outline",
    "settings",
    "handlers",
    "store",
    "tables",
    "domain",
    "migrations",
}
OPTIONAL = {"api", "inbox", "channels", "replaying"}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_the_usual_files(service: str) -> None:
    names = {_part(path) for path in (ROOT / "services" / service).iterdir() if path.name != "__pycache__"}
    assert names >= NEEDED
    assert names <= NEEDED | OPTIONAL


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_says_where_to_start_reading(service: str) -> None:
    text = (ROOT / "services" / service / "README.md").read_text("utf-8")
    assert "SUBSCRIPTIONS" in text


def _part(path: Path) -> str:
    return path.stem if path.suffix == ".py" and path.name != "__init__.py" else path.name
