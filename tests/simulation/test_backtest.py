"""A back-test under the policy in force decides what the service decided: every row, byte for byte."""

import os
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson
import pytest

from services.escalation.domain.changes import Changes
from services.escalation.domain.policy.document import read_published, shipped_text
from services.escalation.domain.policy.versions import BEGINNING, Policies, PolicyVersion
from services.escalation.replaying.accounts import AccountReplay, Course
from services.escalation.replaying.directory import replay_directory
from services.escalation.replaying.journaled import FACTS, Journaled, journaled
from services.escalation.replaying.summary import summary
from services.escalation.replaying.timeline import Timeline
from services.escalation.replaying.timers import Unfired
from tests.simulation.commits import Commits, Committed
from tests.simulation.database import Database
from tests.simulation.journals import Journal, backtest_of
from tests.simulation.tables import ALERTS, DECISIONS, DELIVERIES, EPISODES, JOURNAL, POLICIES, SIGNALS, WIN_BACKS, Row
from tests.simulation.workers import INSTALLATION
from tests.simulation.world import History

HISTORIES = int(os.environ.get("BACKTEST_HISTORIES", "60"))
_KEPT = frozenset({"words"})
_OF_PEOPLE = {type for type, fact in FACTS.items() if fact.about == "salesperson"}


@dataclass
class Stored:
    """The rows that a replay would have stored, by table."""

    rows: dict[str, dict[Any, Row]] = field(
        default_factory=lambda: {DECISIONS: {}, SIGNALS: {}, EPISODES: {}, ALERTS: {}, WIN_BACKS: {}}
    )

    def keep(self, _now: datetime, changes: Changes) -> None:
        for one in changes.decisions:
            self._put(DECISIONS, one.decision_id, asdict(one))
        tables: Mapping[str, Mapping[Any, Any]] = {
            EPISODES: changes.episodes,
            SIGNALS: changes.signals,
            ALERTS: changes.alerts,
            WIN_BACKS: changes.win_backs,
        }
        for table, rows in tables.items():
            for id, row in rows.items():
                self._put(table, id, asdict(row))

    def _put(self, table: str, id: Any, row: Row) -> None:
        known = self.rows[table].get(id, {})
        for name, value in row.items():
            if value is None and name in _KEPT and table == SIGNALS:
                row[name] = known.get(name)
            elif isinstance(value, StrEnum):
                row[name] = value.value
        self.rows[table][id] = row


def inputs_of(database: Database) -> list[Journaled]:
    """The journal of a simulated service, in order of arrival."""
    rows = sorted(database.tables[JOURNAL].values(), key=lambda row: (row["decided_at"], row["position"]))
    return [journaled(row) for row in rows if row["type"] in FACTS]


def policies_of(database: Database) -> Policies:
    rows = sorted(database.tables[POLICIES].values(), key=lambda row: row["version"])
    return Policies.shipped().followed_by(
        [
            PolicyVersion(row["version"], row["since"], read_published(row["document"]), row["document"], "mona", "")
            for row in rows
        ]
    )


def replayed(database: Database) -> Stored:
    """Everything that a back-test decides under the policies of a simulated service."""
    inputs, stored = inputs_of(database), Stored()
    until = inputs[-1].place.now
    timeline = Timeline(policies_of(database))
    shared = [one for one in inputs if one.event.data.about != "account"]
    replay_directory(shared, timeline, INSTALLATION, until, Unfired(BEGINNING))
    course = Course(timeline, INSTALLATION, until, keep=stored.keep)
    for account in sorted({one.event.subject for one in inputs if one.event.data.about == "account"}):
        AccountReplay(account, course, Unfired(BEGINNING)).run(
            [one for one in inputs if one.event.lock_key == f"account:{account}"]
        )
    return stored


