"""Migrations form one line for each database, in the order of their file names."""

import ast
from pathlib import Path

import pytest

from tests.architecture.sources import PRODUCT, Module, is_migration, modules

MIGRATIONS = [module for module in modules(*PRODUCT) if is_migration(module.path)]
FOLDERS = sorted({str(Path(module.path).parent) for module in MIGRATIONS})


def test_services_and_shared_tables_have_migrations() -> None:
    assert len(FOLDERS) == 4


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_migration_follows_the_one_before(folder: str) -> None:
    said = [
        (Path(module.path).name[:5], _says(module, "revision"), _says(module, "down_revision"))
        for module in MIGRATIONS
        if str(Path(module.path).parent) == folder
    ]
    numbers = [f"{number:04}" for number in range(1, len(said) + 1)]
    expected = [(f"{own}_", own, before) for own, before in zip(numbers, [None, *numbers], strict=False)]
    assert said == expected, (
        "files are numbered without a gap: `revision` is the number, `down_revision` the one before"
    )


def test_each_migration_says_whether_the_previous_version_may_keep_running() -> None:
    silent = [module.path for module in MIGRATIONS if _says(module, "online_safe") not in (True, False)]
    assert silent == [], "write `online_safe = True` (it only adds things the previous version need not know) or False"


def _says(module: Module, name: str) -> object:
    """The constant of this name at the top of a module."""
    values = [
        node.value.value
        for node in module.tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        if [ast.unparse(target) for target in node.targets] == [name]
    ]
    return values[0] if values else None
