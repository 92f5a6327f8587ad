"""Detects that two processes of a service have the same slot. Start with `SlotWatch.look`.

A slot is a static member of the group: Kafka removes the process that had it before, which joins again and removes the
other, and so on for ever. aiokafka sees only one lost membership after another.
"""

import time
from collections import deque
from collections.abc import Callable

from aiokafka import AIOKafkaConsumer
from prometheus_client import Gauge

from shared.logs import get_logger

log = get_logger(__name__)

LOOK_EVERY_SECONDS = 1.0
SLOT_TAKEN = "slot_taken"
"""A value of the label `reason` of `handoff_consumer_blocked`, beside those of `Block`."""
_WITHIN_SECONDS = 60.0
_MEMBERSHIPS = 4  # the first, and more than a slow broker causes in a minute


class SlotWatch:
    """Counts this process's recent member ids in its group."""

    def __init__(
        self,
        service: str,
        slot: int,
        consumer: Callable[[], AIOKafkaConsumer | None],
        blocked: Gauge,
        *,
        within_seconds: float = _WITHIN_SECONDS,
    ) -> None:
        self._slot = slot
        self._consumer = consumer
        self._blocked = blocked
        self._within_seconds = within_seconds
        self._joined: deque[float] = deque()
        self._member = ""
        self._note = (
            f"Another process of {service} seems to use slot {slot}: they remove each other from the consumer group. "
            f"Give each process of {service} its own --slot."
        )
        self._taken = False
        blocked.set(0)

    def noted(self) -> list[str]:
        """The note that another process has this slot, with the remedy."""
        return [self._note] if self._taken else []

    async def look(self) -> None:
        now = time.monotonic()
        member = self._member_id()
        if member and member != self._member:
            self._member = member
            self._joined.append(now)
        while self._joined and now - self._joined[0] > self._within_seconds:
            self._joined.popleft()
        taken = len(self._joined) >= _MEMBERSHIPS
        if taken and not self._taken:
            log.error("another process seems to have this slot", slot=self._slot, do=self._note)
        self._taken = taken
        self._blocked.set(int(taken))

    def _member_id(self) -> str:
        consumer = self._consumer()
        return str(getattr(getattr(consumer, "_coordinator", None), "member_id", ""))
