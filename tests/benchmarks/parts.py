"""Rows (e) and (f): a journal with a past, the relay alone, the timers alone, and a thousand open pages."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from tests.benchmarks.ground import Ground, Memory, connected, rate_query
from tests.benchmarks.pages import Page, open_pages

_LONGEST_SECONDS = 600
_TOLD_SECONDS = 60
_TIMERS_A_SECOND = 200
_ROWS_AT_ONCE = 250_000
# Written by the server itself, and not by events: the question is how a table of that size performs.
_PAST = """
    insert into shared.journal (source, event_id, kind, type, subject, at, decided_at, digest, traceparent, body)
    select 'handoff/support', 'past-' || i, 'http', 'support.contact_made', 'c-' || lpad((i % 20000)::text, 6, '0'),
           now() - interval '30 days', now() - interval '30 days', sha256(i::text::bytea), null,
           '{"direction":"inbound","channel":"phone","result":"answered","words":"Thank you, that was quick."}'::bytea
    from generate_series($1::int, $2::int) as i
"""
_OUTBOX = """
    insert into shared.outbox (topic, key, headers, payload, created_at)
    select 'escalation.episodes.v1', account,
           jsonb_build_array(
               jsonb_build_array('ce_specversion', '1.0'), jsonb_build_array('ce_id', gen_random_uuid()),
               jsonb_build_array('ce_source', 'handoff/escalation'), jsonb_build_array('ce_subject', account),
               jsonb_build_array('ce_type', 'escalation.episode_raised'),
               jsonb_build_array('ce_time', '2026-05-04T06:00:00Z'),
               jsonb_build_array('content-type', 'application/json')),
           convert_to(jsonb_build_object(
               'episode', gen_random_uuid(), 'order', 'o-' || i, 'signal', gen_random_uuid(), 'salesperson', 'anna',
               'kind', 'refund_requested', 'at', '2026-05-04T06:00:00Z')::text, 'UTF8'),
           now()
    from generate_series(1, $1::int) as i, lateral (select 'c-' || i % 20000 as account) named
"""
_RELAYED = rate_query("shared.outbox", "published_at", "published_at is not null")
_UNSENT = "select count(*) from shared.outbox where published_at is null"
_TIMER_LOCKS = "insert into shared.locks select 'account:c-' || i from generate_series(1, $1::int) as i"
_TIMERS = """
    insert into shared.timers (id, lock_key, subject, type, body, due_at, made_of_silence)
    select gen_random_uuid(), 'account:c-' || i % $3 + 1, 'c-' || i % $3 + 1, 'escalation.timer.order_wait_ended',
           convert_to(jsonb_build_object('signal', gen_random_uuid())::text, 'UTF8'),
           now() + $4 + i * $5::interval, false
    from generate_series($1::int, $2::int) as i
"""
_LATENESS = """
    select count(*) as fired, coalesce(max(late), 0)::float8 as worst,
           coalesce(percentile_cont(0.99) within group (order by late), 0)::float8 as p99
    from (select extract(epoch from decided_at - at) as late from shared.journal where kind = 'timer') fired
"""
_EPISODES = """
    insert into escalation.episodes (episode_id, account_id, order_id, responsible, rang, raised_at, changed_at,
        severity, policy_version, rings, repeats, attempts)
    select gen_random_uuid(), 'c-' || i, 'o-' || i, 'reader-' || i, true, now(), now(), 'high', 1, 1, 0, 0
    from generate_series(0, $1::int - 1) as i
"""
_READERS = """
    insert into escalation.salespeople (salesperson_id, changed_at, name, zone, working_hours, active, away, days_off,
        rings_off_hours)
    select 'reader-' || i, now(), 'Reader ' || i, 'UTC', '[]', true, '[]', '[]', false
    from generate_series(0, $1::int - 1) as i
