"""The cases of a test have the same order in every run: workers that share a run must collect the same list."""

import ast
from collections.abc import Mapping

import pytest

from tests.architecture.sources import Module, modules

_KEEP_THE_ORDER = {"list", "tuple", "dict.fromkeys"}


def test_no_test_takes_its_cases_from_a_set() -> None:
    unordered = [place for module in modules("tests") for place in _cases_from_sets(module)]
    assert unordered == [], "the order of a set depends on the hash seed: write `sorted(...)`, a list or a tuple"


@pytest.mark.parametrize(
    ("cases", "found"),
    [
        ("{'a', 'b'}", True),
        ("set(Kind) - {Kind.A}", True),
        ("RULES.keys() - {'a'}", True),
        ("frozenset(names)", True),
        ("{one for one in Kind}", True),
        ("[*set(Kind), 'more']", True),
        ("list({'a', 'b'})", True),
        ("[one for one in {'a', 'b'}]", True),
        ("NAMED", True),
        ("sorted({'a', 'b'})", False),
        ("[one for one in Kind if one not in {'a', 'b'}]", False),
        ("[({'a', 'b'}, 1)]", False),
        ("ORDERED + [3]", False),
    ],
)
def test_a_set_is_detected_wherever_its_order_would_count(cases: str, found: bool) -> None:
    text = f"NAMED: set[str] = {{'a', 'b'}}\nORDERED = [1, 2]\n@mark.parametrize('one', {cases})\ndef test(one): ..."
    for said in (text, text.replace("'one', ", "'one', argvalues=")):
        assert bool(_cases_from_sets(Module("tests/test_it.py", said, ast.parse(said)))) == found


def _cases_from_sets(module: Module) -> list[str]:
    known = _constants(module)
    return [
        f"{module.path}:{call.lineno}"
        for call in module.nodes()
        if isinstance(call, ast.Call) and any(_is_unordered(cases, known) for cases in _cases(call))
    ]


def _cases(call: ast.Call) -> list[ast.expr]:
    """The values of `parametrize`, or the parameters of a fixture."""
    called = ast.unparse(call.func).rpartition(".")[2]
    if called not in ("parametrize", "fixture"):
        return []
    named = [one.value for one in call.keywords if one.arg in ("argvalues", "params")]
    return named + (call.args[1:2] if called == "parametrize" else [])


def _is_unordered(node: ast.expr, known: Mapping[str, ast.expr]) -> bool:
    match node:
        case ast.Set() | ast.SetComp():
            return True
        case ast.Name(id=name) if name in known:
            return _is_unordered(known[name], {one: value for one, value in known.items() if one != name})
        case ast.BinOp(left=left, right=right):
            return _is_unordered(left, known) or _is_unordered(right, known)
        case ast.Call(func=called, args=args):
            words = ast.unparse(called)
            return words in ("set", "frozenset") or (
                words in _KEEP_THE_ORDER and any(_is_unordered(argument, known) for argument in args)
            )
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return any(isinstance(one, ast.Starred) and _is_unordered(one.value, known) for one in elements)
        case ast.ListComp(generators=[first, *_]) | ast.GeneratorExp(generators=[first, *_]):
            return _is_unordered(first.iter, known)
    return False


def _constants(module: Module) -> dict[str, ast.expr]:
    """The values of the module's names at the top."""
    body = module.tree.body
    given = [(target, node.value) for node in body if isinstance(node, ast.Assign) for target in node.targets]
    typed = [(node.target, node.value) for node in body if isinstance(node, ast.AnnAssign) and node.value is not None]
    return {target.id: value for target, value in given + typed if isinstance(target, ast.Name)}
