"""The migrations end in exactly the tables that the code describes, for every schema."""

import os
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData
from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from services.cli.installation import ServiceName
from services.cli.run import outline_of
from services.escalation.tables import EscalationTable
from services.orders.tables import OrdersTable
from services.support.tables import SupportTable
from shared.migrations import SHARED_MIGRATIONS, Migrations, OlderProcessesConnected, Step, migrate
from shared.migrations.fitting import Fitting
from shared.migrations.upgrading import config, sqlalchemy_url
from shared.tables import SharedTable
from tests.databases import Databases

ESCALATION_MIGRATIONS = outline_of(ServiceName.ESCALATION).migrations
SCHEMAS = {
    "shared": (SHARED_MIGRATIONS, SharedTable.metadata),
    "orders": (outline_of(ServiceName.ORDERS).migrations, OrdersTable.metadata),
    "support": (outline_of(ServiceName.SUPPORT).migrations, SupportTable.metadata),
    "escalation": (ESCALATION_MIGRATIONS, EscalationTable.metadata),
}

# Parts that alembic does not compare: checks, keys and the conditions of indexes.
_CONSTRAINTS_AND_INDEXES = """
    select conname as name, pg_get_constraintdef(oid) as definition from pg_constraint
    where connamespace = to_regnamespace($1::text)
        and conrelid is distinct from to_regclass($1::text || '.alembic_version')
    union all
    select indexname, indexdef from pg_indexes where schemaname = $1::text and tablename <> 'alembic_version'
    order by 1, 2
"""

_OLD_SALE = """
    insert into escalation.orders (order_id, account_id, sold_at, amount_minor, currency, bought, products)
    values ('4711', 'c-17', '2020-05-04T09:30:00Z', 1, 'EUR', 'Heat pump', '[]')
"""

_OLD_LETTERS = """
    insert into shared.dead_letters (id, topic, partition, record_offset, code, reason, received_at)
    values (gen_random_uuid(), 'over HTTP', null, null, 'id_reused', '', shared.app_now()),
           (gen_random_uuid(), 'over Kafka', 0, 1, 'id_reused', '', shared.app_now()),
           (gen_random_uuid(), 'waited', null, null, 'order_contradicted', '', shared.app_now())
"""


@pytest.fixture
async def empty_database(databases: Databases) -> str:
    """A database without any table."""
    return await databases.make("empty")


