"""The part of asyncpg that the shared code and the store use, on the database in memory. Any statement
may lose the connection.
"""

from collections.abc import Mapping, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any

import asyncpg

from tests.simulation.database import Answer, Blocked, Database, Fate, Session
from tests.simulation.inserting import insert, inserting
from tests.simulation.pausing import Pause
from tests.simulation.tables import KEYS, Row, Rows


class FakeConnection:
    """The part of an asyncpg connection that the shared code and the store use."""

    def __init__(self, session: Session, answers: Mapping[str, Answer]) -> None:
        self.session = session
        self._answers = answers

    def transaction(self) -> "FakeTransaction":
        return FakeTransaction(self.session)

    async def fetch(self, sql: str, *arguments: Any) -> Rows:
        session = self.session
        if session.database.pauses():
            await Pause(sql)
        if session.database.breaks():
            raise connection_lost()
        answer = self._answers.get(sql) or inserting(sql)
        while True:
            try:
                found = answer(session, arguments)
                break
            except Blocked as blocked:
                await self._wait(sql, blocked.holder)
        if not session.in_transaction:
            self._end_statement()
        return found

    def _end_statement(self) -> None:
        session = self.session
        fate = session.database.fate(session.name) if session.writes else Fate.DONE
        session.end(keep=fate in (Fate.DONE, Fate.ANSWER_LOST))
        if fate is not Fate.DONE:
            raise connection_lost()

    async def _wait(self, sql: str, holder: Session) -> None:
        session, other = self.session, holder
        while other.waits_for is not None:
            other = other.waits_for
            if other is session:
                raise asyncpg.DeadlockDetectedError("deadlock detected")
        before = (holder, holder.holds)
        session.waits_for = holder
        try:
            await Pause(sql, lambda: holder.holds is not before[1])
        finally:
            session.waits_for = None

    async def fetchrow(self, sql: str, *arguments: Any) -> Row | None:
        rows = await self.fetch(sql, *arguments)
        return rows[0] if rows else None

    async def fetchval(self, sql: str, *arguments: Any) -> Any:
        rows = await self.fetch(sql, *arguments)
        return next(iter(rows[0].values())) if rows else None

    async def execute(self, sql: str, *arguments: Any) -> str:
        return f"DONE {len(await self.fetch(sql, *arguments))}"

    async def copy_records_to_table(
        self, name: str, *, schema_name: str, columns: Sequence[str], records: Sequence[Sequence[Any]]
    ) -> None:
        if self.session.database.pauses():
            await Pause("copy")
        for record in records:
            reported = dict(zip(columns, record, strict=True))
            key = tuple([reported.get(column) for column in KEYS[f"{schema_name}.{name}"]])
            if self.session.get(f"{schema_name}.{name}", key) is not None:
                raise asyncpg.UniqueViolationError(f"{name} has this key already")
            insert(self.session, f"{schema_name}.{name}", columns, record)


class FakeTransaction:
    """A transaction whose commit may be refused, or may succeed without an answer."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def __aenter__(self) -> None:
        self._session.in_transaction = True

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        session = self._session
        if error is not None:
            session.end(keep=False)
            return
        try:
            if session.database.pauses():
                await Pause("commit")
        except BaseException:
            session.end(keep=False)
            raise
        fate = session.database.fate(session.name)
        session.end(keep=fate in (Fate.DONE, Fate.ANSWER_LOST))
        if fate is not Fate.DONE:
            raise connection_lost()
        if session.database.pauses():
            await Pause("committed")


class FakePool:
    """The part of an asyncpg pool that is used: each connection is a new session."""

    def __init__(self, database: Database, answers: Mapping[str, Answer], name: str) -> None:
        self._database = database
        self._answers = answers
        self._name = name

    @asynccontextmanager
    async def acquire(self) -> Any:
        connection = self._connection()
        try:
            yield connection
        finally:
            connection.session.end(keep=False)

    async def fetch(self, sql: str, *arguments: Any) -> Rows:
        return await self._connection().fetch(sql, *arguments)

    async def fetchrow(self, sql: str, *arguments: Any) -> Row | None:
        return await self._connection().fetchrow(sql, *arguments)

    async def fetchval(self, sql: str, *arguments: Any) -> Any:
        return await self._connection().fetchval(sql, *arguments)

    async def execute(self, sql: str, *arguments: Any) -> str:
        return await self._connection().execute(sql, *arguments)

    def _connection(self) -> FakeConnection:
        return FakeConnection(Session(self._database, self._name), self._answers)


def connection_lost() -> Exception:
    """The error that asyncpg raises if the server disappears during a statement."""
    return asyncpg.ConnectionDoesNotExistError("the connection was closed in the middle of operation")
