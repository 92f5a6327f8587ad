"""Reads the data to judge an account again: its facts as this release remembers them."""

from collections.abc import Collection, Mapping
from uuid import UUID

from services.escalation import tables
from services.escalation.domain.detections.history import History
from services.escalation.domain.facts import AccountFact, remembered
from services.escalation.domain.own_facts import SilenceEnded
from services.escalation.domain.signals.silences import Silence
from services.escalation.store.facts import PUBLISHED_TYPES, published_event
from services.escalation.store.histories import FACT_COLUMNS, facts_of
from shared.database import Connection, bulk_upsert
from shared.timers import timer_id

AMEND = bulk_upsert(tables.AccountFact)

_FACTS = f"select {', '.join(FACT_COLUMNS)} from escalation.facts where account_id = $1"
_PUBLISHED = """
    select source, event_id, type, subject, at, body from shared.journal
    where subject = $1 and type = any($2::text[]) and body is not null
"""
_AWAITED = "select id from shared.timers where id = any($1::uuid[])"


async def amended_history_of(connection: Connection, account: str) -> tuple[History, Mapping[UUID, AccountFact]]:
    """The history of an account with all facts that this release remembers, and the facts that rows lack or have with
    less detail."""
    known: dict[UUID, AccountFact] = {}
    for fact in facts_of(await connection.fetch(_FACTS, account)):
        known[fact.fact_id] = fact
    published = [published_event(row) for row in await connection.fetch(_PUBLISHED, account, PUBLISHED_TYPES)]
    now = {fact.fact_id: fact for event in published for fact in remembered(event)}
    amended = {id: fact for id, fact in now.items() if known.get(id) != fact}
    return History((known | amended).values()), amended


async def awaited_of(connection: Connection, account: str, silences: Collection[Silence]) -> set[Silence]:
    """The account's silences that have timers."""
    by_timer = {_timer_of(silence, account): silence for silence in silences}
    return {by_timer[row["id"]] for row in await connection.fetch(_AWAITED, list(by_timer))}


def _timer_of(silence: Silence, account: str) -> UUID:
    return timer_id(SilenceEnded(kind=silence.kind, case=silence.case, order=silence.order), account)
