"""The final state of escalation's database, read by this module's own SQL: equal states mean the same work was done.

Instants of decisions differ from run to run and are left out, even within words. So are the ids of outgoing events.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg

_TABLES = {
    "orders": "select to_jsonb(o) - 'seen_at' from escalation.orders o",
    "people": "select * from escalation.salespeople",
    "cases": "select * from escalation.cases",
    "facts": "select * from escalation.facts",
    "signals": """
        select signal_id, account_id, kind, at, fact_id, policy_version, by_silence, case_id, names_order,
               order_awaited_until is null as matched, episode_id, ended, ended_at, ended_because, amount_minor,
               currency, refund_kind, words, traceparent
        from escalation.signals
    """,
    "episodes": """
        select episode_id, account_id, order_id, salesperson, responsible, why_you, severity, policy_version, rang,
               rings, step, repeats, deadline_for, acknowledged_by, attempts, reached_at, offered_to, exhausted_at,
               closed_at is null as open, closed_by, result, reason, follows
        from escalation.episodes
    """,
    "alerts": """
        select alert_id, account_id, episode_id, signal_id, recipient, because, why_you, ring, step, cause, severity,
               policy_version, sent_at, traceparent
        from escalation.alerts
    """,
    "deliveries": """
        select delivery_id, alert_id, recipient, channel, state, reason, attempts from escalation.deliveries
    """,
    "decisions": """
        select account_id, rule, regexp_replace(words, '; (acknowledgement due|message held) .*', '') as words,
               policy_version, episode_id, signal_id, who, policy_path, cause_type, cause_source, cause_id
        from escalation.decisions
    """,
    "outbox": """
        select topic, key, convert_from(payload, 'UTF8')::jsonb - 'closed_at' as body, headers -> 3 as type
        from shared.outbox
    """,
    "journal": """
        select source, event_id, kind, type, subject, at, digest, traceparent, body from shared.journal
    """,
    "ledger": "select topic, partition, record_offset, outcome from shared.ledger",
    "offsets": "select topic, partition, next_offset from shared.offsets where next_offset > 0",
    "timers": "select id, lock_key, subject, type, body, made_of_silence from shared.timers",
    "locks": "select key from shared.locks",
}
_SUM = "select count(*) as rows, coalesce(sum(hashtextextended(t::text, 0)), 0)::text as sum from ({table}) t"
# Ids are given in the order of publishing, so within one account and topic they only grow.
_OUT_OF_ORDER = """
    select count(*) from (
        select event_id, lag(event_id) over (partition by subject, split_part(type, '.', 1) order by position) as before
        from shared.journal where kind = 'record'
    ) told where event_id < before
"""


@dataclass(frozen=True)
class EndState:
    """For each table its number of rows, and a sum over their contents that does not depend on their order."""

    tables: Mapping[str, tuple[int, str]]

    def rows(self, table: str) -> int:
        return self.tables[table][0]

    def differences(self, other: "EndState") -> list[str]:
        """The tables that are not equal, with the number of rows of each."""
        return [
            f"{name}: {rows} rows and {other.rows(name)}" + ("" if rows != other.rows(name) else ", of other contents")
            for name, (rows, total) in self.tables.items()
            if (rows, total) != other.tables[name]
        ]


async def end_state(url: str) -> EndState:
    """Read every table that a batch may change."""
    connection = await asyncpg.connect(url)
    try:
        sums = {}
        for name, table in _TABLES.items():
            row = await connection.fetchrow(_SUM.format(table=table))
            assert row is not None
            sums[name] = (int(row["rows"]), str(row["sum"]))
        return EndState(sums)
    finally:
        await connection.close()


async def out_of_order(url: str) -> int:
    """How many facts were applied before an earlier one of the same account and topic."""
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval(_OUT_OF_ORDER))
    finally:
        await connection.close()
