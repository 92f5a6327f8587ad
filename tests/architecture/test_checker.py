"""The judge of runs with faults shares no code with the product: otherwise a fault in that code would be in both."""

import ast

from tests.architecture.sources import Module, modules

CHECKER = "tests/faults/checker/"
MAY_STAND_ON = {"asyncpg", "confluent_kafka", "tests.faults.checker"}


def test_the_checker_imports_nothing_of_the_product() -> None:
    known = ("services", "shared", "deploy", "tests", "aiokafka", "faststream", "pydantic")
    judges = modules(CHECKER)
    assert judges
    foreign = [
        f"{module.path}: {name}"
        for module in judges
        for name in _imported(module)
        if name.startswith(known) and not name.startswith(tuple(MAY_STAND_ON))
    ]
    assert foreign == []


def _imported(module: Module) -> list[str]:
    imports = [node for node in module.nodes() if isinstance(node, ast.Import)]
    froms = [node.module or "." * node.level for node in module.nodes() if isinstance(node, ast.ImportFrom)]
    return froms + [alias.name for node in imports for alias in node.names]
