"""Observes the results of a story from outside: from the databases and the mail that arrived."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import asyncpg

from deploy.local.stored_mail import StoredMail, messages
from services.escalation.domain.channels import EMAIL
from shared.contracts.escalation import SignalKind
from shared.database import Pool
from shared.formatting import counted

WAIT_SECONDS = 20.0
_POLL_SECONDS = 0.02
_READ_ONLY = {"default_transaction_read_only": "on", "application_name": "handoff-demo"}
_COUNTS = """
    select (select count(*) from escalation.episodes where account_id = $1) as episodes,
           count(*) as signals, count(*) filter (where episode_id is null and ended is null) as waiting
    from escalation.signals where account_id = $1
"""
_ALERTS = """
    select a.recipient, coalesce(p.name, a.recipient) as name, a.because, a.why_you, s.kind, d.delivery_id,
           d.state as mail_state, a.episode_id
    from escalation.alerts a
    join escalation.signals s on s.signal_id = a.signal_id
    join escalation.deliveries d on d.alert_id = a.alert_id and d.channel = $2
    left join escalation.salespeople p on p.salesperson_id = a.recipient
    where a.account_id = $1
    order by a.raised_at, a.alert_id
"""
_DECISIONS = "select rule, who, words from escalation.decisions where account_id = $1 order by position"
_MAILS = """
    select d.state, count(*) from escalation.alerts a join escalation.deliveries d using (alert_id)
    where a.recipient = $1 and a.account_id = any($2::text[]) and d.channel = $3 group by d.state
"""
_SUPPORT_LEDGER = "select outcome, count(*) from shared.ledger where topic like '%support.inbound.v1' group by outcome"
_PUBLISHED_BY_SUPPORT = "select count(*) from shared.outbox where key = $1"

T = TypeVar("T")


class NotAsExpected(Exception):
    """A story went wrong. Carries the expected and the actual result."""

    def __init__(self, expected: str, seen: str) -> None:
        super().__init__(f"expected {expected}, saw {seen}")
        self.expected = expected
        self.seen = seen


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert and its e-mail."""

    recipient: str
    name: str
    because: str
    why_you: str
    kind: SignalKind
    delivery_id: UUID
    mail_state: str
    episode_id: UUID

    def __str__(self) -> str:
        return f"{self.kind.value} to {self.recipient} as {self.because} (mail {self.mail_state})"


@dataclass(frozen=True, slots=True)
class State:
    """Escalation's state of one account. `waiting` signals have no order yet."""

    episodes: int
    signals: int
    waiting: int
    alerts: tuple[Alert, ...]

    def __str__(self) -> str:
        alerts = "; ".join(map(str, self.alerts)) or "none"
        counts = f"{counted(self.episodes, 'episode')}, {counted(self.signals, 'signal')} ({self.waiting} waiting)"
        return f"{counts}, alerts: {alerts}"


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision about an episode."""

    rule: str
    who: str | None
    words: str

    def __str__(self) -> str:
        return f"{self.rule} {self.who or ''}".rstrip()


class Observer:
    """Reads, and never writes."""

    def __init__(self, escalation: Pool, support: Pool, mail_folder: Path) -> None:
        self._escalation = escalation
        self._support = support
        self._mail_folder = mail_folder

    async def state(self, account: str) -> State:
        counts = await self._escalation.fetchrow(_COUNTS, account)
        assert counts is not None
        rows = await self._escalation.fetch(_ALERTS, account, EMAIL.name)
        alerts = tuple(Alert(**{**row, "kind": SignalKind(row["kind"])}) for row in rows)
        return State(**counts, alerts=alerts)

    async def decisions(self, account: str) -> list[Decision]:
        """Every step about an account, in order."""
        return [Decision(**row) for row in await self._escalation.fetch(_DECISIONS, account)]

    async def mails_to(self, recipient: str, accounts: Sequence[str]) -> Counter[str]:
        """How many e-mails to a person, about these accounts, are in which state."""
        rows = await self._escalation.fetch(_MAILS, recipient, list(accounts), EMAIL.name)
        return Counter({row["state"]: row["count"] for row in rows})

    async def messages_to(self, address: str) -> list[StoredMail]:
        """What has arrived for this address, the oldest first; nothing where the mail server is not ours to read."""
        stored = await asyncio.to_thread(messages, self._mail_folder)
        return [mail for mail in stored if address in mail.recipients]

    async def support_ledger(self) -> Counter[str]:
        """How many records of publishers support has settled, by outcome."""
        rows = await self._support.fetch(_SUPPORT_LEDGER)
        return Counter({row["outcome"]: row["count"] for row in rows})

    async def published_by_support(self, account: str) -> int:
        count: int = await self._support.fetchval(_PUBLISHED_BY_SUPPORT, account)
        return count

    async def mail_of(self, alert: Alert) -> StoredMail | None:
        """The message as the mail server took it; None where the mail server is not ours to read."""
        stored = await asyncio.to_thread(messages, self._mail_folder)
        wanted = f"<{alert.delivery_id}@"
        return next((mail for mail in reversed(stored) if mail.message_id.startswith(wanted)), None)


@asynccontextmanager
async def observing(addresses: Mapping[str, str], mail_folder: Path) -> AsyncIterator[Observer]:
    """An observer of the databases at these addresses, by the names of the environment variables."""
    escalation, support = addresses["ESCALATION_DATABASE_URL"], addresses["SUPPORT_DATABASE_URL"]
    async with (
        asyncpg.create_pool(escalation, min_size=1, max_size=1, timeout=5, server_settings=_READ_ONLY) as one,
        asyncpg.create_pool(support, min_size=1, max_size=1, timeout=5, server_settings=_READ_ONLY) as other,
    ):
        yield Observer(one, other, mail_folder)


async def until(
    probe: Callable[[], Awaitable[T]],
    fits: Callable[[T], bool],
    *,
    expected: str,
    within_seconds: float = WAIT_SECONDS,
) -> T:
    """The probe's result once it fits. Raises NotAsExpected with the last result."""
    deadline = asyncio.get_running_loop().time() + within_seconds
    while True:
        seen = await probe()
        if fits(seen):
            return seen
        if asyncio.get_running_loop().time() > deadline:
            raise NotAsExpected(expected, f"{seen} after {within_seconds:g} s")
        await asyncio.sleep(_POLL_SECONDS)
