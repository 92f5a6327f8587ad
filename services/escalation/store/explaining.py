"""Reads the data that explains one episode: its decisions, their causes and their effects."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

import asyncpg

from services.escalation.domain.entities import Account, DecisionRow, Delivery, Order, Salesperson
from services.escalation.domain.explaining.record import ReceivedFact, Record
from services.escalation.store import policies as versions
from services.escalation.store.facts import PUBLISHED_TYPES, published_event
from services.escalation.store.histories import FACT_COLUMNS, facts_of
from services.escalation.store.rows import HAS_DEVICE, alert_of, episode_of, offer_of, signal_of, window_of
from shared.database import Connection

_NOW = "select shared.app_now()"
_FOUND = """
    select episode_id, order_id, raised_at, closed_at from escalation.episodes
    where starts_with(episode_id::text, lower($1)) order by raised_at, episode_id
"""
_OF_ORDER = """
    select episode_id, order_id, raised_at, closed_at from escalation.episodes
    where order_id = $1 order by raised_at, episode_id
"""
_EPISODE = "select * from escalation.episodes where episode_id = $1"
_ORDER = "select * from escalation.orders where order_id = $1"
_ACCOUNT = "select * from escalation.accounts where account_id = $1"
_SIGNALS = "select * from escalation.signals where episode_id = $1 order by at, signal_id"
_FACTS = f"select {', '.join(FACT_COLUMNS)} from escalation.facts where account_id = $1 order by at, fact_id"
# Decisions about a signal that waited for its order precede the episode.
_DECISIONS = """
    select * from escalation.decisions
    where episode_id = $1 or (episode_id is null and account_id = $2 and signal_id = any($3::uuid[]))
    order by position
"""
_ALERTS = "select * from escalation.alerts where episode_id = $1 order by ring"
_DELIVERIES = """
    select d.* from escalation.deliveries d join escalation.alerts a using (alert_id)
    where a.episode_id = $1 order by a.ring, d.channel desc
"""
_OFFERS = "select * from escalation.offers where episode_id = $1 order by at, offer_id"
_WINDOW = "select * from escalation.save_windows where episode_id = $1"
_RECEIVED = """
    select source, event_id, type, subject, at, decided_at, body from shared.journal
    where subject = $1 and type = any($2::text[]) order by at, position
"""
_PEOPLE = f"select p.*, {HAS_DEVICE} from escalation.salespeople p"


@dataclass(frozen=True, slots=True)
class Found:
    """An episode that matches a name."""

    episode_id: UUID
    order_id: str
    raised_at: datetime
    closed_at: datetime | None


async def episodes_beginning(connection: Connection, text: str) -> Sequence[Found]:
    """The episodes whose id begins like this."""
    return [Found(**row) for row in await connection.fetch(_FOUND, text)]


async def episodes_of_order(connection: Connection, order: str) -> Sequence[Found]:
    """An order's episodes, the oldest first."""
    return [Found(**row) for row in await connection.fetch(_OF_ORDER, order)]


async def record_of(connection: Connection, episode_id: UUID) -> Record:
    """The record of an episode, which must exist."""
    row = await connection.fetchrow(_EPISODE, episode_id)
    assert row is not None
    episode = episode_of(row)
    account = await connection.fetchrow(_ACCOUNT, episode.account_id)
    order = await connection.fetchrow(_ORDER, episode.order_id)
    assert order is not None
    signals = [signal_of(row) for row in await connection.fetch(_SIGNALS, episode_id)]
    ids = [signal.signal_id for signal in signals]
    decisions = await connection.fetch(_DECISIONS, episode_id, episode.account_id, ids)
    return Record(
        now=await connection.fetchval(_NOW),
        episode=episode,
        order=Order(**order),
        account=Account(**account) if account else Account(episode.account_id),
        signals=signals,
        facts=[*facts_of(await connection.fetch(_FACTS, episode.account_id))],
        received=await received_of(connection, episode.account_id),
        decisions=[
            DecisionRow(**{name: value for name, value in row.items() if name != "position"}) for row in decisions
        ],
        alerts=[alert_of(row) for row in await connection.fetch(_ALERTS, episode_id)],
        deliveries=[Delivery(**row) for row in await connection.fetch(_DELIVERIES, episode_id)],
        people={row["salesperson_id"]: Salesperson(**row) for row in await connection.fetch(_PEOPLE)},
        policies=await versions.load(connection),
        offers=[offer_of(row) for row in await connection.fetch(_OFFERS, episode_id)],
        window=next(map(window_of, await connection.fetch(_WINDOW, episode_id)), None),
    )


async def received_of(connection: Connection, account: str) -> list[ReceivedFact]:
    """Every fact about an account that orders and support published, by its own time."""
    return [_received_fact(row) for row in await connection.fetch(_RECEIVED, account, PUBLISHED_TYPES)]


def _received_fact(row: asyncpg.Record) -> ReceivedFact:
    """A fact of the journal; without its event where a customer's data was erased."""
    read = None if row["body"] is None else partial(published_event, row)
    return ReceivedFact(row["source"], row["event_id"], row["type"], row["at"], row["decided_at"], read)
