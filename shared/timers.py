"""Timers: rows with a fact that takes effect at an instant, set and cancelled in the transaction of the decision."""

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
    skip=frozenset({"attempts"}),
    tail="on conflict (id) do update "
    "set due_at = excluded.due_at, awaits = excluded.awaits, made_of_silence = excluded.made_of_silence",
)
_CANCEL = "delete from shared.timers where id = any($1::uuid[])"
# Made of silence: a backlog or an outage must not look like silence, so all input has to be read past the due time, and
# no record of the account may be set aside. The clock is read once, in a subquery: a call for each row would prevent
# the use of the index.
_DUE = """
    due_at <= (select shared.app_now()) and (not made_of_silence or (due_at <= coalesce(
        (select min(coalesce(read_through_at, '-infinity')) from shared.offsets), '-infinity')
        and not exists (select from shared.set_aside where set_aside.lock_key = timers.lock_key)))
"""
_DUE_KEYS = f"""
    select lock_key, count(*) as due from (
        select lock_key from shared.timers
        where {_DUE} and ($2::text is null or lock_key = $2) and lock_key <> all($3::text[])
        order by due_at limit $1
    ) due group by lock_key order by lock_key
"""
_LOCK = "select key from shared.locks where key = any($1::text[]) order by key for update skip locked"
_CLAIM = f"""
    delete from shared.timers where id in (
        select id from shared.timers where lock_key = any($1::text[]) and {_DUE} order by due_at, id limit $2)
    returning *
"""
_HURRY = """
    update shared.timers set due_at = least(due_at, shared.app_now()), made_of_silence = false
    where awaits = any($1::text[]) and (due_at > (select shared.app_now()) or made_of_silence)
"""
# By a minute, and each time twice as long, up to an hour.
_POSTPONE = f"""
    update shared.timers set attempts = attempts + 1,
        due_at = shared.app_now() + least(interval '1 hour', interval '1 minute' * power(2, least(attempts, 6)))
    where id in (select id from shared.timers where lock_key = $1 and {_DUE} order by due_at, id limit $2)
"""


@dataclass(frozen=True, slots=True)
class TimerSetting:
    """A fact that takes effect for `subject` at `due_at`, or earlier when `awaits` (a lock key) is hurried.

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
    """Make all timers that await any of these lock keys due at once."""
    if awaited:
        await connection.execute(_HURRY, list(awaited))


async def postpone(connection: Connection, lock_key: str, limit: int | None) -> None:
    """Postpone timers that could not be fired, so that they do not block others: by a minute, then by two, and so on.

    They are the account's timers that `claim` would take with this limit; None: all due timers.
    """
    await connection.execute(_POSTPONE, lock_key, limit)


async def due_accounts(
    connection: Connection, limit: int, *, only: str | None = None, without: Collection[str] = ()
) -> dict[str, int]:
    """The lock keys of the accounts of the `limit` most overdue timers, and the number of these timers for each."""
    rows = await connection.fetch(_DUE_KEYS, limit, only, list(without))
    return {row["lock_key"]: row["due"] for row in rows}


async def lock_due(
    connection: Connection, limit: int, *, only: str | None = None, without: Collection[str] = ()
) -> list[str]:
    """Lock accounts with due timers, before any timer is claimed. Accounts locked elsewhere are left for later."""
    return await lock_free(connection, await due_accounts(connection, limit, only=only, without=without))


async def lock_free(connection: Connection, lock_keys: Collection[str]) -> list[str]:
    """Lock those of these accounts that nobody else holds."""
    if not lock_keys:
        return []
    return [row["key"] for row in await connection.fetch(_LOCK, list(lock_keys))]


async def claim(
    connection: Connection, lock_keys: Sequence[str], limit: int, facts: Mapping[str, type[Fact]], service: str
) -> list[Input]:
    """Take the most overdue timers of locked accounts; they enter the domain as events, in that order."""
    rows = await connection.fetch(_CLAIM, list(lock_keys), limit)
    return [
        _fired(row, facts[row["type"]], service) for row in sorted(rows, key=lambda row: (row["due_at"], row["id"]))
    ]


def _fired(row: asyncpg.Record, fact: type[Fact], service: str) -> Input:
    body = fact.model_validate_json(row["body"])
    event = fired_event(row["id"], body, row["subject"], row["due_at"], service, row["traceparent"])
    return Input(event, row["body"], digest=b"", kind=InputKind.TIMER)


def fired_event(
    id: UUID, fact: Fact, subject: str, due_at: datetime, service: str, traceparent: str | None
) -> Envelope[Fact]:
    """The event of a timer that fires."""
    return envelope(
        fact,
        id=str(derived("fired", id, due_at)),
        source=f"handoff/{service}/timers",
        subject=subject,
        time=due_at,
        traceparent=traceparent,
    )
