"""How long a server has not responded to this process, in the words of /readyz. Start with `Silence.failed`."""

import time
from datetime import UTC, datetime

from prometheus_client import Gauge

from shared.logs import get_logger

log = get_logger(__name__)

SILENT_SECONDS = 30.0
_FAILED_LOOKS = 2  # one can fail because this process itself was stopped for a while


class Silence:
    """Counts responses of one server. `blocked` is set to 1 while it has been silent for longer than allowed."""

    def __init__(self, server: str, effect: str, blocked: Gauge, *, silent_seconds: float = SILENT_SECONDS) -> None:
        self._server = server
        self._effect = effect
        self._blocked = blocked
        self._silent_seconds = silent_seconds
        self._answered = time.monotonic()
        self._answered_at = datetime.now(UTC)
        self._failed = 0
        self._reason: str | None = None
        blocked.set(0)

    def reasons(self) -> list[str]:
        """The note that the server does not respond, and since when; empty while it does."""
        return [self._reason] if self._reason else []

    def answered(self) -> None:
        self._failed, self._answered, self._answered_at = 0, time.monotonic(), datetime.now(UTC)
        if self._reason is not None:
            log.info("a server responds again", server=self._server)
        self._reason = None
        self._blocked.set(0)

    def failed(self, why: str) -> bool:
        """Note a missing response. Return whether the silence has lasted longer than allowed."""
        self._failed += 1
        if self._failed < _FAILED_LOOKS or time.monotonic() - self._answered <= self._silent_seconds:
            return False
        since = f"{self._answered_at:%Y-%m-%d %H:%M:%S} UTC"
        reason = f"{self._server} has not responded since {since} ({why}): {self._effect}."
        if self._reason is None:
            log.warning("a server does not respond", server=self._server, do=reason)
        self._reason = reason
        self._blocked.set(1)
        return True
