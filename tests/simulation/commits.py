"""All commits in order: the log for the replay, and the invariants of every single commit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from services.escalation.domain.own_facts import SilenceEnded
from shared.contracts.escalation import Severity
from tests.simulation.database import Database, Session
from tests.simulation.kafka import Kafka
from tests.simulation.notifying import faults_on_devices
from tests.simulation.statements.of_deliveries import asked_of, over_with
from tests.simulation.tables import ALERTS, DELIVERIES, EPISODES, JOURNAL, OFFERS, OFFSETS, TIMERS, Key, Row
from tests.simulation.undoing import faults_of_undo

_ENDED = ("sent", "failed", "cancelled", "expired", "skipped")
_TICK = timedelta(microseconds=1)
_RANK = {severity.value: severity.rank for severity in Severity}


class Broken(AssertionError):
    """An invariant does not hold."""


def _over(session: Session, alert: Row, episode: Row) -> str | None:
    return over_with(alert, episode, asked_of(session.rows(OFFERS), episode))


def require(holds: bool, words: str) -> None:
    if not holds:
        raise Broken(words)


@dataclass(frozen=True, slots=True)
class Committed:
    """One commit: its inputs in order, or its changes to deliveries. `noted` is what a replay needs besides."""

    number: int
    now: datetime
    inputs: list[Row]
    noted: Mapping[str, Any]


@dataclass(slots=True)
class Commits:
    """Called for every commit just before its rows become visible."""

    database: Database
    kafka: Kafka
    log: list[Committed] = field(default_factory=list)
    claims: int = 0

    def note(self, session: Session) -> None:
        writes = session.writes
        inputs = sorted((row for row in writes.get(JOURNAL, {}).values() if row), key=lambda row: row["position"])
        if inputs or DELIVERIES in writes or "postponed" in session.noted:
            self.log.append(Committed(self.database.commits, self.database.now, inputs, session.noted))
        for key, row in writes.get(EPISODES, {}).items():
            _check_episode(self.database.tables[EPISODES].get(key), row, inputs)
        for row in writes.get(ALERTS, {}).values():
            self._check_alert(session, row)
        for words in faults_on_devices(session, alone=len(inputs) == 1):
            raise Broken(words)
        for key, row in writes.get(DELIVERIES, {}).items():
            self._check_delivery(session, self.database.tables[DELIVERIES].get(key), row)
        for row in inputs:
            if row["kind"] == "timer":
                self._check_fired(session, row)
        self._check_claims(session.noted.get("claimed", []), inputs)
        self.database.now += _TICK

    def _check_alert(self, session: Session, row: Row | None) -> None:
        assert row is not None
        known = self.database.tables[ALERTS].get((row["alert_id"],))
        if known is not None:
            if known | {"sent_at": None} != row | {"sent_at": None}:
                raise Broken(f"ring {row['ring']} of an episode was made twice, differently")
            return
        before = self.database.tables[EPISODES].get((row["episode_id"],))
        episode = session.get(EPISODES, (row["episode_id"],))
        opened_again = episode is not None and episode["closed_at"] is None
        if before is not None and before["closed_at"] is not None and not opened_again:
            raise Broken("a closed episode raises an alert")
        if episode is None or episode["rings"] < row["ring"]:
            raise Broken("an alert is raised that its episode does not count")

    def _check_delivery(self, session: Session, before: Row | None, row: Row | None) -> None:
        assert row is not None
        if before is not None and before["state"] in _ENDED and row["state"] != before["state"]:
            raise Broken(f"a delivery that was {before['state']} is {row['state']} again")
        if row["state"] == "sending" and (before is None or before["state"] != "sending"):
            alert = session.get(ALERTS, (row["alert_id"],))
            episode = session.get(EPISODES, (alert["episode_id"],)) if alert else None
            over = "of no alert" if alert is None or episode is None else _over(session, alert, episode)
            if over is not None:
                raise Broken(f"it is sent although it is {over}")

    def _check_fired(self, session: Session, row: Row) -> None:
        if row["at"] > row["decided_at"]:
            raise Broken("a timer fired early")

    def _check_claims(self, claimed: list[Row], inputs: list[Row]) -> None:
        if len([row for row in inputs if row["kind"] == "timer"]) != len(claimed):
            raise Broken("a claimed timer did not fire, or one fired that was not claimed")
        for row in claimed:
            if self.database.tables[TIMERS].get((row["id"],)) != row:
                raise Broken("a timer was claimed that had been claimed or moved before")
            if row["made_of_silence"] or row["type"] == SilenceEnded.type:
                self._check_silence(row["due_at"])

    def _check_silence(self, due_at: datetime) -> None:
        """All records that had arrived by then must be applied: an unread one might break the silence."""
        for partition, records in self.kafka.appended.items():
            stored: Key = tuple(partition)
            applied = self.database.tables[OFFSETS][stored]["next_offset"]
            if any(came <= due_at for came, _ in records[applied:]):
                raise Broken("a timer made of silence fired before everything published by then was read")


def _check_episode(before: Row | None, row: Row | None, inputs: Sequence[Row]) -> None:
    if row is None:
        raise Broken("an episode was deleted")
    if before is None:
        return
    if before["closed_at"] is not None and row != before:
        for words in faults_of_undo(before, row, inputs):
            raise Broken(words)
    if _RANK[row["severity"]] < _RANK[before["severity"]]:
        raise Broken(f"the severity fell from {before['severity']} to {row['severity']}")
    if row["rings"] < before["rings"]:
        raise Broken("an episode counts fewer rings than before")
