"""A save window ends the same, in any order of the reports."""

from datetime import timedelta
from itertools import permutations
from random import Random
from typing import Any

import pytest

from shared.contracts import support
from shared.contracts.envelope import Fact
from shared.contracts.support_inbound import ContactPreference
from tests.simulation.database import Database
from tests.simulation.happenings import Report
from tests.simulation.results import ACCOUNT, CANCELLED, DEAD_END, HOUR, REFUND, paid
from tests.simulation.save_windows import faults_of_windows
from tests.simulation.test_save_windows import CANCELLATION, MORNING, Windows

_WITHDRAWN = support.CancellationWithdrawn(case="case-2")
_REPORTS: tuple[tuple[Fact, timedelta], ...] = (
    (REFUND, HOUR),
    (CANCELLATION, 2 * HOUR),
    (_WITHDRAWN, 6 * HOUR),
    (paid(), 4 * HOUR),
    (support.ContactPreferenceChanged(preference=ContactPreference.DO_NOT_CALL), 3 * HOUR),
    (support.ContactPreferenceChanged(preference=ContactPreference.NONE), 6 * HOUR),
    (support.CustomerInsists(case="case-2"), 5 * HOUR),
    (CANCELLED, 4 * HOUR),
)
"""Facts of one morning, with the time since then."""


@pytest.mark.parametrize("seed", range(40))
def test_reports_in_any_order_end_the_same(seed: int) -> None:
    """The order is at risk, and everything is reported after it happened.

    A withdrawal is reported after its request: a request that was settled before it was reported raises no signal. An
    order of reports opens no window if it was over by then.
    """
    chance = Random(seed)
    chosen = [_REPORTS[0], _REPORTS[1], *chance.sample(_REPORTS[2:], chance.randint(1, 3))]
    found = {_end_of(order) for order in chance.sample(list(permutations(chosen)), 6) if _is_reported_in_turn(order)}
    ended = found - {None}
    assert len(ended) <= 1
    assert None not in found or all(one is not None and one[1] is not None for one in ended)


def _is_reported_in_turn(order: tuple[tuple[Fact, timedelta], ...]) -> bool:
    facts = [fact for fact, _ in order]
    return _WITHDRAWN not in facts or facts.index(CANCELLATION) < facts.index(_WITHDRAWN)


def _end_of(order: tuple[tuple[Fact, timedelta], ...]) -> tuple[Any, ...] | None:
    """The window after reports in this order: until when, what ended it and when; None if there is none."""
    story = Windows(Database(MORNING))
    story.begin().report(DEAD_END)
    story.wait(7 * HOUR)
    for fact, after in order:
        story.receive(Report(fact, ACCOUNT, MORNING + after), f"fact-{_REPORTS.index((fact, after))}")
        assert list(faults_of_windows(story.database)) == []
    row = next(iter(story.rows), None)
    return None if row is None else (row["until"], row["ended"], row["ended_at"])
