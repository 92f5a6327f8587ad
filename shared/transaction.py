"""The one transaction: everything an input changes is committed together, or not at all.

Start with `Spine.apply`: lock the accounts, leave out what was seen before, let the service decide and save, then
journal, ledger, outbox and timers in the same commit. The project's only commits are in this module.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias, TypeVar, cast
from uuid import UUID

from shared import journal, outbox, timers
from shared.clock_skew import MAX_CLOCK_SKEW, Receipt, in_time
from shared.contracts.envelope import Envelope, Fact, envelope
from shared.database import Connection, Pool
from shared.ids import derived
from shared.inputs import Batch, Decided, Input, Outcome, Position, Rejection, Report
from shared.messaging import dead_letters
from shared.outbox import Outgoing
from shared.telemetry import Attribute, EffectSpan, start_effect_span
from shared.timers import TimerSetting

F = TypeVar("F", bound=Fact)

_ADD_LOCKS = """
    insert into shared.locks (key) select key from unnest($1::text[]) as keys (key) order by key
    on conflict do nothing
"""
# `now` is read after the locks are held, so it never runs backwards for an account.
_LOCK = """
    with held as (select key from shared.locks where key = any($1::text[]) order by key for update)
    select shared.app_now() as now from (select count(*) from held) all_held
"""


class Refused(Exception):
    """A batch that is applied whole or not at all was not applied. Carries what was refused, by input."""

    def __init__(self, rejected: Sequence[Rejection]) -> None:
        super().__init__(f"{len(rejected)} inputs refused")
        self.rejected = rejected


@dataclass(slots=True)
class Transaction:
    """What a handler may do: read and write its service's tables on `connection`, and leave effects behind.

    `now` comes from the database's clock, the only one that decides anything. `notes` are for the service's `observe`,
    `after_commit` is called once everything is committed, and not at all if it is not. `waiting` are events that wait.
    """

    connection: Connection
    now: datetime
    service: str
    outgoing: list[Outgoing] = field(default_factory=list)
    settings: dict[UUID, TimerSetting] = field(default_factory=dict)
    cancelled: set[UUID] = field(default_factory=set)
    hurried: list[str] = field(default_factory=list)
    rejected: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    as_told: dict[tuple[str, str], Envelope[Fact]] = field(default_factory=dict)
    waiting: set[tuple[str, str]] = field(default_factory=set)
    with_unknown_members: list[str] = field(default_factory=list)
    put_aside: list[Rejection] = field(default_factory=list)
    buried: dict[tuple[str, str], Rejection] = field(default_factory=dict)
    spans: dict[tuple[str, str], EffectSpan] = field(default_factory=dict)
    notes: list[object] = field(default_factory=list)
    after_commit: list[Callable[[], None]] = field(default_factory=list)
    started_ns: int = field(default_factory=time.time_ns)

    def publish(
        self,
        fact: Fact,
        *,
        cause: Envelope[Fact],
        time: datetime | None = None,
        discriminator: object = "",
    ) -> None:
        """Publish a fact about the cause's subject, at the cause's time unless told otherwise.

        Its id is derived from the cause, the type and the discriminator: needed where one cause makes several.
        """
        event: Envelope[Fact] = envelope(
            fact,
            id=str(derived("event", cause.source, cause.id, fact.type, discriminator)),
            source=f"handoff/{self.service}",
            subject=cause.subject,
            time=time or cause.time,
            traceparent=self.traceparent(cause),
        )
        self.outgoing.append(Outgoing(event, fact.topic))

    def set_timer(
        self,
        fact: Fact,
        *,
        cause: Envelope[Fact],
        due_at: datetime,
        awaits: str | None = None,
        made_of_silence: bool = False,
    ) -> None:
        """Have `fact` come back as an event of the cause's subject at `due_at`, or when `awaits` arrives."""
        traceparent = self.traceparent(cause)
        body = fact.model_dump_json()
        id = timers.timer_id(fact, cause.subject, body)
        self.cancelled.discard(id)
        self.settings[id] = TimerSetting(id, fact, body, cause.subject, due_at, traceparent, awaits, made_of_silence)

    def cancel_timer(self, fact: Fact, subject: str) -> None:
        """Take back a timer, whether it was set before or in this very transaction."""
        id = timers.timer_id(fact, subject)
        self.settings.pop(id, None)
        self.cancelled.add(id)

    def hurry_timers(self, awaited: str) -> None:
        """Make due at once whatever awaits this lock key."""
        self.hurried.append(awaited)

    def reject(self, event: Envelope[Fact], code: str, reason: str) -> None:
        """Refuse an event: it ends as a dead letter with this reason. The caller changes nothing for it."""
        self.rejected[event.source, event.id] = (code, reason)

    def told(self, event: Envelope[F]) -> Envelope[F]:
        """The event as its publisher told it: what it says of times ahead of our clock counts as now elsewhere."""
        return cast(Envelope[F], self.as_told.get((event.source, event.id), event))

    def bury(self, event: Envelope[Fact], rejection: Rejection) -> None:
        """Keep a dead letter of an event of an earlier batch, such as a fact that had waited in vain.

        It counts as never applied: its publisher may send it again, and its dead letter can be replayed.
        """
        self.buried[event.source, event.id] = rejection

    def traceparent(self, cause: Envelope[Fact]) -> str | None:
        """The trace context of what this event causes. The first effect of an event opens its span."""
        identity = (cause.source, cause.id)
        if identity not in self.spans:
            self.spans[identity] = start_effect_span(
                f"{self.service} {cause.type}",
                parent=cause.traceparent,
                attributes={
                    Attribute.EVENT_ID: cause.id,
                    Attribute.EVENT_TYPE: cause.type,
                    Attribute.EVENT_SOURCE: cause.source,
                },
                start_time_ns=self.started_ns,
            )
        return self.spans[identity].traceparent


