"""Histories in which some accounts take too long for a while and are set aside, to be retried later.

All other invariants hold, so the final state is the same as without the delay.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from random import Random
from typing import Any

import asyncpg

from services.escalation.store import known_accounts
from shared import timers, transaction
from shared.contracts.envelope import Envelope, Fact
from shared.inputs import Batch, Input, InputKind, Partition, Position, RawMessage
from shared.messaging import set_aside
from shared.messaging.applying import Applier, Endings
from shared.messaging.codec import encode_record
from shared.rounds import SetAsideRounds, TimerRounds
from tests.simulation.consuming import Consumer
from tests.simulation.database import Answer, Session
from tests.simulation.happenings import ACCOUNTS
from tests.simulation.inserting import insert
from tests.simulation.statements import ANSWERS
from tests.simulation.statements.of_timers import due_timers
from tests.simulation.tables import TIMERS, Row, Rows
from tests.simulation.workers import METRICS, Ground, Process, Timers
from tests.simulation.world import History

_SET_ASIDE = "shared.set_aside"
_PLACE = ("topic", "partition", "record_offset")
_ENDINGS = Endings("escalation", lambda topic: topic, METRICS)


class AsideHistory(History):
    """A history in which transactions of some accounts fail for a while.

    These choices have a random generator of their own. `set_aside` counts the records that were set aside.
    """

    processes = (*History.processes, "retrier")

    def __init__(self, seed: int, receive: Any = None) -> None:
        self.moods = Random(f"aside {seed}")
        self.hopeless: set[str] = set()
        self.set_aside = 0
        super().__init__(seed, receive)

    @property
    def kinds(self) -> Mapping[str, Any]:  # type: ignore[override]
        return {**History.kinds, "consumer": Patient, "timers": TimersInTurns, "retrier": Retrier}

    def answers(self) -> Mapping[str, Answer]:
        return {**ANSWERS, **_ANSWERS, known_accounts._NEW_VERSION: self._new_version, set_aside._KEEP.sql: self._keep}

    def record(self, event: Envelope[Fact], position: Position) -> Input:
        key, body, headers = encode_record(event)
        raw = RawMessage(position.topic, key, headers, body)
        return Input(event, body, b"", InputKind.RECORD, raw, position)

    def rest(self) -> None:
        """From now on no account takes too long, and all that were set aside are retried when due."""
        self.hopeless.clear()
        super().rest()
        while waiting := list(self.database.tables[_SET_ASIDE].values()):
            first = min(waiting, key=lambda row: row["id"])
            self._pass_time(max(first["try_at"] - self.database.now, timedelta()))
            super().rest()

    def _happen(self) -> None:
        super()._happen()
        if self.moods.random() < 0.3:
            self.hopeless ^= {self.moods.choice(ACCOUNTS)}
            self._say(f"-- what cannot be done: {sorted(self.hopeless)}")

    def _new_version(self, session: Session, arguments: Sequence[Any]) -> Rows:
        if self.hopeless.intersection(arguments[0]):
            raise asyncpg.QueryCanceledError("canceling statement due to statement timeout")
        return ANSWERS[known_accounts._NEW_VERSION](session, arguments)

    def _keep(self, session: Session, arguments: Sequence[Any]) -> Rows:
        """Each place once. Of two transactions that insert the same place, the second waits, as with a unique index."""
        columns = set_aside._KEEP.columns
        session.hold(_SET_ASIDE, zip(*(arguments[columns.index(name)] for name in _PLACE), strict=True))
        there = {(row["topic"], row["partition"], row["record_offset"]) for row in session.rows(_SET_ASIDE)}
        for values in zip(*arguments, strict=True):
            reported = dict(zip(columns, values, strict=True))
            if (reported["topic"], reported["partition"], reported["record_offset"]) not in there:
                insert(session, _SET_ASIDE, (*columns, "attempts"), (*values, 0))
                self.set_aside += 1
        return []


class Patient(Consumer):
    """Applies a batch as a service's consumer does: one that takes too long is halved, and in the end set aside."""

    def __init__(self, ground: Ground, name: str) -> None:
        super().__init__(ground, name)
        positions: Any = _Positions()
        self.applier = Applier(self.processor, positions, _ENDINGS)

    async def apply(self, batch: Batch) -> None:
        await self.applier.apply(batch)


class _Positions:
    """Does nothing: the simulation's consumer tracks its positions itself."""

    def tried(self) -> None:
        return

    def advance(self, _next_offsets: Mapping[Partition, int]) -> None:
        return


