"""Reads a run's folder, and the topics and tables that its `world.json` names. Start at `read_run`."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from tests.faults.checker.evidence import (
    CannotJudge,
    Database,
    Evidence,
    Place,
    Record,
    Reported,
    Restore,
    Row,
    instant,
)

SERVICES = ("orders", "support", "escalation")
_TIMEOUT_SECONDS = 20.0
_TABLES = {
    "": ("journal", "ledger", "offsets", "outbox", "timers", "waiting_facts", "dead_letters"),
    "orders": ("orders", "order_facts", "salespeople"),
    "support": ("cases", "contacts"),
    "escalation": (
        *("accounts", "orders", "salespeople", "cases", "facts"),
        *("episodes", "signals", "alerts", "deliveries", "decisions", "push_devices", "results", "notices"),
    ),
}
# An idle session blocks nothing. `waitstart` is null for the first moments of a wait.
_HINDRANCES = """
    select format('session %s (%s) is %s since %s', pid, application_name, state, state_change) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and state like 'idle in transaction%'
      and state_change < clock_timestamp() - interval '5 seconds'
    union all
    select format('session %s waits for a %s lock since %s', pid, locktype, waitstart) from pg_locks
    where not granted and waitstart < clock_timestamp() - interval '1 second'
      and (database is null or database = (select oid from pg_database where datname = current_database()))
"""


async def read_run(folder: Path) -> Evidence:
    """The evidence of a run that has come to rest. Raises CannotJudge if something cannot be read."""
    try:
        world: Mapping[str, Any] = json.loads((folder / "world.json").read_text())
        history = [_reported(line) for line in _lines(folder / "history.jsonl")]
        databases = {name: await _database(world["databases"][name], name) for name in SERVICES}
        return Evidence(
            world=world,
            history=history,
            accepted=_lines(folder / "accepted.jsonl"),
            mail=_lines(folder / "mail.jsonl"),
            pushed=_lines(folder / "push" / "messages.jsonl"),
            restores=[Restore(**line) for line in _lines(folder / "restores.jsonl")],
            databases=databases,
            topics=_topics(world),
            committed={name: _committed(world, name) for name in SERVICES},
        )
    except (OSError, ValueError, KeyError, TypeError, asyncpg.PostgresError, KafkaException) as error:
        raise CannotJudge(f"{type(error).__name__}: {error}") from error


def _lines(file: Path) -> list[Row]:
    """The lines of a file, without a last line that a crash cut off."""
    if not file.exists():
        return []
    text = file.read_text()
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines() if line.strip()]


def _reported(line: Row) -> Reported:
    return Reported(at=instant(line.pop("time")), **line)


async def _database(url: str, service: str) -> Database:
    connection = await asyncpg.connect(url, timeout=10, command_timeout=120)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            now: datetime = await connection.fetchval("select shared.app_now()")
            names = [f"shared.{name}" for name in _TABLES[""]] + [f"{service}.{name}" for name in _TABLES[service]]
            tables = {name: [dict(row) for row in await connection.fetch(f"select * from {name}")] for name in names}
        hindrances = [str(row[0]) for row in await connection.fetch(_HINDRANCES)]
        return Database(now, tables, hindrances)
    finally:
        await connection.close()


def _topics(world: Mapping[str, Any]) -> dict[str, list[Record]]:
    """All records visible to a reader of committed transactions, by partition and offset."""
    names = {topic for side in ("listens", "publishes") for topics in world[side].values() for topic in topics}
    names |= {f"{service}.dead-letters.v1" for service in SERVICES}
    found: dict[str, list[Record]] = {name: [] for name in names}
    consumer = _consumer(world, "checker")
    try:
        for record in _records(consumer, _places(consumer, world, names), world["prefix"]):
            found[record.topic].append(record)
    finally:
        consumer.close()
    return {name: sorted(records, key=lambda one: (one.partition, one.offset)) for name, records in found.items()}


def _records(consumer: Consumer, places: list[TopicPartition], prefix: str) -> Iterator[Record]:
    unread = {(place.topic, place.partition) for place in places}
    consumer.assign(places)
    while unread:
        message = consumer.poll(_TIMEOUT_SECONDS)
        if message is None:
            raise CannotJudge(f"{len(unread)} partitions could not be read to their end, like {min(unread)}")
        error = message.error()
        if error is None:
            yield _record(message, prefix)
        elif error.code() == KafkaError._PARTITION_EOF:
            unread.discard((message.topic() or "", message.partition() or 0))
        elif not error.retriable():
            raise KafkaException(error)


def _places(consumer: Consumer, world: Mapping[str, Any], topics: Iterable[str]) -> list[TopicPartition]:
    """The first position of each existing partition of the topics."""
    described = consumer.list_topics(timeout=_TIMEOUT_SECONDS).topics
    names = [world["prefix"] + topic for topic in topics]
    return [
        TopicPartition(name, number, OFFSET_BEGINNING)
        for name in names
        if name in described
        for number in described[name].partitions
    ]


def _committed(world: Mapping[str, Any], service: str) -> dict[Place, int]:
    consumer = _consumer(world, service)
    try:
        places = _places(consumer, world, world["listens"][service])
        held = consumer.committed(places, timeout=_TIMEOUT_SECONDS)
        return {(one.topic.removeprefix(world["prefix"]), one.partition): one.offset for one in held if one.offset >= 0}
    finally:
        consumer.close()


def _consumer(world: Mapping[str, Any], group: str) -> Consumer:
    return Consumer(
        {
            "bootstrap.servers": world["kafka"],
            "group.id": world["prefix"] + group,
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "allow.auto.create.topics": False,
        }
    )


def _record(message: Message, prefix: str) -> Record:
    pairs: Any = message.headers() or ()
    headers = {name: _text(value) for name, value in pairs}
    attributes = {name: headers.get(f"ce_{name}") for name in ("source", "id", "type", "time")}
    if "ce_id" not in headers:
        attributes = _structured(message.value()) or attributes
    at = None
    with suppress(ValueError, TypeError, AttributeError):
        at = instant(attributes["time"] or "")
    return Record(
        topic=(message.topic() or "").removeprefix(prefix),
        partition=message.partition() or 0,
        offset=message.offset() or 0,
        written_at=message.timestamp()[1] / 1000,
        key=_text(message.key()) or "",
        value=message.value(),
        source=attributes["source"],
        id=attributes["id"],
        type=attributes["type"],
        at=at,
    )


def _structured(value: bytes | None) -> dict[str, str | None] | None:
    try:
        content = json.loads(value or b"")
    except ValueError:
        return None
    if not isinstance(content, dict):
        return None
    return {name: content.get(name) for name in ("source", "id", "type", "time")}


def _text(value: str | bytes | None) -> str | None:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
