"""The loop that sends notices: of a changed address to the old one and the new one, and to who leads somebody whom mail
does not reach. Claim what is due, send, keep what came of it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import TypeAlias, TypeVar

from services.escalation.channels.deliveries import AT_ONCE, EmailSender, count_attempt, warn
from services.escalation.channels.letters import Letters
from services.escalation.channels.smtp import Mail
from services.escalation.domain.addresses import after_sending
from services.escalation.store import address_notices, bounce_notices
from services.escalation.store.address_notices import ClaimedNotice
from services.escalation.store.bounce_notices import NoticeLetter
from shared.database import Pool
from shared.metrics import Metrics
from shared.service import Resources

_POLL_SECONDS = 1.0

N = TypeVar("N", ClaimedNotice, NoticeLetter)
End: TypeAlias = Callable[[Pool, N, str, timedelta, str | None], Awaitable[None]]


async def send_notices(sender: EmailSender, letters: Letters, resources: Resources) -> None:
    """Send by the sender of the alerts, in a loop of its own: it holds up no alert. Runs until cancelled; what was
    being sent then is sent again once its time is up."""
    while True:
        if not await send_due_notices(sender, letters, resources.pool, resources.metrics):
            await asyncio.sleep(_POLL_SECONDS)


async def send_due_notices(sender: EmailSender, letters: Letters, pool: Pool, metrics: Metrics) -> int:
    """Send what is due of both kinds, each once; returns how many that were."""

    async def send(notice: N, compose: Callable[[N], Mail], end: End[N]) -> None:
        ended = await sender.send(partial(compose, notice))
        count_attempt(metrics, ended)
        warn(ended, notice=str(notice.notice_id))
        state, pause = after_sending(ended.result, notice.attempts)
        await end(pool, notice, state, pause, ended.reason)

    changed = await address_notices.claim(pool, AT_ONCE)
    failing = await bounce_notices.claim(pool, AT_ONCE)
    await asyncio.gather(
        *(send(one, letters.address_changed, address_notices.end) for one in changed),
        *(send(one, letters.notice, bounce_notices.end) for one in failing),
    )
    return len(changed) + len(failing)
