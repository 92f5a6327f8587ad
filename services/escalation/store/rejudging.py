"""What judging accounts anew reads: which are left to be judged, and their facts as this release remembers them."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from services.escalation import tables
from services.escalation.domain.facts import AccountFact, remembered
from services.escalation.domain.findings.history import History
from services.escalation.domain.findings.silences import Silence
from services.escalation.domain.own_facts import SilenceEnded
from services.escalation.store.facts import TOLD_TYPES, told_event
from services.escalation.store.histories import FACT_COLUMNS, fact_of
from shared.database import Connection, Pool, bulk_upsert
from shared.timers import timer_id

SOURCE = "handoff/rejudge"
RETELL = bulk_upsert(tables.AccountFact)

_LEFT = """
    select account_id from (
        select distinct account_id from escalation.facts where account_id > $1 order by account_id limit $2
    ) next
    where not exists (
        select from shared.journal where source = $3 and event_id = 'rules ' || $4::int || ' of ' || account_id
    )
    order by account_id
"""
_LAST = """
    select max(account_id) from (
        select distinct account_id from escalation.facts where account_id > $1 order by account_id limit $2
    ) next
"""
_FACTS = f"select {', '.join(FACT_COLUMNS)} from escalation.facts where account_id = $1"
_TOLD = """
    select source, event_id, type, subject, at, body from shared.journal
    where subject = $1 and type = any($2::text[]) and body is not null
"""
_AWAITED = "select id from shared.timers where id = any($1::uuid[])"


def event_id(account: str, rules: int) -> str:
    """The id under which an account is judged by a version of the rules: once, however often that is tried."""
    return f"rules {rules} of {account}"


async def left_to_judge(pool: Pool, after: str, rules: int, *, limit: int) -> tuple[Sequence[str], str | None]:
    """Of the next accounts after this one those that were not judged by these rules yet, and the last of all that were
    looked at; None at the end."""
    last = await pool.fetchval(_LAST, after, limit)
    rows = await pool.fetch(_LEFT, after, limit, SOURCE, rules)
    return [row["account_id"] for row in rows], last


async def retold_of(connection: Connection, account: str) -> tuple[History, Mapping[UUID, AccountFact]]:
    """The history of an account, with all that this release remembers of what was told; and the facts that no row has,
    or has with less."""
    known: dict[UUID, AccountFact] = {}
    for fact in map(fact_of, await connection.fetch(_FACTS, account)):
        known[fact.fact_id] = fact
    told = [told_event(row) for row in await connection.fetch(_TOLD, account, TOLD_TYPES)]
    now = {fact.fact_id: fact for event in told for fact in remembered(event)}
    retold = {id: fact for id, fact in now.items() if known.get(id) != fact}
    return History((known | retold).values()), retold


async def awaited_of(connection: Connection, account: str, silences: Collection[Silence]) -> set[Silence]:
    """Those of an account's silences that a timer waits for."""
    by_timer = {_timer_of(silence, account): silence for silence in silences}
    return {by_timer[row["id"]] for row in await connection.fetch(_AWAITED, list(by_timer))}


def _timer_of(silence: Silence, account: str) -> UUID:
    return timer_id(SilenceEnded(kind=silence.kind, case=silence.case, order=silence.order), account)
