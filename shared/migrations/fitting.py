"""Whether a database's tables are those that this code was written for, and which processes of ours use them.

Start with `Fitting`. Tables may be newer than the code (they were made for the next version, which must leave this one
working) or older (`handoff migrate` has not run yet); then no record is to blame for what a table refuses.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from shared.database import (
    DATABASE_ERRORS,
    Pool,
    RightMissing,
    TablesUnfit,
    breaks_rules_of_tables,
    lacks_right,
    lacks_tables,
)
from shared.migrations import SHARED_MIGRATIONS, Migrations, revisions

_RIGHTS = """
    select format('%I.%I', nspname, relname) as relation, relname as name, current_user as user,
           string_agg(granted, ', ' order by place) as rights
    from pg_class join pg_namespace on pg_namespace.oid = relnamespace
    cross join unnest($2::text[]) with ordinality as wanted (granted, place)
    where nspname = any($1::text[]) and relkind in ('r', 'p') and not has_table_privilege(pg_class.oid, granted)
    group by nspname, relname order by nspname, relname
"""
_USED_RIGHTS = ("select", "insert", "update", "delete")


@dataclass(frozen=True, slots=True)
class Fitting:
    """The revisions this code knows, oldest first, of each schema."""

    service: str
    known: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, own: Migrations) -> Self:
        steps = {each.schema: each.steps() for each in (SHARED_MIGRATIONS, own)}
        return cls(
            own.schema, {schema: tuple(step.revision for step in known) for schema, known in steps.items() if known}
        )

    @property
    def process_name(self) -> str:
        """How a process names itself to Postgres, so that a migration knows which versions are connected."""
        revisions = ".".join(revisions[-1] for revisions in self.known.values())
        return f"{self.service} {revisions} pid {os.getpid()}"

    async def older(self, pool: Pool) -> str | None:
        """How the tables are older than this code, in words."""
        found = await revisions(pool, self.known)
        older = [schema for schema, known in self.known.items() if found[schema] in (None, *known[:-1])]
        return f"{self._words(older, found)}; run `handoff migrate`" if older else None

    async def different(self, pool: Pool) -> str | None:
        """How the tables are older or newer than this code, in words."""
        found = await revisions(pool, self.known)
        return self._words([schema for schema, known in self.known.items() if found[schema] != known[-1]], found)

    async def blame(self, error: BaseException, pool: Pool) -> None:
        """Raise TablesUnfit or RightMissing where tables or rights are at fault for an error, and not the rows."""
        if lacks_right(error):
            raise RightMissing(self.service, await self._rights_missing(error, pool)) from error
        lacking = lacks_tables(error)
        if not lacking and not breaks_rules_of_tables(error):
            return
        try:
            different = await self.different(pool)
        except DATABASE_ERRORS:
            different = "and the database did not report the version of its tables"
        if different or lacking:
            raise TablesUnfit(self.service, error, different) from error

    async def _rights_missing(self, error: BaseException, pool: Pool) -> str:
        """What Postgres says, which names the relation, and the grants that this user lacks on it."""
        try:
            rows = await pool.fetch(_RIGHTS, list(self.known), list(_USED_RIGHTS))
        except DATABASE_ERRORS:
            rows = []
        named = [row for row in rows if row["name"] in str(error)] or rows
        grants = [f"`grant {row['rights']} on {row['relation']} to {row['user']}`" for row in named]
        return f"{error}; run {', '.join(grants)}" if grants else f"{error}; grant it"

    def _words(self, schemas: list[str], found: Mapping[str, str | None]) -> str | None:
        said = [
            f"{schema} is at revision {found[schema]}, but this version needs {self.known[schema][-1]}"
            for schema in schemas
        ]
        return ", ".join(said) or None
