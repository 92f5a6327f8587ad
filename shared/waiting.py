"""Facts that arrive before what they are about wait here, and come out right after it arrived.

A handler loads a `WaitingRoom` for its batch, makes facts `wait`, lets them go by `release`, saves it once.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Self

import asyncpg

from shared.contracts.catalog import CATALOG
from shared.contracts.envelope import Envelope, Fact, encode_binary, envelope
from shared.database import Connection, bulk_insert
from shared.inputs import RawMessage, Rejection
from shared.messaging.codec import encode_record
from shared.tables import WaitingFact
from shared.transaction import Transaction

_LOAD = "select * from shared.waiting_facts where awaits = any($1::text[])"
_KEEP = bulk_insert(WaitingFact, tail="on conflict do nothing")
_RELEASE = """
    delete from shared.waiting_facts
    where (source, event_id) in (select * from unnest($1::text[], $2::text[]))
"""


@dataclass(slots=True)
class WaitingRoom:
    """The facts that wait for any opening a batch may bring, by what they await."""

    waiting: dict[str, list[Envelope[Fact]]] = field(default_factory=dict)
    stored: set[tuple[str, str]] = field(default_factory=set)
    released: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    async def load(cls, connection: Connection, awaited: Collection[str]) -> Self:
        """What waits for these openings. The caller holds the locks of all that may wait for them."""
        room = cls()
        await room.add(connection, awaited)
        return room

    async def add(self, connection: Connection, awaited: Collection[str]) -> None:
        """Load what waits for these openings as well."""
        for row in await connection.fetch(_LOAD, list(awaited)) if awaited else ():
            event = _event(row)
            self.wait(row["awaits"], event)
            self.stored.add(_identity(event))

    def facts(self) -> Iterator[Fact]:
        """All that waits, whatever it waits for."""
        return (event.data for waiting in self.waiting.values() for event in waiting)

    def wait(self, awaits: str, event: Envelope[Fact]) -> None:
        self.waiting.setdefault(awaits, []).append(event)

    def release(self, awaits: str) -> list[Envelope[Any]]:
        """Everything that waited for this, in the order of event times, ties by id."""
        let_go = sorted(self.waiting.pop(awaits, ()), key=lambda event: (event.time, event.id, event.source))
        self.released += [_identity(event) for event in let_go if _identity(event) in self.stored]
        return let_go

    def release_one(self, awaits: str, source: str, id: str) -> Envelope[Any] | None:
        """One fact that has waited long enough; None where it was let go before."""
        waiting = self.waiting.get(awaits, [])
        found = next((event for event in waiting if _identity(event) == (source, id)), None)
        if found is not None:
            waiting.remove(found)
            self.released += [_identity(found)] if _identity(found) in self.stored else []
        return found

    def refuse(self, tx: Transaction, event: Envelope[Fact], *, code: str, reason: str) -> None:
        """Reject an event, whether it came with this batch or was let go after a wait.

        The ledger keeps one that waited as applied, for so it was; its dead letter has no position and can be replayed.
        """
        if _identity(event) in self.stored:
            tx.bury(event, Rejection(code, reason, _raw(event)))
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
