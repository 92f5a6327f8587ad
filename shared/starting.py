"""Waits at start for the servers that a process needs, and ends the process if one refuses it for good.

Start with `Servers.until_it_works`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from shared.database import DATABASE_ERRORS
from shared.database_reach import why_refused
from shared.logs import get_logger
from shared.messaging.blocks import refusal
from shared.messaging.cluster import Cluster
from shared.messaging.refusals import KAFKA_ERRORS, Refusals

log = get_logger(__name__)
T = TypeVar("T")

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 15.0
_REFUSALS_IN_A_ROW = 3


class CannotStart(RuntimeError):
    """The process cannot start. Carries the fault and its remedy, for the person who started it."""


class Servers:
    """The servers of one process. `report` gets the reason for waiting, in words for /readyz."""

    def __init__(self, service: str, cluster: Cluster, *, report: Callable[[str], None]) -> None:
        self._service = service
        self._group = cluster.topic(service)
        self._kafka = Refusals(cluster)
        self._database_refusals = 0
        self._report = report

    async def until_it_works(self, what: str, action: Callable[[], Awaitable[T]]) -> T:
        """Try until a server responds: services may start before the servers they need. `what` names the server.

        Raises CannotStart or RefusedForGood if a server refuses this process three times in a row. Any error not caused
        by a server, such as UnsafeDatabase or TopicsUnfit, is raised at once.
        """
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                return await action()
            except (*DATABASE_ERRORS, *KAFKA_ERRORS) as error:
                server = "Kafka" if isinstance(error, KAFKA_ERRORS) else what
                refused = await self._refused(error)
                if refused is None:
                    log.warning("server does not respond, trying again", server=server, error=type(error).__name__)
                else:
                    log.error("a server refuses this process, trying again", server=server, do=refused)
                self._report(refused or f"{server} does not respond ({type(error).__name__})")
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    async def _refused(self, error: Exception) -> str | None:
        """How to fix a server's refusal of this process; None if it just does not respond."""
        refused = why_refused(error, self._service)
        self._database_refusals = self._database_refusals + 1 if refused else 0
        if refused and self._database_refusals >= _REFUSALS_IN_A_ROW:
            raise CannotStart(refused) from error
        return refused or refusal(error, self._group) or await self._kafka.after(error)
