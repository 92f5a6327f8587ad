"""Measures the queues in the database and the delay of the event loop, for the metrics of a process."""

import asyncio
import time

from prometheus_client import Gauge

from shared.database import Connection, Pool
from shared.metrics import Metrics
from shared.service import Sample

_LAG_PROBE_SECONDS = 0.5
_OUTBOX = """
    select count(*) as unsent, coalesce(extract(epoch from shared.app_now() - min(created_at)), 0)::float8 as age
    from shared.outbox where published_at is null
"""
_TIMERS = """
    select count(*) as pending,
           greatest(0, coalesce(extract(epoch from shared.app_now() - min(due_at)), 0))::float8 as overdue
    from shared.timers
"""
_WAITING = """
    select count(*) as waiting, coalesce(extract(epoch from shared.app_now() - min(kept_at)), 0)::float8 as oldest
    from shared.waiting_facts
"""

_DEAD_LETTERS = """
    select count(*) as waiting,
           coalesce(extract(epoch from (select shared.app_now()) - min(received_at)), 0)::float8 as oldest
    from shared.dead_letters where replayed_at is null and dismissed_at is null
"""
_NAMED_ACCOUNTS = 20
_PUT_OFF = f"""
    select lock_key as account, count(*) as number from shared.timers where attempts > 0
    group by lock_key order by number desc, account limit {_NAMED_ACCOUNTS}
"""
_SET_ASIDE = """
    select count(distinct lock_key) as accounts,
           coalesce(extract(epoch from (select shared.app_now()) - min(kept_at)), 0)::float8 as oldest
    from shared.set_aside
"""
_SET_ASIDE_NAMED = f"""
    select lock_key as account, count(*) as number from shared.set_aside
    group by lock_key order by number desc, account limit {_NAMED_ACCOUNTS}
"""


async def sample_queues(pool: Pool, metrics: Metrics, sample: Sample | None) -> None:
    """Set the gauges of outbox, timers and waiting facts, and those of the service's own queues."""
    async with pool.acquire() as connection:
        outbox = await connection.fetchrow(_OUTBOX)
        timers = await connection.fetchrow(_TIMERS)
        waiting = await connection.fetchrow(_WAITING)
        assert outbox is not None
        assert timers is not None
        assert waiting is not None
        metrics.queues.outbox_unsent.set(outbox["unsent"])
        metrics.queues.outbox_oldest_age.set(outbox["age"])
        metrics.queues.timers_pending.set(timers["pending"])
        metrics.queues.timers_oldest_overdue_age.set(timers["overdue"])
        letters = await connection.fetchrow(_DEAD_LETTERS)
        assert letters is not None
        metrics.queues.dead_letters.set(letters["waiting"])
        metrics.queues.dead_letters_oldest_age.set(letters["oldest"])
        metrics.queues.waiting_facts.set(waiting["waiting"])
        metrics.queues.waiting_facts_oldest_age.set(waiting["oldest"])
        await _sample_held_up(connection, metrics)
        if sample is not None:
            await sample(connection, metrics)
    metrics.queues.sampled_at.set_to_current_time()


async def _sample_held_up(connection: Connection, metrics: Metrics) -> None:
    """Set the gauges of accounts that cannot be processed for now, by name."""
    row = await connection.fetchrow(_SET_ASIDE)
    assert row is not None
    metrics.queues.set_aside_accounts.set(row["accounts"])
    metrics.queues.set_aside_oldest_age.set(row["oldest"])
    await _name(connection, _SET_ASIDE_NAMED, metrics.queues.set_aside_records)
    await _name(connection, _PUT_OFF, metrics.queues.timers_put_off)


async def _name(connection: Connection, statement: str, gauge: Gauge) -> None:
    rows = await connection.fetch(statement)
    gauge.clear()
    for row in rows:
        gauge.labels(row["account"]).set(row["number"])


async def measure_loop_lag(metrics: Metrics) -> None:
    """Measure how much later than requested the event loop returns."""
    due = time.monotonic() + _LAG_PROBE_SECONDS
    await asyncio.sleep(_LAG_PROBE_SECONDS)
    metrics.process.event_loop_lag.set(max(0.0, time.monotonic() - due))
