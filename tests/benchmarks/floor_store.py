"""The floor's statements: one round trip a table, arrays in and no more columns out than are decided by."""

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
    select id, 'account:' || subject, subject, 'escalation.timer.order_wait_ended', body, $5, true, traceparent
    from unnest($1::uuid[], $2::text[], $3::bytea[], $4::text[]) as r (id, subject, body, traceparent)
"""
CANCEL_TIMERS = "delete from shared.timers where id = any($1::uuid[])"
ORDERS = "select order_id, account_id, sold_by, sold_at from escalation.orders where account_id = any($1::text[])"
CASES = """
    select account_id, case_id, order_id, reassignments from escalation.cases
    where account_id = any($1::text[]) and case_id = any($2::text[])
"""
EPISODES = """
    select episode_id as id, account_id as account, order_id as "order", salesperson as seller, responsible, why_you,
           rang, acknowledged_at is not null as acknowledged
    from escalation.episodes where account_id = any($1::text[]) and coalesce(closed_at, 'infinity') = 'infinity'
"""
WAITING = """
    select signal_id as id, account_id as account, kind, at, case_id as "case", names_order as names, traceparent,
           order_awaited_until is not null as awaited
    from escalation.signals where account_id = any($1::text[]) and episode_id is null
    order by at, signal_id
"""
PEOPLE = "select salesperson_id, name, zone, active, manager, successor, successor_since from escalation.salespeople"
SAVE_PEOPLE = """
    update escalation.salespeople p set phone = r.phone, changed_at = r.changed_at
    from unnest($1::text[], $2::text[], $3::timestamptz[]) as r (id, phone, changed_at) where p.salesperson_id = r.id
"""
SAVE_ORDERS = """
    insert into escalation.orders (order_id, account_id, sold_by, sold_at, amount_minor, currency, bought,
        customer_name, customer_phone, customer_email, customer_zone)
    select * from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::bigint[], $6::text[], $7::text[],
        $8::text[], $9::text[], $10::text[], $11::text[]) on conflict do nothing
"""
SAVE_CASES = """
    insert into escalation.cases (account_id, case_id, order_id, reassignments)
    select * from unnest($1::text[], $2::text[], $3::text[], $4::int[])
    on conflict (account_id, case_id) do update
    set order_id = excluded.order_id, reassignments = excluded.reassignments
"""
SAVE_EPISODES = """
    insert into escalation.episodes (episode_id, account_id, order_id, salesperson, responsible, why_you, rang,
        raised_at, changed_at)
    select *, $8, $8 from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bool[])
    on conflict (episode_id) do update set responsible = excluded.responsible, why_you = excluded.why_you,
        rang = excluded.rang, changed_at = excluded.changed_at, acknowledged_at = null, acknowledged_by = null
"""
SAVE_SIGNALS = """
    insert into escalation.signals (signal_id, account_id, kind, at, case_id, names_order, episode_id, amount_minor,
        currency, refund_kind, words, traceparent, order_awaited_until, seen_at)
    select *, $14 from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[],
        $7::uuid[], $8::bigint[], $9::text[], $10::text[], $11::text[], $12::text[], $13::timestamptz[])
"""
MATCH_SIGNALS = """
    update escalation.signals s set episode_id = r.episode, order_awaited_until = null
    from unnest($1::uuid[], $2::uuid[]) as r (id, episode) where s.signal_id = r.id
"""
SAVE_ALERTS = """
    insert into escalation.alerts (alert_id, account_id, episode_id, signal_id, recipient, because, why_you,
        traceparent, raised_at)
    select *, $9 from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[],
        $8::text[])
"""
SAVE_DELIVERIES = """
    insert into escalation.deliveries (delivery_id, alert_id, channel, state, reason, attempts, unknown_count, try_at,
        changed_at)
    select id, alert, channel, state, reason, 0, 0, $6, $6
    from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[]) as r (id, alert, channel, state, reason)
"""


async def save(connection: Connection, statement: str, rows: Iterable[Sequence[Any]], *more: object) -> None:
    """Run a statement with one array a column; `more` are the same for all rows. Nothing where there are none."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    if columns:
        await connection.execute(statement, *columns, *more)
