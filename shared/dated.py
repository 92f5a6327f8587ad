"""Finds and corrects rows dated ahead of our clock, from before such times were refused on receipt.

A time ahead affects all later facts: it settles earlier events, and no later fact replaces it. Start at `Dated`.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.database import DirectConnection
from shared.ids import derived

if TYPE_CHECKING:  # events are needed only to report one again
    from shared.inputs import Input

_LATEST = """
    select distinct on (subject) source, event_id, subject, least(at, decided_at) as at, body from shared.journal
    where type = $1 and subject = any($2::text[]) and body is not null
    order by subject, least(at, decided_at) desc, event_id desc
"""


@dataclass(frozen=True, slots=True)
class Dated:
    """A column with the time of a fact, and the column with its subject.

    `received` is the column with the time of receipt; without one the journal has it. If the latest fact counts,
    `reported_by` is its type: a later fact that lost against it is reported again. `forget` is a statement that makes
    the processes' memory of these subjects outdated.
    """

    table: str
    column: str
    about: str
    received: str | None = None
    reported_by: str | None = None
    forget: str | None = None

    @property
    def found(self) -> str:
        return (
            f"select {self.about} as about, {self.column} as at from {self.table} where {self.column} > $1 order by 1"
        )

    @property
    def put_right(self) -> str:
        """One idempotent statement: a time ahead becomes the time of receipt."""
        journaled = (
            f"select min(decided_at) from shared.journal where subject = row.{self.about} and at = row.{self.column}"
        )
        received = f"row.{self.received}" if self.received else f"({journaled})"
        time = f"least(row.{self.column}, coalesce({received}, shared.app_now()), shared.app_now())"
        return (
            f"update {self.table} as row set {self.column} = {time} "
            f"where row.{self.column} > $1 returning row.{self.about} as about"
        )


@dataclass(frozen=True, slots=True)
class AheadRow:
    """The subject of a row, its place, and its time."""

    place: str
    about: str
    at: datetime


async def rows_ahead(connection: DirectConnection, dated: Iterable[Dated], skew: timedelta) -> list[AheadRow]:
    """All rows dated further ahead than a publisher's clock may be."""
    after = await _limit(connection, skew)
    return [
        AheadRow(f"{one.table}.{one.column}", row["about"], row["at"])
        for one in dated
        for row in await connection.fetch(one.found, after)
    ]


async def put_right(connection: DirectConnection, one: Dated, skew: timedelta) -> list[str]:
    """Set the times of rows dated ahead to their times of receipt. Return their subjects."""
    rows = await connection.fetch(one.put_right, await _limit(connection, skew))
    subjects = sorted({row["about"] for row in rows})
    if one.forget is not None and subjects:
        await connection.execute(one.forget, subjects)
    return subjects


async def last_reported(connection: DirectConnection, wire_type: str, subjects: Sequence[str]) -> "list[Input]":
    """The fact about each subject that counts now, to be reported again: it may have lost against one dated ahead."""
    from shared.contracts.catalog import CATALOG
    from shared.contracts.envelope import envelope
    from shared.inputs import Input, InputKind

    inputs = []
    for row in await connection.fetch(_LATEST, wire_type, list(subjects)):
        fact = CATALOG[wire_type].model_validate_json(row["body"])
        id = str(derived("told_again", row["source"], row["event_id"]))
        event = envelope(fact, id=id, source="handoff/repair", subject=row["subject"], time=row["at"])
        inputs.append(Input(event, row["body"], hashlib.sha256(row["body"]).digest(), InputKind.HTTP))
    return inputs


async def _limit(connection: DirectConnection, skew: timedelta) -> datetime:
    limit: datetime = await connection.fetchval("select shared.app_now() + $1::interval", skew)
    return limit
