"""The name at which a module says to start reading is there: `Start at`, then names of its own or files beside it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.sources import PRODUCT, ROOT, Module, modules

_BEGINNING = re.compile(r"\bStart (?:at|with) ((?:[^.;`]|`[^`]*`)*)")
_NAME = re.compile(r"`([A-Za-z_][\w./-]*)(?:\(\))?`")


def test_every_module_starts_at_a_name_that_it_has() -> None:
    wrong = [f"{module.path}: {name}" for module in modules(*PRODUCT, "tests/") for name in _missing(module)]
    assert wrong == []


@pytest.mark.parametrize(
    ("docstring", "named"),
    [
        ("Words. Start at `one`.", ["one"]),
        ("Start with `one`, then\n`Two.three`; `four` is no beginning. Neither is `five`.", ["one", "Two.three"]),
        ("Starts at `one`.", []),
    ],
)
def test_a_beginning_is_found(docstring: str, named: list[str]) -> None:
    assert _named(docstring) == named


def _named(docstring: str) -> list[str]:
    return [name for beginning in _BEGINNING.findall(docstring) for name in _NAME.findall(beginning)]


def _missing(module: Module) -> Iterator[str]:
    own = set(_defined(module.tree))
    for name in _named(ast.get_docstring(module.tree) or ""):
        first, *rest = name.split(".")
        beside = (ROOT / module.path).parent
        is_file = any((beside / place).exists() for place in (name, first, f"{first}.py")) or Path(ROOT / name).exists()
        if not is_file and (first not in own or not set(rest) <= own):
            yield name


def _defined(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.alias(name=name, asname=asname):
                yield asname or name
