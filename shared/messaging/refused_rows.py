"""Outbox rows that Kafka refuses because of their size. Each blocks only later rows of its topic and key.

Kafka refuses a batch of records as a whole, so rows of a refused batch are sent again one by one: a row refused alone
is too large. Start with `RefusedRows.learn`.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import asyncpg
import orjson
from aiokafka.errors import MessageSizeTooLargeError, RecordListTooLargeError
from prometheus_client import Gauge

from shared.logs import get_logger
from shared.messaging.topic_settings import MAX_MESSAGE_BYTES

log = get_logger(__name__)

TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)
FIRST_PAUSE_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 960.0
_NAMED = 5


@dataclass(frozen=True, slots=True)
class _Refused:
    place: str
    sentence: str
    pause_seconds: float
    try_at: float


class RefusedRows:
    """The refused rows known to a leading relay. `topic` maps a topic to its name on the cluster."""

    def __init__(
        self, topic: Callable[[str], str], gauge: Gauge, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._topic = topic
        self._gauge = gauge
        self._clock = clock
        self._rows: dict[int, _Refused] = {}
        self._alone_through = 0
        gauge.set(0)

    def notes(self) -> list[str]:
        """Each refused row in words for /readyz, without customer data."""
        sentences = [row.sentence for row in self._rows.values()]
        more = (
            [f"Kafka refuses {len(sentences) - _NAMED} more events for their size."] if len(sentences) > _NAMED else []
        )
        return sentences[:_NAMED] + more

    def held(self) -> list[str]:
        """Topics and keys whose rows wait, as `place` writes them."""
        return [row.place for row in self._rows.values() if row.try_at > self._clock()]

    def portion(self, rows: Sequence[asyncpg.Record]) -> Sequence[asyncpg.Record]:
        """The due rows to send together, in order. Rows no longer due are forgotten."""
        first = rows[0]["id"] if rows else None
        due = [id for id, row in self._rows.items() if row.try_at <= self._clock()]
        self.forget(id for id in due if first is None or id < first)
        return rows[:1] if first is not None and first <= self._alone_through else rows

    def learn(self, rows: Sequence[asyncpg.Record], sends: Sequence["asyncio.Future[object]"]) -> bool:
        """Learn from the results of sent rows. Return whether any row was refused because of its size."""
        refused = [row for row, send in zip(rows, sends, strict=False) if _is_too_large(send)]
        if not refused:
            return False
        self._alone_through = max(self._alone_through, refused[-1]["id"])
        if len(rows) > 1:
            topics = sorted({self._topic(row["topic"]) for row in refused})
            log.warning("Kafka refuses a batch for its size, sending its rows one by one", topics=topics)
            return True
        self._hold(rows[0])
        return True

    def forget(self, ids: Iterable[int]) -> None:
        """Forget rows that are published or deleted."""
        for id in ids:
            self._rows.pop(id, None)
        self._gauge.set(len(self._rows))

    def forget_all(self) -> None:
        self.forget(list(self._rows))

    def _hold(self, row: asyncpg.Record) -> None:
        before = self._rows.get(row["id"])
        pause = min(2 * before.pause_seconds, LONGEST_PAUSE_SECONDS) if before else FIRST_PAUSE_SECONDS
        topic, headers = self._topic(row["topic"]), dict(orjson.loads(row["headers"]))
        event_id, type = headers.get("ce_id"), headers.get("ce_type")
        size = len(row["payload"])
        do = f"run kafka-configs.sh --alter --topic {topic} --add-config max.message.bytes={MAX_MESSAGE_BYTES}"
        log.error("Kafka refuses an event for its size", topic=topic, event_id=event_id, type=type, bytes=size, do=do)
        sentence = (
            f"Kafka refuses an event of the outbox for its size: {type} {event_id} of {size} bytes, for topic {topic}. "
            f"Later events of its account wait for it on this topic. To publish them, {do}. It is tried again by "
            f"itself within {LONGEST_PAUSE_SECONDS / 60:.0f} minutes, or at once when this process is restarted."
        )
        self._rows[row["id"]] = _Refused(place(row), sentence, pause, self._clock() + pause)
        self._gauge.set(len(self._rows))


def place(row: asyncpg.Record) -> str:
    """The topic and key of a row, within which order counts; a topic's name has no space."""
    return f"{row['topic']} {row['key']}"


def _is_too_large(send: "asyncio.Future[object]") -> bool:
    return send.done() and not send.cancelled() and isinstance(send.exception(), TOO_LARGE)
