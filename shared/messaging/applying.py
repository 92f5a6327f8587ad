"""How a batch of records becomes applied: as a whole, else in portions, else record by record.

Start with `Applier.apply`. A batch that takes too long is halved, down to one record, whose account is set aside. A
record with faulty data becomes a dead letter. Neither stops the other records.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from shared.database import RanTooLong, is_transient
from shared.inputs import Batch, Outcome, Report
from shared.logs import get_logger
from shared.messaging.positions import Positions
from shared.messaging.records import portion, split
from shared.metrics import Metrics
from shared.portions import Portion
from shared.transaction import InputProcessor

log = get_logger(__name__)

MAX_RECORDS = 500
ATTEMPTS_PER_RECORD = 5
_LONGEST_BATCH_SECONDS = 120.0
"""Well below the time without a poll after which Kafka gives the partitions to other processes."""


class Unfinished(RuntimeError):
    """A batch took so long that the consumer must poll first.

    The applied part is stored; the rest is delivered again.
    """


@dataclass(frozen=True, slots=True)
class Endings:
    """Counts how records of a service end. `logical` takes the installation's prefix off a topic."""

    service: str
    logical: Callable[[str], str]
    metrics: Metrics

    def count(self, batch: Batch, report: Report) -> None:
        """Count a batch's outcomes. Records set aside have no outcome yet."""
        ended = Counter(
            (one.envelope.data.topic, outcome)
            for one, outcome in zip(batch.inputs, report.outcomes, strict=True)
            if outcome is not Outcome.SET_ASIDE
        )
        ended.update((self.logical(one.raw.topic), Outcome.DEAD_LETTERED) for one in batch.rejections)
        for (topic, outcome), records in ended.items():
            self.metrics.consumer.records.labels(self.service, topic, outcome.value).inc(records)


class Applier:
    """Applies batches of one consumer. It remembers how many records fit into one transaction."""

    def __init__(self, processor: InputProcessor, positions: Positions, endings: Endings) -> None:
        self._processor = processor
        self._positions = positions
        self._endings = endings
        self._portion = Portion(MAX_RECORDS)

    async def apply(self, batch: Batch) -> None:
        """Apply a whole batch. Raises errors that a pause or a retry may cure; a part of the batch may be applied."""
        started = time.monotonic()
        rest: Batch | None = batch
        while rest is not None:
            if rest is not batch and time.monotonic() - started > _LONGEST_BATCH_SECONDS:
                raise Unfinished
            part, later = portion(rest, self._portion.size)
            if await self._pass(part):
                rest = later

    async def _pass(self, part: Batch) -> bool:
        """Apply this part. Return whether it is done; otherwise a smaller part is to be tried."""
        began = time.monotonic()
        try:
            await self._transact(part)
        except RanTooLong:
            records = len(part.inputs) + len(part.rejections)
            if self._portion.halve(records):
                log.warning("batch took too long, trying half of it", records=records)
                return False
            await self._set_aside(part)
        except Exception as error:
            if is_transient(error):
                raise
            log.error("batch failed on its records, going through them one by one", exc_info=error)
            for single in split(part):
                await self._try_alone(single)
        else:
            self._portion.grow(time.monotonic() - began)
        return True

    async def _transact(self, batch: Batch) -> None:
        self._positions.tried()
        report = await self._processor.apply(batch)
        self._positions.advance(batch.next_offsets)
        self._endings.count(batch, report)

    async def _try_alone(self, single: Batch) -> None:
        """The fallback: one transaction per record, so that a faulty record does not stop the others."""
        for attempt in range(1, ATTEMPTS_PER_RECORD + 1):
            try:
                await self._transact(single)
                return
            except RanTooLong:
                await self._set_aside(single)
                return
            except Exception as error:
                if is_transient(error):
                    raise
                log.warning("record failed", attempt=attempt, exc_info=error)
                failed = error
        reason = getattr(failed, "safe_message", None) or NOT_APPLICABLE
        dead = [one.rejection("not_applicable", reason) for one in single.inputs]
        await self._transact(replace(single, inputs=(), rejections=[*single.rejections, *dead]))

    async def _set_aside(self, single: Batch) -> None:
        """The account's later records go behind this one; `shared.rounds` tries them again."""
        await self._processor.set_aside(single)
        self._positions.advance(single.next_offsets)
        for one in single.inputs:
            log.error("a record takes too long even alone, its account is set aside", account=one.envelope.lock_key)


NOT_APPLICABLE = (
    "the event is well-formed but could not be applied, five times in a row. "
    "The service's log names the fault; after its correction the dead letter can be replayed."
)