"""
# As a batch leaves it: something changed, and the relay is woken.
_CHANGE = """
    with changed as (update escalation.episodes set changed_at = now() returning 1)
    select pg_notify('outbox', '') from changed limit 1
"""


async def give_a_past(url: str, rows: int) -> None:
    """A journal of this many rows, vacuumed as it would be by now."""
    async with connected(url) as connection:
        for first in range(1, rows + 1, _ROWS_AT_ONCE):
            await connection.execute(_PAST, first, min(rows, first + _ROWS_AT_ONCE - 1))
        await connection.execute("vacuum (analyze) shared.journal")


async def relay(ground: Ground, rows: int) -> float:
    """Rows a second of the relay alone."""
    cluster, url = await ground.topics(), await ground.escalation_database()
    async with connected(url) as connection:
        await connection.execute(_OUTBOX, rows)
        async with ground.service("escalation", "relay", cluster, {"ESCALATION_DATABASE_URL": url}):
            deadline = time.monotonic() + _LONGEST_SECONDS
            while await connection.fetchval(_UNSENT):
                assert time.monotonic() < deadline
                await asyncio.sleep(0.2)
        return float(await connection.fetchval(_RELAYED))


@dataclass(frozen=True)
class Lateness:
    """How late timers fired, in seconds, beside many that were not due."""

    fired: int
    p99: float
    worst: float


async def timers(ground: Ground, pending: int, seconds: float) -> Lateness:
    """With `pending` timers due in a year, fire 200 a second that become due one after the other."""
    cluster, url = await ground.topics(), await ground.escalation_database()
    accounts, due = 20_000, int(_TIMERS_A_SECOND * seconds)
    async with connected(url) as connection:
        await connection.execute(_TIMER_LOCKS, accounts)
        for first in range(1, pending + 1, _ROWS_AT_ONCE):
            last = min(pending, first + _ROWS_AT_ONCE - 1)
            await connection.execute(_TIMERS, first, last, accounts, timedelta(days=365), timedelta(0))
        async with ground.service("escalation", "consume", cluster, {"ESCALATION_DATABASE_URL": url}):
            step = timedelta(seconds=1 / _TIMERS_A_SECOND)
            await connection.execute(_TIMERS, 1, due, accounts, timedelta(seconds=2), step)
            await asyncio.sleep(seconds + 5)
        row = await connection.fetchrow(_LATENESS)
    assert row is not None
    assert row["fired"] == due, f"{row['fired']} of {due} timers fired"
    return Lateness(row["fired"], row["p99"], row["worst"])


@dataclass(frozen=True)
class Reported:
    """The seconds until half, and all, of the open pages were notified of a change; memory without and with them."""

    half: float
    everybody: float
    without: Memory
    with_pages: Memory


async def pages(ground: Ground, count: int) -> Reported:
    """Each of `count` people has an open page and an episode; all episodes change at once."""
    cluster, url = await ground.topics(), await ground.escalation_database()
    where = {"ESCALATION_DATABASE_URL": url, "INBOX_URL": "http://127.0.0.1"}
    async with connected(url) as connection:
        await connection.execute(_READERS, count)
        await connection.execute(_EPISODES, count)
        async with ground.service("escalation", "web", cluster, where) as process:
            without = process.memory()
            async with open_pages(url, process.port, [f"reader-{number}" for number in range(count)]) as opened:
                await asyncio.sleep(2)
                changed_at = time.time()
                await connection.execute(_CHANGE)
                await _until_all_are_reported(opened, changed_at)
                late = sorted(next(at for at in page.reported_at if at >= changed_at) - changed_at for page in opened)
                return Reported(late[len(late) // 2], late[-1], without, process.memory())


async def _until_all_are_reported(pages: Sequence[Page], changed_at: float) -> None:
    deadline = time.time() + _TOLD_SECONDS
    while waiting := sum(page.reported_at[-1] < changed_at for page in pages):
        assert time.time() < deadline, f"{waiting} pages were not notified"
        await asyncio.sleep(0.05)
