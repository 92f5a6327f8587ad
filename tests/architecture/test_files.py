"""No tracked file contains addresses of registries, paths of one machine, or pages that load from elsewhere."""

import re
import subprocess

import pytest

from tests.architecture.sources import ROOT, tracked_files

REGISTRIES = (
    r"pypi\.org|pythonhosted\.org|test\.pypi|registry\.npmjs|npmjs\.com/|crates\.io|proxy\.golang|"
    r"repo1?\.maven|maven\.apache\.org|maven\.org/|(deb|security|archive)\.(debian|ubuntu)\.|docker\.io/|quay\.io/|ghcr\.io/"
)
MACHINE_PATHS = r"(?<![\w.])/(root|home|Users|work|opt/wheels)/\w"
LOADED_FROM_ELSEWHERE = (
    r"(src|srcset|action|data-src)\s*=\s*[\"'](https?:)?//|<link[^>]+href\s*=\s*[\"'](https?:)?//|"
    r"url\(\s*[\"']?(https?:)?//|@import\s+[\"'](https?:)?//|(import|from|fetch|EventSource)\s*\(?[\"'](https?:)?//"
)
PAGES = (".html", ".css", ".js", ".svg")


@pytest.mark.parametrize(
    ("pattern", "endings"),
    [
        pytest.param(REGISTRIES, ("",), id="package registries"),
        pytest.param(MACHINE_PATHS, ("",), id="paths of one machine"),
        pytest.param(LOADED_FROM_ELSEWHERE, PAGES, id="pages that load from elsewhere"),
    ],
)
def test_no_file_holds(pattern: str, endings: tuple[str, ...]) -> None:
    forbidden = re.compile(pattern, re.IGNORECASE)
    found = [
        f"{path}:{number}: {line.strip()[:100]}"
        for path in tracked_files()
        if path.endswith(endings)
        for number, line in enumerate(_lines(path), start=1)
        if forbidden.search(line)
    ]
    assert found == []


def test_nothing_that_is_ignored_is_tracked() -> None:
    command = ["git", "ls-files", "--cached", "--ignored", "--exclude-standard"]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout == ""


def test_requirements_are_pinned_by_hash() -> None:
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        pinned = re.split(r"\n(?=\S)", path.read_text("utf-8").strip())
        assert [one for one in pinned if "==" not in one or "--hash=sha256:" not in one] == [], path.name


def _lines(path: str) -> list[str]:
    try:
        return (ROOT / path).read_text("utf-8").splitlines()
    except UnicodeDecodeError:  # a picture
        return []
