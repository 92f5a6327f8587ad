"""A database that tests reuse one after the other is as good as a fresh one, or is not reused."""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import asyncpg
import pytest

from tests.builders import order_placed
from tests.databases import Databases
from tests.escalation import escalation_on

SERVICE = "escalation"


@pytest.fixture(scope="module")
async def lent(databases: Databases) -> AsyncIterator[Databases]:
    """Databases of these tests alone."""
    made = Databases(databases.server_url)
    yield made
    await made.drop_all()


async def test_a_reused_database_is_empty_and_unreachable_for_its_former_user(lent: Databases) -> None:
    first = await lent.make(SERVICE)
    async with escalation_on(first) as service:
        await service.receive(order_placed())
        positions = await service.pool.fetchval("select max(position) from shared.journal")
        known_as = await _object_id(first)
    await lent.take_back(first)
    second = await lent.make(SERVICE)
    assert await _object_id(second) == known_as
    async with escalation_on(second) as service:
        assert await service.rows("shared.journal", "position") == []
        await service.receive(order_placed())
        assert await service.pool.fetchval("select max(position) from shared.journal") == positions
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await asyncpg.connect(first)


async def test_a_connection_still_open_to_a_returned_database_is_cut(lent: Databases) -> None:
    url = await lent.make(SERVICE)
    held = await asyncpg.connect(url)
    await held.execute("begin; lock table shared.journal")
    await lent.take_back(url)
    assert held.is_closed()
    assert await _object_id(await lent.make(SERVICE)) is not None


@pytest.mark.parametrize(
    "change",
    [
        "create table further (id int)",
        "drop table escalation.sessions",
        "alter table shared.journal add column further int",
        "alter table shared.outbox drop constraint outbox_pkey",
        "alter table shared.timers alter column due_at drop not null",
        "alter table shared.timers alter column due_at set default 'epoch'",
        "create or replace function shared.app_now() returns timestamptz language sql return null::timestamptz",
        "create function refuse() returns trigger language plpgsql as 'begin return null; end'; "
        "create trigger refuse before insert on shared.journal execute function refuse()",
        "revoke select on shared.journal from escalation",
    ],
)
async def test_a_database_with_more_than_changed_rows_is_not_reused(lent: Databases, change: str) -> None:
    url = await lent.make(SERVICE)
    before = await _object_id(url)
    connection = await asyncpg.connect(url)
    await connection.execute(change)
    await connection.close()
    await lent.take_back(url)
    assert await _object_id(await lent.make(SERVICE)) != before


async def _object_id(url: str) -> int:
    """The server's id of the database, which stays the same under any name."""
    connection = await asyncpg.connect(url)
    try:
        found: int = await connection.fetchval("select oid from pg_database where datname = current_database()")
        assert urlsplit(url).path.removeprefix("/") == await connection.fetchval("select current_database()")
        return found
    finally:
        await connection.close()


async def test_rows_from_migrations_are_restored(lent: Databases) -> None:
    """Such as the shipped policy, even if a test changed it."""
    first = await lent.make(SERVICE)
    async with escalation_on(first) as service:
        (shipped,) = await service.rows("escalation.policies")
        await service.pool.execute("update escalation.policies set document = '', digest = 'other'")
    await lent.take_back(first)
    async with escalation_on(await lent.make(SERVICE)) as service:
        assert await service.rows("escalation.policies") == [shipped]
