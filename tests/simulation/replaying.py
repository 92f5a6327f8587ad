"""A replay of the journal on an empty database must reach the same state, byte for byte.

Decisions depend on the directory and policies that each transaction read; account locks do not freeze those. So
each commit is replayed with what it read. Claims of deliveries are not inputs and are repeated as statements, and
so are postponed timers.
"""

from collections import defaultdict
from collections.abc import Coroutine, Mapping, Sequence
from math import inf
from typing import Any

import orjson

from services.escalation.domain.own_facts import OWN_FACTS
from services.escalation.handlers import handling
from services.escalation.store import batches, devices
from shared import timers
from shared.contracts.catalog import CATALOG
from shared.contracts.envelope import Envelope, Fact, envelope
from shared.inputs import Batch, Input, InputKind
from shared.transaction import InputProcessor
from tests.simulation import tables
from tests.simulation.commits import Broken, Commits, Committed
from tests.simulation.connections import FakePool
from tests.simulation.database import Database, Session
from tests.simulation.happenings import START
from tests.simulation.statements import ANSWERS
from tests.simulation.statements.of_deliveries import give_up_deliveries, mark_deliveries
from tests.simulation.statements.of_timers import hurry_timers
from tests.simulation.tables import DELIVERIES, OUTBOX, PEOPLE, TIMERS, Key, Row, Rows
from tests.simulation.workers import INSTALLATION

_COMPARED = (
    tables.ACCOUNTS,
    tables.ORDERS,
    tables.CASES,
    tables.FACTS,
    tables.EPISODES,
    tables.SIGNALS,
    tables.ALERTS,
    tables.DELIVERIES,
    tables.PEOPLE,
    tables.DECISIONS,
    tables.NOTES,
    tables.RESULTS,
    tables.WIN_BACKS,
    tables.POLICIES,
    tables.TIMERS,
)
_OF_THE_ORDER = frozenset({"position", "published_at"})
"""Columns that depend on the order of storing or sending, and not on decisions."""


def check_replay(commits: Commits, lived: Database, *, one_by_one: bool) -> None:
    """Raise Broken if a replay of the journal, in the same batches or event by event, reaches another state."""
    again = _Replay(lived.tables[tables.POLICIES], one_by_one)
    for committed in commits.log:
        again.receive(committed)
    for table in _COMPARED:
        before, after = _bytes(lived.tables[table]), _bytes(again.database.tables[table])
        if before != after:
            raise Broken(f"replayed, {table} is different: {_difference(before, after)}")
    if _by_account(lived) != _by_account(again.database):
        raise Broken("replayed, other events are published")


