"""Loads a batch's state of support with one query per table, and saves it with one statement per table."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

import asyncpg
from pydantic import ValidationError

from services.support.domain import Case, CaseKey, Facts, case_key
from services.support.tables import Case as CaseRow
from services.support.tables import Contact
from shared.contracts import orders
from shared.contracts.catalog import CATALOG
from shared.contracts.envelope import Envelope, Fact, envelope
from shared.contracts.escalation import SaveWindowClosed, SaveWindowOpened
from shared.contracts.support_inbound import (
    CancellationRequested,
    CancellationWithdrawn,
    CaseOpened,
    ContactMade,
    CustomerInsists,
    CustomerMatter,
    Person,
    RefundRequested,
    RefundWithdrawn,
)
from shared.database import Connection, Pool, bulk_insert, bulk_upsert
from shared.ids import AccountId
from shared.logs import get_logger
from shared.transaction import Transaction
from shared.waiting import MoreWaits, WaitingRoom

log = get_logger(__name__)

_CASES = """
    select cases.* from support.cases
    join unnest($1::text[], $2::text[]) as named (account_id, case_id) using (account_id, case_id)
"""
OF_CASE = """(
        case_id = $1
        or (account_id, order_id) in (select account_id, order_id from support.cases where case_id = $1)
    )"""
"""The condition for the save windows about a case or its order: an agent sees only one case of several."""
_ACCOUNTS = """
    select account_id from support.cases where case_id = $1
    union select account_id from shared.rescues where case_id = $1 limit 2
"""
_IS_KNOWN = """
    select exists (select from support.cases where account_id = $1 and case_id = $2)
        or exists (select from shared.rescues where account_id = $1 and case_id = $2)
"""
_TOPICS_SHOWN = {CaseOpened.topic, orders.OrderPlaced.topic, SaveWindowOpened.topic}
_ABOUT_SALESPEOPLE = {orders.SaleCorrected, orders.AccountReassigned}
_SHOWN = [name for name, fact in CATALOG.items() if fact.topic in _TOPICS_SHOWN and fact not in _ABOUT_SALESPEOPLE]
_DECISIVE = [
    fact.type
    for fact in (
        *(orders.OrderPlaced, orders.OrderChanged, orders.OrderCancelled, orders.RefundPaid),
        *(CaseOpened, CustomerInsists, RefundRequested, RefundWithdrawn),
        *(CancellationRequested, CancellationWithdrawn, SaveWindowOpened, SaveWindowClosed),
    )
]
"""Facts that tell where a case stands."""
_NEWEST = """
    select position, source, event_id, type, subject, at, body from shared.journal
    where subject = $1 and type = any($2::text[]) and ($3::bytea is null or position($3 in body) > 0)
        and (at, position) < (coalesce($4, 'infinity'::timestamptz), coalesce($5, 9223372036854775807))
    order by at desc, position desc limit $6
