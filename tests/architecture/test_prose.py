"""The prose of the project names things: no "whoever", "whatever" or "that which" in code or documentation.

Descriptions (docstrings, comments, names of tests and messages of assertions) are checked for more phrases. Other text
is not: code quotes customers, hostile inputs and stored words.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator

import pytest

from tests.architecture.sources import PRODUCT, ROOT, Module, modules, tracked_files

_VAGUE = re.compile(r"\b(?:whoever|whatever|that\s+which)\b", re.IGNORECASE)
_TRANSLATED = re.compile(
    r"\b(?:who(?:m|se)?ever|whatever|that\s+which|somebody|anybody"
    r"|(?:came|comes|become|becomes|became)\s+of|hears?\s+of|heard\s+of|told\s+(?:again|late|of|once|twice)"
    r"|grave(?:r|st)|passed\s+over|rings?\s+(?:again|nobody)|is\s+rung)\b",
    re.IGNORECASE,
)
"""Phrases that do not stand in a description: report, receive and notify, and the noun, say it better."""
_PAGES = ("README.md", "CONTRIBUTING.md")
_READ = (".html", ".js", ".md", ".py", ".sh", ".txt", ".yaml", ".yml")
_KEPT = ("whatever happens",)
"""Salespeople say it in plays."""
_HERE = "tests/architecture/test_prose.py"
"""Exempt: it quotes the phrases."""


def test_no_vague_pronoun_stands_for_a_noun() -> None:
    found = [place for path in filter(_has_prose, tracked_files()) for place in _vague_in(path)]
    assert not found, "name the person or the thing (the acknowledger, the caller, any fact):\n" + "\n".join(found)


@pytest.mark.parametrize("text", ["for Whoever asks", "that\nwhich ends it", "WHATEVER it is"])
def test_vague_pronouns_are_found_in_any_case_and_across_lines(text: str) -> None:
    assert _VAGUE.search(text)


def test_code_and_tests_are_described_in_plain_english() -> None:
    found = [
        place for module in modules(*PRODUCT, "tests/") if module.path != _HERE for place in _translated_in(module)
    ]
    assert not found, "name the person, or write reported, received or notified:\n" + "\n".join(found)


@pytest.mark.parametrize(
    "text",
    [
        '"""What came of it."""',
        'def told() -> None:\n    """Facts told\n    late."""',
        "answered = True  # by somebody",
        "async def test_whoever_left_is_skipped() -> None: ...",
        'assert answered, f"{name} is rung"',
    ],
    ids=["a docstring", "a docstring of two lines", "a comment", "a test's name", "a message"],
)
def test_translated_phrases_are_found_in_every_description(text: str) -> None:
    assert len(list(_translated_in(Module("it.py", text, ast.parse(text))))) == 1


def test_quoted_text_and_other_names_are_no_descriptions() -> None:
    text = 'def is_rung(somebody: str) -> str:\n    return "whatever"'
    assert list(_translated_in(Module("it.py", text, ast.parse(text)))) == []


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


def _translated_in(module: Module) -> Iterator[str]:
    """Each description as file and line, with the words found."""
    for line, words in (*_comments(module), *_descriptions(module)):
        for match in _TRANSLATED.finditer(words):
            yield f"{module.path}:{line}: {match.group()}"


def _comments(module: Module) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(module.text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def _descriptions(module: Module) -> Iterator[tuple[int, str]]:
    """Docstrings (also of attributes), names of tests, and messages of assertions."""
    for node in module.nodes():
        match node:
            case ast.Expr(value=ast.Constant(value=str(words))):
                yield node.lineno, words
            case ast.FunctionDef() | ast.AsyncFunctionDef() if node.name.startswith("test_"):
                yield node.lineno, node.name.replace("_", " ")
            case ast.Assert(msg=ast.expr() as message):
                constants = [each.value for each in ast.walk(message) if isinstance(each, ast.Constant)]
                yield node.lineno, " ".join(text for text in constants if isinstance(text, str))
