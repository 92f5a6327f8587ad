"""The loop that sends notices: who leads somebody is told, once, that mail to them does not arrive."""

import asyncio
from functools import partial

from services.escalation.channels.deliveries import EmailSender, count_attempt, warn
from services.escalation.channels.letters import Letters
from services.escalation.domain.own_facts import Attempt
from services.escalation.store.bounce_notices import NoticeLetter, claim_notices, end_notice
from shared.database import Pool
from shared.metrics import Metrics
from shared.service import Resources

_POLL_SECONDS = 2.0
_MOST_UNKNOWN = 3
"""After so many attempts that may each have arrived it is left: it is to be told once."""


async def send_bounce_notices(sender: EmailSender, letters: Letters, resources: Resources) -> None:
    """Send notices until cancelled."""
    while True:
        await send_due_notices(sender, letters, resources.pool, resources.metrics)
        await asyncio.sleep(_POLL_SECONDS)


async def send_due_notices(sender: EmailSender, letters: Letters, pool: Pool, metrics: Metrics) -> None:
    """Send the notices that are due, one after the other."""
    for notice in await claim_notices(pool):
        await _send(sender, letters, notice, pool, metrics)


async def _send(sender: EmailSender, letters: Letters, notice: NoticeLetter, pool: Pool, metrics: Metrics) -> None:
    ended = await sender.send(partial(letters.notice, notice))
    count_attempt(metrics, ended)
    warn(ended, notice=str(notice.notice_id))
    await end_notice(pool, notice, _state(ended.result, notice.attempts), ended.reason)


def _state(result: Attempt, attempts: int) -> str:
    match result:
        case Attempt.ACCEPTED:
            return "sent"
        case Attempt.REFUSED:
            return "failed"
        case Attempt.PUT_OFF:
            return "pending"
        case Attempt.UNKNOWN:
            return "pending" if attempts < _MOST_UNKNOWN else "failed"
