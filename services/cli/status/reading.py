"""Reads the figures of `handoff status` from the three databases and the processes. Start at `read_status`."""

import asyncio
import http.client
import re
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import orjson

import services
import shared
from services.cli.databases import Unreadable, reading
from services.cli.status.figures import Answer, Episodes, Queue, ServiceStatus, Status, Stored, Stuck
from services.cli.status.judging import BROKEN_OFF_TIMES, needs
from services.escalation.domain.channels import CHANNELS, SENDING
from shared.database import Connection

Address = tuple[str, int]

_ANSWER_SECONDS = 3.0
_LAG = re.compile(r'^handoff_consumer_lag_records\{(?=.*?topic="(?P<topic>[^"]*)").*\} (?P<lag>\S+)$', re.MULTILINE)
_VERSION = re.compile(r'^handoff_service_info\{.*version="([^"]*)"', re.MULTILINE)
_PROCESS = re.compile(r"[a-z]+ (\d+\.\d+) pid \d+")
_MIGRATION = "[0-9][0-9][0-9][0-9]_*.py"
_HAS_TABLES = "select to_regclass($1) is not null"
_PROCESSES = """
    select distinct application_name as name from pg_stat_activity
    where datname = current_database() and application_name like $1 || ' % pid %' order by name
"""
_OUTBOX = """
    select count(*) as count,
           coalesce(extract(epoch from shared.app_now() - min(created_at)), 0)::float8 as oldest_seconds
    from shared.outbox where published_at is null
"""
_WAITING_FACTS = """
    select count(*) as count, coalesce(extract(epoch from shared.app_now() - min(kept_at)), 0)::float8 as oldest_seconds
    from shared.waiting_facts
"""
_DEAD_LETTERS = """
    select count(*) as count,
           coalesce(extract(epoch from shared.app_now() - min(received_at)), 0)::float8 as oldest_seconds
    from shared.dead_letters where replayed_at is null and dismissed_at is null and not answered
"""
_REFUSED_OVER_HTTP = """
    select count(*) as count,
           coalesce(extract(epoch from shared.app_now() - min(received_at)), 0)::float8 as oldest_seconds
    from shared.dead_letters where replayed_at is null and dismissed_at is null and answered
"""
_SET_ASIDE = """
    select count(distinct lock_key) as count,
           coalesce(extract(epoch from shared.app_now() - min(kept_at)), 0)::float8 as oldest_seconds
    from shared.set_aside
"""
_TIMERS = """
    select count(*) as count, coalesce(extract(epoch from shared.app_now() - min(due_at)), 0)::float8 as oldest_seconds
    from shared.timers where due_at < shared.app_now()
"""
_EPISODES = """
    select count(*) as open,
           count(*) filter (where rang and acknowledged_at is null) as unanswered,
           count(*) filter (where exhausted_at is not null and acknowledged_at is null) as exhausted,
           count(*) filter (where nobody_since is not null) as nobody_to_ask
    from escalation.episodes where closed_at is null
"""
_SIGNALS = """
    select count(*) as count, coalesce(extract(epoch from shared.app_now() - min(seen_at)), 0)::float8 as oldest_seconds
    from escalation.signals where episode_id is null and ended is null
"""
_PENDING = """
    select count(*) as count,
           coalesce(extract(epoch from shared.app_now() - min(a.raised_at)), 0)::float8 as oldest_seconds
    from escalation.deliveries d join escalation.alerts a on a.alert_id = d.alert_id where d.state = 'pending'
"""
# On a channel that is blocked, messages not tried yet wait for the same reason.
_DELAYED = """
    select count(*) as count,
           coalesce(extract(epoch from shared.app_now() - min(a.raised_at)), 0)::float8 as oldest_seconds
    from escalation.deliveries d join escalation.alerts a on a.alert_id = d.alert_id
    where d.state = 'pending' and d.channel <> all($1::text[])
"""
_STUCK = """
    select reason, channel, count(*) as count from escalation.deliveries
    where state in ('pending', 'sending') and channel = any($2::text[]) and reason like any($1::text[])
    group by reason, channel order by count desc, reason
"""
_OTHERS = """
    select count(*) filter (where state = 'held') as held,
           count(*) filter (where state in ('sending', 'unknown')) as unknown,
           count(*) filter (where state in ('sending', 'unknown') and unknown_count >= $1) as broken_off
    from escalation.deliveries where state in ('held', 'sending', 'unknown')
"""


