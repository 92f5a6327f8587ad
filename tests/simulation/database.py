"""A database in memory that behaves like Postgres at READ COMMITTED, as far as escalation and the spine use it.

Every statement sees what was committed when it runs, and its own transaction's writes. Rows of deliveries and timers
are locked by whoever writes them until the end of the transaction, and so are accounts. Statements are answered by
`statements.py`, by their very text.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, StrEnum
from functools import cache
from types import TracebackType
from typing import Any, TypeAlias

import asyncpg

from services.escalation.tables import EscalationTable
from shared.tables import SharedTable
from tests.simulation.pausing import Pause

Row: TypeAlias = dict[str, Any]
Key: TypeAlias = tuple[Any, ...]
Rows: TypeAlias = list[Row]

_TABLES = {**EscalationTable.metadata.tables, **SharedTable.metadata.tables}
KEYS = {name: tuple(column.name for column in table.primary_key.columns) for name, table in _TABLES.items()}
_COLUMNS = {name: {column.name: None for column in table.columns} for name, table in _TABLES.items()}
_NUMBERED = {
    name: column.name for name, table in _TABLES.items() for column in table.columns if column.identity is not None
}
_ENUMERATED = {
    "escalation.facts": ("kind",),
    "escalation.signals": ("kind", "ended"),
    "escalation.episodes": ("severity", "step", "deadline_for", "result"),
    "escalation.alerts": ("step", "cause", "severity"),
}
LOCKED_BY_ROW = frozenset(
    {"escalation.deliveries", "escalation.episodes", "escalation.salespeople", "shared.timers"},
)


class Fate(Enum):
    """What becomes of a commit, and what its client hears of it."""

    DONE = "done"
    REFUSED = "refused"
    ANSWER_LOST = "done, and the answer was lost"
    LOST = "not done, and no answer came"


class Blocked(Exception):
    """A statement needs a row or an account that another transaction holds."""

    def __init__(self, holder: "Session") -> None:
        self.holder = holder


class NotTaught(Exception):
    """A statement that `statements.py` does not know: teach it there what it means."""


Commit: TypeAlias = Mapping[str, Mapping[Key, Row | None]]


@dataclass(slots=True)
class Database:
    """What is committed. `fate` decides on commits, `chance_of_pause` how often a statement lets others go first."""

    now: datetime
    fate: Callable[[str], Fate] = lambda _name: Fate.DONE
    breaks: Callable[[], bool] = lambda: False
    pauses: Callable[[], bool] = lambda: True
    on_commit: Callable[["Session"], None] = lambda _session: None
    tables: dict[str, dict[Key, Row]] = field(default_factory=lambda: {name: {} for name in KEYS})
    held: dict[tuple[str, Key], "Session"] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    commits: int = 0

    def next_number(self, table: str) -> int:
        self.numbers[table] += 1
        return self.numbers[table]


class Session:
    """One connection: its transaction's writes, and what it holds. Outside a transaction each statement is its own."""

    def __init__(self, database: Database, name: str) -> None:
        self.database = database
        self.name = name
        self.writes: dict[str, dict[Key, Row | None]] = {}
        self.holds: list[tuple[str, Key]] = []
        self.in_transaction = False
        self.waits_for: Session | None = None
        self.noted: dict[str, Any] = {}

    @property
    def now(self) -> datetime:
        return self.database.now

    def rows(self, table: str) -> Iterable[Row]:
        """What this statement sees of a table."""
        committed, own = self.database.tables[table], self.writes.get(table)
        if not own:
            return committed.values()
        return [row for row in {**committed, **own}.values() if row is not None]

    def get(self, table: str, key: Key) -> Row | None:
        own = self.writes.get(table)
        if own is not None and key in own:
            return own[key]
        return self.database.tables[table].get(key)

    def put(self, table: str, row: Row) -> None:
        key = tuple([row[name] for name in KEYS[table]])
        if table in LOCKED_BY_ROW:
            self.hold(table, [key])
        self.writes.setdefault(table, {})[key] = row

    def delete(self, table: str, key: Key) -> None:
        self.writes.setdefault(table, {})[key] = None

    def hold(self, table: str, keys: Iterable[Key]) -> None:
        """Lock rows until the end of the transaction. Raises Blocked, with nothing done."""
        wanted = [(table, key) for key in keys]
        held = self.database.held
        for one in wanted:
            holder = held.get(one)
            if holder is not None and holder is not self:
                raise Blocked(holder)
        for one in wanted:
            if one not in held:
                held[one] = self
                self.holds.append(one)

    def is_free(self, table: str, key: Key) -> bool:
        return self.database.held.get((table, key), self) is self

    def end(self, *, keep: bool) -> None:
        """Commit or roll back, and let go of what was held."""
        if keep and self.writes:
            self.database.commits += 1
            self.database.on_commit(self)
            for table, rows in self.writes.items():
                committed = self.database.tables[table]
                for key, row in rows.items():
                    if row is None:
                        committed.pop(key, None)
                    else:
                        committed[key] = row
        for one in self.holds:
            del self.database.held[one]
        self.holds = []
        self.writes = {}
        self.noted = {}
        self.in_transaction = False


