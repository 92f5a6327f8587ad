"""Names that no object holds, read from the code itself: the texts that a call can be given.

A text is followed to its origin: a constant, a local variable, or an argument from callers in the same module.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from tests.architecture.sources import Module, modules

COMPUTED = "·"
"""An argument that is known only when the code runs."""
_FARTHEST = 6
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Call:
    """One call, and its module."""

    module: Module
    node: ast.Call

    @property
    def arguments(self) -> list[ast.expr]:
        return self.node.args

    def keyword(self, name: str) -> ast.expr | None:
        return next((one.value for one in self.node.keywords if one.arg == name), None)


def code(*folders: str) -> list[Module]:
    """The product's modules under these folders: all are parsed at once, and once."""
    return [module for module in modules("services/", "shared/") if module.path.startswith(folders)]


def calls_of(name: str, *folders: str) -> list[Call]:
    """Every call of a function or method of this name. Raises LookupError if there is none: it has been renamed."""
    found = [
        Call(module, node)
        for module in code(*folders)
        for node in module.nodes()
        if isinstance(node, ast.Call) and called(node) == name
    ]
    if not found:
        raise LookupError(f"nothing calls {name} in {', '.join(folders)}: tests/contracts/pins must read its new name")
    return found


def called(node: ast.Call) -> str | None:
    """The name of the called function or method."""
    return getattr(node.func, "attr", None) or getattr(node.func, "id", None)


def texts(module: Module, node: ast.expr, depth: int = 0) -> set[str]:
    """Every text that an expression can stand for; COMPUTED if that is known only when the code runs."""
    if isinstance(node, ast.IfExp):
        return texts(module, node.body, depth) | texts(module, node.orelse, depth)
    if isinstance(node, ast.BoolOp):
        return set().union(*(texts(module, one, depth) for one in node.values))
    if isinstance(node, ast.Name) and not isinstance(at_import(module, node), str) and depth < _FARTHEST:
        found = [texts(there, one, depth + 1) for there, one in origins(module, node)]
        return set().union(*found) or {COMPUTED}
    return {text(module, node)}


def text(module: Module, node: ast.expr) -> str:
    """The text that an expression stands for, with {} for computed parts."""
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)  # type: ignore[misc]
    known = node.value if isinstance(node, ast.Constant) else at_import(module, node)
    return str(known) if isinstance(known, str) else COMPUTED


def at_import(module: Module, node: ast.expr) -> Any:
    """The value of a name like `KIND.value` once its module is imported; None if it is local."""
    if isinstance(node, ast.Name):
        return getattr(import_module(module.name), node.id, None)
    if isinstance(node, ast.Attribute):
        owner = at_import(module, node.value)
        return None if owner is None else getattr(owner, node.attr, None)
    return None


def origins(module: Module, name: ast.Name) -> Iterator[tuple[Module, ast.expr]]:
    """The values of a local variable, or the arguments that callers pass for a parameter, each with its module."""
    function = _function_around(module.tree, name)
    while function is not None:
        parameters = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
        if name.id in parameters or name.id in {one.arg for one in function.args.kwonlyargs}:
            yield from _passed(module, function.name, name.id, parameters)
            return
        found = list(_assigned(function, name.id))
        if found:
            yield from ((module, one) for one in found)
            return
        function = _function_around(module.tree, function)


def _assigned(function: _Function, name: str) -> Iterator[ast.expr]:
    set_to = [node for node in ast.walk(function) if isinstance(node, ast.Assign)]
    for target, value in [(target, node.value) for node in set_to for target in node.targets]:
        if isinstance(target, ast.Name) and target.id == name:
            yield value
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            pairs = zip(target.elts, value.elts, strict=False)
            yield from (part for one, part in pairs if isinstance(one, ast.Name) and one.id == name)


def _passed(module: Module, function: str, name: str, parameters: list[str]) -> Iterator[tuple[Module, ast.expr]]:
    """The arguments passed under this name: a private function is called in its own module only."""
    service = "/".join(module.path.split("/")[:2]) + "/"
    for there in [module] if function.startswith("_") else code(service):
        for node in there.nodes():
            if not isinstance(node, ast.Call) or called(node) != function:
                continue
            yield from ((there, one.value) for one in node.keywords if one.arg == name)
            place = parameters.index(name) if name in parameters else len(node.args)
            yield from ((there, one) for one in node.args[place : place + 1])


def returned(module: Module, function: str) -> Iterator[ast.expr]:
    """The first parts of the tuples that a function of the module returns."""
    for node in module.nodes():
        for inner in ast.walk(node) if isinstance(node, _Function) and node.name == function else ():
            value = inner.value if isinstance(inner, ast.Return) else None
            choices = (value.body, value.orelse) if isinstance(value, ast.IfExp) else (value,)
            yield from (one.elts[0] for one in choices if isinstance(one, ast.Tuple))


def strings(*folders: str) -> Iterator[str]:
    """Every text in the code but docstrings, with {} for computed parts of f-strings."""
    for module in code(*folders):
        parents = _parents(module.tree)
        for node in module.nodes():
            if isinstance(node, ast.JoinedStr):
                yield text(module, node)
            elif isinstance(node, ast.Constant) and not isinstance(parents[node], ast.JoinedStr | ast.Expr):
                yield from [node.value] if isinstance(node.value, str) else ()


def _function_around(tree: ast.Module, node: ast.AST) -> _Function | None:
    parents = _parents(tree)
    above = parents.get(node)
    while above is not None and not isinstance(above, _Function):
        above = parents.get(above)
    return above


@cache
def _parents(tree: ast.Module) -> dict[ast.AST, ast.AST]:
    return {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
