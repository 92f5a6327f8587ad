"""A database in memory that behaves like Postgres at READ COMMITTED, as far as escalation and the shared code use it.

Every statement sees the rows committed when it runs, and its own transaction's writes. Rows of deliveries and timers
are locked by their writer until the end of the transaction, and so are accounts. Statements arrive through
`connections.py`, and `statements` answers them by their exact text.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, TypeAlias

from tests.simulation.tables import KEYS, LOCKED_BY_ROW, Key, Row, Rows


class Fate(Enum):
    """The outcome of a commit, and the answer that its client gets."""

    DONE = "done"
    REFUSED = "refused"
    ANSWER_LOST = "done, and the answer was lost"
    LOST = "not done, and no answer came"


class Blocked(Exception):
    """A statement needs a row or an account that another transaction has locked."""

    def __init__(self, holder: "Session") -> None:
        self.holder = holder


Commit: TypeAlias = Mapping[str, Mapping[Key, Row | None]]


@dataclass(slots=True)
class Database:
    """The committed rows. `fate` decides the outcome of commits, `breaks` whether a statement loses its connection,
    `pauses` whether other processes go first."""

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
    """One connection: its transaction's writes and locks. Outside a transaction each statement is its own."""

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
        """The rows of a table that this statement sees."""
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
        """Lock rows until the end of the transaction. Raises Blocked without any effect."""
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
        """Commit or roll back, and release all locks."""
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
