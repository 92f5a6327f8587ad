"""Access to Postgres: one pool per process, durable settings checked at start, and one bulk statement per table.

SQL for events uses `unnest` over arrays: one round trip a table and batch, for any number of rows.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import asyncpg

if TYPE_CHECKING:  # code that names no tables, such as a command that reads a few rows, need not import them
    from sqlalchemy import Table
    from sqlmodel import SQLModel

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
DirectConnection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

TRANSACTION_SECONDS = 10.0
"""The limit of a transaction, which normally takes milliseconds. Beyond it the transaction gives up, and fewer rows
are tried."""

# A statement that takes even longer is stuck and must not hold its locks.
SESSION_SETTINGS = {
    "idle_in_transaction_session_timeout": "15s",
    "statement_timeout": "10s",
    "lock_timeout": "5s",
    "synchronous_commit": "on",
    "timezone": "UTC",
}

_DURABLE_SETTINGS = ("fsync", "full_page_writes", "synchronous_commit")

# SQLSTATE classes in which the rows are at fault: data, cardinality, integrity, views' checks, limits. All other
# faults, even a missing table or right, can be fixed on the server, and the same rows can be applied then.
_FAULTS_OF_ROWS = frozenset({"21", "22", "23", "44", "54"})

# A table, column, function or schema of the statement does not exist.
_FAULTS_OF_TABLES = frozenset({"42", "3F"})
MISSING_RIGHT = "42501"
# NOT NULL, foreign key and CHECK: the rows are at fault, unless the tables are of another version than the code.
_RULES_OF_TABLES = frozenset({"23502", "23503", "23514"})


class UnsafeDatabase(RuntimeError):
    """The server may lose confirmed commits. Carries the faulty setting."""


class DatabaseWentBack(RuntimeError):
    """The database has less than it confirmed before: it was restored to an older state."""


class TopicRecreated(RuntimeError):
    """Records of a topic do not fit the stored offsets, which belong to another topic of the same name."""


class RanTooLong(TimeoutError):
    """A transaction took too long. The same rows may succeed, fewer at a time."""


class TablesUnfit(RuntimeError):
    """The tables are of another version than the code. No record is at fault, and nothing may be dead-lettered."""

    def __init__(self, service: str, error: BaseException, different: str | None = None) -> None:
        reason = (
            f"the tables of {service} do not fit this version of Handoff (SQLSTATE {getattr(error, 'sqlstate', None)})"
        )
        super().__init__(f"{reason}: {different}" if different else reason)
        self.safe_message = str(self)


class RightMissing(RuntimeError):
    """The database user lacks a right that the service needs.

    No record is at fault, and nothing may be dead-lettered.
    """

    def __init__(self, service: str, missing: str) -> None:
        super().__init__(f"Postgres refuses {service} a right that it needs (SQLSTATE {MISSING_RIGHT}): {missing}")
        self.safe_message = str(self)


DATABASE_ERRORS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that broke at an unlucky moment
    DatabaseWentBack,
    TopicRecreated,
    TablesUnfit,
    RightMissing,
    OSError,
    TimeoutError,
)
"""All errors that a database call may raise; `is_transient` tells whether the server is at fault."""


def is_transient(error: BaseException) -> bool:
    """Whether trying the same transaction again can succeed: the fault lies with the server, not with the rows."""
    if isinstance(error, asyncpg.PostgresError):
        return (error.sqlstate or "")[:2] not in _FAULTS_OF_ROWS
    if isinstance(error, asyncpg.InterfaceError):
        return not isinstance(error, ValueError)  # an argument that asyncpg cannot encode
    servers = (
        OSError,
        asyncpg.InternalClientError,
        asyncio.TimeoutError,
        DatabaseWentBack,
        TopicRecreated,
        TablesUnfit,
        RightMissing,
    )
    return isinstance(error, servers)


def ran_too_long(error: BaseException, seconds: float, *, allowed: float = TRANSACTION_SECONDS) -> bool:
    """Whether a transaction that failed after this many seconds failed because of its length.

    The server or this process cancelled a statement, or Postgres ended the session because this process was idle for
    too long. In the last case asyncpg mostly reports only a lost connection, as it does for a lost server: only the
    time distinguishes them.
    """
    if isinstance(error, asyncpg.QueryCanceledError | asyncpg.IdleInTransactionSessionTimeoutError | TimeoutError):
        return True
    lost = (asyncpg.InterfaceError, asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError, OSError)
    return isinstance(error, lost) and is_transient(error) and seconds >= allowed


def lacks_tables(error: BaseException) -> bool:
    """Whether the database lacks a table or column that a statement uses, regardless of its rows."""
    return (
        isinstance(error, asyncpg.PostgresError)
        and (error.sqlstate or "")[:2] in _FAULTS_OF_TABLES
        and not lacks_right(error)
    )


def lacks_right(error: BaseException) -> bool:
    """Whether the database user lacks the right for a statement whose tables exist."""
    return isinstance(error, asyncpg.PostgresError) and error.sqlstate == MISSING_RIGHT


def breaks_rules_of_tables(error: BaseException) -> bool:
    """Whether rows were refused by a rule that another version of the tables may not have."""
    return isinstance(error, asyncpg.PostgresError) and error.sqlstate in _RULES_OF_TABLES


async def open_pool(url: str, *, name: str, max_connections: int = 8) -> Pool:
    """A pool that connects on first use, so it can be made while the server is unavailable."""
    return await asyncpg.create_pool(
        url,
        min_size=0,
        max_size=max_connections,
        max_inactive_connection_lifetime=60,
        timeout=5,
        command_timeout=15,
        server_settings={**SESSION_SETTINGS, "application_name": name},
    )


@asynccontextmanager
async def listening(pool: Pool, channel: str) -> AsyncIterator[tuple[Connection, asyncio.Event]]:
    """A session that listens to a channel, and the event that each notification sets. Notifications can be lost."""
    woken = asyncio.Event()

    def wake(*_notification: object) -> None:
        woken.set()

    async with pool.acquire() as connection:
        await connection.add_listener(channel, wake)
        try:
            yield connection, woken
        finally:
            await connection.remove_listener(channel, wake)


async def assert_durable(pool: Pool) -> None:
    """Raise UnsafeDatabase for a server that may lose confirmed commits.

    Measured with synchronous_commit off: 279 of 52,055 commits were lost after five crashes.
    """
    for setting in _DURABLE_SETTINGS:
        value = await pool.fetchval("select current_setting($1)", setting)
        if value == "off":
            raise UnsafeDatabase(
                f"Postgres runs with {setting}={value} and may lose confirmed commits. Set {setting}=on."
            )


def sql_table(model: "type[SQLModel]") -> "Table":
    """The table behind a model class."""
    return cast("Table", getattr(model, "__table__"))  # noqa: B009 - SQLModel does not declare it


@dataclass(frozen=True, slots=True)
class BulkStatement:
    """One statement that takes any number of rows, as one array per column."""

    sql: str
    columns: tuple[str, ...]

    def arguments(self, rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
        """Rows, each in the order of `columns`, as one list per column."""
        return [list(column) for column in zip(*rows, strict=True)]

    async def run(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
        if rows:
            await connection.execute(self.sql, *self.arguments(rows))

    async def fetch(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> list[asyncpg.Record]:
        return list(await connection.fetch(self.sql, *self.arguments(rows))) if rows else []


@dataclass(frozen=True, slots=True)
class BulkCopy:
    """Adds any number of rows to a table by COPY, which reads each value once. An existing row is an error."""

    schema: str
    table: str
    columns: tuple[str, ...]

    async def run(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
        if rows:
            await connection.copy_records_to_table(
                self.table, schema_name=self.schema, columns=self.columns, records=rows
            )


def bulk_insert(model: "type[SQLModel]", *, skip: frozenset[str] = frozenset(), tail: str = "") -> BulkStatement:
    """Insert rows in the order given. `tail` follows the select: `on conflict …`, `returning …`."""
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - of those who name tables, as above

    table = sql_table(model)
    columns = [column for column in table.columns if column.name not in skip]
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    names = ", ".join(column.name for column in columns)
    arrays = ", ".join(f"${i}::{c.type.compile(dialect)}[]" for i, c in enumerate(columns, start=1))
    sql = (
        f"insert into {table.fullname} ({names}) "
        f"select {names} from unnest({arrays}) with ordinality as rows ({names}, ordinality) "
        f"order by ordinality {tail}"
    )
    return BulkStatement(sql.strip(), tuple(column.name for column in columns))


def bulk_upsert(model: "type[SQLModel]", *, keep: frozenset[str] = frozenset()) -> BulkStatement:
    """Insert rows, or overwrite those with the same primary key; `keep` columns only if there is a new value."""
    table = sql_table(model)
    key = [column.name for column in table.primary_key.columns]
    values = {column.name: f"excluded.{column.name}" for column in table.columns if column.name not in key}
    values |= {name: f"coalesce(excluded.{name}, {table.name}.{name})" for name in sorted(keep)}
    assignments = ", ".join(f"{name} = {value}" for name, value in values.items())
    return bulk_insert(model, tail=f"on conflict ({', '.join(key)}) do update set {assignments}")
