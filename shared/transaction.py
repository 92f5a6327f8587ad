"""The one transaction: everything an input changes is committed together, or not at all.

Start with `InputProcessor.apply`: lock the accounts, leave out what was seen before, let the service decide and save,
then write journal, ledger, outbox and timers in the same commit. All decisions about accounts are committed only here;
decision 9 lists the exceptions.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from shared import current_span, journal, outbox, timers
from shared.clock_skew import MAX_CLOCK_SKEW, Receipt, in_time
from shared.contracts.envelope import Envelope, Fact
from shared.database import TRANSACTION_SECONDS, Connection, Pool, RanTooLong, ran_too_long
from shared.effects import Transaction
from shared.inputs import Batch, Decided, Input, Outcome, Position, Rejection, Report
from shared.messaging import dead_letters, set_aside
from shared.migrations.fitting import Fitting
from shared.telemetry import Attribute, SpanKind, start_effect_span

__all__ = ["Handler", "InputProcessor", "Refused", "Transaction"]

_ADD_LOCKS = """
    with added as (
        insert into shared.locks (key) select key from unnest($1::text[]) as keys (key) order by key
        on conflict do nothing)
    select distinct lock_key from shared.set_aside where lock_key = any($1::text[])
"""
# `now` is read after the locks are held, so it never runs backwards for an account.
_LOCK = """
    with held as (select key from shared.locks where key = any($1::text[]) order by key for update)
    select shared.app_now() as now from (select count(*) from held) all_held
