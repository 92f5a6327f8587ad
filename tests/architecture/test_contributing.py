"""Everything that CONTRIBUTING.md names exists: files, the names in them, and the make targets."""

import re

from tests.architecture.sources import ROOT

PAGE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
_FILE = r"`([a-z_]+/[\w./-]+|[\w-]+\.(?:toml|py|md))`"


def test_every_named_file_exists() -> None:
    named = set(re.findall(_FILE, PAGE)) | set(re.findall(r"\]\(([\w./-]+)", PAGE))
    assert len(named) > 25
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_every_folder_of_the_layout_exists() -> None:
    layout = PAGE.partition("```\n")[2].partition("```")[0]
    tests = [
        name for line in layout[layout.index("tests/") :].splitlines() for name in re.findall(r"\b([a-z_]+)/", line)
    ]
    folders = {
        path.name
        for path in (ROOT / "tests").iterdir()
        if (path / "__init__.py").exists() or any(path.glob("test_*.py"))
    }
    assert {"tests", "docs", "decisions", *folders} - {"benchmarks"} == set(tests)


def test_every_name_is_in_its_file() -> None:
    named = re.findall(rf"`(\w+)`(?: in|,? which is in)\s+{_FILE}", PAGE)
    assert len(named) > 8
    missing = [
        f"{path}: {name}" for name, path in named if not re.search(rf"\b{name}\b", (ROOT / path).read_text("utf-8"))
    ]
    assert missing == []


def test_every_named_target_exists() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    named = set(re.findall(r"`make ([\w-]+)", PAGE))
    assert {"unit", "check", "test"} <= named
    assert [target for target in sorted(named) if f"\n{target}: " not in makefile] == []
