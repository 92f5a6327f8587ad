"""The loop that sends on a channel: claim due messages, send them, report the results as events. Nothing is sent inside
a transaction."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Generic
from uuid import UUID

from services.escalation.channels.channel import Channel, Ended, M, Trouble
from services.escalation.domain.channels import ChannelDefinition
from services.escalation.domain.delivery_facts import Attempt, DeliveryAttempted
from services.escalation.domain.policy.model import Storms
from services.escalation.store.claims import SENDING_LIMIT, ClaimedDelivery, claim_due
from services.escalation.store.deliveries import Letter, give_up_on_silent_attempts, letters
from services.escalation.store.lists import ListLetter, list_letter
from services.escalation.store.policies import KnownPolicies
from shared.contracts.envelope import Envelope, Fact, envelope
from shared.database import DATABASE_ERRORS, Connection, Pool, is_transient
from shared.ids import derived
from shared.inputs import Batch, Input, InputKind
from shared.logs import get_logger
from shared.metrics import Metrics
from shared.telemetry import Attribute, EffectSpan, delivery_span
from shared.transaction import InputProcessor

_POLL_SECONDS = 0.2
_RECEIPT_PAUSE_SECONDS = 0.5
_FINISH_SECONDS = 30.0
_NAMED_IN_A_LINE = 10

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A message being sent, with its deliveries and the time of their claim."""

    letter: Letter | ListLetter
    deliveries: Sequence[ClaimedDelivery]
    claimed_at: datetime


