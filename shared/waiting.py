"""Facts that arrive before their subject's opening wait here, and are released right after it.

A handler loads a `WaitingRoom` for its batch, makes facts `wait`, releases them by `release`, takes them `in_turn` and
saves it once. A transaction releases a limited number; a timer of the account releases the others, and facts that
arrive meanwhile wait behind those.
"""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, TypeAlias

import asyncpg

from shared.breathing import in_breaths
from shared.contracts.catalog import CATALOG
from shared.contracts.envelope import Envelope, Fact, encode_binary, envelope
from shared.database import Connection, bulk_insert
from shared.inputs import RawMessage, Rejection
from shared.messaging.codec import encode_record
from shared.tables import WaitingFact
from shared.transaction import Transaction

PORTION = 1_000
"""The number of facts released in one transaction: a second of work."""

# In the order of release: Python compares strings as this collation does.
_LOAD = """
    select * from shared.waiting_facts where awaits = any($1::text[])
    order by at, event_id collate "C", source collate "C" limit $2
"""
_LOAD_THESE = """
    select * from shared.waiting_facts where (source, event_id) in (select * from unnest($1::text[], $2::text[]))
"""
_AWAITED = """
    select awaits from unnest($1::text[]) as named (awaits)
    where exists (select from shared.waiting_facts where waiting_facts.awaits = named.awaits)
"""
_KEEP = bulk_insert(WaitingFact, tail="on conflict do nothing")
_RELEASE = """
    delete from shared.waiting_facts
    where (source, event_id) in (select * from unnest($1::text[], $2::text[]))
"""


WaitingPlace: TypeAlias = tuple[datetime, str, str]
"""The place of a fact among those that wait for the same opening: its time, then its id and source."""


class MoreWaits(Fact):
    """More facts waited for an opening than one transaction releases: the next portion is due."""

    type: ClassVar[str] = "shared.timer.more_waits"
    topic: ClassVar[str] = ""
    awaits: str


