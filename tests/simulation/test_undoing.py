"""What the simulation reports about a closed episode that changes."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from tests.builders import AT, minutes
from tests.simulation.tables import Row
from tests.simulation.undoing import faults_of_undo

ID = UUID(int=1)
NOBODY = dict.fromkeys(
    ("offered_to", "stopped_deadline_at", "stopped_deadline_for", "stopped_appointment_at", "talk_due_since")
)
OPEN: Row = NOBODY | {
    "episode_id": ID,
    "account_id": "c-1",
    "order_id": "o-1",
    "salesperson": "anna",
    "raised_at": AT,
    "follows": None,
    "acknowledged_by": "anna",
    "acknowledged_at": AT,
    "responsible": "anna",
    "step": "seller",
    "repeats": 0,
    "exhausted_at": None,
    "nobody_since": None,
    "rang": True,
    "rings": 1,
    "attempts": 1,
    "reached_at": None,
    "closed_at": None,
    "closed_by": None,
    "result": None,
    "reason": None,
    "changed_at": minutes(5),
    "deadline_at": minutes(74),
    "deadline_for": "redeem",
    "appointment_at": None,
}
CLOSED: Row = OPEN | {
    "closed_at": AT,
    "closed_by": "anna",
    "result": "saved",
    "reason": "problem_solved",
    "changed_at": AT,
    "deadline_at": None,
    "deadline_for": None,
    "stopped_deadline_at": minutes(69),
    "stopped_deadline_for": "redeem",
}


def undo(by: str = "anna", episode: UUID = ID) -> Row:
    body = orjson.dumps({"by": by, "episode": str(episode)})
    return {"type": "escalation.button.reopen_pressed", "body": body}


def test_an_undo_that_restores_the_episode_breaks_nothing() -> None:
    assert list(faults_of_undo(CLOSED, OPEN, [undo()])) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"deadline_at": minutes(300)}, "left redeem"),
        ({"deadline_at": None, "deadline_for": None, "responsible": "ben"}, "asks somebody else"),
        ({"acknowledged_by": "ben"}, "to somebody else"),
        ({"acknowledged_by": None, "acknowledged_at": None}, "to somebody else"),
        ({"attempts": 0}, "forgot attempts"),
        ({"order_id": "o-2"}, "what an episode is about"),
        ({"closed_at": AT, "result": "lost"}, "is not open"),
        ({"changed_at": minutes(11), "deadline_at": minutes(80)}, "more than ten minutes"),
        ({"stopped_deadline_at": AT}, "what it restored"),
    ],
)
def test_an_undo_that_changes_anything_else_is_reported(changes: dict[str, Any], words: str) -> None:
    assert any(words in fault for fault in faults_of_undo(CLOSED, OPEN | changes, [undo()]))


@pytest.mark.parametrize(
    "changes",
    [
        {"reached_at": minutes(1), "deadline_at": None, "deadline_for": None},
        {"attempts": 2, "deadline_at": minutes(74) + timedelta(hours=2)},
        {"rings": 2, "acknowledged_by": None, "acknowledged_at": None, "deadline_for": "answer"},
    ],
    ids=["a talk was told meanwhile", "an attempt", "the customer tried again"],
)
def test_facts_after_the_close_may_change_the_episode(changes: dict[str, Any]) -> None:
    assert list(faults_of_undo(CLOSED, OPEN | changes, [undo()])) == []


@pytest.mark.parametrize("inputs", [[], [undo("ben")], [undo(episode=UUID(int=2))]])
def test_only_the_closers_own_undo_reopens_an_episode(inputs: list[Row]) -> None:
    assert any("did not undo that" in fault for fault in faults_of_undo(CLOSED, OPEN, inputs))
