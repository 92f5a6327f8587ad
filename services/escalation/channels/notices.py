"""The loop that sends notices: of a changed address to the old and the new one, and to the manager of a person whom
mail or notifications do not reach. It claims due notices, sends them, and stores the results. An address that refuses
a notice is marked like one that refuses an alert.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeAlias, TypeVar
from uuid import UUID

from services.escalation.channels.channel import Ended
from services.escalation.channels.email import EmailChannel
from services.escalation.channels.sender import count_attempt, warn
from services.escalation.channels.smtp import Mail
from services.escalation.domain.addresses import Outcome, after_sending
from services.escalation.domain.deliveries import GIVE_UP_AFTER_UNKNOWN
from services.escalation.domain.delivery_facts import AddressFailed
from services.escalation.domain.devices import LastDeviceGone
from services.escalation.store import address_notices, upward_notices
from services.escalation.store.address_notices import ClaimedNotice
from services.escalation.store.upward_notices import NoticeLetter
from shared.contracts.envelope import Envelope, Fact, envelope
from shared.database import Pool
from shared.ids import derived
from shared.inputs import Batch, Input, InputKind
from shared.metrics import Metrics
from shared.service import Resources
from shared.transaction import InputProcessor

_POLL_SECONDS = 1.0
_AT_ONCE = 10
GIVE_UP_BOUNCES_AFTER_UNKNOWN = 3
"""After this many unknown results the notice is given up. `handoff bounces list` names the address as well, so many
repetitions are worse than none."""

N = TypeVar("N", ClaimedNotice, NoticeLetter)
End: TypeAlias = Callable[[Pool, N, Outcome, str | None], Awaitable[None]]


async def send_notices(email: EmailChannel, resources: Resources) -> None:
    """Send in a loop of its own, so that no alert is delayed. Runs until cancelled; notices being sent at that time are
    sent again after the timeout."""
    while True:
        await report_lost_devices(resources.processor)
        if not await send_due_notices(email, resources.processor, resources.metrics):
            await asyncio.sleep(_POLL_SECONDS)


async def send_due_notices(email: EmailChannel, processor: InputProcessor, metrics: Metrics) -> int:
    """Send the due notices of both kinds, each once. Return their number."""

    async def send(notice: N, compose: Callable[[N], Mail], end: End[N], give_up_after: int) -> None:
        ended = await email.write_and_send(partial(compose, notice))
        count_attempt(metrics, email.definition, ended)
        warn(ended, notice=str(notice.notice_id))
        outcome = after_sending(
            ended.result, attempts=notice.attempts, unknown_count=notice.unknown_count, give_up_after=give_up_after
        )
        if ended.is_of_the_address:
            await _mark_address(processor, notice, ended)
        await end(processor.pool, notice, outcome, ended.reason)

    changed = await address_notices.claim(processor.pool, _AT_ONCE)
    failing = await upward_notices.claim(processor.pool, _AT_ONCE)
    await asyncio.gather(
        *(send(one, email.letters.address_changed, address_notices.end, GIVE_UP_AFTER_UNKNOWN) for one in changed),
        *(send(one, email.letters.notice, upward_notices.end, GIVE_UP_BOUNCES_AFTER_UNKNOWN) for one in failing),
    )
    return len(changed) + len(failing)


async def report_lost_devices(processor: InputProcessor) -> None:
    """Report people who have lost their last device. If the process dies in between, the same report is made again."""
    for lost in await upward_notices.lost_devices(processor.pool, _AT_ONCE):
        if lost.were_last:
            id = derived("last device gone", *lost.devices)
            await _report(processor, LastDeviceGone(), id, about=lost.salesperson_id)
        await upward_notices.note_reported(processor.pool, lost.devices)


async def _mark_address(processor: InputProcessor, notice: ClaimedNotice | NoticeLetter, ended: Ended) -> None:
    """Mark the recipient's address, if it is still theirs; the next person up the line is then notified of it."""
    address = notice.address if isinstance(notice, ClaimedNotice) else notice.email
    person = notice.salesperson_id if isinstance(notice, ClaimedNotice) else notice.recipient
    fact = AddressFailed(address=address, reason=ended.reason or "refused")
    await _report(processor, fact, derived("address failed", notice.notice_id, notice.attempts), about=person)


async def _report(processor: InputProcessor, fact: Fact, id: UUID, *, about: str) -> None:
    event: Envelope[Fact] = envelope(
        fact,
        id=str(id),
        source="handoff/escalation/channels",
        subject=about,
        time=await processor.pool.fetchval("select shared.app_now()"),
    )
    await processor.apply(Batch([Input(event, fact.model_dump_json().encode(), b"", InputKind.DELIVERY)]), whole=True)