@dataclass(slots=True)
class WaitingRoom:
    """The facts that wait for any opening a batch may bring, by what they await.

    `held` are openings with more waiting facts in the database than loaded, and the place up to which they are loaded;
    None: nothing is loaded.
    """

    waiting: dict[str, list[Envelope[Fact]]] = field(default_factory=dict)
    stored: set[tuple[str, str]] = field(default_factory=set)
    released: list[tuple[str, str]] = field(default_factory=list)
    held: dict[str, WaitingPlace | None] = field(default_factory=dict)
    left: int = field(default_factory=lambda: PORTION)
    _let_go: deque[Envelope[Any]] = field(default_factory=deque)
    _had_waited: set[tuple[str, str]] = field(default_factory=set)

    async def add(self, connection: Connection, awaited: Collection[str]) -> None:
        """Load the facts that wait for these openings as well, as far as this transaction may release them.

        The caller holds the locks of all accounts whose facts may wait for them.
        """
        rows = await connection.fetch(_LOAD, list(awaited), self.left + 1) if awaited else []
        loaded = rows[: self.left]
        self.left -= len(loaded)
        await self._keep(loaded)
        if len(rows) > len(loaded):
            self.held |= dict.fromkeys(awaited, _place(_event(loaded[-1])) if loaded else None)

    async def add_these(self, connection: Connection, identities: Collection[tuple[str, str]]) -> None:
        """Load single facts that are known to have waited long enough."""
        if identities:
            await self._keep(await connection.fetch(_LOAD_THESE, *_columns(identities)))

    async def look_at(self, connection: Connection, awaited: Collection[str]) -> None:
        """Find the openings that have arrived while facts that waited for them are still to be released."""
        rows = await connection.fetch(_AWAITED, list(awaited)) if awaited else []
        self.held |= {row["awaits"]: None for row in rows}

    async def _keep(self, rows: Sequence[asyncpg.Record]) -> None:
        async for row in in_breaths(rows):
            event = _event(row)
            if _identity(event) not in self.stored:
                self.wait(row["awaits"], event)
                self.stored.add(_identity(event))

    def facts(self) -> Iterator[Fact]:
        """All waiting facts, regardless of what they wait for."""
        return (event.data for event in self.events())

    def events(self) -> Iterator[Envelope[Any]]:
        return (event for waiting in self.waiting.values() for event in waiting)

    def wait(self, awaits: str, event: Envelope[Fact]) -> None:
        self.waiting.setdefault(awaits, []).append(event)

    def must_wait(self, awaits: str, event: Envelope[Fact]) -> bool:
        """Whether an event's opening has arrived, but other facts that waited for it have to be released first."""
        more_waits = awaits in self.held or bool(self.waiting.get(awaits))
        return more_waits and _identity(event) not in self._had_waited

    def wait_behind(self, tx: Transaction, awaits: str, event: Envelope[Fact]) -> None:
        """Let an event wait behind those that a timer releases."""
        self.wait(awaits, event)
        tx.set_timer(MoreWaits(awaits=awaits), cause=event, due_at=tx.now)

    def release(self, tx: Transaction, awaits: str, *, cause: Envelope[Fact]) -> list[Envelope[Any]]:
        """The facts that waited for this, by event time, ties by id; of very many the first ones, and a timer is
        set."""
        waited = sorted(self.waiting.pop(awaits, ()), key=_place)
        if awaits in self.held:
            last = self.held[awaits]
            let_go = [event for event in waited if last is not None and _place(event) <= last]
            self.waiting[awaits] = waited[len(let_go) :]
            tx.set_timer(MoreWaits(awaits=awaits), cause=cause, due_at=tx.now)
        else:
            let_go = waited
        self._had_waited |= {_identity(event) for event in let_go}
        self.released += [_identity(event) for event in let_go if _identity(event) in self.stored]
        return let_go

    def go_on(self, events: Sequence[Envelope[Any]], *, then: Iterable[Envelope[Any]] = ()) -> None:
        """Queue released events right after the current one, and the events `then` after all released ones."""
        self._let_go.extendleft(reversed(events))
        self._let_go.extend(then)

    def in_turn(self, events: Iterable[Envelope[Fact]]) -> Iterator[Envelope[Any]]:
        """The events of a batch, each followed by the events that it released."""
        for event in events:
            yield event
            while self._let_go:
                yield self._let_go.popleft()

    def release_one(self, awaits: str, source: str, id: str) -> Envelope[Any] | None:
        """One fact that has waited long enough; None if it was released before."""
        waiting = self.waiting.get(awaits, [])
        found = next((event for event in waiting if _identity(event) == (source, id)), None)
        if found is not None:
            waiting.remove(found)
            self._had_waited.add((source, id))
            self.released += [_identity(found)] if _identity(found) in self.stored else []
        return found

    def refuse(self, tx: Transaction, event: Envelope[Fact], *, code: str, reason: str) -> None:
        """Reject an event, from this batch or released after a wait.

        In the ledger an event that waited stays applied; its dead letter has no position and can be replayed.
        """
        if _identity(event) in self.stored:
            tx.dead_letter(event, Rejection(code, reason, _raw(event)))
        else:
            tx.reject(event, code, reason)

    async def save(self, tx: Transaction) -> None:
        """Store the newly waiting facts, and delete the released ones."""
        added: list[tuple[Any, ...]] = [
            _row(awaits, event, tx)
            for awaits, events in self.waiting.items()
            for event in events
            if _identity(event) not in self.stored
        ]
        await _KEEP.run(tx.connection, added)
        tx.waiting |= {(source, id) for source, id, *_ in added}
        if self.released:
            await tx.connection.execute(_RELEASE, *_columns(self.released))


def _identity(event: Envelope[Fact]) -> tuple[str, str]:
    return event.source, event.id


def _place(event: Envelope[Fact]) -> WaitingPlace:
    return event.time, event.id, event.source


def _row(awaits: str, event: Envelope[Fact], tx: Transaction) -> tuple[Any, ...]:
    _, body = encode_binary(event)
    source, id = _identity(event)
    return source, id, awaits, event.type, event.subject, event.time, event.traceparent, body, tx.now


def _event(row: asyncpg.Record) -> Envelope[Fact]:
    return envelope(
        CATALOG[row["type"]].model_validate_json(row["body"]),
        id=row["event_id"],
        source=row["source"],
        subject=row["subject"],
        time=row["at"],
        traceparent=row["traceparent"],
    )


def _raw(event: Envelope[Fact]) -> RawMessage:
    key, body, headers = encode_record(event)
    return RawMessage(event.data.topic, key, headers, body)


def _columns(pairs: Iterable[tuple[str, str]]) -> tuple[list[str], list[str]]:
    rows = list(pairs)
    return [first for first, _ in rows], [second for _, second in rows]