class TimersInTurns(Timers):
    """Fires timers as a service's loop does: accounts that take too long get a transaction each,
    and in the end are postponed."""

    def has_work(self) -> bool:
        looking: Any = _WithoutTheirSilences(Session(self.database, "looking"))
        return bool(due_timers(looking))

    async def round(self) -> None:
        await TimerRounds(self.processor).fire()


class Retrier(Process):
    """Retries accounts that were set aside."""

    def has_work(self) -> bool:
        return bool(_first_due(Session(self.database, "looking")))

    async def round(self) -> None:
        await SetAsideRounds(self.processor, _ENDINGS).run()


def _first_due(session: Session) -> list[Row]:
    """The first record of each account that is due for a retry."""
    first: dict[str, Row] = {}
    for row in sorted(session.rows(_SET_ASIDE), key=lambda row: int(row["id"])):
        first.setdefault(row["lock_key"], row)
    return sorted((row for row in first.values() if row["try_at"] <= session.now), key=lambda row: int(row["id"]))


def _add_locks(session: Session, arguments: Sequence[Any]) -> Rows:
    aside = {row["lock_key"] for row in session.rows(_SET_ASIDE)}
    return [{"lock_key": key} for key in aside.intersection(arguments[0])]


def _retry_due(session: Session, _arguments: Sequence[Any]) -> Rows:
    of_account = [row["lock_key"] for row in session.rows(_SET_ASIDE)]
    return [{"lock_key": key, "records": of_account.count(key)} for key in map(_lock_key, _first_due(session))]


def _lock_key(row: Row) -> str:
    return str(row["lock_key"])


def _take(session: Session, arguments: Sequence[Any]) -> Rows:
    key, limit = arguments
    mine = sorted((row for row in session.rows(_SET_ASIDE) if row["lock_key"] == key), key=lambda row: int(row["id"]))
    return [{**row, "of_another_topic": False} for row in mine[:limit]]


def _done(session: Session, arguments: Sequence[Any]) -> Rows:
    for id in arguments[0]:
        session.delete(_SET_ASIDE, (id,))
    return []


def _put_off(session: Session, arguments: Sequence[Any]) -> Rows:
    mine = [row for row in session.rows(_SET_ASIDE) if row["lock_key"] == arguments[0]]
    for row in sorted(mine, key=lambda row: int(row["id"]))[:1]:
        seconds = min(set_aside.LONGEST_PAUSE_SECONDS, set_aside.FIRST_PAUSE_SECONDS * 2 ** min(row["attempts"], 20))
        later = {"attempts": row["attempts"] + 1, "try_at": session.now + timedelta(seconds=seconds)}
        session.put(_SET_ASIDE, {**row, **later})
    return []


class _WithoutTheirSilences:
    """A session that does not see silence timers of accounts set aside."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._aside = {row["lock_key"] for row in session.rows(_SET_ASIDE)}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def rows(self, table: str) -> Rows:
        rows = list(self._session.rows(table))
        return rows if table != TIMERS else [row for row in rows if not self._waits(row)]

    def _waits(self, row: Row) -> bool:
        return bool(row["made_of_silence"]) and row["lock_key"] in self._aside


class _PuttingOff(_WithoutTheirSilences):
    """In addition, timers that were never postponed have 0 attempts, and postponed ones are noted for the replay."""

    def rows(self, table: str) -> Rows:
        rows = super().rows(table)
        return rows if table != TIMERS else [{**row, "attempts": row["attempts"] or 0} for row in rows]

    def put(self, table: str, row: Row) -> None:
        self._session.put(table, row)
        self._session.noted.setdefault("postponed", []).append(row)


def _passing_over(sql: str, seen: type[_WithoutTheirSilences] = _WithoutTheirSilences) -> Answer:
    """The answer to a statement about due timers if accounts may be set aside."""

    def answer(session: Session, arguments: Sequence[Any]) -> Rows:
        looking: Any = seen(session)
        return ANSWERS[sql](looking, arguments)

    return answer


_ANSWERS: Mapping[str, Answer] = {
    transaction._ADD_LOCKS: _add_locks,
    set_aside._DUE: _retry_due,
    set_aside._TAKE: _take,
    set_aside._DONE: _done,
    set_aside._PUT_OFF: _put_off,
    timers._DUE_KEYS: _passing_over(timers._DUE_KEYS),
    timers._CLAIM: _passing_over(timers._CLAIM),
    timers._POSTPONE: _passing_over(timers._POSTPONE, _PuttingOff),
}
