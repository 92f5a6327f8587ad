"""The loop that tells people of a changed address: claim what is due, send, keep what came of it."""

import asyncio
from functools import partial

from services.escalation.channels.deliveries import AT_ONCE, EmailSender
from services.escalation.channels.letters import Letters
from services.escalation.domain.addresses import after_sending
from services.escalation.store import address_notices as store
from services.escalation.store.address_notices import ClaimedNotice
from shared.database import Pool
from shared.logs import get_logger

_POLL_SECONDS = 1.0

log = get_logger(__name__)


class NoticeSender:
    """Sends the notices of a database by the sender of its alerts, in a loop of its own: it holds up no alert."""

    def __init__(self, sender: EmailSender, letters: Letters) -> None:
        self._sender = sender
        self._letters = letters

    async def run(self, pool: Pool) -> None:
        """Send until cancelled. What was being sent then is sent again once its time is up."""
        while True:
            if not await self.send_due(pool):
                await asyncio.sleep(_POLL_SECONDS)

    async def send_due(self, pool: Pool) -> int:
        """Send what is due, each once; returns how many that were."""
        claimed = await store.claim(pool, AT_ONCE)
        await asyncio.gather(*(self._send(pool, notice) for notice in claimed))
        return len(claimed)

    async def _send(self, pool: Pool, notice: ClaimedNotice) -> None:
        ended = await self._sender.send(partial(self._letters.address_changed, notice))
        state, pause = after_sending(ended.result, notice.attempt)
        await store.end(pool, notice, state, pause, ended.reason)
        if state == "failed":
            log.warning(
                "a notice of a changed address was not delivered", person=notice.salesperson_id, reason=ended.reason
            )
