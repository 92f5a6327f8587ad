"""The ledger's rows are sent as runs of neighbouring offsets with the same outcome."""

from shared.inputs import Outcome, Position
from shared.journal import runs

APPLIED, DUPLICATE = Outcome.APPLIED, Outcome.DUPLICATE


def test_neighbours_with_the_same_outcome_are_one_run() -> None:
    outcomes = {Position("sales", 0, offset): APPLIED for offset in (7, 5, 6)}
    assert list(runs(outcomes)) == [("sales", 0, 5, 7, "applied")]


def test_gaps_other_outcomes_other_partitions_and_other_topics_separate_runs() -> None:
    outcomes = {
        Position("sales", 0, 1): APPLIED,
        Position("sales", 0, 2): DUPLICATE,
        Position("sales", 0, 3): APPLIED,
        Position("sales", 0, 5): APPLIED,
        Position("sales", 1, 6): APPLIED,
        Position("people", 1, 7): APPLIED,
    }
    assert list(runs(outcomes)) == [
        ("people", 1, 7, 7, "applied"),
        ("sales", 0, 1, 1, "applied"),
        ("sales", 0, 2, 2, "duplicate"),
        ("sales", 0, 3, 3, "applied"),
        ("sales", 0, 5, 5, "applied"),
        ("sales", 1, 6, 6, "applied"),
    ]


def test_no_offsets_make_no_runs() -> None:
    assert list(runs({})) == []