"""
_NEVER_ESCAPED = re.compile(r"[A-Za-z0-9 ._-]+")
"""Characters that no writer of JSON spells in another way."""
_SAVE_CASES = bulk_upsert(CaseRow)
_KEEP_CONTACTS = bulk_insert(Contact, tail="on conflict do nothing")  # may come again when the journal is trimmed
_CASE_FIELDS = tuple(member.name for member in fields(Case))


@dataclass(slots=True)
class UnitOfWork:
    """The known state of a batch's cases, and the batch's changes."""

    cases: dict[CaseKey, Case]
    waiting: WaitingRoom
    changed: set[CaseKey] = field(default_factory=set)
    contacts: list[Envelope[ContactMade]] = field(default_factory=list)

    def put(self, case: Case) -> None:
        if self.cases.get(case.key) != case:
            self.cases[case.key] = case
            self.changed.add(case.key)


async def load(tx: Transaction, events: Sequence[Envelope[Fact]]) -> UnitOfWork:
    matters: list[Envelope[Any]] = [event for event in events if isinstance(event.data, CustomerMatter)]
    named = [(key, event.data) for event in matters if (key := case_key(event)) is not None]
    openings = {key.awaited for key, fact in named if isinstance(fact, CaseOpened)}
    openings |= {event.data.awaits for event in events if isinstance(event.data, MoreWaits)}
    room = WaitingRoom()
    await room.add(tx.connection, openings)
    waited = {key for event in room.events() if (key := case_key(event)) is not None}
    cases = await _load_cases(tx.connection, {key for key, _ in named} | waited)
    await room.look_at(tx.connection, {key.awaited for key in cases} - openings)
    return UnitOfWork(cases, room)


async def save(tx: Transaction, work: UnitOfWork) -> None:
    await _SAVE_CASES.run(tx.connection, [_case_row(work.cases[key]) for key in sorted(work.changed)])
    await _KEEP_CONTACTS.run(tx.connection, [_contact_row(event) for event in work.contacts])
    await work.waiting.save(tx)


async def now(pool: Pool) -> datetime:
    """The time of the service."""
    at: datetime = await pool.fetchval("select shared.app_now()")
    return at


async def accounts_of(pool: Pool, case: str) -> list[AccountId]:
    """The accounts with a case of this id, two at most."""
    return [AccountId(row["account_id"]) for row in await pool.fetch(_ACCOUNTS, case)]


async def is_known(pool: Pool, key: CaseKey) -> bool:
    """Whether anything was reported about a case: its opening, a save window, or another fact."""
    if await pool.fetchval(_IS_KNOWN, key.account, key.case):
        return True
    facts = await history_of_case(pool, key, most=1)
    return bool(facts.events)


async def case_of(pool: Pool, key: CaseKey) -> Case | None:
    """The known state of a case."""
    return (await _load_cases(pool, [key])).get(key)


async def history_of(pool: Pool, account: AccountId, *, most: int) -> Facts:
    """The newest facts of an account over all services. Erased facts are left out."""
    rows = await pool.fetch(_NEWEST, account, _SHOWN, None, None, None, most + 1)
    events, unreadable = _read(rows[:most])
    return Facts(events, len(rows) > most, unreadable)


async def history_of_case(pool: Pool, key: CaseKey, *, most: int) -> Facts:
    """The newest facts that name a case, however many others its account has."""
    found: list[Envelope[Fact]] = []
    unreadable = 0
    before: tuple[datetime | None, int | None] = (None, None)
    while True:
        rows = await pool.fetch(_NEWEST, key.account, _SHOWN, _in_bytes(key.case), *before, most + 1)
        events, damaged = _read(rows)
        found += [event for event in events if _names(event.data, key.case)]
        unreadable += damaged
        if len(found) > most or len(rows) <= most:
            return Facts(found[:most], len(found) > most, unreadable)
        before = (rows[-1]["at"], rows[-1]["position"])


async def decisive_of(pool: Pool, account: AccountId, *, most: int) -> list[Envelope[Fact]]:
    """The newest facts of an account that tell where its cases stand, however many others came after them."""
    events, _ = _read(await pool.fetch(_NEWEST, account, _DECISIVE, None, None, None, most))
    return events


def _read(rows: Sequence[asyncpg.Record]) -> tuple[list[Envelope[Fact]], int]:
    """The facts of rows that are not erased, and the number of those that cannot be read."""
    events, unreadable = [], 0
    for row in rows:
        if row["body"] is None:
            continue
        try:
            events.append(_journaled(row))
        except ValidationError:
            log.error("a stored fact cannot be read", position=row["position"], type=row["type"])
            unreadable += 1
    return events, unreadable


def _in_bytes(case: str) -> bytes:
    """What every body that names the case contains, as far as its writer cannot have escaped it.

    A body is kept as received, and a damaged one must not fail the query: so it is searched, not read as JSON.
    """
    if _NEVER_ESCAPED.fullmatch(case):
        return f'"{case}"'.encode()
    return max(_NEVER_ESCAPED.findall(case), key=len, default="").encode()


def _names(fact: Fact, case: str) -> bool:
    return isinstance(fact, CustomerMatter | SaveWindowOpened | SaveWindowClosed) and fact.case == case


def _journaled(row: asyncpg.Record) -> Envelope[Fact]:
    fact = CATALOG[row["type"]].model_validate_json(row["body"])
    return envelope(fact, id=row["event_id"], source=row["source"], subject=row["subject"], time=row["at"])


async def _load_cases(connection: "Connection | Pool", keys: Collection[CaseKey]) -> dict[CaseKey, Case]:
    if not keys:
        return {}
    rows = await connection.fetch(_CASES, [key.account for key in keys], [key.case for key in keys])
    cases = [Case(**row) for row in rows]
    return {case.key: case for case in cases}


def _case_row(case: Case) -> tuple[object, ...]:
    return tuple(getattr(case, name) for name in _CASE_FIELDS)


def _contact_row(event: Envelope[ContactMade]) -> tuple[object, ...]:
    fact = event.data
    by = fact.by or Person()
    return (
        event.source,
        event.id,
        event.subject,
        fact.case,
        fact.order,
        event.time,
        fact.direction.value,
        fact.channel.value,
        fact.result.value,
        by.name,
        by.phone,
        by.email,
        fact.words,
        fact.agent,
        fact.courtesy.value if fact.courtesy else None,
    )
