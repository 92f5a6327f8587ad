"""The project's own files, for the tests of this folder."""

import ast
import subprocess
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("services", "shared", "deploy")
SERVICES = ("orders", "support", "escalation")


@dataclass(frozen=True, slots=True)
class Module:
    """One Python file, parsed."""

    path: str
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """Its dotted name."""
        return ".".join(Path(self.path).with_suffix("").parts).removesuffix(".__init__")

    def nodes(self) -> Iterator[ast.AST]:
        return iter(_nodes(self.tree))


@cache
def tracked_files() -> tuple[str, ...]:
    """Every file that is committed or would be, relative to the checkout."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return tuple(sorted(path for path in listed.split("\0") if path and (ROOT / path).is_file()))


@cache
def modules(*folders: str) -> tuple[Module, ...]:
    """The Python files under these folders, without empty ones."""
    chosen = [path for path in tracked_files() if path.endswith(".py") and path.startswith(folders)]
    return tuple(module for module in map(_parse, chosen) if module.text.strip())


def is_migration(path: str) -> bool:
    """Whether the file is a step of a database's history, named for its order and run by Alembic."""
    return Path(path).name[0].isdigit()


def classes_below(bases: Collection[str], among: Sequence[Module]) -> set[str]:
    """The dotted names of the classes at the top of these modules that inherit from one of these, directly or not.

    `bases` are built in: a name that no module defines or imports has no dot.
    """
    inherits = {
        f"{module.name}.{node.name}": {_meant(ast.unparse(base), module) for base in node.bases}
        for module in among
        for node in module.tree.body
        if isinstance(node, ast.ClassDef)
    }
    found: set[str] = set()
    while more := {name for name, of in inherits.items() if of & (found | set(bases))} - found:
        found |= more
    return found


def _meant(name: str, module: Module) -> str:
    """The dotted name that a name stands for at the top of a module."""
    first, dot, rest = name.partition(".")
    for node in module.tree.body:
        match node:
            case ast.ClassDef(name=defined) if defined == first:
                return f"{module.name}.{name}"
            case ast.ImportFrom(module=source, names=names):
                for alias in names:
                    if first == (alias.asname or alias.name):
                        return f"{source}.{alias.name}{dot}{rest}"
    return name


@cache
def _nodes(tree: ast.Module) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree))


@cache
def _parse(path: str) -> Module:
    text = (ROOT / path).read_text("utf-8")
    return Module(path, text, ast.parse(text))
