"""A role and a database per service on one Postgres server, closed to the others. Start at own_database."""

from typing import Any, TypeAlias
from urllib.parse import urlsplit, urlunsplit

import asyncpg

Connection: TypeAlias = "asyncpg.Connection[Any]"


async def own_database(server_url: str, service: str) -> str:
    """The URL of the service's database; that and its role, of the same name, are made where missing."""
    connection = await asyncpg.connect(server_url)
    try:
        await make_role(connection, service, password=urlsplit(server_url).password)
        if not await connection.fetchval("select 1 from pg_database where datname = $1", service):
            await connection.execute(f'create database "{service}" owner "{service}"')
        await close_to_others(connection, service)
    finally:
        await connection.close()
    return url_of(server_url, role=service, database=service)


async def make_role(connection: Connection, role: str, *, password: str | None) -> None:
    """A role that may log in and do nothing else; with the server's own password, if it asks for one."""
    if not await connection.fetchval("select 1 from pg_roles where rolname = $1", role):
        await connection.execute(f'create role "{role}" login')
    if password is not None:
        quoted = await connection.fetchval("select quote_literal($1::text)", password)
        await connection.execute(f'alter role "{role}" password {quoted}')


async def close_to_others(connection: Connection, database: str) -> None:
    """Only the owner may connect."""
    await connection.execute(f'revoke connect, temporary on database "{database}" from public')


def url_of(server_url: str, *, role: str, database: str) -> str:
    """The same server, another role and database."""
    parts = urlsplit(server_url)
    password = f":{parts.password}" if parts.password else ""
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{role}{password}@{host}", path=f"/{database}"))
