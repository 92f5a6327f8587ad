"""The loop that sends: claim what is due, send, report back as an event. Nothing is sent inside a transaction."""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from uuid import UUID

from services.escalation.channels.letters import Letters, NoAddress
from services.escalation.channels.smtp import COMPOSING_ERRORS, Ended, Mail, MailServer
from services.escalation.domain.own_facts import Attempt, DeliveryAttempted
from services.escalation.store.deliveries import SENDING_LIMIT, Letter, claim, give_up_on_silent_attempts
from shared.contracts.envelope import Envelope, Fact, envelope
from shared.database import DATABASE_ERRORS, Pool, is_transient
from shared.ids import derived
from shared.inputs import Batch, Input, InputKind
from shared.logs import get_logger
from shared.metrics import Metrics
from shared.telemetry import Attribute, delivery_span
from shared.transaction import Spine

AT_ONCE = 10
_POLL_SECONDS = 0.2
_RECEIPT_PAUSE_SECONDS = 0.5
_FINISH_SECONDS = 30.0

log = get_logger(__name__)


class EmailSender:
    """Sends the e-mail deliveries of a database, each in a task of its own: a slow one holds up no other."""

    def __init__(self, server: MailServer, letters: Letters) -> None:
        self._server = server
        self._letters = letters
        self._sending: set[asyncio.Task[None]] = set()

    async def run(self, pool: Pool, spine: Spine, metrics: Metrics) -> None:
        """Send until cancelled; what is being sent is finished first."""
        try:
            while True:
                if len(self._sending) >= AT_ONCE:
                    await asyncio.wait(self._sending, return_when=asyncio.FIRST_COMPLETED)
                elif not await self._start_due(pool, spine, metrics):
                    await asyncio.sleep(_POLL_SECONDS)
        except asyncio.CancelledError:  # half-way, nobody would know whether it was accepted
            if self._sending:
                await asyncio.wait(self._sending, timeout=_FINISH_SECONDS)
            raise

    async def send_due(self, pool: Pool, spine: Spine, metrics: Metrics) -> int:
        """One round: send what is due now, a few at once, and wait for all of it; returns how many."""
        started = await self._start_due(pool, spine, metrics)
        if started:
            await asyncio.wait(started)
        return len(started)

    async def send(self, compose: Callable[[], Mail]) -> Ended:
        """Compose and send one message. One that cannot be written is refused, like one that the server refuses."""
        try:
            mail = compose()
        except NoAddress:
            return Ended(Attempt.REFUSED, "the address cannot be written to")
        except COMPOSING_ERRORS as error:
            return Ended(Attempt.REFUSED, f"the message cannot be written ({type(error).__name__})")
        return await self._server.send(mail)

    async def _start_due(self, pool: Pool, spine: Spine, metrics: Metrics) -> set[asyncio.Task[None]]:
        """Start sending what is due, as far as there are free places."""
        await give_up_on_silent_attempts(pool, metrics)
        due = await claim(pool, "email", AT_ONCE - len(self._sending))
        started = {asyncio.create_task(self._deliver(letter, spine, metrics)) for letter in due}
        for task in started:
            self._sending.add(task)
            task.add_done_callback(partial(self._ended, metrics))
        return started

    def _ended(self, metrics: Metrics, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:  # its delivery stays as being sent, and is in doubt once its time is up
            metrics.process.loop_failures.labels("delivery").inc()
            log.error("a delivery failed, to be tried again", exc_info=error)

    async def _deliver(self, letter: Letter, spine: Spine, metrics: Metrics) -> None:
        attributes: dict[Attribute, str | int | UUID] = {
            Attribute.ALERT_ID: letter.alert_id,
            Attribute.DELIVERY_ID: letter.delivery_id,
            Attribute.ATTEMPT: letter.attempt,
        }
        with delivery_span("email", parent=letter.traceparent, attributes=attributes) as span:
            ended = await self._send(letter)
            span.note({Attribute.OUTCOME: ended.result.value})
        if ended.result is Attempt.UNKNOWN:
            metrics.alerts.unknown_deliveries.inc()
        fact = DeliveryAttempted(
            delivery=letter.delivery_id, attempt=letter.attempt, result=ended.result, reason=ended.reason
        )
        await _report(spine, _receipt(letter, fact, span.traceparent))

    async def _send(self, letter: Letter) -> Ended:
        if letter.recipient_email is None:  # it was known when the alert was raised
            return Ended(Attempt.REFUSED, "no e-mail address is known any more")
        return await self.send(partial(self._letters.alert, letter))


async def _report(spine: Spine, receipt: Input) -> None:
    """Tell what came of an attempt, also through a short absence of the database: untold, it would be sent twice."""
    until_seconds = time.monotonic() + SENDING_LIMIT.total_seconds()
    while True:
        try:
            await spine.apply(Batch([receipt]))
            return
        except DATABASE_ERRORS as error:
            if not is_transient(error) or time.monotonic() > until_seconds:
                raise
            log.warning("a receipt could not be stored, trying again", error=type(error).__name__)
        await asyncio.sleep(_RECEIPT_PAUSE_SECONDS)


def _receipt(letter: Letter, fact: DeliveryAttempted, traceparent: str | None) -> Input:
    event: Envelope[Fact] = envelope(
        fact,
        id=str(derived("attempted", letter.delivery_id, letter.attempt)),
        source="handoff/escalation/channels",
        subject=letter.account_id,
        time=letter.now,
        traceparent=traceparent,
    )
    return Input(event, fact.model_dump_json().encode(), b"", InputKind.DELIVERY)
