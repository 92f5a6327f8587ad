"""The meaning of statements that insert rows: those that `shared.database` generates, read from their text."""

import re
from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from typing import Any

import asyncpg

from tests.simulation.database import Answer, Session
from tests.simulation.tables import COLUMNS, ENUMERATED, KEYS, NUMBERED, Row, Rows

_INSERT = re.compile(
    r"insert into (?P<table>\S+) \((?P<columns>[^)]*)\) select .* order by ordinality"
    r"(?: on conflict (?:\((?P<key>[^)]*)\) )?do (?:(?P<nothing>nothing)|update set (?P<set>.*?)))?"
    r"(?: returning (?P<returned>\w+))?",
    re.DOTALL,
)
_ASSIGNED = re.compile(
    r"(\w+) = (greatest\(\w+\.\w+, excluded\.\w+\)|coalesce\(excluded\.\w+, \w+\.\w+\)|excluded\.\w+)(?:, |$)"
)


class NotTaught(Exception):
    """A statement without a meaning in `statements`. Add one there."""


@cache
def inserting(sql: str) -> Answer:
    """The effect of a statement of `shared.database.bulk_insert` or `bulk_upsert`. Raises NotTaught for any other."""
    read = _INSERT.fullmatch(sql.strip())
    if read is None:
        raise NotTaught(sql)
    table, columns = read["table"], read["columns"].split(", ")
    keys = [columns.index(name) for name in KEYS[table] if name in columns]
    updates = [(name, how.partition("(")[0]) for name, how in _ASSIGNED.findall(read["set"] or "")]
    if read["set"] and len(updates) != read["set"].count("excluded."):
        raise NotTaught(sql)

    def run(session: Session, arguments: Sequence[Any]) -> Rows:
        added = []
        for values in zip(*arguments, strict=True):
            known = session.get(table, tuple([values[place] for place in keys])) if keys else None
            if known is None:
                added.append(insert(session, table, columns, values))
            elif updates:
                reported = _reported(table, columns, values)
                session.put(table, {**known, **{n: _updated(known[n], reported[n], how) for n, how in updates}})
            elif not read["nothing"]:
                raise asyncpg.UniqueViolationError(f"{table} has this key already")
        return added

    return run


def _updated(known: Any, reported: Any, how: str) -> Any:
    if how == "greatest":
        return max(known, reported)
    return known if how == "coalesce" and reported is None else reported


def insert(session: Session, table: str, columns: Sequence[str], values: Sequence[Any]) -> Row:
    row = {**COLUMNS[table], **_reported(table, columns, values)}
    numbered = NUMBERED.get(table)
    if numbered is not None:
        row[numbered] = session.database.next_number(table)
    session.put(table, row)
    return row


def _reported(table: str, columns: Sequence[str], values: Sequence[Any]) -> Row:
    """Values by column. Postgres keeps the text of an enumeration."""
    row = dict(zip(columns, values, strict=True))
    for name in ENUMERATED.get(table, ()):
        if isinstance(row[name], StrEnum):
            row[name] = row[name].value
    return row
