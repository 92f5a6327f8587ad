"""The loop that takes notifications back once nobody needs them: best effort, each at most once."""

import asyncio

from services.escalation.channels.web_push.devices import PushSender
from services.escalation.channels.web_push.messages import of_end
from services.escalation.store import devices, shown
from services.escalation.store.shown import TakenBack
from shared.database import Pool

_POLL_SECONDS = 2.0


async def take_back_notifications(sender: PushSender, pool: Pool) -> None:
    """Take back in a loop of its own, so that no alert is delayed. Runs until cancelled."""
    while True:
        if not await take_back_due(sender, pool):
            await asyncio.sleep(_POLL_SECONDS)


async def take_back_due(sender: PushSender, pool: Pool) -> int:
    """Take back the notifications that nobody needs any more. Return their number."""
    over = await shown.claim_over(pool)
    await asyncio.gather(*(_take_back(sender, pool, one) for one in over))
    return len(over)


async def _take_back(sender: PushSender, pool: Pool, over: TakenBack) -> None:
    live = await devices.live(pool, over.salesperson_id, sender.key.fingerprint)
    if live:
        await sender.to_devices(pool, live, of_end(over))