class _Replay:
    def __init__(self, policies: Mapping[Key, Row], one_by_one: bool) -> None:
        self.one_by_one = one_by_one
        self.database = Database(START)
        self.database.tables[tables.POLICIES].update(policies)
        self.database.pauses = lambda: False
        self.versions: dict[str, list[tuple[int, Row]]] = defaultdict(list)
        self.committed: Committed | None = None
        self.signed_out: set[str] = set()
        own = {
            batches._PEOPLE: self._people,
            batches._CONCERNED: self._concerned,
            devices._END_OF_PEOPLE: self._signed_out,
            timers._HURRY: lambda _session, _arguments: [],
        }
        answers = {**ANSWERS, **own}
        pool: Any = FakePool(self.database, answers, "replay")
        self.processor = InputProcessor(pool, "escalation", handling(INSTALLATION), OWN_FACTS, seconds_allowed=inf)

    def receive(self, committed: Committed) -> None:
        self.committed = committed
        self.signed_out.clear()
        self.database.now = committed.inputs[0]["decided_at"] if committed.inputs else committed.now
        for row in committed.noted.get("claimed", ()):
            if self.database.tables[TIMERS].pop((row["id"],), None) != row:
                raise Broken(f"replayed, this timer is not there: {row['type']} {row['body'].decode()}")
        for row in committed.noted.get("postponed", ()):
            self.database.tables[TIMERS][(row["id"],)] = row
        self._move_deliveries(committed)
        inputs = [_input(row) for row in committed.inputs]
        for batch in [[one] for one in inputs] if self.one_by_one or not inputs else [inputs]:
            run(self.processor.apply(Batch(batch)))
            for one in batch:
                self._keep_version(one.envelope.subject, committed.number)
        self._hurry(committed)

    def _keep_version(self, person: str, number: int) -> None:
        row = self.database.tables[PEOPLE].get((person,))
        if row is not None and (not self.versions[person] or self.versions[person][-1][1] != row):
            self.versions[person].append((number, row))

    def _move_deliveries(self, committed: Committed) -> None:
        """Repeat claims and timeouts of deliveries, whose statements run beside the transaction."""
        session = Session(self.database, "replay")
        marked = committed.noted.get("marked")
        for id in marked[1] if marked else ():
            row = session.get(DELIVERIES, (id,))
            if row is None or row["state"] not in ("pending", "held", "unknown"):
                raise Broken(f"replayed, a delivery that was claimed is {row and row['state']}")
        if marked:
            mark_deliveries(session, marked)
        give_up_deliveries(session, committed.noted.get("given up", ()))
        session.end(keep=True)

    def _people(self, session: Session, arguments: Sequence[Any]) -> Rows:
        """The directory as the replayed commit read it, with devices, and with that commit's own changes."""
        assert self.committed is not None
        number, read = self.committed.number, self.committed.noted.get("people", 0)
        seen = dict(self.database.tables[PEOPLE])
        self.database.tables[PEOPLE] = {
            (id,): rows[-1]
            for id, versions in self.versions.items()
            if (rows := [row for at, row in versions if at <= read or at == number])
        }
        try:
            people = ANSWERS[batches._PEOPLE](session, arguments)
        finally:
            self.database.tables[PEOPLE] = seen
        having = self.committed.noted.get("devices", frozenset()) - self.signed_out
        return [{**row, "has_device": row["salesperson_id"] in having} for row in people]

    def _signed_out(self, _session: Session, arguments: Sequence[Any]) -> Rows:
        """Whose devices end, when they sign out: in this very commit they had them."""
        self.signed_out |= set(arguments[1])
        return []

    def _concerned(self, _session: Session, arguments: Sequence[Any]) -> Rows:
        """The people with work that the commit knew of: at the same moment other transactions may
        have given work to more."""
        assert self.committed is not None
        known: Rows = self.committed.noted.get("concerned", [])
        return [row for row in known if row["person"] in arguments[0]]

    def _hurry(self, committed: Committed) -> None:
        """Hurry timers last in a commit, including those set by an event after the one that hurries them."""
        if "hurried" in committed.noted:
            session = Session(self.database, "replay")
            hurry_timers(session, *committed.noted["hurried"])
            session.end(keep=True)


def run(steps: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that never has to wait, although it may let others go first."""
    try:
        while steps.send(None) is None:
            pass
    except StopIteration as ended:
        return ended.value
    raise AssertionError("the coroutine waits")


def _input(row: Row) -> Input:
    """The input as stored in the journal."""
    fact = {**CATALOG, **OWN_FACTS}[row["type"]].model_validate_json(row["body"])
    event: Envelope[Fact] = envelope(
        fact,
        id=row["event_id"],
        source=row["source"],
        subject=row["subject"],
        time=row["at"],
        traceparent=row["traceparent"],
    )
    return Input(event, row["body"], row["digest"], InputKind(row["kind"]))


def _bytes(rows: dict[Any, Row]) -> list[bytes]:
    return sorted(
        orjson.dumps(
            {name: value for name, value in row.items() if name not in _OF_THE_ORDER},
            default=lambda value: value.decode(),
            option=orjson.OPT_SORT_KEYS,
        )
        for row in rows.values()
    )


def _difference(before: list[bytes], after: list[bytes]) -> str:
    lived = [row.decode() for row in before if row not in after]
    again = [row.decode() for row in after if row not in before]
    return f"lived {lived[:1]}, again {again[:1]}"


def _by_account(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """The published events of each account, in order."""
    reported: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for row in sorted(database.tables[OUTBOX].values(), key=lambda row: row["id"]):
        reported[row["key"]].append((row["topic"], row["headers"], row["payload"], row["created_at"]))
    return reported
