"""The rules for changes to a closed episode: the person who closed it undoes that, and it goes on as before."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import orjson

from tests.simulation.tables import Row

_REOPEN = "escalation.button.reopen_pressed"
_TEN_MINUTES = timedelta(minutes=10)
_PAST = ("account_id", "order_id", "salesperson", "raised_at", "follows")
_HOLDER = ("acknowledged_by", "acknowledged_at", "talk_due_since")
_NOTIFIED = ("responsible", "step", "repeats", "exhausted_at", "nobody_since")


def faults_of_undo(before: Row, row: Row, inputs: Sequence[Row]) -> Iterator[str]:
    """The forbidden differences between a closed episode and its next state, given the inputs of the commit."""
    pressed = [orjson.loads(one["body"]) for one in inputs if one["type"] == _REOPEN]
    undone = {press["by"] for press in pressed if press["episode"] == str(row["episode_id"])}
    if before["closed_by"] is None or undone != {before["closed_by"]}:
        yield f"a closed episode was changed, and {before['closed_by']} who closed it did not undo that"
    if row["changed_at"] - before["closed_at"] > _TEN_MINUTES:
        yield "a close was undone after more than ten minutes"
    if any(row[name] is not None for name in ("closed_at", "closed_by", "result", "reason")):
        yield "a closed episode was changed and is not open"
    if any(row[name] != before[name] for name in _PAST):
        yield "an undo changed what an episode is about"
    if any(row[name] is not None for name in ("offered_to", "stopped_deadline_at", "stopped_appointment_at")):
        yield "an undo left an offer, or what it restored"
    if len(inputs) == 1 and row["rings"] == before["rings"] and row["rang"]:
        yield from _faults_of_going_on(before, row)


def _faults_of_going_on(before: Row, row: Row) -> Iterator[str]:
    """Without a new alert, the same person has the episode or is notified, with the time that was left."""
    if any(row[name] != before[name] for name in _HOLDER):
        yield "an undo gave an episode to somebody else without a ring"
    left = before["exhausted_at"] is not None and row["responsible"] != before["responsible"]
    if not left and any(row[name] != before[name] for name in _NOTIFIED) and not _is_sought(row):
        yield "an undo asks somebody else without a ring"
    if row["attempts"] < before["attempts"]:
        yield "an undo forgot attempts"
    paused = row["changed_at"] - before["closed_at"]
    clock, at = before["stopped_deadline_for"], before["stopped_deadline_at"]
    if clock in ("answer", "redeem"):
        at += paused
    same = (row["deadline_for"], row["deadline_at"]) == (clock, at)
    if not same and not _may_differ(before, row):
        yield f"an undo left {row['deadline_for']} {row['deadline_at']} of {clock} {at}"


def _is_sought(row: Row) -> bool:
    """Whether an alert waits until the seller, or anyone at all, is known."""
    return row["acknowledged_at"] is None and row["deadline_at"] is None


def _may_differ(before: Row, row: Row) -> bool:
    """Whether a talk or an attempt was reported in between, no talk is due any more, or a new one is due."""
    talked = row["reached_at"] != before["reached_at"] or row["attempts"] > before["attempts"]
    excused = row["deadline_at"] is None and row["acknowledged_at"] is not None
    anew = before["stopped_deadline_at"] is None and row["deadline_for"] == "redeem" and row["reached_at"] is None
    return talked or excused or anew or _is_sought(row)
