"""The figures of a back-test, and the conditions on them."""

from datetime import date

import pytest

from services.escalation.replaying.expressions import ExpressionError, condition
from services.escalation.replaying.figures import SORTS, Sort, Spread, spreads
from shared.contracts.escalation import RingCause

FIGURES = {"candidate.first_notifications.p95": 9.0, "current.first_notifications.p95": 6.0, "losses.neither": 0}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("first_notifications.p95 > 8", True),
        ("first_notifications.p95 > 9", False),
        ("first_notifications.p95 >= 9", True),
        ("first_notifications.p95 > current.first_notifications.p95", True),
        ("candidate.first_notifications.p95 <= 9.0", True),
        ("losses.neither > 0 or first_notifications.p95 == 9", True),
        ("losses.neither == 0 and first_notifications.p95 < 9", False),
        ("losses.neither > 0 and losses.neither > 0 or losses.neither != 1", True),
    ],
)
def test_a_condition_compares_figures(text: str, holds: bool) -> None:
    assert condition(text).holds(FIGURES) is holds


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("first_notifications.p95", "not a comparison"),
        ("first_notifications.p95 > 8 and", "not expected here"),
        ("losses.neither > 0 xor losses.neither > 0", "'xor' is not expected here"),
        ("__import__('os')", "is not allowed"),
        ("losses.neither > > 1", "not a comparison"),
    ],
)
def test_a_condition_that_cannot_be_read_says_why(text: str, says: str) -> None:
    with pytest.raises(ExpressionError, match=says):
        condition(text)


def test_an_unknown_figure_is_named_with_the_most_similar_one() -> None:
    with pytest.raises(ExpressionError, match=r"no figure losses\.neiter; did you mean losses\.neither"):
        condition("losses.neiter > 0").holds(FIGURES)


@pytest.mark.parametrize(
    ("counts", "spread"),
    [([], (0, 0, 0, 0)), ([3], (3, 3, 3, 3)), ([1, 2, 3, 10], (2, 10, 10, 16)), ([0] * 19 + [7], (0, 0, 7, 7))],
)
def test_a_spread_is_of_the_nearest_ranks(counts: list[float], spread: tuple[float, ...]) -> None:
    found = Spread.of(counts)
    assert (found.median, found.p95, found.max, found.total) == spread


def test_both_policies_are_spread_over_the_same_days_and_the_desk_stands_apart() -> None:
    monday, tuesday = date(2026, 5, 4), date(2026, 5, 5)
    days = [("anna", monday), ("anna", tuesday), ("desk", monday)]
    people, desk = spreads({("anna", monday): 4, ("desk", monday): 9}, days, "desk")
    assert (people, desk) == (Spread.of([4, 0]), Spread.of([9]))


def test_new_trouble_is_a_first_notification_and_the_path_is_a_later_step() -> None:
    first = {RingCause.SIGNAL, RingCause.SEVERITY, RingCause.CONTACT}
    assert {cause for cause, sort in SORTS.items() if sort is Sort.FIRST} == first
    assert {cause for cause, sort in SORTS.items() if sort is Sort.LATER} == set(SORTS) - first
    assert RingCause.APPOINTMENT not in SORTS
