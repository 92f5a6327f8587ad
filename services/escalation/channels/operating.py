"""Operators' actions on e-mail: sending again, counting bounces. Each is an event."""

from datetime import datetime
from uuid import UUID

from services.escalation.channels.bounces import Bounce
from services.escalation.domain.channels import EMAIL
from services.escalation.domain.delivery_facts import AddressFailed, AddressWorks, DeliveryResent, DeliveryReturned
from services.escalation.store.outgoing import ListedDelivery, of_message
from shared.contracts.envelope import Envelope, Fact, envelope
from shared.ids import derived
from shared.inputs import Batch, Input, InputKind
from shared.transaction import InputProcessor

_SOURCE = "handoff/cli"


async def resend(processor: InputProcessor, delivery: ListedDelivery) -> None:
    """Send a delivery at once, even during its pause. Raises shared.transaction.Refused, with the reason."""
    id = derived("resent", delivery.delivery_id, delivery.attempts, delivery.changed_at.isoformat())
    await _apply(processor, DeliveryResent(delivery=delivery.delivery_id), delivery.account_id, id, InputKind.BUTTON)


async def record_bounce(processor: InputProcessor, bounce: Bounce) -> list[str]:
    """Count a bounce once, however often it is read. Return the recipients; empty if the message is not ours."""
    deliveries = await of_message(processor.pool, EMAIL.name, bounce.message)
    for one in deliveries:
        fact = DeliveryReturned(delivery=one.delivery_id, reason=bounce.reason)
        id = derived("returned", one.delivery_id, one.attempts)
        await _apply(processor, fact, one.account_id, id, InputKind.DELIVERY)
    people = sorted({one.recipient for one in deliveries})
    attempts = max((one.attempts for one in deliveries), default=0)
    for person in people:
        failed = AddressFailed(address=bounce.address, reason=bounce.reason)
        id = derived("address failed", bounce.message, attempts, person)
        await _apply(processor, failed, person, id, InputKind.DELIVERY)
    return people


async def clear_address(processor: InputProcessor, person: str, failed_at: datetime) -> None:
    """Report that mail to a person arrives again. Raises shared.transaction.Refused."""
    id = derived("address works", person, failed_at.isoformat())
    await _apply(processor, AddressWorks(), person, id, InputKind.BUTTON)


async def _apply(processor: InputProcessor, fact: Fact, subject: str, id: UUID, kind: InputKind) -> None:
    now = await processor.pool.fetchval("select shared.app_now()")
    event: Envelope[Fact] = envelope(fact, id=str(id), source=_SOURCE, subject=subject, time=now)
    await processor.apply(Batch([Input(event, fact.model_dump_json().encode(), b"", kind)]), whole=True)
