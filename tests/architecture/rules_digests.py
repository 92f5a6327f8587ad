"""The rules in code that decide which signals and episodes exist, each with a digest; and the file of the digests.

`python -m tests.architecture.rules_digests` writes it once RULES_VERSION has been increased. With `--same-signals` it
writes it under the same version: for a change of the code after which the same facts amount to the same signals.
"""

import ast
import hashlib
import json
import sys
from collections.abc import Iterator
from typing import TypeAlias

from services.escalation.domain.rules_version import RULES_VERSION
from tests.architecture.sources import ROOT, modules

FILE = ROOT / "tests" / "architecture" / "rules.json"
_DOMAIN = "services/escalation/domain"
_RULES = (
    f"{_DOMAIN}/detections/",
    f"{_DOMAIN}/signals/",
    *(f"{_DOMAIN}/{name}.py" for name in ("facts", "main_signal", "new_signal", "severity", "stakes")),
    f"{_DOMAIN}/policy/statuses.py",
    "services/escalation/domain/deciding/reconciling.py",
    "services/escalation/domain/deciding/episodes.py",
)
_WORDS = frozenset({"counted", "examples", "headline", "label", "lead", "raised_when"})
"""Members of a signal's definition that describe it in words, and decide nothing."""

Written: TypeAlias = dict[str, object]


def current() -> Written:
    """The contents that the file must have."""
    rules = {module.path: _digest(module.text) for module in modules(*_RULES)}
    return {"rules_version": RULES_VERSION, "modules": rules}


def written() -> Written:
    """The contents of the file."""
    found: Written = json.loads(FILE.read_text("utf-8"))
    return found


def _digest(text: str) -> str:
    """The digest of the deciding code: comments, docstrings, empty lines and the words of definitions are left out."""
    text = _without_words(text)
    known = set(_lines_of_docstrings(ast.parse(text)))
    lines = (line for number, line in enumerate(text.splitlines(), start=1) if number not in known)
    code = [line for line in (_without_comment(line) for line in lines) if line]
    return hashlib.sha256("\n".join(code).encode()).hexdigest()[:16]


def _without_words(text: str) -> str:
    """The same, with the words in definitions replaced by nothing."""
    lines = [line.encode() for line in text.splitlines(keepends=True)]
    said = sorted(_words(ast.parse(text)), key=lambda one: (one.lineno, one.col_offset), reverse=True)
    for one in said:
        last = one.end_lineno or one.lineno
        rest = lines[last - 1][one.end_col_offset :]
        lines[one.lineno - 1 : last] = [lines[one.lineno - 1][: one.col_offset] + b"None" + rest]
    return b"".join(lines).decode()


def _words(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id in ("SignalDefinition", "SecondCause"):
            yield from (one.value for one in node.keywords if one.arg in _WORDS)
        elif node.func.id == "Clearing":
            yield from node.args[:1]


def _lines_of_docstrings(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        for statement in getattr(node, "body", None) or () if not isinstance(node, ast.Lambda | ast.IfExp) else ():
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                yield from range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)


def _without_comment(line: str) -> str:
    stripped = line.strip()
    return "" if stripped.startswith("#") else stripped.partition("  # ")[0]


if __name__ == "__main__":
    if written()["rules_version"] == RULES_VERSION and "--same-signals" not in sys.argv[1:]:
        sys.exit(f"RULES_VERSION is still {RULES_VERSION}: count it up, or say --same-signals")
    FILE.write_text(json.dumps(current(), indent=2, sort_keys=True) + "\n", "utf-8")
