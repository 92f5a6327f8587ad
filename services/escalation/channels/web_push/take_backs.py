"""The loop that takes notifications back once nobody needs them: best effort, each at most once."""

import asyncio

from services.escalation.channels.web_push.devices import PushSender, note
from services.escalation.channels.web_push.messages import of_end
from services.escalation.store import devices, shown
from shared.database import Pool

_POLL_SECONDS = 2.0


async def take_back_notifications(sender: PushSender, pool: Pool) -> None:
    """Take back in a loop of its own, so that no alert is delayed. Runs until cancelled."""
    while True:
        if not await take_back_due(sender, pool):
            await asyncio.sleep(_POLL_SECONDS)


async def take_back_due(sender: PushSender, pool: Pool) -> int:
    """Take back notifications that nobody needs any more, a limited number. Return that number."""
    over = await shown.claim_over(pool)
    if over:
        people = {one.salesperson_id for one in over}
        live = await devices.live_of(pool, people, sender.key.fingerprint)
        sent = (sender.to_each(live[one.salesperson_id], of_end(one), one.now) for one in over)
        await note(pool, [one for results in await asyncio.gather(*sent) for one in results])
    return len(over)