@pytest.fixture
async def engine(empty_database: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(sqlalchemy_url(empty_database), poolclass=NullPool)
    yield engine
    await engine.dispose()


@pytest.mark.parametrize("schema", SCHEMAS)
async def test_migrations_are_read_as_alembic_runs_them(schema: str, engine: AsyncEngine) -> None:
    migrations, _ = SCHEMAS[schema]
    async with engine.connect() as connection:
        assert await connection.run_sync(_as_alembic_runs_them, migrations) == migrations.steps()


@pytest.mark.parametrize("schema", SCHEMAS)
async def test_the_migrations_make_the_tables(schema: str, empty_database: str, engine: AsyncEngine) -> None:
    migrations, metadata = SCHEMAS[schema]
    await migrate(empty_database, migrations)
    async with engine.connect() as connection:
        assert await connection.run_sync(_differences, metadata, schema) == []

    migrated = await _constraints_and_indexes(empty_database, schema)
    async with engine.begin() as connection:
        await connection.execute(sql(f"drop schema {schema} cascade"))
        await connection.execute(sql(f"create schema {schema}"))
        await connection.run_sync(metadata.create_all)
    assert migrated == await _constraints_and_indexes(empty_database, schema)


@pytest.mark.parametrize("schema", SCHEMAS)
async def test_migrating_again_changes_nothing(schema: str, empty_database: str) -> None:
    await migrate(empty_database, SCHEMAS[schema][0])
    before = await _constraints_and_indexes(empty_database, schema)
    await migrate(empty_database, SCHEMAS[schema][0])
    assert await _constraints_and_indexes(empty_database, schema) == before


async def test_a_sale_from_before_follow_ups_existed_counts_as_reported_now(
    empty_database: str, engine: AsyncEngine
) -> None:
    await migrate(empty_database, ESCALATION_MIGRATIONS)
    async with engine.begin() as connection:
        await connection.run_sync(lambda sync: command.downgrade(config(ESCALATION_MIGRATIONS, sync), "0005"))
        await connection.execute(sql(_OLD_SALE))
    await migrate(empty_database, ESCALATION_MIGRATIONS)
    async with engine.connect() as connection:
        reported = await connection.execute(sql("select shared.app_now() - seen_at from escalation.orders"))
        assert reported.scalar_one() < timedelta(minutes=5)


async def test_an_old_dead_letter_counts_as_answered_if_its_code_says_so(
    empty_database: str, engine: AsyncEngine
) -> None:
    await migrate(empty_database, SHARED_MIGRATIONS)
    async with engine.begin() as connection:
        await connection.run_sync(lambda sync: command.downgrade(config(SHARED_MIGRATIONS, sync), "0007"))
        await connection.execute(sql(_OLD_LETTERS))
    await migrate(empty_database, SHARED_MIGRATIONS)
    async with engine.connect() as connection:
        answered = await connection.execute(sql("select topic from shared.dead_letters where answered"))
        assert answered.scalars().all() == ["over HTTP"]


@pytest.mark.parametrize(
    ("process", "named"),
    [
        pytest.param("escalation", "of a version that does not name its tables", id="of the first release"),
        pytest.param("escalation 0001.0005 pid 4711", "process 4711, which knows the tables of 0001.0005", id="older"),
    ],
)
async def test_no_migration_runs_under_a_process_that_would_not_survive_it(
    empty_database: str, engine: AsyncEngine, process: str, named: str
) -> None:
    await _migrated_to(engine, empty_database, "0005")
    connected = await asyncpg.connect(empty_database, server_settings={"application_name": process})
    with pytest.raises(OlderProcessesConnected) as refused:
        await migrate(empty_database, ESCALATION_MIGRATIONS)
    assert named in str(refused.value)
    assert "escalation 0006" in str(refused.value)
    assert await _revision(engine, "escalation") == "0005"
    await connected.close()
    await migrate(empty_database, ESCALATION_MIGRATIONS)
    assert await _revision(engine, "escalation") == ESCALATION_MIGRATIONS.steps()[-1].revision


@pytest.mark.parametrize(
    "process",
    [Fitting.of(ESCALATION_MIGRATIONS).process_name, "orders", "escalation-cli", "psql"],
    ids=["of this version", "of another service", "a command", "somebody's shell"],
)
async def test_other_connections_block_no_migration(empty_database: str, engine: AsyncEngine, process: str) -> None:
    await _migrated_to(engine, empty_database, "0005")
    connected = await asyncpg.connect(empty_database, server_settings={"application_name": process})
    await migrate(empty_database, ESCALATION_MIGRATIONS)
    await connected.close()


async def test_a_migration_that_older_processes_survive_runs_beside_them(
    empty_database: str, engine: AsyncEngine
) -> None:
    await migrate(empty_database, ESCALATION_MIGRATIONS)
    async with engine.begin() as connection:
        await connection.run_sync(lambda sync: command.downgrade(config(SHARED_MIGRATIONS, sync), "0001"))
    connected = await asyncpg.connect(empty_database, server_settings={"application_name": "escalation"})
    await migrate(empty_database, ESCALATION_MIGRATIONS)
    assert await _revision(engine, "shared") == SHARED_MIGRATIONS.steps()[-1].revision
    await connected.close()


async def test_a_processs_connection_name_states_which_tables_it_knows() -> None:
    heads = f"{SHARED_MIGRATIONS.steps()[-1].revision}.{ESCALATION_MIGRATIONS.steps()[-1].revision}"
    name = Fitting.of(ESCALATION_MIGRATIONS).process_name
    assert name == f"escalation {heads} pid {os.getpid()}"
    assert len(name) < 63, "Postgres truncates longer names"


async def _migrated_to(engine: AsyncEngine, url: str, revision: str) -> None:
    """Escalation's tables as of an older version."""
    await migrate(url, ESCALATION_MIGRATIONS)
    async with engine.begin() as connection:
        await connection.run_sync(lambda sync: command.downgrade(config(ESCALATION_MIGRATIONS, sync), revision))


async def _revision(engine: AsyncEngine, schema: str) -> str:
    async with engine.connect() as connection:
        found = await connection.execute(sql(f"select version_num from {schema}.alembic_version"))
        return str(found.scalar_one())


def _as_alembic_runs_them(connection: Connection, migrations: Migrations) -> list[Step]:
    scripts = reversed(list(ScriptDirectory.from_config(config(migrations, connection)).walk_revisions()))
    return [Step(script.revision, script.module.online_safe) for script in scripts]


def _differences(connection: Connection, metadata: MetaData, schema: str) -> list[Any]:
    context = MigrationContext.configure(
        connection,
        opts={
            "version_table_schema": schema,
            "include_schemas": True,
            "include_name": lambda name, kind, _parents: kind != "schema" or name == schema,
            "compare_type": True,
            "compare_server_default": True,
        },
    )
    return list(compare_metadata(context, metadata))


async def _constraints_and_indexes(url: str, schema: str) -> list[tuple[str, str]]:
    connection = await asyncpg.connect(url)
    try:
        return [(row["name"], row["definition"]) for row in await connection.fetch(_CONSTRAINTS_AND_INDEXES, schema)]
    finally:
        await connection.close()
