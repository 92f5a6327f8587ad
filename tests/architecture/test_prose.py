"""The prose of the project names things: no "whoever", "whatever" or "that which" in code or documentation."""

import re
from collections.abc import Iterator

import pytest

from tests.architecture.sources import PRODUCT, ROOT, tracked_files

_VAGUE = re.compile(r"\b(?:whoever|whatever|that\s+which)\b", re.IGNORECASE)
_PAGES = ("README.md", "CONTRIBUTING.md")
_READ = (".html", ".js", ".md", ".py", ".sh", ".txt", ".yaml", ".yml")
_KEPT = ("whatever happens",)
"""Salespeople say it in plays."""


def test_no_vague_pronoun_stands_for_a_noun() -> None:
    found = [place for path in filter(_has_prose, tracked_files()) for place in _vague_in(path)]
    assert not found, "name the person or the thing (the acknowledger, the caller, any fact):\n" + "\n".join(found)


@pytest.mark.parametrize("text", ["for Whoever asks", "that\nwhich ends it", "WHATEVER it is"])
def test_vague_pronouns_are_found_in_any_case_and_across_lines(text: str) -> None:
    assert _VAGUE.search(text)


def _has_prose(path: str) -> bool:
    ours = path.startswith(tuple(f"{folder}/" for folder in (*PRODUCT, "docs"))) or path in _PAGES
    return ours and path.endswith(_READ)


def _vague_in(path: str) -> Iterator[str]:
    """Each place as file and line, with the words found."""
    text = (ROOT / path).read_text("utf-8")
    for kept in _KEPT:
        text = text.replace(kept, "")
    for match in _VAGUE.finditer(text):
        yield f"{path}:{text.count(chr(10), 0, match.start()) + 1}: {match.group()}"