Handler: TypeAlias = Callable[[Transaction, Sequence[Envelope[Fact]]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Spine:
    """Applies inputs to one service. `own_facts` are its timers' facts by type, `observe` counts what was committed;
    what publishers date further ahead of our clock than `max_clock_skew` is refused."""

    pool: Pool
    service: str
    handle: Handler
    own_facts: Mapping[str, type[Fact]] = field(default_factory=dict)
    observe: Callable[[Transaction], None] | None = None
    max_clock_skew: timedelta = MAX_CLOCK_SKEW

    async def apply(self, batch: Batch, *, whole: bool = False) -> Report:
        """Apply a batch in one transaction; only fresh inputs reach the handler, each account's in order.

        With `whole`, raises Refused and changes nothing when any input is refused. Raises what the database raises;
        `shared.database.is_transient` tells whether the same batch can succeed later.
        """
        async with self._transaction({one.envelope.lock_key for one in batch.inputs}) as tx:
            await journal.check_known_offsets(tx.connection, batch)
            return await self._process(tx, batch, whole=whole)

    async def bury(self, rejections: Sequence[Rejection]) -> None:
        """Keep dead letters of a batch that was refused whole."""
        await self.apply(Batch((), rejections))

    async def fire_timers(self, limit: int = 200, *, only: str | None = None) -> int:
        """Fire due timers, of one account if `only` names its lock; returns how many."""
        async with self._transaction(set()) as tx:
            held = await timers.lock_due(tx.connection, limit)
            keys = [key for key in held if only in (None, key)]
            fired = await timers.claim(tx.connection, keys, self.own_facts, self.service)
            # Read last: fired before it is due, a timer would be set again for the same instant, and count as fired.
            tx.now = await tx.connection.fetchval("select shared.app_now()")
            await self._process(tx, Batch(fired), whole=False)
            return len(fired)

    async def accounts_with_due_timers(self, limit: int = 200) -> list[str]:
        """The lock keys of accounts that have due timers and are not busy."""
        async with self._transaction(set()) as tx:
            return await timers.lock_due(tx.connection, limit)

    async def postpone_timers(self, lock_key: str) -> None:
        """Put an account's due timers off by a minute."""
        async with self._transaction({lock_key}) as tx:
            await timers.postpone(tx.connection, [lock_key])

    @asynccontextmanager
    async def _transaction(self, lock_keys: set[str]) -> AsyncIterator[Transaction]:
        """A transaction that holds the locks; its effects' spans end with it."""
        async with self.pool.acquire() as connection:
            tx: Transaction | None = None
            try:
                async with connection.transaction():
                    tx = Transaction(connection, await _lock(connection, lock_keys), self.service)
                    yield tx
            except BaseException as error:
                _end_spans(tx, error)
                raise
            for settle in tx.after_commit:
                settle()
            _end_spans(tx, None)
            if self.observe is not None:
                self.observe(tx)

    async def _process(self, tx: Transaction, batch: Batch, *, whole: bool) -> Report:
        receipt = Receipt(batch.heard_at or tx.now, None if batch.whatever_time else self.max_clock_skew)
        decided = await self._decide(tx, batch.inputs, receipt)
        if whole and decided.refused:
            raise Refused(decided.rejections)
        rejections = [*decided.rejections, *tx.buried.values()]
        await self._save(tx, batch, decided, [*batch.rejections, *rejections])
        tx.with_unknown_members = [one.envelope.type for one in decided.applied if one.ignored]
        return Report(decided.outcomes(batch.inputs), rejections, frozenset(tx.waiting))

    async def _decide(self, tx: Transaction, inputs: Sequence[Input], receipt: Receipt) -> Decided:
        """Hand fresh inputs to the handler.

        An id told twice in one batch ends as in two batches: where the first was refused, the second is fresh.
        """
        decided, waiting = Decided(), inputs
        first_digests = await journal.digests(tx.connection, inputs)
        while waiting:
            fresh: dict[tuple[str, str], Input] = {}
            later = list[Input]()
            for one in waiting:
                if one.identity in first_digests:
                    decided.repeat(one, first_digests[one.identity])
                elif fresh.setdefault(one.identity, one) is not one:
                    later.append(one)
            await self._hand_over(tx, in_time(fresh, receipt, decided), receipt, decided)
            first_digests |= {one.identity: one.digest for one in decided.applied}
            waiting = later
        return decided

    async def _hand_over(
        self, tx: Transaction, fresh: Mapping[tuple[str, str], Input], receipt: Receipt, decided: Decided
    ) -> None:
        if fresh:
            told = [one.envelope for one in fresh.values()]
            counted = receipt.counted(told)
            tx.as_told |= {(old.source, old.id): old for old, new in zip(told, counted, strict=True) if old is not new}
            await self.handle(tx, counted)
        for identity, one in fresh.items():
            if identity in tx.rejected:
                decided.refuse(one, *tx.rejected[identity])
            else:
                decided.applied.append(one)
        tx.rejected.clear()

    async def _save(self, tx: Transaction, batch: Batch, decided: Decided, rejections: Sequence[Rejection]) -> None:
        await journal.append(tx.connection, decided.applied, tx.now)
        await journal.forget(tx.connection, tx.buried)
        tx.put_aside = await dead_letters.keep(tx.connection, rejections, tx.now)
        tx.outgoing += [dead_letters.announcement(self.service, rejection, tx.now) for rejection in tx.put_aside]
        ledger = dict.fromkeys(_positions(decided.applied), Outcome.APPLIED)
        ledger |= dict.fromkeys(_positions(decided.duplicates), Outcome.DUPLICATE)
        ledger |= dict.fromkeys(_positions(rejections), Outcome.DEAD_LETTERED)
        if batch.replays is None:
            await journal.record(tx.connection, ledger, tx.now)
        elif not decided.refused:
            outcome = decided.outcomes(batch.inputs)[0]
            await dead_letters.mark_replayed(tx.connection, batch.replays, outcome, tx.now)
        await outbox.append(tx.connection, tx.outgoing, tx.now)
        await timers.set_timers(tx.connection, tx.settings.values())
        await timers.cancel_timers(tx.connection, tx.cancelled)
        await timers.hurry_timers(tx.connection, tx.hurried)
        await journal.store_offsets(tx.connection, batch)


async def _lock(connection: Connection, keys: set[str]) -> datetime:
    ordered = sorted(keys)
    if ordered:
        await connection.execute(_ADD_LOCKS, ordered)
    now: datetime = await connection.fetchval(_LOCK, ordered)
    return now


def _positions(messages: Sequence[Input] | Sequence[Rejection]) -> list[Position]:
    return [message.position for message in messages if message.position is not None]


def _end_spans(tx: Transaction | None, error: BaseException | None) -> None:
    for span in tx.spans.values() if tx else ():
        span.end(error)
