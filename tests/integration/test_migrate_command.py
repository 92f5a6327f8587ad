"""`handoff migrate` on another owner's database: one sentence with the grant that is missing."""

import asyncio

import asyncpg
from typer.testing import CliRunner

from services.cli.main import app
from tests.databases import Databases


async def test_a_database_of_another_owner_is_reported_with_the_statement_that_transfers_it(
    databases: Databases,
) -> None:
    url = await databases.make("nothing")  # no tables yet, and a role of that name
    database = url.rpartition("/")[2]
    server = await asyncpg.connect(databases.server_url)
    try:
        await server.execute(f"alter database {database} owner to current_user")
        await server.execute(f"grant connect on database {database} to nothing")
    finally:
        await server.close()

    result = await asyncio.to_thread(
        CliRunner().invoke, app, ["migrate", "--only", "orders"], env={"ORDERS_DATABASE_URL": url}
    )
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert result.output.count("\n") == 1
    assert f"denies a permission: permission denied for database {database}. Have its owner grant it" in result.output
    assert f'`alter database "{database}" owner to "nothing"`' in result.output
