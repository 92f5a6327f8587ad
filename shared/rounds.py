"""Periodic work: timers that are due, and accounts that were set aside.

Start with `TimerRounds.fire` and `SetAsideRounds.run`. An account that fails or takes too long is handled separately,
in ever smaller portions, and finally postponed: it is tried again later, and no other account waits for it.
"""

import time

from shared.database import RanTooLong, is_transient
from shared.logs import get_logger
from shared.messaging.applying import ATTEMPTS_PER_RECORD, NOT_APPLICABLE, Endings
from shared.portions import Portion
from shared.transaction import InputProcessor

log = get_logger(__name__)

_TIMERS = 200
_RECORDS = 100


class TimerRounds:
    """Fires due timers. It remembers slow accounts and gives each its own turn after the others."""

    def __init__(self, processor: InputProcessor) -> None:
        self._processor = processor
        self._slow: dict[str, Portion] = {}

    async def fire(self) -> None:
        """Fire all due timers. All other accounts are served between two portions of slow accounts."""
        await self._together()
        while self._slow:
            for key in list(self._slow):
                await self._alone(key)
                await self._together()

    async def _together(self) -> None:
        while True:
            try:
                if not await self._processor.fire_timers(_TIMERS, without=self._slow):
                    return
            except Exception as error:
                if _is_of_the_server(error):
                    raise
                log.error("timers failed; trying their accounts one by one", exc_info=error)
                due = await self._processor.accounts_with_due_timers(_TIMERS, without=self._slow)
                if not due:
                    return
                self._slow |= {key: Portion(timers) for key, timers in due.items()}

    async def _alone(self, key: str) -> None:
        portion = self._slow[key]
        began = time.monotonic()
        try:
            fired = await self._processor.fire_timers(portion.size, only=key)
        except Exception as error:
            if _is_of_the_server(error):
                raise
            if portion.halve():
                return
            log.error("timers of an account are postponed", account=key, exc_info=error)
            await self._processor.postpone_timers(key, None if isinstance(error, RanTooLong) else 1)
            return
        portion.grow(time.monotonic() - began)
        if fired < portion.size:
            del self._slow[key]


class SetAsideRounds:
    """Tries set-aside accounts again, in the order of their records."""

    def __init__(self, processor: InputProcessor, endings: Endings) -> None:
        self._processor = processor
        self._endings = endings

    async def run(self) -> None:
        """Try each account whose turn it is."""
        for key, records in (await self._processor.accounts_to_retry()).items():
            await self._retry(key, Portion(min(records, _RECORDS)))

    async def _retry(self, key: str, portion: Portion) -> None:
        failures = 0
        while True:
            began = time.monotonic()
            try:
                retried = await self._processor.retry(key, portion.size, refusing=_given_up(failures))
            except RanTooLong:
                if portion.halve():
                    continue
                log.warning("an account set aside still takes too long", account=key)
                await self._processor.put_off(key)
                return
            except Exception as error:
                if is_transient(error) or failures > ATTEMPTS_PER_RECORD:
                    raise
                log.warning("a record set aside failed", account=key, attempt=failures + 1, exc_info=error)
                failures += not portion.halve()
                continue
            if retried is None:
                return
            self._endings.count(*retried)
            failures = 0
            portion.grow(time.monotonic() - began)


def _given_up(failures: int) -> tuple[str, str] | None:
    return ("not_applicable", NOT_APPLICABLE) if failures >= ATTEMPTS_PER_RECORD else None


def _is_of_the_server(error: Exception) -> bool:
    return is_transient(error) and not isinstance(error, RanTooLong)


async def fire_all(processor: InputProcessor) -> None:
    """Fire all due timers."""
    await TimerRounds(processor).fire()
