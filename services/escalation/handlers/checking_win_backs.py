"""The loop that reports win-backs whose time has come, with the losses and requests counted over all accounts.

The counts come with the fact and are journaled with it, so a replay decides the same.
"""

import asyncio

from services.escalation.domain.win_backs import WinBackChecked
from services.escalation.store.win_backs import ToCheck, to_check
from shared.contracts.envelope import Envelope, Fact, envelope
from shared.database import RanTooLong
from shared.ids import derived
from shared.inputs import Batch, Input, InputKind
from shared.logs import get_logger
from shared.service import Resources
from shared.transaction import InputProcessor

log = get_logger(__name__)

_POLL_SECONDS = 5.0
_AT_ONCE = 50


async def check_win_backs(resources: Resources) -> None:
    """Look every few seconds: mostly at an empty index. Runs until cancelled."""
    while True:
        await check_due(resources.processor)
        await asyncio.sleep(_POLL_SECONDS)


async def check_due(processor: InputProcessor) -> int:
    """Report the win-backs to look at now. Return their number.

    Two processes that report the same one report one event. No win-back waits for an account that takes too long.
    """
    due = await to_check(processor.pool, _AT_ONCE)
    for one in due:
        try:
            await _report(processor, one)
        except RanTooLong:
            log.warning("the look at a win-back takes too long", account=one.account_id)
    return len(due)


async def _report(processor: InputProcessor, one: ToCheck) -> None:
    fact = WinBackChecked(episode=one.episode_id, losses=one.losses, requests=one.requests)
    id = str(derived(fact.type, one.episode_id, one.check_at.isoformat()))
    now = await processor.pool.fetchval("select shared.app_now()")
    event: Envelope[Fact] = envelope(fact, id=id, source="handoff/escalation", subject=one.account_id, time=now)
    await processor.apply(Batch([Input(event, fact.model_dump_json().encode(), b"", InputKind.BUTTON)]), whole=True)
