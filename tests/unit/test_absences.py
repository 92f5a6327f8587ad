"""A future absence: a person who would be notified during it is skipped, and no deadline runs across it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.escalation.domain.calendar import WorkingTime
from services.escalation.domain.clocks import (
    Moment,
    Talk,
    after_absence,
    answer_by,
    extended,
    no_hour_in_common,
    notifiable_at,
    redeem_by,
)
from services.escalation.domain.entities import Order, Salesperson
from services.escalation.domain.ladder import available_steps, ladder_steps
from services.escalation.domain.next_step import NextStep, Situation, whom
from services.escalation.domain.policy.document import shipped
from services.escalation.domain.policy.model import TeamMode
from shared.contracts.escalation import Severity, Step
from tests.builders import AT

POLICY = shipped()
HIGH, CRITICAL = Severity.HIGH, Severity.CRITICAL
HOUR = timedelta(hours=1)
OFFICE = '[{"days": ["mon", "tue", "wed", "thu", "fri"], "start": "09:00", "end": "17:00"}]'
ALWAYS = '[{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "start": "00:00", "end": "24:00"}]'
ORDER = Order("4711", "c-17", "anna", AT, 100, "EUR", "Heat pump", AT, customer_zone="Europe/Berlin")


def person(id: str, **changes: object) -> Salesperson:
    email, zone = f"{id}@sales.example", "Europe/Berlin"
    known = Salesperson(id, AT, id.title(), None, email, None, None, zone, OFFICE, True, None, None)
    return replace(known, **changes)  # type: ignore[arg-type]


def away(since: str, until: str) -> str:
    return f'[{{"since": "{since}", "until": "{until}"}}]'


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)


TALK = Talk(ORDER, POLICY)
TWO_WEEKS = away("2026-06-08", "2026-06-19")
ANNA = person("anna", backup="ben", away=TWO_WEEKS)
WOKEN = replace(ANNA, rings_off_hours=True)
LEAVES = berlin("2026-06-08T00:00")


def first_notified(seller: Salesperson, now: datetime, severity: Severity = HIGH) -> tuple[str | None, str | None]:
    """Who is notified first, and why the seller is not."""
    people = {"anna": seller, "ben": person("ben"), "desk": person("desk")}
    moment = Moment(now, severity, POLICY)
    found = ladder_steps(ORDER, people, desk="desk", moment=moment, mode=TeamMode.ON)
    assert found is not None
    first = whom(available_steps(found), Situation(ORDER, people, moment))
    assert isinstance(first, NextStep)
    return first.ladder_step.salesperson_id, next((ladder_step.skipped for ladder_step in first.passed_over), None)


UNTIL_THEN = ("ben", "Anna is away until 19 June")


@pytest.mark.parametrize(
    ("seller", "now", "severity", "expected"),
    [
        pytest.param(ANNA, "2026-06-05T16:50", HIGH, ("anna", None), id="on the last day, at work"),
        pytest.param(ANNA, "2026-06-05T18:30", HIGH, UNTIL_THEN, id="on the last evening"),
        pytest.param(ANNA, "2026-06-07T12:00", HIGH, UNTIL_THEN, id="on the last Sunday"),
        pytest.param(ANNA, "2026-06-08T10:00", HIGH, UNTIL_THEN, id="away"),
        pytest.param(ANNA, "2026-06-19T18:30", HIGH, ("anna", None), id="back before anybody could be rung"),
        pytest.param(ANNA, "2026-06-07T12:00", CRITICAL, UNTIL_THEN, id="critical, but not off hours"),
        pytest.param(WOKEN, "2026-06-07T12:00", CRITICAL, ("anna", None), id="critical, and woken before it"),
        pytest.param(WOKEN, "2026-06-07T23:30", CRITICAL, UNTIL_THEN, id="critical, and the customer sleeps until it"),
        pytest.param(WOKEN, "2026-06-07T12:00", HIGH, UNTIL_THEN, id="woken for what is critical alone"),
        pytest.param(
            replace(ANNA, away=away("2026-06-06", "2026-06-07")),
            "2026-06-05T18:30",
            HIGH,
            ("anna", None),
            id="away on a weekend is at work on Monday",
        ),
        pytest.param(
            replace(ANNA, away=away("2026-06-09", "2026-06-19"), days_off='["2026-06-08"]'),
            "2026-06-05T18:30",
            HIGH,
            UNTIL_THEN,
            id="a day off before it",
        ),
        pytest.param(
            replace(ANNA, away=away("2026-10-26", "2026-10-30")),
            "2026-10-25T01:30",
            HIGH,
            ("ben", "Anna is away until 30 October"),
            id="the clock goes back on the last Sunday",
        ),
    ],
)
def test_a_person_is_skipped_on_a_day_of_their_absence(
    seller: Salesperson, now: str, severity: Severity, expected: tuple[str, str | None]
) -> None:
    assert first_notified(seller, berlin(now), severity) == expected


def test_an_absence_counts_by_the_days_in_the_persons_zone() -> None:
    far = replace(ANNA, away=away("2026-05-05", "2026-05-05"), zone="Pacific/Auckland", working_hours=ALWAYS)
    midnight = datetime(2026, 5, 4, 12, tzinfo=UTC)
    assert first_notified(far, midnight - timedelta(minutes=1))[0] == "anna"
    assert first_notified(far, midnight)[0] == "ben"
    assert first_notified(far, midnight + timedelta(days=1))[0] == "anna"
    over_new_year = replace(ANNA, away=away("2026-05-01", "2027-01-02"))
    assert first_notified(over_new_year, AT)[1] == "Anna is away until 2 January 2027"
    without_end = replace(ANNA, away=f"{away('2026-05-01', '9999-12-31')[:-1]}, {away('2026-06-01', '2026-06-02')[1:]}")
    assert first_notified(without_end, AT)[1] == "Anna is away until 31 December 9999"


FRIDAY = berlin("2026-06-05T16:50")


@pytest.mark.parametrize(
    ("absent", "start", "expected"),
    [
        pytest.param(TWO_WEEKS, "2026-06-05T16:50", "2026-06-08T00:00", id="it ends when the absence begins"),
        pytest.param(TWO_WEEKS, "2026-06-05T15:30", "2026-06-05T16:30", id="it ends before"),
        pytest.param(away("2026-06-06", "2026-06-19"), "2026-06-05T16:50", "2026-06-06T00:00", id="from a Saturday on"),
        pytest.param(away("2026-06-06", "2026-06-07"), "2026-06-05T16:50", "2026-06-08T09:50", id="on a weekend alone"),
        pytest.param(TWO_WEEKS, "2026-06-10T10:00", "2026-06-10T11:00", id="who acts while away is there"),
        pytest.param(away("2026-03-30", "2026-04-03"), "2026-03-27T16:50", "2026-03-30T00:00", id="the clock forward"),
        pytest.param(away("2026-10-26", "2026-10-30"), "2026-10-23T16:50", "2026-10-26T00:00", id="the clock back"),
    ],
)
def test_the_time_to_respond_does_not_run_across_an_absence(absent: str, start: str, expected: str) -> None:
    anna = replace(ANNA, away=absent)
    assert answer_by(anna, Step.SELLER, HIGH, POLICY, berlin(start)) == berlin(expected)


def test_nor_does_the_time_to_reach_the_customer_or_the_extension_by_an_attempt() -> None:
    assert redeem_by(ANNA, HIGH, TALK, FRIDAY) == LEAVES
    assert redeem_by(replace(ANNA, away="[]"), HIGH, TALK, FRIDAY) == berlin("2026-06-08T12:50")
    assert extended(ANNA, HIGH, FRIDAY, TALK, FRIDAY) == LEAVES


def test_an_absent_person_would_be_notified_on_their_return() -> None:
    assert notifiable_at(ANNA, ORDER, HIGH, POLICY, berlin("2026-06-08T10:00")) == berlin("2026-06-22T09:00")
    assert notifiable_at(WOKEN, ORDER, CRITICAL, POLICY, berlin("2026-06-08T10:00")) == berlin("2026-06-20T08:00")


def test_an_absence_within_the_bound_only_pauses_the_deadline() -> None:
    one_day = replace(ANNA, away=away("2026-06-09", "2026-06-09"))
    monday, wednesday = berlin("2026-06-08T16:00"), berlin("2026-06-10T16:00")
    assert answer_by(one_day, Step.SELLER, Severity.WATCH, POLICY, monday) == wednesday
    assert redeem_by(one_day, Severity.WATCH, TALK, monday) == wednesday
    assert redeem_by(one_day, HIGH, TALK, monday) == berlin("2026-06-09T00:00"), "four hours are less than a day"


def test_the_rest_of_a_deadline_passes_after_an_absence_reported_later() -> None:
    now, due = berlin("2026-06-08T10:00"), berlin("2026-06-08T16:00")
    today = replace(ANNA, away=away("2026-06-08", "2026-06-08"))
    assert after_absence(today, Severity.WATCH, TALK, due, now) == berlin("2026-06-09T15:00")


LATE = replace(ORDER, customer_zone="America/Sao_Paulo")  # 08:00 there is 12:00 or 13:00 in Berlin
HALF_PAST_FOUR = berlin("2026-01-12T16:30")
NIGHTS = replace(ANNA, away="[]", working_hours=OFFICE.replace("09:00", "22:00").replace("17:00", "06:00"))


@pytest.mark.parametrize(
    ("taker", "severity", "talk", "expected"),
    [
        pytest.param(
            replace(ANNA, away="[]"), HIGH, Talk(LATE, POLICY), "2026-01-13T15:30", id="thirty minutes today, the rest"
        ),
        pytest.param(
            replace(ANNA, away="[]"), HIGH, Talk(LATE, POLICY, by_phone=False), "2026-01-13T12:30", id="not by phone"
        ),
        pytest.param(replace(WOKEN, away="[]"), CRITICAL, Talk(LATE, POLICY), "2026-01-12T17:30", id="who is woken"),
        pytest.param(NIGHTS, HIGH, Talk(ORDER, POLICY), "2026-01-13T08:30", id="no hour in common"),
        pytest.param(None, HIGH, Talk(LATE, POLICY), "2026-01-12T20:30", id="whom the directory does not know"),
    ],
)
def test_a_talk_is_due_within_hours_of_both_acknowledger_and_customer(
    taker: Salesperson | None, severity: Severity, talk: Talk, expected: str
) -> None:
    assert redeem_by(taker, severity, talk, HALF_PAST_FOUR) == berlin(expected)


def test_a_lack_of_common_hours_is_detected() -> None:
    assert no_hour_in_common(NIGHTS, HIGH, Talk(ORDER, POLICY), HALF_PAST_FOUR)
    assert not no_hour_in_common(NIGHTS, HIGH, Talk(ORDER, POLICY, by_phone=False), HALF_PAST_FOUR)
    assert not no_hour_in_common(replace(ANNA, away="[]"), HIGH, Talk(LATE, POLICY), HALF_PAST_FOUR)


def test_an_absence_begins_with_its_first_day_in_the_persons_zone() -> None:
    hours = WorkingTime("Pacific/Auckland", away=((AT.date(), AT.date()),))
    assert hours.next_absence(AT - timedelta(days=2)) == datetime(2026, 5, 3, 12, tzinfo=UTC)
    assert hours.next_absence(datetime(2026, 5, 3, 12, tzinfo=UTC)) is None, "the absence has begun"
    assert WorkingTime("UTC").next_absence(AT) is None
