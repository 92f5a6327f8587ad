"""The loop that ends devices of another key, and deletes ended devices and old notifications."""

import asyncio
from datetime import datetime

from services.escalation.store import devices, inbox, shown
from shared.database import Pool
from shared.logs import get_logger

log = get_logger(__name__)

_EVERY_SECONDS = 3600.0


class DeviceUpkeep:
    """The upkeep by one process, which has a key with this fingerprint, or none."""

    def __init__(self, fingerprint: str | None) -> None:
        self._fingerprint = fingerprint
        self._since: datetime | None = None

    async def run(self, pool: Pool) -> None:
        """Keep devices in order until cancelled."""
        while True:
            await self.once(pool)
            await asyncio.sleep(_EVERY_SECONDS)

    async def once(self, pool: Pool) -> None:
        """End devices of other keys, and forget. A process without a key ends none: others may have it.

        Only devices from before this process end: while a key is replaced process by process, one with the former key
        ends no device of the new one.
        """
        if self._since is None:
            self._since = await inbox.now(pool)
        if self._fingerprint is not None:
            ended = await devices.end_of_other_keys(pool, self._fingerprint, self._since)
            if ended:  # by a mistaken PUSH_KEY too, and their browsers have to subscribe anew
                log.warning("removed the devices that turned on notifications with another PUSH_KEY", devices=ended)
        await devices.forget_ended(pool)
        await shown.forget_old(pool)
