"""Reads escalation's journal for a replay: what all accounts share at once, then account by account."""

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg

from shared.database import Connection

_COLUMNS: Final = "position, source, event_id, kind, type, subject, at, decided_at, traceparent, body, rules_version"
_SPAN = "select count(*) as inputs, min(decided_at) as first, max(decided_at) as last from shared.journal"
_KINDS = "select kind, count(*) as inputs from shared.journal group by kind order by kind"
# Inputs stored without a version were decided by the first one.
_OLDER_RULES = "select max(decided_at) from shared.journal where coalesce(rules_version, 1) <> $1"
_ERASED = "select count(*) from shared.journal where body is null"
_KNOWN_SINCE = """
    select least((select min(seen_at) from escalation.orders), (select min(raised_at) from escalation.episodes))
"""
_ALERTS = "select alert_id from escalation.alerts where raised_at >= $1 and raised_at <= $2"
# By bytes: the order must not depend on the database's language.
_INPUTS = f"""
    select {_COLUMNS} from shared.journal where type = any($1::text[]) and body is not null
    order by subject collate "C", decided_at, position
"""
_OF_SUBJECT = f"""
    select {_COLUMNS} from shared.journal where subject = $2 and type = any($1::text[]) and body is not null
    order by decided_at, position
"""
_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class JournalSpan:
    """The extent of the journal: `inputs` by kind, and the instants of its first and last decision.

    `older_rules_until` is the last decision by the rules of another release. `known_since` is when the oldest rows that
    still exist were made: before `first`, a part of the journal was deleted.
    """

    inputs: dict[str, int]
    first: datetime
    last: datetime
    older_rules_until: datetime | None
    known_since: datetime | None
    erased: int

    @property
    def is_trimmed(self) -> bool:
        return self.known_since is not None and self.known_since < self.first


async def journal_span(connection: Connection, rules_version: int) -> JournalSpan | None:
    """The extent of the journal; None if it is empty."""
    span = await connection.fetchrow(_SPAN)
    if span is None or not span["inputs"]:
        return None
    return JournalSpan(
        {row["kind"]: row["inputs"] for row in await connection.fetch(_KINDS)},
        span["first"],
        span["last"],
        await connection.fetchval(_OLDER_RULES, rules_version),
        await connection.fetchval(_KNOWN_SINCE),
        await connection.fetchval(_ERASED),
    )


async def inputs_by_subject(connection: Connection, types: Collection[str]) -> AsyncIterator[list[asyncpg.Record]]:
    """The inputs of these types that still have their bodies, subject by subject, each in the order of its decisions.

    It reads through a cursor, in the transaction of the connection, and holds one subject at a time.
    """
    rows: list[asyncpg.Record] = []
    async for row in connection.cursor(_INPUTS, list(types), prefetch=_AT_ONCE):
        if rows and rows[-1]["subject"] != row["subject"]:
            yield rows
            rows = []
        rows.append(row)
    if rows:
        yield rows


async def inputs_of(connection: Connection, types: Collection[str], subject: str) -> list[asyncpg.Record]:
    """The inputs of one subject, as `inputs_by_subject` reads them."""
    found: list[asyncpg.Record] = await connection.fetch(_OF_SUBJECT, list(types), subject)
    return found


async def alerts_between(connection: Connection, since: datetime, until: datetime) -> tuple[int, int]:
    """The number of alerts that the service raised, and the sum of their ids."""
    count = ids = 0
    async for row in connection.cursor(_ALERTS, since, until, prefetch=_AT_ONCE):
        count += 1
        ids += row["alert_id"].int
    return count, ids
