"""Claims notices that are due, and stores the result of each.

A notice is claimed before it is sent, so that it is sent once. Only if the process dies in between is it sent again,
with the same Message-ID.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.escalation.domain.addresses import Outcome
from services.escalation.domain.notices import NoticeKind
from services.escalation.store.claims import SENDING_LIMIT
from shared.contracts.escalation import SignalKind
from shared.database import Connection, Pool

_NAMED = 5

# If the address was changed meanwhile, a device was added, or either person has left, the notice is not needed; nor is
# one of a result that has changed again. Of several that wait, of one kind about one person, only the one that is due
# last is, except that each result has its own.
_CLAIM = """
    with due as (
        select n.notice_id, n.kind, n.recipient, n.about, n.try_at, n.episode_id from escalation.notices n
        where n.state in ('pending', 'sending') and n.try_at <= (select shared.app_now())
        order by n.try_at limit $1 for update skip locked
    ), known as (
        select due.notice_id, r.name, r.email, r.zone, p.name as about, p.email as address,
               p.email_failed_because as because,
               saved.order_id, saved.because as disproof, saved.because_at as disproved_at, saved.follow_up,
               r.active and r.email is not null and case due.kind
                   when 'address_failed' then p.email_failed_at is not null
                   when 'save_proven' then saved.state = 'proven'
                   when 'save_relapsed' then saved.state = 'relapsed'
                   else p.active and not exists (
                       select from escalation.push_devices d where d.salesperson_id = due.about and d.ended_at is null)
               end and not exists (
                   select from escalation.notices other
                   where due.episode_id is null and other.about = due.about and other.kind = due.kind
                     and other.state in ('pending', 'sending')
                     and (other.try_at, other.notice_id) > (due.try_at, due.notice_id)
               ) as needed
        from due
        join escalation.salespeople r on r.salesperson_id = due.recipient
        join escalation.salespeople p on p.salesperson_id = due.about
        left join escalation.results saved on saved.episode_id = due.episode_id
    )
    update escalation.notices n
    set state = case when known.needed then 'sending' else 'cancelled' end,
        attempts = n.attempts + known.needed::int, unknown_count = n.unknown_count + (n.state = 'sending')::int,
        try_at = shared.app_now() + $2, changed_at = shared.app_now()
    from known where known.notice_id = n.notice_id
    returning n.notice_id, n.kind, n.recipient, n.attempts, n.unknown_count, known.name, known.email, known.about,
              known.address, known.because, known.needed, known.order_id, known.disproof, known.disproved_at,
              known.follow_up, known.zone, shared.app_now() as now
"""
_END = """
    update escalation.notices
    set state = $2, reason = $3, try_at = shared.app_now() + $4, changed_at = shared.app_now(), unknown_count = $6
    where notice_id = $1 and state = 'sending' and attempts = $5
"""
_FAILING = """
    select salesperson_id, name, email_failed_at as since, email_failed_because as because
    from escalation.salespeople where active and email_failed_at is not null order by email_failed_at
"""
_LOST = """
    select salesperson_id, array_agg(device_id order by device_id) as devices,
           not exists (
               select from escalation.push_devices d
               where d.salesperson_id = lost.salesperson_id and d.ended_at is null) as were_last
    from escalation.push_devices lost where ended_because = 'gone' and loss_reported_at is null
    group by salesperson_id order by salesperson_id limit $1
"""
_REPORTED = """
    update escalation.push_devices set loss_reported_at = shared.app_now() where device_id = any($1::uuid[])
"""


@dataclass(frozen=True, slots=True)
class LostDevices:
    """Devices of one person that their push services no longer know; `were_last`: the person has no other."""

    salesperson_id: str
    devices: Sequence[UUID]
    were_last: bool


@dataclass(frozen=True, slots=True)
class NoticeLetter:
    """The content of a notice about the person named `about`, with their address and why mail does not arrive there; or
    about their save of an order, which `disproof` disproved at `disproved_at`, with the episode that followed."""

    notice_id: UUID
    kind: NoticeKind
    recipient: str
    attempts: int
    unknown_count: int
    name: str
    email: str
    about: str
    address: str | None
    because: str | None
    now: datetime
    zone: str
    order_id: str | None = None
    disproof: SignalKind | None = None
    disproved_at: datetime | None = None
    follow_up: UUID | None = None


@dataclass(frozen=True, slots=True)
class Failing:
    """A person whom mail does not reach: since when, and the mail server's reason."""

    salesperson_id: str
    name: str
    since: datetime
    because: str


async def claim(pool: Pool, limit: int) -> Sequence[NoticeLetter]:
    """Take at most `limit` due notices, and mark them as `sending`."""
    rows = await pool.fetch(_CLAIM, limit, SENDING_LIMIT)
    columns = NoticeLetter.__slots__
    found = ({name: row[name] for name in columns} for row in rows if row["needed"])
    return [NoticeLetter(**(each | _kinds(each))) for each in found]


def _kinds(row: Mapping[str, Any]) -> dict[str, NoticeKind | SignalKind | None]:
    disproof = row["disproof"]
    return {"kind": NoticeKind(row["kind"]), "disproof": None if disproof is None else SignalKind(disproof)}


async def end(pool: Pool, notice: NoticeLetter, outcome: Outcome, reason: str | None) -> None:
    """Store an attempt's result."""
    known = (notice.notice_id, outcome.state, reason, outcome.pause, notice.attempts)
    await pool.execute(_END, *known, outcome.unknown_count)


async def lost_devices(pool: Pool, limit: int) -> Sequence[LostDevices]:
    """The devices of at most `limit` people that were lost, until `note_reported`."""
    return [LostDevices(**row) for row in await pool.fetch(_LOST, limit)]


async def note_reported(pool: Pool, devices: Sequence[UUID]) -> None:
    """Note that nothing more follows from the loss of these devices."""
    await pool.execute(_REPORTED, devices)


async def failing_people(connection: Connection) -> Sequence[Failing]:
    """The people whom mail does not reach."""
    return [Failing(**row) for row in await connection.fetch(_FAILING)]


async def notes_of_addresses(connection: Connection) -> list[str]:
    """Notes for operators: people whose mail comes back."""
    people = await failing_people(connection)
    if not people:
        return []
    named = ", ".join(one.salesperson_id for one in people[:_NAMED]) + (" and others" if len(people) > _NAMED else "")
    what = f"e-mail to {named} is not being delivered"
    return [f"{what}: publish the right address; `handoff bounces list` has the reasons"]