class Sender(Generic[M]):
    """Sends the deliveries of one channel, each message in its own task, so that a slow one delays no other."""

    def __init__(self, channel: Channel[M]) -> None:
        self._channel = channel
        self._policies = KnownPolicies()
        self._sending: set[asyncio.Task[None]] = set()

    async def run(self, pool: Pool, processor: InputProcessor, metrics: Metrics) -> None:
        """Send until cancelled; messages being sent are finished first."""
        try:
            while True:
                if len(self._sending) >= self._channel.at_once:
                    await asyncio.wait(self._sending, return_when=asyncio.FIRST_COMPLETED)
                elif not await self.start_due(pool, processor, metrics):
                    await asyncio.sleep(_POLL_SECONDS)
        except asyncio.CancelledError:  # if interrupted, it would be unknown whether it was accepted
            if self._sending:
                await asyncio.wait(self._sending, timeout=_FINISH_SECONDS)
            raise

    async def start_due(self, pool: Pool, processor: InputProcessor, metrics: Metrics) -> set[asyncio.Task[None]]:
        """Start sending due messages, as far as there are free places."""
        await give_up_on_silent_attempts(pool, metrics)
        places = self._channel.at_once - len(self._sending)
        due = await claim(pool, self._channel.definition, places, self._policies)
        started = {asyncio.create_task(self._deliver(message, processor, metrics)) for message in due}
        for task in started:
            self._sending.add(task)
            task.add_done_callback(partial(self._ended, metrics))
        return started

    def _ended(self, metrics: Metrics, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:  # its delivery stays `sending` and becomes `unknown` after the timeout
            metrics.process.loop_failures.labels("delivery").inc()
            log.error("a delivery failed and will be tried again", exc_info=error)

    async def _deliver(self, message: OutgoingMessage, processor: InputProcessor, metrics: Metrics) -> None:
        with ExitStack() as ending:
            spans = [ending.enter_context(self._span(delivery)) for delivery in message.deliveries]
            ended = await self._send(processor.pool, message.letter)
            for span in spans:
                span.note({Attribute.OUTCOME: ended.result.value})
        count(metrics, self._channel.definition, message, ended)
        warn(ended, deliveries=[str(delivery.delivery_id) for delivery in message.deliveries[:_NAMED_IN_A_LINE]])
        facts = self._attempted(message, ended)
        receipts = [
            _receipt(delivery, fact, message.claimed_at, span.traceparent)
            for delivery, fact, span in zip(message.deliveries, facts, spans, strict=True)
        ]
        await _report(processor, receipts)

    async def _send(self, pool: Pool, letter: Letter | ListLetter) -> Ended:
        if letter.address is None:  # it was known when the alert was raised
            return Ended(Attempt.REFUSED, self._channel.definition.address_gone, Trouble.ADDRESS)
        if isinstance(letter, Letter) and letter.main is None:  # closed since it was claimed; if not, it is tried again
            return Ended(Attempt.PUT_OFF, "the order is no longer at risk", Trouble.OVER)
        message = self._channel.compose(letter)
        return message if isinstance(message, Ended) else await self._channel.send(pool, message)

    def _attempted(self, message: OutgoingMessage, ended: Ended) -> list[DeliveryAttempted]:
        is_marked = ended.is_of_the_address and self._channel.definition.marks_addresses
        return [
            DeliveryAttempted(
                delivery=delivery.delivery_id,
                attempt=delivery.attempt,
                result=ended.result,
                reason=ended.reason,
                refused_address=message.letter.address if is_marked else None,
                retry_after_seconds=ended.retry_after_seconds,
            )
            for delivery in message.deliveries
        ]

    def _span(self, delivery: ClaimedDelivery) -> AbstractContextManager[EffectSpan]:
        attributes: dict[Attribute, str | int | UUID] = {
            Attribute.EPISODE_ID: delivery.episode_id,
            Attribute.ALERT_ID: delivery.alert_id,
            Attribute.DELIVERY_ID: delivery.delivery_id,
            Attribute.ATTEMPT: delivery.attempt,
        }
        return delivery_span(self._channel.definition.name, parent=delivery.traceparent, attributes=attributes)


async def claim(pool: Pool, channel: ChannelDefinition, limit: int, policies: KnownPolicies) -> list[OutgoingMessage]:
    """Take messages that are due, and read their content."""

    async def storms(connection: Connection) -> Storms:
        return (await policies.current(connection)).latest.policy.storms

    claimed, at = await claim_due(pool, channel.name, limit, storms)
    if at is None:
        return []
    alone = [message.deliveries[0] for message in claimed if message.list_id is None]
    written = await letters(pool, alone, channel, policies, at)
    singles = [OutgoingMessage(letter, [delivery], at) for letter, delivery in zip(written, alone, strict=True)]
    together = [message for message in claimed if message.list_id is not None]
    return singles + [
        OutgoingMessage(await list_letter(pool, one, channel, policies, at), one.deliveries, at) for one in together
    ]


def count_attempt(metrics: Metrics, channel: ChannelDefinition, ended: Ended) -> None:
    trouble = ended.trouble.value if ended.trouble else ""
    metrics.alerts.attempts.labels(ended.result.value, trouble, channel.name).inc()


def count(metrics: Metrics, channel: ChannelDefinition, message: OutgoingMessage, ended: Ended) -> None:
    """Count an attempt's result; for a list, also for each of its deliveries."""
    count_attempt(metrics, channel, ended)
    if ended.result is Attempt.UNKNOWN:
        metrics.alerts.unknown_deliveries.inc(len(message.deliveries))
    if isinstance(message.letter, ListLetter):
        metrics.alerts.lists.labels(ended.result.value).inc()
        metrics.alerts.alerts_in_lists.labels(ended.result.value).inc(len(message.deliveries))


def warn(ended: Ended, **about: object) -> None:
    """Log a message that was not accepted, with its class and without an address."""
    if ended.result is Attempt.ACCEPTED or ended.trouble is Trouble.OVER:
        return
    trouble = ended.trouble.value if ended.trouble else None
    log.warning("a message was not accepted", outcome=ended.result.value, trouble=trouble, reason=ended.reason, **about)


async def _report(processor: InputProcessor, receipts: Sequence[Input]) -> None:
    """Report an attempt's result, even through a short database outage: otherwise the message would be sent again."""
    until_seconds = time.monotonic() + SENDING_LIMIT.total_seconds()
    while True:
        try:
            await processor.apply(Batch(list(receipts)))
            return
        except DATABASE_ERRORS as error:
            if not is_transient(error) or time.monotonic() > until_seconds:
                raise
            log.warning("a receipt could not be stored; trying again", error=type(error).__name__)
        await asyncio.sleep(_RECEIPT_PAUSE_SECONDS)


def _receipt(delivery: ClaimedDelivery, fact: DeliveryAttempted, at: datetime, traceparent: str | None) -> Input:
    event: Envelope[Fact] = envelope(
        fact,
        id=str(derived("attempted", delivery.delivery_id, delivery.attempt)),
        source="handoff/escalation/channels",
        subject=delivery.account_id,
        time=at,
        traceparent=traceparent,
    )
    return Input(event, fact.model_dump_json().encode(), b"", InputKind.DELIVERY)
