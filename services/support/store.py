"""Loads a batch's state of support with one query a table, and saves it with one statement a table."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from services.support.domain import Case, CaseKey, case_key
from services.support.tables import Case as CaseRow
from services.support.tables import Contact
from shared.contracts.envelope import Envelope, Fact
from shared.contracts.support_inbound import CaseOpened, ContactMade, CustomerMatter, Person
from shared.database import Connection, bulk_insert, bulk_upsert
from shared.transaction import Transaction
from shared.waiting import MoreWaits, WaitingRoom

_CASES = """
    select cases.* from support.cases
    join unnest($1::text[], $2::text[]) as named (account_id, case_id) using (account_id, case_id)
"""
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


async def _load_cases(connection: Connection, keys: Collection[CaseKey]) -> dict[CaseKey, Case]:
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
