"""The loop that sends: claim what is due, send, report back as an event. Nothing is sent inside a transaction."""

import asyncio
from uuid import UUID

from services.escalation.channels.letters import Letters
from services.escalation.channels.smtp import Ended, MailServer
from services.escalation.domain.own_facts import Attempt, DeliveryAttempted
from services.escalation.store.deliveries import Letter, claim, give_up_on_silent_attempts
from shared.contracts.envelope import Envelope, Fact, envelope
from shared.database import Pool
from shared.ids import derived
from shared.inputs import Batch, Input, InputKind
from shared.metrics import Metrics
from shared.telemetry import Attribute, delivery_span
from shared.transaction import Spine

AT_ONCE = 10
_POLL_SECONDS = 0.2
_FINISH_SECONDS = 30.0


class EmailSender:
    """Sends the e-mail deliveries of a database."""

    def __init__(self, server: MailServer, letters: Letters) -> None:
        self._server = server
        self._letters = letters

    async def run(self, pool: Pool, spine: Spine, metrics: Metrics) -> None:
        """Send until cancelled; what is being sent is finished first."""
        while True:
            if not await self.send_due(pool, spine, metrics):
                await asyncio.sleep(_POLL_SECONDS)

    async def send_due(self, pool: Pool, spine: Spine, metrics: Metrics) -> int:
        """Send what is due now, a few at once; returns how many."""
        await give_up_on_silent_attempts(pool, metrics)
        due = await claim(pool, "email", AT_ONCE)
        if due:
            await _finish(asyncio.gather(*(self._deliver(letter, spine, metrics) for letter in due)))
        return len(due)

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
        await spine.apply(Batch([_receipt(letter, fact, span.traceparent)]))

    async def _send(self, letter: Letter) -> Ended:
        if letter.recipient_email is None:  # it was known when the alert was raised
            return Ended(Attempt.REFUSED, "no e-mail address is known any more")
        return await self._server.send(self._letters.alert(letter))


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


async def _finish(sending: "asyncio.Future[list[None]]") -> None:
    """Wait for what is being sent even when cancelled: half-way, nobody would know whether it was accepted."""
    try:
        await asyncio.shield(sending)
    except asyncio.CancelledError:
        await asyncio.wait({sending}, timeout=_FINISH_SECONDS)
        raise
