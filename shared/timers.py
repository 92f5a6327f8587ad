"""Timers are rows: a fact that comes into force at an instant, set and cancelled in the transaction that decides so."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from shared.contracts.envelope import Envelope, Fact, envelope
from shared.database import Connection, bulk_insert
from shared.ids import derived
from shared.inputs import Input, InputKind
from shared.tables import Timer

# The latest decision counts: setting a timer again moves it.
_SET = bulk_insert(
    Timer,
    tail="on conflict (id) do update "
    "set due_at = excluded.due_at, awaits = excluded.awaits, made_of_silence = excluded.made_of_silence",
)
_CANCEL = "delete from shared.timers where id = any($1::uuid[])"
# Made of silence: a backlog or an outage must not look like one, so every input has to be read past the due time. The
# clock is read once, in a subquery: called for each row it would keep the index from being used.
_DUE = """
    due_at <= (select shared.app_now()) and (not made_of_silence or due_at <= coalesce(
        (select min(coalesce(read_through_at, '-infinity')) from shared.offsets), '-infinity'))
"""
_DUE_KEYS = f"""
    select distinct lock_key from (
        select lock_key from shared.timers where {_DUE} order by due_at limit $1
    ) due order by lock_key
"""
_LOCK = "select key from shared.locks where key = any($1::text[]) order by key for update skip locked"
_CLAIM = f"delete from shared.timers where lock_key = any($1::text[]) and {_DUE} returning *"
_HURRY = """
    update shared.timers set due_at = least(due_at, shared.app_now()), made_of_silence = false
    where awaits = any($1::text[]) and (due_at > (select shared.app_now()) or made_of_silence)
"""
_POSTPONE = """
    update shared.timers set due_at = shared.app_now() + interval '1 minute'
    where lock_key = any($1::text[]) and due_at <= (select shared.app_now())
"""


@dataclass(frozen=True, slots=True)
class TimerSetting:
    """A fact to come into force for `subject` at `due_at`; earlier when `awaits` (a lock key) is hurried.

    `body` is the fact as JSON.
    """

    id: UUID
    fact: Fact
    body: str
    subject: str
    due_at: datetime
    traceparent: str | None = None
    awaits: str | None = None
    made_of_silence: bool = False

    def row(self) -> tuple[object, ...]:
        lock_key = f"{self.fact.about}:{self.subject}"
        return (
            self.id,
            lock_key,
            self.subject,
            self.fact.type,
            self.body.encode(),
            self.due_at,
            self.made_of_silence,
            self.awaits,
            self.traceparent,
        )


def timer_id(fact: Fact, subject: str, body: str | None = None) -> UUID:
    """One timer for each fact about a subject: a timer set twice is one timer. `body` is its JSON, where known."""
    return derived("timer", fact.type, subject, body or fact.model_dump_json())


async def set_timers(connection: Connection, settings: Iterable[TimerSetting]) -> None:
    await _SET.run(connection, [setting.row() for setting in settings])


async def cancel_timers(connection: Connection, ids: Collection[UUID]) -> None:
    if ids:
        await connection.execute(_CANCEL, list(ids))


async def hurry_timers(connection: Connection, awaited: Sequence[str]) -> None:
    """Make due at once what waits for any of these lock keys."""
    if awaited:
        await connection.execute(_HURRY, list(awaited))


async def postpone(connection: Connection, lock_keys: Sequence[str]) -> None:
    """Move what could not be fired out of the way of the others, by a minute."""
    await connection.execute(_POSTPONE, list(lock_keys))


async def lock_due(connection: Connection, limit: int) -> list[str]:
    """Lock accounts that have due timers, before any timer is claimed. Accounts busy elsewhere are left for later."""
    due = [row["lock_key"] for row in await connection.fetch(_DUE_KEYS, limit)]
    if not due:
        return []
    return [row["key"] for row in await connection.fetch(_LOCK, due)]


async def claim(
    connection: Connection, lock_keys: Sequence[str], facts: Mapping[str, type[Fact]], service: str
) -> list[Input]:
    """Take the due timers of locked accounts; they enter the domain as events, in the order they fell due."""
    rows = await connection.fetch(_CLAIM, list(lock_keys))
    return [
        _fired(row, facts[row["type"]], service) for row in sorted(rows, key=lambda row: (row["due_at"], row["id"]))
    ]


def _fired(row: asyncpg.Record, fact: type[Fact], service: str) -> Input:
    event: Envelope[Fact] = envelope(
        fact.model_validate_json(row["body"]),
        id=str(derived("fired", row["id"], row["due_at"])),
        source=f"handoff/{service}/timers",
        subject=row["subject"],
        time=row["due_at"],
        traceparent=row["traceparent"],
    )
    return Input(event, row["body"], digest=b"", kind=InputKind.TIMER)
