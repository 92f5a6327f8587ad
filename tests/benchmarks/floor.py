"""The floor: escalation's work as one would write it by hand for speed alone. `python -m tests.benchmarks.floor`.

aiokafka and asyncpg, batches of 500, the same tables, the same rows. It trusts its input: nothing is validated or
dead-lettered, no batch is retried, nothing is traced, counted or watched, and it knows only the backlog's events.
"""

import asyncio
import hashlib
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import asyncpg
import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor

from tests.benchmarks import floor_store as sql
from tests.benchmarks.floor_decide import RECEIVED, Event, Signal, State
from tests.benchmarks.floor_rings import Episode

TOPICS = ("orders.sales.v1", "salespeople.v1", "support.cases.v1")


async def main() -> None:
    url, prefix = os.environ["ESCALATION_DATABASE_URL"], os.environ["TOPIC_PREFIX"]
    connection = await asyncpg.connect(url)
    consumer = AIOKafkaConsumer(
        *(prefix + topic for topic in TOPICS),
        bootstrap_servers=os.environ["KAFKA_BOOTSTRAP_SERVERS"],
        group_id=f"{prefix}floor",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        partition_assignment_strategy=(RangePartitionAssignor,),
        max_poll_records=500,
    )
    await consumer.start()
    await consumer.seek_to_beginning()  # each run has a database of its own
    while True:
        fetched = await consumer.getmany(timeout_ms=10, max_records=500)
        records = [record for part in fetched.values() for record in part]
        if records:
            await apply(connection, records)
            await consumer.commit({TopicPartition(*place): offset for place, offset in next_offsets(records).items()})


async def apply(connection: sql.Connection, records: Sequence[Any]) -> None:
    """One batch in one transaction."""
    events = [event_of(record) for record in records]
    async with connection.transaction():
        keys = sorted({lock_key(event) for event in events})
        await connection.execute(sql.ADD_LOCKS, keys)
        now = await connection.fetchval(sql.LOCK, keys)
        fresh = await journal(connection, events, now)
        received = [event for event in fresh if event.type in RECEIVED]
        state = await _load(connection, received, now)
        for event in received:
            state.apply(event)
        await _save(connection, state)
        applied = {id(event) for event in fresh}
        ledger = [(*event.position, "applied" if id(event) in applied else "duplicate") for event in events]
        await sql.save(connection, sql.LEDGER, ledger, now)
        await sql.save(connection, sql.OFFSETS, [(*place, offset) for place, offset in next_offsets(records).items()])


def event_of(record: Any) -> Event:
    head = {name: value.decode() for name, value in record.headers}
    data = orjson.loads(record.value)
    canonical = orjson.dumps(data, option=orjson.OPT_SORT_KEYS)
    identity = f"{head['ce_type']}\0{head['ce_subject']}\0{head['ce_time']}\0".encode()
    return Event(
        head["ce_source"],
        head["ce_id"],
        head["ce_type"],
        head["ce_subject"],
        datetime.fromisoformat(head["ce_time"]).astimezone(UTC),
        head.get("traceparent"),
        data,
        record.value,
        hashlib.sha256(identity + canonical).digest(),
        (record.topic, record.partition, record.offset),
    )


def lock_key(event: Event) -> str:
    return f"{'salesperson' if event.type == 'orders.salesperson_changed' else 'account'}:{event.subject}"


def next_offsets(records: Iterable[Any]) -> dict[tuple[str, int], int]:
    offsets: dict[tuple[str, int], int] = {}
    for record in records:
        offsets[record.topic, record.partition] = record.offset + 1
    return offsets


async def journal(connection: sql.Connection, events: Sequence[Event], now: datetime) -> list[Event]:
    """Journal new events. An event is new if its row could be inserted."""
    rows = [(e.source, e.id, e.type, e.subject, e.at, e.digest, e.traceparent, e.body) for e in events]
    *columns, bodies = (list(column) for column in zip(*rows, strict=True))
    added = {(row[0], row[1]) for row in await connection.fetch(sql.JOURNAL, *columns, now, bodies)}
    return [event for event in events if (event.source, event.id) in added]


async def _load(connection: sql.Connection, events: Sequence[Event], now: datetime) -> State:
    state = State(now, {row["salesperson_id"]: row for row in await connection.fetch(sql.PEOPLE)})
    accounts = list({event.subject for event in events})
    for row in await connection.fetch(sql.ORDERS, accounts):
        known = (row["order_id"], row["sold_by"], row["sold_at"], row["amount_minor"], row["currency"])
        state.orders.setdefault(row["account_id"], {})[row["order_id"]] = known
    named = list({event.data["case"] for event in events if event.data.get("case")})
    for row in await connection.fetch(sql.CASES, accounts, named):
        state.cases[row["account_id"], row["case_id"]] = row["order_id"]
    for account, *past in await connection.fetch(sql.PAST, accounts):
        state.past.setdefault(account, []).append(tuple(past))
    for row in await connection.fetch(sql.EPISODES, accounts):
        if row["over"]:
            state.closed[row["order"]] = row["id"]
        else:
            state.episodes[row["order"]] = Episode(**row)
    for row in await connection.fetch(sql.STANDING, accounts):
        state.signals.setdefault(row["account"], {})[row["id"]] = Signal(**row)
    return state


async def _save(connection: sql.Connection, state: State) -> None:
    now = state.now
    await sql.save(connection, sql.SAVE_PEOPLE, state.moved.values())
    await sql.save(connection, sql.SAVE_ORDERS, state.new_orders, now)
    await sql.save(connection, sql.SAVE_CASES, state.new_cases)
    await sql.copy(connection, "facts", sql.FACT_COLUMNS, state.facts)
    episodes = (
        (
            *(e.id, e.account, e.order, e.seller, e.severity, e.follows, e.responsible, e.why_you, e.rang, e.rings),
            *(e.step, e.deadline, e.over),
        )
        for e in state.changed.values()
    )
    await sql.save(connection, sql.SAVE_EPISODES, episodes, now)
    signals = [signal for known in state.signals.values() for signal in known.values()]
    await sql.save(connection, sql.SAVE_SIGNALS, (_row(one) for one in signals if not one.stored), now)
    await sql.save(connection, sql.END_SIGNALS, ((one.id, *one.ended) for one in signals if one.stored and one.ended))
    reworded = ((one.id, one.rewords) for one in signals if one.stored and one.rewords)
    await sql.save(connection, sql.REWORD_SIGNALS, reworded)
    await sql.save(connection, sql.SAVE_ALERTS, state.alerts, now)
    await sql.save(connection, sql.SAVE_DELIVERIES, state.deliveries, now)
    await sql.copy(connection, "decisions", sql.DECISION_COLUMNS, state.decisions)
    await sql.save(connection, sql.TIMERS, state.waits.values())
    if state.cancelled:
        await connection.execute(sql.CANCEL_TIMERS, list(state.cancelled))
    await sql.save(connection, sql.OUTBOX, state.outbox, now)


def _row(signal: Signal) -> tuple[Any, ...]:
    data = signal.data
    refund = signal.kind == "refund_requested"
    return (
        *(signal.id, signal.account, signal.kind, signal.at, signal.fact, signal.case, signal.names, signal.episode),
        *(signal.ended or (None, None)),
        data.get("amount_minor") if refund else None,
        data.get("currency") if refund else None,
        data.get("kind", "dissatisfaction") if refund else None,
        signal.rewords or data.get("words"),
        signal.traceparent,
    )


if __name__ == "__main__":
    asyncio.run(main())