"""


class Refused(Exception):
    """A batch that must be applied as a whole was not applied. Carries the refusals by input."""

    def __init__(self, rejected: Sequence[Rejection]) -> None:
        super().__init__(f"{len(rejected)} inputs refused")
        self.rejected = rejected


Handler: TypeAlias = Callable[[Transaction, Sequence[Envelope[Fact]]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class InputProcessor:
    """Applies inputs to one service. `own_facts` are its timers' facts by type; `observe` counts committed
    transactions.

    `fitting` checks whether the tables fit this code. A transaction that takes longer than `seconds_allowed` gives up.
    Facts that publishers date further ahead of our clock than `max_clock_skew` are refused.
    """

    pool: Pool
    service: str
    handle: Handler
    own_facts: Mapping[str, type[Fact]] = field(default_factory=dict)
    observe: Callable[[Transaction], None] | None = None
    fitting: Fitting | None = None
    seconds_allowed: float = TRANSACTION_SECONDS
    max_clock_skew: timedelta = MAX_CLOCK_SKEW

    async def apply(self, batch: Batch, *, whole: bool = False) -> Report:
        """Apply a batch in one transaction; only fresh inputs reach the handler, each account's in order.

        Records of an account that is set aside go behind the waiting ones. With `whole`, raises Refused and changes
        nothing if any input is refused. Raises RanTooLong if fewer inputs may succeed, and the database's errors;
        `shared.database.is_transient` tells whether the same batch can succeed later.
        """
        keys = {one.envelope.lock_key for one in batch.inputs}
        async with self._transaction(keys, in_stream=bool(batch.next_offsets)) as tx:
            await journal.check_known_offsets(tx.connection, batch)
            return await self._process(tx, batch, whole=whole)

    async def dead_letter(self, rejections: Sequence[Rejection]) -> None:
        """Keep dead letters of a request that was refused as a whole; its response gives the reasons."""
        await self.apply(Batch((), [replace(one, answered=True) for one in rejections]))

    async def set_aside(self, batch: Batch) -> None:
        """Set a batch's accounts aside: its records are passed without being applied. It waits for no lock."""
        async with self._transaction(set()) as tx:
            await journal.check_known_offsets(tx.connection, batch)
            tx.set_aside = {one.envelope.lock_key for one in batch.inputs}
            await self._process(tx, batch, whole=False)

    async def accounts_to_retry(self) -> dict[str, int]:
        """The lock keys of set-aside accounts that are due, and the number of records of each."""
        async with self._transaction(set()) as tx:
            return await set_aside.due(tx.connection)

    async def retry(
        self, lock_key: str, limit: int, *, refusing: tuple[str, str] | None = None
    ) -> tuple[Batch, Report] | None:
        """Apply an account's first set-aside records, or refuse them for this code and reason.

        None if there are none, or another process holds the account.
        """
        async with self._transaction(set()) as tx:
            if not await timers.lock_free(tx.connection, [lock_key]):
                return None
            taken = await set_aside.take(tx.connection, lock_key, limit)
            if not taken.rows:
                return None
            tx.now = await tx.connection.fetchval("select shared.app_now()")
            batch = Batch(taken.inputs, taken.rejections, received_at=taken.received_at)
            if refusing is not None:
                batch = Batch((), [*taken.rejections, *(one.rejection(*refusing) for one in taken.inputs)])
            report = await self._process(tx, batch, whole=False)
            await set_aside.done(tx.connection, taken.rows)
            return batch, report

    async def put_off(self, lock_key: str) -> None:
        """Postpone a set-aside account, each time for twice as long."""
        async with self._transaction({lock_key}) as tx:
            await set_aside.put_off(tx.connection, lock_key)

    async def fire_timers(self, limit: int = 200, *, only: str | None = None, without: Collection[str] = ()) -> int:
        """Fire at most `limit` due timers, of one account if `only` names its lock. Return their number."""
        async with self._transaction(set()) as tx:
            held = await timers.lock_due(tx.connection, limit, only=only, without=without)
            fired = await timers.claim(tx.connection, held, limit, self.own_facts, self.service)
            # Read last: if `now` were earlier than a timer's due time, its handler would set it again for the same
            # instant, under an id that has already fired.
            tx.now = await tx.connection.fetchval("select shared.app_now()")
            await self._process(tx, Batch(fired), whole=False)
            return len(fired)

    async def accounts_with_due_timers(self, limit: int = 200, *, without: Collection[str] = ()) -> dict[str, int]:
        """The lock keys of the accounts with the longest due timers, and the number of these timers for each."""
        async with self._transaction(set()) as tx:
            return await timers.due_accounts(tx.connection, limit, without=without)

    async def postpone_timers(self, lock_key: str, limit: int | None = None) -> None:
        """Postpone an account's due timers, or `limit` of them: by a minute, and each time for twice as long."""
        async with self._transaction({lock_key}) as tx:
            await timers.postpone(tx.connection, lock_key, limit)

    @asynccontextmanager
    async def _transaction(self, lock_keys: set[str], *, in_stream: bool = False) -> AsyncIterator[Transaction]:
        """A transaction that holds the locks; its effects' spans end with it. `in_stream`: except set-aside accounts.

        Raises RanTooLong and TablesUnfit for the corresponding errors of the database.
        """
        tx: Transaction | None = None
        try:
            async with self.pool.acquire() as connection, connection.transaction():
                now, set_aside = await _lock(connection, lock_keys, in_stream=in_stream)
                give_up_at = time.monotonic() + self.seconds_allowed
                tx = Transaction(connection, now, self.service, give_up_at, set_aside=set_aside)
                yield tx
        except BaseException as error:
            _end_spans(tx, error)
            if tx is not None and self._ran_too_long(error, tx):
                raise RanTooLong("a transaction took longer than it may") from error
            if self.fitting is not None:
                await self.fitting.blame(error, self.pool)
            raise
        for settle in tx.after_commit:
            settle()
        _end_spans(tx, None)
        if self.observe is not None:
            self.observe(tx)

    def _ran_too_long(self, error: BaseException, tx: Transaction) -> bool:
        seconds = time.monotonic() - tx.give_up_at + self.seconds_allowed
        return ran_too_long(error, seconds, allowed=self.seconds_allowed)

    async def _process(self, tx: Transaction, batch: Batch, *, whole: bool) -> Report:
        receipt = Receipt(batch.received_at or tx.now, None if batch.any_time else self.max_clock_skew)
        behind = [one for one in batch.inputs if one.envelope.lock_key in tx.set_aside]
        ahead = [one for one in batch.inputs if one.envelope.lock_key not in tx.set_aside]
        tx.positions |= {one.identity: one.position for one in ahead if one.position is not None}
        decided = await self._decide(tx, ahead, receipt)
        decided.set_aside += behind
        if whole and decided.refused:
            raise Refused(decided.rejections)
        rejections = [*decided.rejections, *tx.late_dead_letters.values()]
        await self._save(tx, batch, decided, [*batch.rejections, *rejections])
        tx.with_unknown_members = [one.envelope.type for one in decided.applied if one.ignored]
        return Report(decided.outcomes(batch.inputs), rejections, frozenset(tx.waiting))

    async def _decide(self, tx: Transaction, inputs: Sequence[Input], receipt: Receipt) -> Decided:
        """Hand fresh inputs to the handler.

        An id that occurs twice in one batch ends as in two batches: if the first was refused, the second is fresh.
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
            events = [one.envelope for one in fresh.values()]
            counted = receipt.counted(events)
            tx.reported |= {
                (old.source, old.id): old for old, new in zip(events, counted, strict=True) if old is not new
            }
            await self.handle(tx, counted)
        for identity, one in fresh.items():
            if identity in tx.rejected:
                decided.refuse(one, *tx.rejected[identity])
            else:
                decided.applied.append(one)
        tx.rejected.clear()

    async def _save(self, tx: Transaction, batch: Batch, decided: Decided, rejections: Sequence[Rejection]) -> None:
        await journal.append(tx.connection, decided.applied, tx.now, rules_version=tx.rules_version)
        await journal.forget(tx.connection, tx.late_dead_letters)
        tx.dead_letters = await dead_letters.keep(tx.connection, rejections, tx.now)
        tx.outgoing += [dead_letters.announcement(self.service, rejection, tx.now) for rejection in tx.dead_letters]
        ledger = dict.fromkeys(_positions(decided.applied), Outcome.APPLIED)
        ledger |= dict.fromkeys(_positions(decided.duplicates), Outcome.DUPLICATE)
        ledger |= dict.fromkeys(_positions(rejections), Outcome.DEAD_LETTERED)
        if batch.replays is None:
            await journal.record(tx.connection, ledger, tx.now)
            await set_aside.keep(tx.connection, decided.set_aside, batch.topic_ids, tx.now)
        elif not decided.refused:
            outcome = decided.outcomes(batch.inputs)[0]
            await dead_letters.mark_replayed(tx.connection, batch.replays, outcome, tx.now)
        await outbox.append(tx.connection, tx.outgoing, tx.now)
        await timers.set_timers(tx.connection, tx.timers_to_set.values())
        await timers.cancel_timers(tx.connection, tx.cancelled)
        await timers.hurry_timers(tx.connection, tx.hurried)
        await journal.store_offsets(tx.connection, batch)


async def _lock(connection: Connection, keys: set[str], *, in_stream: bool) -> tuple[datetime, frozenset[str]]:
    """Lock accounts. Return the `now` after that, and the set-aside accounts, for which a stream does not wait."""
    ordered, behind = sorted(keys), frozenset[str]()
    if ordered:
        rows = await connection.fetch(_ADD_LOCKS, ordered)
        behind = frozenset(row["lock_key"] for row in rows if in_stream)
    now: datetime = await connection.fetchval(_LOCK, [key for key in ordered if key not in behind])
    return now, behind


def _positions(messages: Sequence[Input] | Sequence[Rejection]) -> list[Position]:
    return [message.position for message in messages if message.position is not None]


def _end_spans(tx: Transaction | None, error: BaseException | None) -> None:
    """End the spans of the effects, and record the transaction's own span: within the batch's span, else within the
    first event's. A transaction of neither, such as a look for due timers, has no span."""
    if tx is None:
        return
    caused = list(tx.spans.values())
    parent = current_span.current() or next((span.traceparent for span in caused), None)
    for span in caused:
        span.end(error)
    if parent is not None:
        operation = "COMMIT" if error is None else "ROLLBACK"
        about = {Attribute.DATABASE_SYSTEM: "postgresql", Attribute.DATABASE_OPERATION: operation}
        start_effect_span(
            "transaction", parent=parent, attributes=about, kind=SpanKind.CLIENT, start_time_ns=tx.started_ns
        ).end(error)