def bytes_of(rows: Mapping[Any, Row], late: Collection[Any] = ()) -> list[bytes]:
    """The rows as bytes, without their numbers: these depend on the order of storing. Of the `late` alerts the journal
    does not know when they were sent."""
    compared_rows = (
        {
            name: value
            for name, value in row.items()
            if name != "position" and (name != "sent_at" or row["alert_id"] not in late)
        }
        for row in rows.values()
    )
    return sorted(orjson.dumps(row, option=orjson.OPT_SORT_KEYS, default=str) for row in compared_rows)


@pytest.mark.parametrize("first", range(0, HISTORIES, 20))
def test_under_the_policy_in_force_every_row_is_as_the_service_stored_it(first: int) -> None:
    compared = 0
    for seed in range(first, first + 20):
        history = History(seed)
        history.play()
        if overlapped(history.commits):
            continue
        again, lived = replayed(history.database), history.database.tables
        late = given_up(history.commits, history.database)
        for table, rows in again.rows.items():
            compared += len(rows)
            assert bytes_of(rows, late) == bytes_of(lived[table], late), f"seed {seed}: {table}"
    assert compared > 100


def overlapped(commits: Commits) -> bool:
    """Whether a change of a person was committed while another transaction read the directory: the journal does not say
    which of them came first."""
    decided = [one for one in commits.log if one.inputs]
    of_people = [one for one in decided if any(row["type"] in _OF_PEOPLE for row in one.inputs)]
    pairs = [(one, other) for one in of_people for other in decided if one is not other]
    return any(_is_unclear(*pair) or _is_unclear(*reversed(pair)) for pair in pairs)


def _is_unclear(earlier: Committed, later: Committed) -> bool:
    """Whether one was read by the other although it was decided after it, or the other way round."""
    was_read: bool = earlier.number <= later.noted.get("people", 0)
    return was_read is not bool(earlier.inputs[0]["decided_at"] < later.inputs[0]["decided_at"])


def given_up(commits: Commits, database: Database) -> frozenset[Any]:
    """The alerts with an attempt that was given up as silent before its outcome was reported: giving up is no input."""
    deliveries = [id for one in commits.log for id in one.noted.get("given up", ())]
    return frozenset(database.tables[DELIVERIES][id,]["alert_id"] for id in deliveries)


@pytest.fixture(scope="module")
def journal() -> Journal:
    return Journal(seed=20, accounts=16)


def test_the_policy_in_force_is_compared_with_itself_without_any_difference(journal: Journal) -> None:
    backtest = backtest_of(journal, shipped_text())
    figures = summary(backtest)
    assert figures["current"] == figures["candidate"]
    assert figures["reactions"] == {"counted": presses(journal), "dropped": {}}
    assert (figures["only_current"]["n"], figures["only_candidate"]["n"]) == (0, 0)
    assert figures["current"]["first_notifications"]["total"] > 10
    assert figures["losses"]["n"] > 1


def test_half_the_time_to_answer_raises_more_dead_ends(journal: Journal) -> None:
    figures = summary(backtest_of(journal, shipped_text().replace('answer_within = "4h"', 'answer_within = "2h"')))
    current, candidate = figures["current"]["signals"], figures["candidate"]["signals"]
    assert candidate["contact_dead_ended"] > current["contact_dead_ended"]


def test_without_a_signal_its_episodes_are_only_those_of_the_policy_in_force(journal: Journal) -> None:
    off = shipped_text().replace("[signals.case_bounced]", "[signals.case_bounced]\nenabled = false")
    figures = summary(backtest_of(journal, off))
    assert figures["current"]["signals"]["case_bounced"] > 0
    assert figures["candidate"]["signals"]["case_bounced"] == 0
    assert {one["signal"] for one in figures["only_current"]["first"]} == {"case_bounced"}
    dropped = figures["reactions"]["dropped"]
    assert dropped["no_matching_episode"] > 0
    assert figures["reactions"]["counted"] + sum(dropped.values()) == presses(journal)


def presses(journal: Journal) -> int:
    return sum(row["kind"] == "button" for rows in journal.by_account for row in rows)
