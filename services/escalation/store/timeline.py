"""One customer in order of time: the facts reported about the account, and our actions."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from services.escalation.domain import words
from services.escalation.domain.decisions.registry import DECISIONS_BY_RULE
from services.escalation.domain.decisions.severities import SeverityFound
from services.escalation.domain.facts import SAID, FactKind
from services.escalation.domain.happenings import is_about
from services.escalation.store.facts import PUBLISHED_TYPES, newest, orders_of_cases, published_event
from shared.contracts.envelope import Envelope, Fact
from shared.database import Pool

LIMIT = 1000
"""The maximum number of entries in a timeline, the newest ones."""

_FACTS = f"select * from ({newest('$1', types='$2', limit='$3')}) newest order by at, position"
_FACTS_ABOUT = f"""
    select * from ({newest("$1", types="$2", limit="$3", orders="$4::text[]")}) newest order by at, position
"""
_ORDERS = "select distinct order_id from escalation.episodes where account_id = $1 and responsible = $2"
# An episode that notifies again has no acknowledgement any more; the decisions still have the previous acknowledger.
_SHOWN_RULES = {rule: one.timeline for rule, one in DECISIONS_BY_RULE.items() if one.timeline is not None}
_ACTIONS = f"""
    with told(rule, what) as (
        values {", ".join(f"('{rule}', '{what}')" for rule, what in _SHOWN_RULES.items())}
    ), episodes as (
        select * from escalation.episodes where account_id = $1 and ($2::text is null or responsible = $2)
    ), alerts as (
        select a.*, e.order_id from escalation.alerts a join episodes e using (episode_id) where a.account_id = $1
    ), deeds as (
        select raised_at as at, 1 as step, 0::bigint as position, 'episode raised' as what, episode_id, order_id,
            null as who, null as why
        from episodes
        union all
        select d.at, 2, d.position, told.what, episode_id, order_id, d.who, d.words
        from escalation.decisions d join told using (rule) join episodes using (episode_id)
        where d.account_id = $1 and (d.rule <> '{SeverityFound.rule}' or d.at > raised_at)
        union all
        select raised_at, 3, 0, 'alert raised', episode_id, order_id, recipient, why_you from alerts
        union all
        select sent_at, 4, 0, 'alert sent', episode_id, order_id, recipient, null from alerts where sent_at is not null
    )
    select * from (select * from deeds order by at desc, step desc, position desc limit $3) newest
    order by at, step, position
"""
_WORDS = f"""
    select at, kind, order_id, number, agent from escalation.facts
    where account_id = $1 and kind in {tuple(kind.value for kind in SAID)!r}
      and ($2::text[] is null or order_id = any($2))
    order by at desc, fact_id limit $3
"""
_RESPONSIBLE = """
    select exists (
        select from escalation.episodes where account_id = $1 and responsible = $2 and closed_at is null
    )
"""


@dataclass(frozen=True, slots=True)
class PublishedFact:
    """A fact of the account; without its event where a customer's data was erased."""

    at: datetime
    type: str
    event: Envelope[Fact] | None


@dataclass(frozen=True, slots=True)
class Action:
    """An action of escalation or a salesperson. `why`: why it was this person, or the decision."""

    at: datetime
    what: str
    episode: str | None
    order: str | None
    who: str | None
    why: str | None


async def orders_of(pool: Pool, account_id: str, responsible: str) -> list[str]:
    """The orders of the account whose episodes are, or ended as, this person's."""
    return [row["order_id"] for row in await pool.fetch(_ORDERS, account_id, responsible)]


async def facts_of(pool: Pool, account_id: str, *, orders: Collection[str] | None = None) -> list[PublishedFact]:
    """The newest facts of orders and support about the account, by event time; with `orders`, facts about these or
    about no order."""
    if orders is None:
        return [_published_fact(row) for row in await pool.fetch(_FACTS, account_id, PUBLISHED_TYPES, LIMIT)]
    rows = await pool.fetch(_FACTS_ABOUT, account_id, PUBLISHED_TYPES, LIMIT, list(orders))
    cases = (await orders_of_cases(pool, rows)).get(account_id, {})
    facts = [_published_fact(row) for row in rows]
    return [one for one in facts if one.event is None or is_about(one.event, orders, cases)]


async def actions_on(pool: Pool, account_id: str, *, responsible: str | None = None) -> list[Action]:
    """Escalation's newest actions on the account, by time; with `responsible`, only on this person's episodes."""
    return [
        Action(
            row["at"],
            row["what"],
            str(row["episode_id"]) if row["episode_id"] else None,
            row["order_id"],
            row["who"],
            row["why"],
        )
        for row in await pool.fetch(_ACTIONS, account_id, responsible, LIMIT)
    ]


async def answers_of(pool: Pool, account_id: str, *, orders: Collection[str] | None = None) -> list[Action]:
    """Salespeople's newest reports of the customer's answers, by time; with `orders`, only about these."""
    rows = reversed(await pool.fetch(_WORDS, account_id, None if orders is None else list(orders), LIMIT))
    return [
        Action(
            row["at"],
            words.customer_said(FactKind(row["kind"]), row["number"], row["order_id"]),
            None,
            row["order_id"],
            row["agent"],
            words.NO_PROOF,
        )
        for row in rows
    ]


async def is_responsible(pool: Pool, account_id: str, salesperson: str) -> bool:
    """Whether this salesperson is currently responsible for an episode of this account."""
    responsible: bool = await pool.fetchval(_RESPONSIBLE, account_id, salesperson)
    return responsible


def _published_fact(row: asyncpg.Record) -> PublishedFact:
    return PublishedFact(row["at"], row["type"], None if row["body"] is None else published_event(row))
