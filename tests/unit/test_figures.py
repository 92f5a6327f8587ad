"""Figures of episodes: each outcome once, times with their number and what is still open, money once for an order."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.escalation.domain.calendar import WorkingTime
from services.escalation.domain.figures.cells import By, Cell, cells
from services.escalation.domain.figures.episodes import EpisodeRow, Outcome, counted
from services.escalation.domain.figures.export import csv_lines, json_values
from services.escalation.domain.figures.figures import Figures, figures
from services.escalation.domain.figures.words import cell_words, lines, span
from services.escalation.domain.results import ResultState
from shared.contracts.escalation import EpisodeResult, SignalKind
from shared.contracts.people_parts import Day, WorkingHours

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OFFICE = WorkingTime("UTC", (WorkingHours(days=tuple(Day)[:5], start="09:00", end="17:00"),))
MONDAY = datetime.fromisoformat("2026-05-04T09:00:00Z")
NOW = MONDAY + 7 * DAY
FIRST = EpisodeRow(
    episode_id=UUID(int=1),
    order_id="4711",
    seller="anna",
    responsible="anna",
    cause=SignalKind.CONTACT_DEAD_ENDED,
    began_at=MONDAY - 2 * DAY,
    raised_at=MONDAY,
    closed_at=None,
    result=None,
    state=None,
    requested=True,
    not_ours=False,
    tried=False,
    rings=1,
    notified_at=MONDAY,
    acknowledged_at=None,
    acknowledged_by=None,
    talked_at=None,
    talked_by=None,
    at_stake_minor=100_000,
    given_minor=0,
    currency="EUR",
    segment=None,
    products=("Heat pump",),
)


def row(number: int, **changes: Any) -> EpisodeRow:
    return replace(FIRST, episode_id=UUID(int=number), order_id=f"47{number:02}", **changes)


def closed(number: int, state: ResultState | None, result: EpisodeResult, **changes: Any) -> EpisodeRow:
    return row(number, closed_at=NOW, state=state, result=result, **changes)


def of(*rows: EpisodeRow) -> Figures:
    return figures(counted(rows, lambda _: OFFICE), lambda _: OFFICE, NOW)


@pytest.mark.parametrize(
    ("state", "result", "outcome"),
    [
        (ResultState.PROVISIONAL, EpisodeResult.SAVED, Outcome.PROVISIONAL),
        (ResultState.PROVEN, EpisodeResult.SAVED, Outcome.PROVEN),
        (ResultState.RELAPSED, EpisodeResult.SAVED, Outcome.RELAPSED),
        (None, EpisodeResult.SAVED, Outcome.PROVISIONAL),
        (ResultState.LOST, EpisodeResult.LOST, Outcome.LOST),
        (ResultState.WON_BACK, EpisodeResult.LOST, Outcome.WON_BACK),
        (ResultState.FALSE_ALARM, EpisodeResult.FALSE_ALARM, Outcome.FALSE_ALARM),
        (ResultState.MISSED, EpisodeResult.FALSE_ALARM, Outcome.FALSE_ALARM),
        (None, EpisodeResult.CAUSE_GONE, Outcome.CAUSE_GONE),
    ],
)
def test_each_episode_has_one_outcome(state: ResultState | None, result: EpisodeResult, outcome: Outcome) -> None:
    found = of(closed(1, state, result)).episodes
    assert {one: count for one, count in found.by_outcome.items() if count} == {outcome: 1}


def test_that_an_alarm_was_missed_is_in_no_figure_of_a_group() -> None:
    missed = of(closed(1, ResultState.MISSED, EpisodeResult.FALSE_ALARM))
    assert missed == of(closed(1, ResultState.FALSE_ALARM, EpisodeResult.FALSE_ALARM))


def test_times_are_working_time_and_the_customers_wait_runs_day_and_night() -> None:
    found = of(
        row(
            1,
            acknowledged_at=MONDAY + 30 * HOUR,  # Tuesday 15:00
            acknowledged_by="anna",
            talked_at=MONDAY + 49 * HOUR,  # Wednesday 10:00
            talked_by="anna",
        )
    )
    assert found.acknowledgement.median == 14 * HOUR
    assert found.talk.median == 17 * HOUR
    assert found.customers_wait.median == 4 * DAY + HOUR


def test_percentiles_are_the_nearest_rank_and_open_ones_are_not_among_them() -> None:
    talked = [row(one, talked_at=MONDAY + one * HOUR, talked_by="anna") for one in range(1, 6)]
    still = [row(10), row(11, notified_at=MONDAY + DAY, responsible="ben")]
    ended = closed(12, None, EpisodeResult.CAUSE_GONE)
    found = of(*talked, *still, ended).talk
    assert (found.count, found.median, found.p90) == (5, 3 * HOUR, 5 * HOUR)
    assert (found.open, found.longest_open) == (2, 40 * HOUR), "a week of five days"
    nobody = of(ended).talk
    assert (nobody.count, nobody.median, nobody.open, nobody.longest_open) == (0, None, 0, None)


def test_a_talk_before_the_alert_took_no_time() -> None:
    found = of(row(1, talked_at=MONDAY - 3 * DAY, talked_by="ben"))
    assert (found.talk.median, found.customers_wait.median) == (timedelta(0), timedelta(0))


def test_money_counts_once_for_an_order_with_its_latest_episode() -> None:
    lost = closed(1, ResultState.LOST, EpisodeResult.LOST, given_minor=5_000)
    again = replace(row(2, raised_at=MONDAY + DAY), order_id=lost.order_id)
    other = closed(3, ResultState.PROVEN, EpisodeResult.SAVED, currency="USD")
    alarm = replace(closed(4, None, EpisodeResult.FALSE_ALARM, raised_at=NOW), order_id=other.order_id)
    money = of(lost, again, other, alarm).money
    assert money.at_risk == {"EUR": 100_000}, "lost once, and at risk again"
    assert money.lost == {}
    assert money.kept == {"USD": 100_000}, "a false alarm puts no money at stake"
    assert money.given_away == {"EUR": 5_000}


def test_a_save_that_is_not_proven_is_still_at_risk_and_a_relapse_is_lost() -> None:
    money = of(
        closed(1, ResultState.PROVISIONAL, EpisodeResult.SAVED),
        closed(2, ResultState.RELAPSED, EpisodeResult.SAVED),
        closed(3, ResultState.WON_BACK, EpisodeResult.LOST),
    ).money
    assert (money.at_risk, money.kept, money.lost) == ({"EUR": 100_000}, {}, {"EUR": 200_000})


def test_what_is_not_ours_to_save_stands_apart() -> None:
    found = of(row(1, not_ours=True, rings=3, given_minor=1), row(2))
    assert found.not_ours == 1
    assert replace(found, not_ours=0) == of(row(2))


def test_requests_are_counted_apart() -> None:
    found = of(row(1, tried=True), row(2, requested=False), closed(3, ResultState.LOST, EpisodeResult.LOST))
    assert (found.requests.total, found.requests.attempted) == (2, 1)
    assert found.requests.by_outcome[Outcome.LOST] == 1
    assert found.episodes.total == 3


def test_figures_in_words_and_as_values() -> None:
    talked = row(1, talked_at=MONDAY + 3 * HOUR, talked_by="anna", tried=True)
    found = of(talked, row(2))
    words = dict(lines(found))
    assert words["Time to talk, working time"] == "median 3 h, 90% within 3 h (n = 1); 1 open, longest so far 40 h"
    assert words["Time to talk, customer's clock"].endswith("(n = 1); 1 open, longest so far 9 days")
    assert words["Time to acknowledge"] == "none yet; 2 open, longest so far 40 h"
    assert words["Requests"] == "2: 1 attempted; 2 open"
    assert words["Money at risk"] == "€2,000"
    values = json_values(found)
    assert values["to_talk"] == {
        "count": 1,
        "open": 1,
        "median_seconds": 10_800,
        "p90_seconds": 10_800,
        "longest_open_seconds": 144_000,
    }
    head, line = csv_lines("product", [("=Heat pump", 8, found)])
    by_name = dict(zip(head, line, strict=True))
    assert by_name["product"] == "'=Heat pump", "no formula"
    assert by_name["to_acknowledge_median_seconds"] == ""
    assert by_name["requests_attempted"] == 1
    assert by_name["money_minor_at_risk_EUR"] == 200_000


@pytest.mark.parametrize(
    ("length", "working", "elapsed"),
    [
        (timedelta(seconds=59), "under 1 min", "under 1 min"),
        (timedelta(minutes=12), "12 min", "12 min"),
        (timedelta(minutes=200), "3 h 20 min", "3 h 20 min"),
        (timedelta(hours=72), "72 h", "3 days"),
    ],
)
def test_working_time_has_no_days(length: timedelta, working: str, elapsed: str) -> None:
    assert (span(length), span(length, days=True)) == (working, elapsed)


def test_cells_have_names_for_people() -> None:
    def named(by: By, *names: str) -> str:
        return cell_words(Cell(names, frozenset(), ()), by, {"mona": "Mona Weiss"})

    assert named(By.TEAM, "mona") == "Mona Weiss' team"
    assert named(By.TEAM, "mona", "no_team") == "Mona Weiss' team, No manager"
    assert named(By.CAUSE, "contact_dead_ended") == "Dead end"
    assert named(By.MONTH, "2026-04", "2026-05", "2026-06") == "April 2026 to June 2026"
    assert named(By.PRODUCT, *"abcd") == "4 small groups together"


def test_an_order_with_several_products_is_in_one_cell() -> None:
    sellers = [row(one, seller=f"s{one}", products=("a", "b") if one > 3 else ("a",)) for one in range(1, 7)]
    found = cells(counted(sellers, lambda _: OFFICE), By.PRODUCT, {}, 3)
    assert [one.names for one in found] == [("a",), ("several_products",)]
