"""Exceptions are ordinary classes: Python writes to each of them while it propagates."""

import ast
import builtins
from collections.abc import Sequence

import pytest

from tests.architecture.sources import PRODUCT, Module, classes_below, modules

BUILT_IN = {name for name, value in vars(builtins).items() if isinstance(value, type) and issubclass(value, Exception)}


def test_no_exception_is_a_frozen_dataclass() -> None:
    frozen = _frozen_exceptions(modules(*PRODUCT, "tests"))
    assert frozen == [], "it cannot hold a traceback: a context manager turns it into a TypeError"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@dataclass(frozen=True, slots=True)\nclass NotNow(Exception): ...", ["NotNow"]),
        ("class Refused(ValueError): ...\n@dataclasses.dataclass(frozen=True)\nclass NotNow(Refused): ...", ["NotNow"]),
        (
            "from it import Refused as R\nclass Refused(ValueError): ...\n@dataclass(frozen=True)\nclass Late(R): ...",
            ["Late"],
        ),
        ("@dataclass(frozen=True)\nclass Refusal: ...\nclass Refused(ValueError): ...", []),
        ("@dataclass\nclass NotNow(Exception): ...", []),
    ],
)
def test_a_frozen_exception_is_detected_with_any_inheritance(text: str, found: list[str]) -> None:
    assert _frozen_exceptions([Module("it.py", text, ast.parse(text))]) == [f"it.py: {name}" for name in found]


def _frozen_exceptions(among: Sequence[Module]) -> list[str]:
    exceptions = classes_below(BUILT_IN, among)
    return [
        f"{module.path}: {node.name}"
        for module in among
        for node in module.tree.body
        if isinstance(node, ast.ClassDef) and f"{module.name}.{node.name}" in exceptions
        if any(map(_freezes, node.decorator_list))
    ]


def _freezes(decorator: ast.expr) -> bool:
    return ast.unparse(decorator).rpartition(".")[2].startswith("dataclass(") and "frozen=True" in ast.unparse(
        decorator
    )
