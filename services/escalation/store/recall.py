"""Reads what `handoff recall` compares a replay with: an account's stored alerts, and inputs that were not decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg

from services.escalation.domain.channels import SENDING
from shared.database import Connection

_ALERTS: Final = """
    select a.alert_id, a.recipient, array_agg(d.state order by d.channel) as states,
        array_agg(d.list_id order by d.channel) as lists
    from escalation.alerts a
    left join escalation.deliveries d on d.alert_id = a.alert_id and d.channel = any($2::text[])
    where a.account_id = $1 group by a.alert_id
"""
_DEAD_LETTERS: Final = """
    select count(*) from shared.dead_letters
    where received_at between $1 and $2 and replayed_at is null and dismissed_at is null and not answered
"""
_ERASED: Final = "select count(*) from shared.journal where body is null and decided_at between $1 and $2"
_ERASED_ACCOUNTS: Final = "select distinct subject from shared.journal where body is null"


@dataclass(frozen=True, slots=True)
class Unread:
    """Inputs that were not decided, or whose contents are gone. `erased_accounts` are those with an erased input of any
    time."""

    dead_letters: int
    erased: int
    erased_accounts: frozenset[str]


async def alerts_of(connection: Connection, account: str) -> Sequence[asyncpg.Record]:
    """The alerts of an account, each with the `states` and `lists` of its messages."""
    found: Sequence[asyncpg.Record] = await connection.fetch(_ALERTS, account, list(SENDING))
    return found


async def unread(connection: Connection, since: datetime, until: datetime) -> Unread:
    """The inputs of this time that a replay cannot decide."""
    subjects = await connection.fetch(_ERASED_ACCOUNTS)
    return Unread(
        dead_letters=await connection.fetchval(_DEAD_LETTERS, since, until),
        erased=await connection.fetchval(_ERASED, since, until),
        erased_accounts=frozenset(row["subject"] for row in subjects),
    )
