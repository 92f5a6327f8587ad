"""The floor's statements: one round trip for each table, arrays as parameters, and only the columns
needed for decisions.
"""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import asyncpg

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

ADD_LOCKS = "insert into shared.locks select key from unnest($1::text[]) as k (key) order by key on conflict do nothing"
LOCK = """
    with held as (select key from shared.locks where key = any($1::text[]) order by key for update)
    select shared.app_now() from (select count(*) from held) all_held
"""
JOURNAL = """
    insert into shared.journal (source, event_id, kind, type, subject, at, decided_at, digest, traceparent, body)
    select source, event_id, 'record', type, subject, at, $8, digest, traceparent, body
    from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::bytea[], $7::text[], $9::bytea[])
        with ordinality as r (source, event_id, type, subject, at, digest, traceparent, body, place)
    order by place on conflict (source, event_id) do nothing returning source, event_id
"""
LEDGER = """
    insert into shared.ledger (topic, partition, record_offset, outcome, decided_at)
    select topic, partition, record_offset, outcome, $5
    from unnest($1::text[], $2::int[], $3::bigint[], $4::text[]) as r (topic, partition, record_offset, outcome)
    on conflict do nothing
"""
OFFSETS = """
    insert into shared.offsets (topic, partition, next_offset)
    select * from unnest($1::text[], $2::int[], $3::bigint[])
    on conflict (topic, partition) do update set next_offset = greatest(offsets.next_offset, excluded.next_offset)
"""
OUTBOX = """
    insert into shared.outbox (topic, key, headers, payload, created_at)
    select topic, key, headers, payload, $5
    from unnest($1::text[], $2::text[], $3::jsonb[], $4::bytea[])
        with ordinality as r (topic, key, headers, payload, place)
    order by place
"""
TIMERS = """
    insert into shared.timers (id, lock_key, subject, type, body, due_at, made_of_silence, traceparent)
    select id, 'account:' || subject, subject, type, body, due_at, silence, traceparent
    from unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::timestamptz[], $6::bool[], $7::text[])
        as r (id, subject, type, body, due_at, silence, traceparent)
    on conflict (id) do update set due_at = excluded.due_at
"""
CANCEL_TIMERS = "delete from shared.timers where id = any($1::uuid[])"
ORDERS = """
    select order_id, account_id, sold_by, sold_at, amount_minor, currency from escalation.orders
    where account_id = any($1::text[])
"""
CASES = """
    select account_id, case_id, order_id from escalation.cases
    where account_id = any($1::text[]) and case_id = any($2::text[])
"""
PAST = """
    select account_id, kind, case_id, result, number, fact_id, order_id, at, channel, said from escalation.facts
    where account_id = any($1::text[]) order by at
"""
EPISODES = """
    select episode_id as id, account_id as account, order_id as "order", salesperson as seller, severity, follows,
           responsible, why_you, rang, rings, step, deadline_at as deadline, closed_at is not null as over
    from escalation.episodes e where account_id = any($1::text[])
    and (closed_at is null or not exists (
        select from escalation.episodes f where f.order_id = e.order_id and f.follows = e.episode_id))
"""
STANDING = """
    select signal_id as id, account_id as account, kind, at, fact_id as fact, case_id as "case", names_order as names,
           episode_id as episode
    from escalation.signals where account_id = any($1::text[]) and ended is null
"""
PEOPLE = "select salesperson_id, name, zone, active, manager, successor, successor_since from escalation.salespeople"
SAVE_PEOPLE = """
    update escalation.salespeople p set phone = r.phone, changed_at = r.changed_at
    from unnest($1::text[], $2::text[], $3::timestamptz[]) as r (id, phone, changed_at) where p.salesperson_id = r.id
"""
SAVE_ORDERS = """
    insert into escalation.orders (order_id, account_id, sold_by, sold_at, amount_minor, currency, bought,
        customer_name, customer_phone, customer_email, customer_zone, products, seen_at)
    select *, $13 from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::bigint[], $6::text[],
        $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::jsonb[]) on conflict do nothing
"""
SAVE_CASES = """
    insert into escalation.cases (account_id, case_id, order_id)
    select * from unnest($1::text[], $2::text[], $3::text[]) on conflict do nothing
"""
SAVE_EPISODES = """
    insert into escalation.episodes (episode_id, account_id, order_id, salesperson, severity, follows, responsible,
        why_you, rang, rings, step, deadline_at, deadline_for, closed_at, result, reason, policy_version, raised_at,
        changed_at, repeats, attempts)
    select id, account, "order", seller, severity, follows, responsible, why_you, rang, rings, step, deadline,
        case when deadline is not null then 'answer' end, case when over then $14::timestamptz end,
        case when over then 'cause_gone' end, case when over then 'signals_cleared' end, 2, $14, $14, 0, 0
    from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::text[],
        $9::bool[], $10::int[], $11::text[], $12::timestamptz[], $13::bool[])
        as r (id, account, "order", seller, severity, follows, responsible, why_you, rang, rings, step, deadline, over)
    on conflict (episode_id) do update set severity = excluded.severity, responsible = excluded.responsible,
        why_you = excluded.why_you, rang = excluded.rang, rings = excluded.rings, step = excluded.step,
        deadline_at = excluded.deadline_at, deadline_for = excluded.deadline_for, closed_at = excluded.closed_at,
        result = excluded.result, reason = excluded.reason, changed_at = excluded.changed_at
"""
SAVE_SIGNALS = """
    insert into escalation.signals (signal_id, account_id, kind, at, fact_id, case_id, names_order, episode_id,
        ended_at, ended_because, amount_minor, currency, refund_kind, words, traceparent, seen_at, ended,
        policy_version, by_silence)
    select *, $16, case when ended_at is not null then 'cleared' end, 2, false
    from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::uuid[], $6::text[], $7::text[], $8::uuid[],
        $9::timestamptz[], $10::text[], $11::bigint[], $12::text[], $13::text[], $14::text[], $15::text[])
        as r (id, account, kind, at, fact, "case", names, episode, ended_at, because, amount, currency, refund, words,
              trace)
"""
END_SIGNALS = """
    update escalation.signals s set ended = 'cleared', ended_at = r.at, ended_because = r.because
    from unnest($1::uuid[], $2::timestamptz[], $3::text[]) as r (id, at, because) where s.signal_id = r.id
"""
REWORD_SIGNALS = """
    update escalation.signals s set words = r.words from unnest($1::uuid[], $2::text[]) as r (id, words)
    where s.signal_id = r.id
"""
SAVE_ALERTS = """
    insert into escalation.alerts (alert_id, account_id, episode_id, signal_id, recipient, because, why_you, ring, step,
        cause, severity, traceparent, raised_at, policy_version)
    select *, $13, 2 from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[],
        $8::int[], $9::text[], $10::text[], $11::text[], $12::text[])
"""
SAVE_DELIVERIES = """
    insert into escalation.deliveries (delivery_id, alert_id, recipient, channel, state, reason, attempts,
        unknown_count, try_at, changed_at)
    select id, alert, recipient, channel, state, reason, 0, 0, $7, $7
    from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[])
        as r (id, alert, recipient, channel, state, reason)
"""
FACT_COLUMNS = (
    *("fact_id", "account_id", "kind", "at", "case_id", "order_id", "direction", "channel", "result", "agent"),
    *("courtesy", "number", "due_at", "what", "amount_minor", "currency", "said"),
)
DECISION_COLUMNS = (
    *("decision_id", "account_id", "at", "rule", "words", "policy_version", "episode_id", "signal_id", "who"),
    *("policy_path", "cause_type", "cause_source", "cause_id"),
)


async def copy(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    if rows:
        await connection.copy_records_to_table(table, schema_name="escalation", columns=columns, records=rows)


async def save(connection: Connection, statement: str, rows: Iterable[Sequence[Any]], *more: object) -> None:
    """Run a statement with one array for each column; `more` are the same for all rows. Does nothing without rows."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    if columns:
        await connection.execute(statement, *columns, *more)