Answer: TypeAlias = Callable[[Session, Sequence[Any]], Rows]


class FakeConnection:
    """What the spine and the store use of an asyncpg connection."""

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
            told = dict(zip(columns, record, strict=True))
            key = tuple([told.get(column) for column in KEYS[f"{schema_name}.{name}"]])
            if self.session.get(f"{schema_name}.{name}", key) is not None:
                raise asyncpg.UniqueViolationError(f"{name} has this key already")
            insert(self.session, f"{schema_name}.{name}", columns, record)


class FakeTransaction:
    """A transaction whose end may be refused, or done without anybody hearing of it."""

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
    """What is used of an asyncpg pool: a new session for everything."""

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
    """What asyncpg raises when the server is gone in the middle."""
    return asyncpg.ConnectionDoesNotExistError("the connection was closed in the middle of operation")


def insert(session: Session, table: str, columns: Sequence[str], values: Sequence[Any]) -> Row:
    row = {**_COLUMNS[table], **_told(table, columns, values)}
    numbered = _NUMBERED.get(table)
    if numbered is not None:
        row[numbered] = session.database.next_number(table)
    session.put(table, row)
    return row


def _told(table: str, columns: Sequence[str], values: Sequence[Any]) -> Row:
    """Values by column; of an enumeration Postgres keeps the text."""
    row = dict(zip(columns, values, strict=True))
    for name in _ENUMERATED.get(table, ()):
        if isinstance(row[name], StrEnum):
            row[name] = row[name].value
    return row


_INSERT = re.compile(
    r"insert into (?P<table>\S+) \((?P<columns>[^)]*)\) select .* order by ordinality"
    r"(?: on conflict (?:\((?P<key>[^)]*)\) )?do (?:(?P<nothing>nothing)|update set (?P<set>.*?)))?"
    r"(?: returning (?P<returned>\w+))?",
    re.DOTALL,
)
_ASSIGNED = re.compile(r"(\w+) = (greatest\(\w+\.\w+, excluded\.\w+\)|excluded\.\w+)(?:, |$)")


@cache
def inserting(sql: str) -> Answer:
    """What a statement of `shared.database.bulk_insert` or `bulk_upsert` does. Raises NotTaught for any other."""
    read = _INSERT.fullmatch(sql.strip())
    if read is None:
        raise NotTaught(sql)
    table, columns = read["table"], read["columns"].split(", ")
    keys = [columns.index(name) for name in KEYS[table] if name in columns]
    updates = [(name, how.startswith("greatest")) for name, how in _ASSIGNED.findall(read["set"] or "")]
    if read["set"] and len(updates) != read["set"].count("excluded."):
        raise NotTaught(sql)

    def run(session: Session, arguments: Sequence[Any]) -> Rows:
        added = []
        for values in zip(*arguments, strict=True):
            known = session.get(table, tuple([values[place] for place in keys])) if keys else None
            if known is None:
                added.append(insert(session, table, columns, values))
            elif updates:
                told = _told(table, columns, values)
                changed = {n: max(known[n], told[n]) if greater else told[n] for n, greater in updates}
                session.put(table, {**known, **changed})
            elif not read["nothing"]:
                raise asyncpg.UniqueViolationError(f"{table} has this key already")
        return added

    return run


def numbered(rows: Iterable[Row], column: str) -> Iterator[Row]:
    """Rows in the order they were inserted."""
    yield from sorted(rows, key=lambda row: row[column])
