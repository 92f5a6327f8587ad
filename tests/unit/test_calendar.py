"""Working time: which times count as work, and the instant at which a span of it has passed."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.escalation.domain.calendar import WorkingTime, calendar_of, company_calendar
from services.escalation.domain.calling import CallingHours
from services.escalation.domain.entities import Salesperson
from services.escalation.domain.openings import public_holidays
from services.escalation.domain.policy.model import Company
from shared.contracts.people_parts import Day, WorkingHours
from tests.builders import AT

WEEK = tuple(Day)
OFFICE = WorkingHours(days=WEEK[:5], start="09:00", end="17:30")


def daily(start: str, end: str) -> WorkingHours:
    return WorkingHours(days=WEEK, start=start, end=end)


BERLIN = WorkingTime("Europe/Berlin", (OFFICE,), "DE", "BY")
AUCKLAND = WorkingTime("Pacific/Auckland", (OFFICE,), "NZ")
NIGHTS = WorkingTime("Europe/Berlin", (daily("01:00", "04:00"),))
IN_THE_GAP = WorkingTime("Europe/Berlin", (daily("02:30", "04:00"),))
UNTIL_THE_GAP = WorkingTime("Europe/Berlin", (daily("01:00", "02:30"),))
OVERLAPPING = WorkingTime("UTC", (daily("09:00", "12:00"), daily("10:00", "11:00"), daily("12:00", "13:00")))
ALWAYS = WorkingTime("Europe/Berlin", country="DE")
COMPANY = Company(zone="UTC")
NIGHT_SHIFT = WorkingTime("UTC", (WorkingHours(days=WEEK[:5], start="22:00", end="06:00"),))
UNTIL_LATE = WorkingHours(days=WEEK[:5], start="22:00", end="23:59")
AND_ON = WorkingHours(days=WEEK[1:6], start="00:00", end="06:00")


def local(zone: str, text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def berlin(text: str, fold: int = 0) -> datetime:
    return local("Europe/Berlin", text, fold)


@pytest.mark.parametrize(
    ("calendar", "start", "minutes", "expected"),
    [
        pytest.param(BERLIN, berlin("2026-05-08T16:30"), 240, berlin("2026-05-11T12:00"), id="Friday to Monday"),
        pytest.param(BERLIN, berlin("2026-05-08T16:30"), 60, berlin("2026-05-08T17:30"), id="to the end of the hours"),
        pytest.param(BERLIN, berlin("2026-05-08T17:30"), 1, berlin("2026-05-11T09:01"), id="from the end of the hours"),
        pytest.param(BERLIN, berlin("2026-05-09T12:00"), 60, berlin("2026-05-11T10:00"), id="from a weekend"),
        pytest.param(BERLIN, berlin("2026-05-09T12:00"), 0, berlin("2026-05-09T12:00"), id="no time at all"),
        pytest.param(BERLIN, berlin("2026-04-30T17:00"), 60, berlin("2026-05-04T09:30"), id="over a holiday"),
        pytest.param(BERLIN, berlin("2026-06-03T17:00"), 60, berlin("2026-06-05T09:30"), id="over a region's holiday"),
        pytest.param(
            WorkingTime("Europe/Berlin", (OFFICE,), "DE", "BE"),
            berlin("2026-06-03T17:00"),
            60,
            berlin("2026-06-04T09:30"),
            id="a holiday of another region",
        ),
        pytest.param(
            BERLIN, berlin("2027-03-25T17:00"), 60, berlin("2027-03-30T09:30"), id="Easter with the clock change in it"
        ),
        pytest.param(NIGHTS, berlin("2026-03-29T01:00"), 120, berlin("2026-03-29T04:00"), id="an hour that is not"),
        pytest.param(NIGHTS, berlin("2026-10-25T01:00"), 240, berlin("2026-10-25T04:00"), id="an hour that is twice"),
        pytest.param(IN_THE_GAP, berlin("2026-03-29T00:00"), 60, berlin("2026-03-29T04:00"), id="opens in the gap"),
        pytest.param(UNTIL_THE_GAP, berlin("2026-03-29T00:00"), 60, berlin("2026-03-29T03:00"), id="ends in the gap"),
        pytest.param(
            UNTIL_THE_GAP, berlin("2026-10-25T01:00"), 120, berlin("2026-10-25T02:30", fold=1), id="ends in both hours"
        ),
        pytest.param(ALWAYS, berlin("2026-03-28T12:00"), 1440, berlin("2026-03-29T13:00"), id="a day is 24 real hours"),
        pytest.param(ALWAYS, berlin("2026-05-01T12:00"), 60, berlin("2026-05-01T13:00"), id="always, on a holiday too"),
        pytest.param(
            AUCKLAND,
            local("Pacific/Auckland", "2026-02-05T17:00"),
            60,
            local("Pacific/Auckland", "2026-02-09T09:30"),
            id="far from UTC, over Waitangi Day and a weekend",
        ),
        pytest.param(
            AUCKLAND,
            local("Pacific/Auckland", "2025-12-31T17:00"),
            60,
            local("Pacific/Auckland", "2026-01-05T09:30"),
            id="over a new year that begins on another day in UTC",
        ),
        pytest.param(
            WorkingTime("Pacific/Apia", (daily("09:00", "17:00"),)),
            local("Pacific/Apia", "2011-12-29T16:00"),
            120,
            local("Pacific/Apia", "2011-12-31T10:00"),
            id="a day that never was",
        ),
        pytest.param(
            OVERLAPPING,
            datetime(2026, 5, 4, 8, tzinfo=UTC),
            240,
            datetime(2026, 5, 4, 13, tzinfo=UTC),
            id="periods that overlap count once",
        ),
        pytest.param(
            WorkingTime("Europe/Berlin", days_off=frozenset({date(2026, 5, 5)})),
            berlin("2026-05-04T23:00"),
            120,
            berlin("2026-05-06T01:00"),
            id="a day off of somebody without hours",
        ),
        pytest.param(
            WorkingTime("Europe/Berlin", (OFFICE,), away=((date(2026, 5, 5), date(2026, 5, 14)),)),
            berlin("2026-05-04T17:00"),
            60,
            berlin("2026-05-15T09:30"),
            id="an absence, both days included",
        ),
        pytest.param(
            NIGHT_SHIFT,
            datetime(2026, 5, 4, 21, 59, tzinfo=UTC),
            480,
            datetime(2026, 5, 5, 6, tzinfo=UTC),
            id="eight hours of a night",
        ),
        pytest.param(
            NIGHT_SHIFT,
            datetime(2026, 5, 9, 5, tzinfo=UTC),
            120,
            datetime(2026, 5, 11, 23, tzinfo=UTC),
            id="the night to Saturday is the last of the week",
        ),
        pytest.param(
            WorkingTime("UTC", (UNTIL_LATE, AND_ON)),
            datetime(2026, 5, 4, 21, 59, tzinfo=UTC),
            480,
            datetime(2026, 5, 5, 6, tzinfo=UTC),
            id="the last minute of a day is told as its end",
        ),
        pytest.param(
            WorkingTime("Europe/Berlin", (WorkingHours(days=WEEK, start="22:00", end="06:00"),)),
            berlin("2026-03-28T22:00"),
            480,
            berlin("2026-03-29T22:00") + timedelta(hours=1),
            id="a night with an hour that is not",
        ),
        pytest.param(BERLIN, berlin("2026-05-04T09:00"), 600_000, berlin("2031-01-09T13:00"), id="ten thousand hours"),
    ],
)
def test_a_span_of_working_time_has_passed_at(
    calendar: WorkingTime, start: datetime, minutes: int, expected: datetime
) -> None:
    assert calendar.after(start, timedelta(minutes=minutes)) == expected


def test_hours_are_half_open() -> None:
    assert BERLIN.is_open(berlin("2026-05-04T09:00"))
    assert BERLIN.is_open(berlin("2026-05-04T17:30") - timedelta(microseconds=1))
    assert not BERLIN.is_open(berlin("2026-05-04T17:30"))
    assert not BERLIN.is_open(berlin("2026-05-04T09:00") - timedelta(microseconds=1))
    assert BERLIN.next_open(berlin("2026-05-08T17:30")) == berlin("2026-05-11T09:00")
    assert BERLIN.next_open(berlin("2026-05-04T10:00")) == berlin("2026-05-04T10:00")


def test_an_absence_lasts_over_periods_that_follow_or_overlap() -> None:
    periods = ((date(2026, 5, 5), date(2026, 5, 6)), (date(2026, 5, 1), date(2026, 5, 4)))
    away = WorkingTime("Pacific/Auckland", away=(*periods, (date(2026, 5, 6), date(2026, 5, 8))))
    assert away.away_on(datetime(2026, 4, 30, 11, 59, tzinfo=UTC)) is None
    assert away.away_on(datetime(2026, 4, 30, 12, tzinfo=UTC)) == date(2026, 5, 8)
    assert away.away_on(datetime(2026, 5, 8, 12, tzinfo=UTC)) is None
    assert BERLIN.away_on(AT) is None


def test_an_absence_longer_than_the_longest_pause_is_not_waited_for() -> None:
    gone = WorkingTime("UTC", (OFFICE,), away=((date(2026, 1, 1), date(2099, 12, 31)),))
    assert not gone.is_open(AT)
    assert gone.next_open(AT) == AT
    assert gone.after(AT, timedelta(hours=4)) == AT + timedelta(hours=4)
    for_a_year = WorkingTime("UTC", (OFFICE,), away=((date(2026, 1, 1), date(2026, 12, 31)),))
    assert for_a_year.next_open(AT) == datetime(2027, 1, 1, 9, tzinfo=UTC)


def test_the_longest_time_a_policy_can_ask_for_ends() -> None:
    rarely = WorkingTime("UTC", (WorkingHours(days=(Day.MONDAY,), start="09:00", end="10:00"),))
    assert rarely.after(AT, timedelta(hours=999_999)) > datetime(2200, 1, 1, tzinfo=UTC)


def test_an_unknown_region_has_its_countrys_holidays_and_an_unknown_country_none() -> None:
    assert date(2026, 6, 4) in public_holidays("DE", "BY", 2026)
    assert public_holidays("DE", "ZZ", 2026) == public_holidays("DE", None, 2026)
    assert date(2026, 5, 1) in public_holidays("DE", "ZZ", 2026)
    assert public_holidays("XX", None, 2026) == public_holidays("XX", "BY", 2026) == frozenset()


def test_customers_may_be_called_between_two_times_of_their_own_day() -> None:
    hours = CallingHours("America/New_York", "09:00", "20:00")
    assert hours.is_open(datetime(2026, 5, 4, 23, 59, tzinfo=UTC))
    assert not hours.is_open(datetime(2026, 5, 5, 0, tzinfo=UTC))
    assert hours.next_open(datetime(2026, 5, 5, 0, tzinfo=UTC)) == datetime(2026, 5, 5, 13, tzinfo=UTC)


def test_a_persons_calendar_is_read_from_the_stored_hours_and_cached() -> None:
    hours = '[{"days": ["mon", "tue"], "start": "09:00", "end": "17:00"}]'
    away = '[{"since": "2026-05-05", "until": "2026-05-06"}]'
    known = Salesperson("anna", AT, "Anna", None, None, None, None, "Europe/Berlin", hours, True, None, None)
    absent = Salesperson(
        "ben",
        AT,
        "Ben",
        None,
        None,
        None,
        None,
        "UTC",
        hours,
        True,
        None,
        None,
        None,
        away,
        '["2026-05-11"]',
        "DE",
        "BY",
    )
    assert calendar_of(known, COMPANY) is calendar_of(known, COMPANY)
    assert calendar_of(known, COMPANY).next_open(berlin("2026-05-06T10:00")) == berlin("2026-05-11T09:00")
    assert calendar_of(absent, COMPANY).next_open(datetime(2026, 5, 4, 17, tzinfo=UTC)) == datetime(
        2026, 5, 12, 9, tzinfo=UTC
    )


def test_the_companys_calendar_comes_from_its_policy() -> None:
    company = Company(zone="Europe/Berlin", working_hours=(OFFICE,), country="DE", region="BY")
    assert company_calendar(company) == BERLIN


GERMAN_NIGHTS = replace(NIGHT_SHIFT, zone="Europe/Berlin", country="DE")


@pytest.mark.parametrize(
    ("calendar", "start", "expected"),
    [
        pytest.param(
            GERMAN_NIGHTS,
            "2026-04-30T12:00",
            ("2026-04-30T22:00", "2026-05-01T06:00"),
            id="begun before a holiday it runs to its end",
        ),
        pytest.param(
            GERMAN_NIGHTS,
            "2026-05-01T06:00",
            ("2026-05-04T22:00", "2026-05-05T06:00"),
            id="the holiday's own does not start, nor end on the day after",
        ),
        pytest.param(
            replace(NIGHT_SHIFT, zone="Europe/Berlin", days_off=frozenset({date(2026, 5, 6)})),
            "2026-05-05T12:00",
            ("2026-05-05T22:00", "2026-05-06T06:00"),
            id="begun before a day off",
        ),
        pytest.param(
            replace(NIGHT_SHIFT, zone="Europe/Berlin", away=((date(2026, 5, 6), date(2026, 5, 6)),)),
            "2026-05-05T12:00",
            ("2026-05-05T22:00", "2026-05-06T00:00"),
            id="an absence cuts it",
        ),
        pytest.param(
            replace(NIGHT_SHIFT, zone="Europe/Berlin", away=((date(2026, 5, 6), date(2026, 5, 6)),)),
            "2026-05-06T00:00",
            ("2026-05-07T22:00", "2026-05-08T06:00"),
            id="whoever was away did not begin one",
        ),
        pytest.param(
            GERMAN_NIGHTS,
            "2026-12-31T12:00",
            ("2026-12-31T22:00", "2027-01-01T06:00"),
            id="over the new year",
        ),
    ],
)
def test_hours_over_midnight_belong_to_the_day_on_which_they_start(
    calendar: WorkingTime, start: str, expected: tuple[str, str]
) -> None:
    assert calendar.opening(berlin(start)) == (berlin(expected[0]), berlin(expected[1]))