async def read_status(urls: Mapping[str, str], addresses: Mapping[str, Address]) -> Status:
    """The status, from the services' databases and the known addresses of their processes."""
    found = await asyncio.gather(*(_service(name, url, addresses.get(name)) for name, url in urls.items()))
    episodes = await _episodes(urls["escalation"]) if found[-1].stored is not None else None
    return Status(version("handoff"), found, episodes, needs(found, episodes))


async def _service(service: str, url: str, address: Address | None) -> ServiceStatus:
    """The status of one service, as far as it can be read. Raises nothing if the service or its database is away."""
    answer = await asyncio.to_thread(ask, service, address)
    wanted = {"shared": _newest(Path(shared.__path__[0]) / "migrations" / "versions")}
    wanted[service] = _newest(Path(services.__path__[0]) / service / "migrations")
    try:
        async with reading(service, url) as connection:
            return ServiceStatus(service, wanted, answer, await _stored(connection, service))
    except Unreadable as error:
        return ServiceStatus(service, wanted, answer, None, str(error))


async def _stored(connection: Connection, service: str) -> Stored:
    tables = {schema: await _revision(connection, schema) for schema in ("shared", service)}
    processes = [
        found[1] for row in await connection.fetch(_PROCESSES, service) if (found := _PROCESS.match(row["name"]))
    ]
    return Stored(
        tables=tables,
        processes=processes,
        outbox=await _queue(connection, _OUTBOX),
        waiting_facts=await _queue(connection, _WAITING_FACTS),
        dead_letters=await _queue(connection, _DEAD_LETTERS),
        refused_over_http=await _queue(connection, _REFUSED_OVER_HTTP),
        set_aside=await _queue(connection, _SET_ASIDE),
        timers_overdue=await _queue(connection, _TIMERS),
    )


async def _episodes(url: str) -> Episodes | None:
    try:
        async with reading("escalation", url) as connection:
            episodes = await connection.fetchrow(_EPISODES)
            others = await connection.fetchrow(_OTHERS, BROKEN_OFF_TIMES)
            assert episodes is not None
            assert others is not None
            beginnings = [f"{one}%" for name in SENDING for one in CHANNELS[name].standing_trouble]
            stuck = [Stuck(**row) for row in await connection.fetch(_STUCK, beginnings, SENDING)]
            return Episodes(
                **episodes,
                waiting_signals=await _queue(connection, _SIGNALS),
                deliveries_pending=await _queue(connection, _PENDING),
                deliveries_stuck=stuck,
                deliveries_delayed=await _queue(connection, _DELAYED, [one.channel for one in stuck]),
                deliveries_broken_off=others["broken_off"],
                deliveries_held=others["held"],
                deliveries_unknown=others["unknown"],
            )
    except Unreadable:  # it could be read a moment ago, and its figures of that time are enough
        return None


async def _queue(connection: Connection, query: str, *given: object) -> Queue:
    row = await connection.fetchrow(query, *given)
    assert row is not None
    return Queue(**row)


async def _revision(connection: Connection, schema: str) -> str | None:
    if not await connection.fetchval(_HAS_TABLES, f"{schema}.alembic_version"):
        return None
    found: str | None = await connection.fetchval(f"select version_num from {schema}.alembic_version")
    return found


def _newest(folder: Path) -> str:
    """The revision of the newest migration: files are named by it."""
    return max(file.name[:4] for file in folder.glob(_MIGRATION))


def ask(service: str, address: Address | None) -> Answer:
    """The response of the process at this address."""
    if address is None:
        return Answer(ready=None, reasons=[f"not asked: {service.upper()}_PORT is not set"])
    try:
        readiness = orjson.loads(_get(address, "/readyz"))
        metrics = _get(address, "/metrics").decode()
    except (OSError, http.client.HTTPException, orjson.JSONDecodeError) as error:
        return Answer(ready=False, reasons=[f"no answer at {address[0]}:{address[1]} ({type(error).__name__})"])
    found = _VERSION.search(metrics)
    return Answer(
        ready=bool(readiness.get("ok")),
        reasons=readiness.get("reasons", []),
        notes=readiness.get("notes", []),
        version=found[1] if found else None,
        lag=_lag(metrics),
    )


def _lag(metrics: str) -> dict[str, int | None]:
    lag: dict[str, int | None] = {}
    for found in _LAG.finditer(metrics):
        topic, records = found["topic"], float(found["lag"])
        before = lag.get(topic, 0)
        lag[topic] = None if records != records or before is None else before + int(records)
    return dict(sorted(lag.items()))


def _get(address: Address, path: str) -> bytes:
    connection = http.client.HTTPConnection(*address, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().read()
    finally:
        connection.close()
