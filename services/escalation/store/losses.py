"""Reads episodes closed as lost, and computes from the remembered facts what the events show about each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg

from services.escalation.domain.decisions.closing import reason_words
from services.escalation.domain.detections.detection import Detection
from services.escalation.domain.detections.history import History
from services.escalation.domain.entities import products_in
from services.escalation.domain.losses.columns import Columns, LossRow, columns
from services.escalation.domain.losses.details import CustomersWords, LossDetails, Written
from services.escalation.domain.losses.shown import Shown, shown_by
from services.escalation.domain.policy.versions import Policies
from services.escalation.domain.results import EXECUTIONS
from services.escalation.domain.signals.find import detections
from services.escalation.domain.thresholds_in_force import thresholds_in_force
from services.escalation.store.histories import FACT_COLUMNS, facts_of
from shared.contracts.escalation import REQUESTS, EpisodeResult, SaleContribution, SignalKind
from shared.database import Connection, Pool

Reader: TypeAlias = "Connection | Pool"

# The customer's code is the latest of the episode's requests that has one. A withdrawn request was none.
_LOST = """
    select e.episode_id, e.account_id, e.order_id, e.closed_at, e.reason, o.amount_minor, o.currency, o.segment,
           o.products, said.reason_code as customers_code, l.contributed, l.may_call_again
    from escalation.episodes e
    join escalation.orders o on o.order_id = e.order_id
    left join escalation.losses l on l.episode_id = e.episode_id
    left join lateral (
        select s.reason_code from escalation.signals s
        where s.episode_id = e.episode_id and s.kind = any($1::text[]) and s.reason_code is not null
          and s.ended is distinct from 'withdrawn'
        order by s.at desc, s.signal_id desc limit 1
    ) said on true
    where e.result = 'lost' and {}
    order by e.closed_at, e.episode_id
"""
_SINCE = _LOST.format("e.closed_at >= $2")
_OF_ORDER = _LOST.format("e.order_id = $2")
_OF_EPISODE = _LOST.format("e.episode_id = $2")
_FACTS = f"select {', '.join(FACT_COLUMNS)} from escalation.facts where account_id = $1 order by at, fact_id"
_SAID = """
    select kind, at, words, reason_code as code from escalation.signals
    where episode_id = $1 and (words is not null or reason_code is not null) and ended is distinct from 'withdrawn'
    order by at, signal_id
"""
_WRITTEN = """
    select l.could_have, (
        select n.words from escalation.notes n where n.episode_id = e.episode_id and n.about = 'close'
        order by n.at desc limit 1
    ) as note
    from escalation.episodes e left join escalation.losses l on l.episode_id = e.episode_id where e.episode_id = $1
"""
_EXECUTED = """
    select f.kind, f.at from escalation.facts f
    join escalation.orders o on o.account_id = f.account_id and o.order_id = f.order_id
    where o.order_id = $1 and f.kind = any($2::text[]) order by f.at, f.fact_id limit 1
"""
_REQUESTS = sorted(kind.value for kind in REQUESTS)


async def losses_since(reader: Reader, since: datetime, policies: Policies) -> list[tuple[LossRow, Columns]]:
    """The losses of episodes closed since then, with their columns, in the order of their closes.

    Accounts are judged one after the other, so that no more than one account's facts are in memory.
    """
    rows = [_row(one) for one in await reader.fetch(_SINCE, _REQUESTS, since)]
    found: dict[UUID, tuple[LossRow, Columns]] = {}
    for account in dict.fromkeys(row.account_id for row in rows):
        of_account = [row for row in rows if row.account_id == account]
        for row, shown in await _judged(reader, of_account, policies):
            found[row.episode_id] = row, _columns(row, shown, policies)
    return [found[row.episode_id] for row in rows]


async def losses_of_order(reader: Reader, order: str, policies: Policies) -> list[LossDetails]:
    """The losses of an order in detail, the oldest first."""
    return await _details(reader, await reader.fetch(_OF_ORDER, _REQUESTS, order), policies)


async def executed(reader: Reader, order: str) -> tuple[SignalKind, datetime] | None:
    """The first payment of a refund or cancellation of an order, and when it happened; None without one."""
    row = await reader.fetchrow(_EXECUTED, order, sorted(kind.value for kind in EXECUTIONS))
    return None if row is None else (SignalKind(row["kind"]), row["at"])


async def loss_of_episode(reader: Reader, episode: UUID, policies: Policies) -> LossDetails | None:
    """The loss of an episode in detail; None if it was not closed as lost."""
    found = await _details(reader, await reader.fetch(_OF_EPISODE, _REQUESTS, episode), policies)
    return found[0] if found else None


async def _details(reader: Reader, records: Sequence[asyncpg.Record], policies: Policies) -> list[LossDetails]:
    rows = [_row(one) for one in records]
    details = []
    for row, shown in await _judged(reader, rows, policies):
        written = await reader.fetchrow(_WRITTEN, row.episode_id)
        said = [_words(one) for one in await reader.fetch(_SAID, row.episode_id)]
        assert written is not None
        policy = policies.for_order(policies.latest, row.segment, row.products)
        seller_says = reason_words(policy, EpisodeResult.LOST, row.reason)
        known = _columns(row, shown, policies)
        details.append(LossDetails(row, known, shown, Written(**written), said, seller_says))
    return details


async def _judged(
    reader: Reader, rows: Sequence[LossRow], policies: Policies
) -> list[tuple[LossRow, tuple[Shown, ...]]]:
    """Losses of one account, with what the events show about each."""
    if not rows:
        return []
    history = History(facts_of(await reader.fetch(_FACTS, rows[0].account_id)))
    found = detections(history, thresholds_in_force(policies, {}))
    return [(row, _shown(row, history, found, policies)) for row in rows]


def _shown(row: LossRow, history: History, found: Sequence[Detection], policies: Policies) -> tuple[Shown, ...]:
    policy = policies.for_order(policies.at(row.closed_at), row.segment, row.products)
    return shown_by(row.lost_order(policy), history, found)


def _columns(row: LossRow, shown: tuple[Shown, ...], policies: Policies) -> Columns:
    """The columns by the latest policy, so that a class corrected there also counts for earlier losses."""
    policy = policies.for_order(policies.latest, row.segment, row.products)
    return columns(row, tuple(one.loss_class for one in shown), policy)


def _row(record: asyncpg.Record) -> LossRow:
    values: dict[str, Any] = dict(record)
    contributed = values["contributed"]
    values["products"] = products_in(values["products"])
    values["contributed"] = None if contributed is None else SaleContribution(contributed)
    return LossRow(**values)


def _words(record: asyncpg.Record) -> CustomersWords:
    return CustomersWords(SignalKind(record["kind"]), record["at"], record["words"], record["code"])
