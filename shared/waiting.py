"""Facts that arrive before what they are about wait here, and come out right after it arrived.

A handler loads a `WaitingRoom` for its batch, makes facts `wait`, lets them go by `release`, takes them `in_turn` and
saves it once. A transaction lets only so many go; a timer of the account lets the others go, and what comes meanwhile
waits behind those.
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
"""So many facts are let go in one transaction: a second of work."""

# In the order in which facts are let go: Python compares strings as this collation does.
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


Place: TypeAlias = tuple[datetime, str, str]
"""Where a fact stands among those that wait for the same: its time, then its id and source."""


class MoreWaits(Fact):
    """More waited for what has come than one transaction lets go: the next portion is due."""

    type: ClassVar[str] = "shared.timer.more_waits"
    topic: ClassVar[str] = ""
    awaits: str


@dataclass(slots=True)
class WaitingRoom:
    """The facts that wait for any opening a batch may bring, by what they await.

    `held` is what more waits for in the database than was loaded, and up to which place that is loaded; None: nothing.
    """

    waiting: dict[str, list[Envelope[Fact]]] = field(default_factory=dict)
    stored: set[tuple[str, str]] = field(default_factory=set)
    released: list[tuple[str, str]] = field(default_factory=list)
    held: dict[str, Place | None] = field(default_factory=dict)
    left: int = field(default_factory=lambda: PORTION)
    _let_go: deque[Envelope[Any]] = field(default_factory=deque)
    _had_waited: set[tuple[str, str]] = field(default_factory=set)

    async def add(self, connection: Connection, awaited: Collection[str]) -> None:
        """Load what waits for these openings as well, as far as this transaction may let it go.

        The caller holds the locks of all that may wait for them.
        """
        rows = await connection.fetch(_LOAD, list(awaited), self.left + 1) if awaited else []
        loaded = rows[: self.left]
        self.left -= len(loaded)
        await self._keep(loaded)
        if len(rows) > len(loaded):
            self.held |= dict.fromkeys(awaited, _place(_event(loaded[-1])) if loaded else None)

    async def add_these(self, connection: Connection, identities: Collection[tuple[str, str]]) -> None:
        """Load single facts, of which it is known that they have waited long enough."""
        if identities:
            await self._keep(await connection.fetch(_LOAD_THESE, *_columns(identities)))

    async def look_at(self, connection: Connection, awaited: Collection[str]) -> None:
        """Find what of this has come, while facts that waited for it are still to be let go."""
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
        """Whether what an event is about has come, but others that waited for it are to be let go before."""
        more_waits = awaits in self.held or bool(self.waiting.get(awaits))
        return more_waits and _identity(event) not in self._had_waited

    def wait_behind(self, tx: Transaction, awaits: str, event: Envelope[Fact]) -> None:
        """Let an event wait behind those that are let go by a timer."""
        self.wait(awaits, event)
        tx.set_timer(MoreWaits(awaits=awaits), cause=event, due_at=tx.now)

    def release(self, tx: Transaction, awaits: str, *, cause: Envelope[Fact]) -> list[Envelope[Any]]:
        """What waited for this, in the order of event times, ties by id; of very many the first, and a timer is set."""
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
        """Have events that were let go taken right after the one at hand, and others after all that were let go."""
        self._let_go.extendleft(reversed(events))
        self._let_go.extend(then)

    def in_turn(self, events: Iterable[Envelope[Fact]]) -> Iterator[Envelope[Any]]:
        """The events of a batch, each followed by those that it let go."""
        for event in events:
            yield event
            while self._let_go:
                yield self._let_go.popleft()

    def release_one(self, awaits: str, source: str, id: str) -> Envelope[Any] | None:
        """One fact that has waited long enough; None where it was let go before."""
        waiting = self.waiting.get(awaits, [])
        found = next((event for event in waiting if _identity(event) == (source, id)), None)
        if found is not None:
            waiting.remove(found)
            self._had_waited.add((source, id))
            self.released += [_identity(found)] if _identity(found) in self.stored else []
        return found

    def refuse(self, tx: Transaction, event: Envelope[Fact], *, code: str, reason: str) -> None:
        """Reject an event, whether it came with this batch or was let go after a wait.

        The ledger keeps one that waited as applied, for so it was; its dead letter has no position and can be replayed.
        """
        if _identity(event) in self.stored:
            tx.dead_letter(event, Rejection(code, reason, _raw(event)))
        else:
            tx.reject(event, code, reason)

    async def save(self, tx: Transaction) -> None:
        """Keep what waits from now on, and let go what was released."""
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


def _place(event: Envelope[Fact]) -> Place:
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
