"""Bring a database up to date: the shared schema first, then the service's own. Each has its own version table.

Start at `migrate`; `upgrading`, which runs the migrations, is imported only where one is lacking."""

import ast
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import asyncpg

if TYPE_CHECKING:
    from shared.database import Connection, Pool

Reader: TypeAlias = "Connection | Pool"
HERE = Path(__file__).parent
_TABLE = "select to_regclass($1) is not null"
_CONNECT_SECONDS = 10.0


class OlderProcessesConnected(RuntimeError):
    """Processes of an older version use the tables, and a migration would have them fail. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Step:
    """One migration. `online_safe`: processes of the version before may go on while it runs and afterwards."""

    revision: str
    online_safe: bool


@dataclass(frozen=True, slots=True)
class Migrations:
    """A schema and the folder of its migrations."""

    schema: str
    folder: Path

    def steps(self) -> list[Step]:
        """All of them, oldest first: their files are numbered. They are read, not run."""
        return [_step(file) for file in sorted(self.folder.glob("[0-9]*.py"))]

    def lacking(self, current: str | None) -> Sequence[Step]:
        """Those that a database at this revision lacks, oldest first."""
        steps = self.steps()
        revisions = [step.revision for step in steps]
        if current is None:
            return steps
        return steps[revisions.index(current) + 1 :] if current in revisions else []


SHARED_MIGRATIONS = Migrations("shared", HERE / "versions")


async def migrate(url: str, *own: Migrations) -> None:
    """Apply the shared migrations, then the service's own. Safe to run from several processes at once.

    Raises OlderProcessesConnected where processes of an older version would not survive it.
    """
    every = (SHARED_MIGRATIONS, *own)
    connection = await asyncpg.connect(url, timeout=_CONNECT_SECONDS)
    try:
        found = await revisions(connection, [each.schema for each in every])
    finally:
        await connection.close()
    if any(found[each.schema] != each.steps()[-1].revision for each in every):
        from shared.migrations.upgrading import upgrade  # noqa: PLC0415 - Alembic

        await upgrade(url, own)


async def revisions(database: Reader, schemas: Iterable[str]) -> dict[str, str | None]:
    """The revision of each schema's tables; None for a schema that has none."""
    found: dict[str, str | None] = {}
    for schema in schemas:
        there = await database.fetchval(_TABLE, f"{schema}.alembic_version")
        found[schema] = await database.fetchval(f"select version_num from {schema}.alembic_version") if there else None
    return found


def _step(file: Path) -> Step:
    constants = _constants(file, {"revision", "online_safe"})
    return Step(str(constants["revision"]), constants.get("online_safe") is True)


def _constants(file: Path, names: Collection[str]) -> dict[str, object]:
    return {
        target.id: node.value.value
        for node in ast.parse(file.read_text("utf-8")).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name) and target.id in names
    }
