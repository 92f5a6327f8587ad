"""Laws of working time for any hours, holidays and absences."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import assume, given
from hypothesis import strategies as st

from services.escalation.domain.calendar import WorkingTime
from services.escalation.domain.openings import public_holidays
from services.escalation.domain.overlaps import after_overlapping, overlapping
from shared.contracts.people_parts import Day, WorkingHours
from tests.examples import examples

WEEK = tuple(Day)
TIMES = [f"{hour:02}:{minute:02}" for hour in range(24) for minute in (0, 30)]
HOURS = st.builds(
    lambda days, times: WorkingHours(days=tuple(days), start=times[0], end=times[1]),
    st.lists(st.sampled_from(WEEK), min_size=1, max_size=7),
    st.lists(st.sampled_from(TIMES), min_size=2, max_size=2, unique=True),
)
DATES = st.dates(date(2026, 1, 1), date(2026, 12, 31))
CALENDARS = st.builds(
    WorkingTime,
    st.sampled_from(["UTC", "Europe/Berlin", "Pacific/Auckland", "America/St_Johns", "Australia/Lord_Howe"]),
    st.lists(HOURS, max_size=4).map(tuple),
    st.sampled_from([None, "DE", "NZ"]),
    days_off=st.frozensets(DATES, max_size=3),
    away=st.lists(st.tuples(DATES, st.integers(0, 20)).map(lambda it: (it[0], it[0] + timedelta(it[1])))).map(tuple),
)
INSTANTS = st.integers(0, 364 * 24 * 3600).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
SPANS = st.integers(0, 200 * 60).map(lambda minutes: timedelta(minutes=minutes))


@examples(40)
@given(CALENDARS, INSTANTS, SPANS, SPANS)
def test_working_time_adds_up(calendar: WorkingTime, start: datetime, one: timedelta, other: timedelta) -> None:
    assert calendar.after(calendar.after(start, one), other) == calendar.after(start, one + other)


@examples(40)
@given(CALENDARS, INSTANTS, SPANS, SPANS)
def test_the_working_time_between_two_instants_is_what_passed_from_one_to_the_other(
    calendar: WorkingTime, start: datetime, working: timedelta, more: timedelta
) -> None:
    middle = calendar.after(start, working)
    end = middle + more
    assert calendar.worked(start, middle) == working
    assert calendar.worked(start, end) == working + calendar.worked(middle, end)
    assert calendar.worked(end, start) == timedelta(0)
    assert calendar.worked(middle, end) <= more


@examples(40)
@given(CALENDARS, INSTANTS, SPANS, SPANS)
def test_later_starts_and_longer_times_never_end_earlier(
    calendar: WorkingTime, start: datetime, later: timedelta, working: timedelta
) -> None:
    end = calendar.after(start, working)
    assert calendar.after(start + later, working) >= end >= start + working
    assert calendar.after(start, working + later) >= end


@examples(40)
@given(CALENDARS, INSTANTS, SPANS)
def test_working_time_ends_while_it_is_open_or_as_it_closes(
    calendar: WorkingTime, start: datetime, working: timedelta
) -> None:
    assume(working)
    assert calendar.is_open(calendar.after(start, working) - timedelta(microseconds=1))


@examples(40)
@given(CALENDARS, INSTANTS)
def test_the_next_opening_is_open_and_nothing_before_it_is(calendar: WorkingTime, at: datetime) -> None:
    opening = calendar.next_open(at)
    assert opening >= at
    assert calendar.is_open(opening)
    assert (opening == at) is calendar.is_open(at)
    assert not calendar.is_open(at + (opening - at) / 2) or opening == at


@examples(40)
@given(CALENDARS, INSTANTS)
def test_an_opening_is_open_until_it_closes(calendar: WorkingTime, at: datetime) -> None:
    opening = calendar.opening(at)
    if opening is None:
        assert calendar.first_open(at) is None
        return
    opens, closes = opening
    assert opens == calendar.first_open(at)
    assert calendar.is_open(opens + (closes - opens) / 2)
    assert not calendar.is_open(closes) or closes - opens >= timedelta(days=300)
    assert calendar.after(opens, closes - opens) == closes


@examples(40)
@given(CALENDARS, CALENDARS, INSTANTS, SPANS)
def test_time_in_common_is_open_to_both(one: WorkingTime, other: WorkingTime, at: datetime, span: timedelta) -> None:
    end = after_overlapping([one, other], at, span)
    assume(end is not None and span)
    assert end is not None
    assert overlapping([one, other], at, end) == span
    last = end - timedelta(microseconds=1)
    assert one.is_open(last)
    assert other.is_open(last)


@examples(40)
@given(CALENDARS, INSTANTS)
def test_working_time_agrees_with_the_local_clock(calendar: WorkingTime, at: datetime) -> None:
    wall = at.astimezone(ZoneInfo(calendar.zone))
    hour, day = f"{wall:%H:%M}", wall.date()
    before = day - timedelta(days=1)
    begun = not calendar.hours or any(
        WEEK[day.weekday()] in each.days and each.start <= hour and (each.over_midnight or hour < each.end)
        for each in calendar.hours
    )
    carried = any(
        each.over_midnight and WEEK[before.weekday()] in each.days and hour < each.end for each in calendar.hours
    )
    working = (begun and not _is_free(calendar, day)) or (carried and not _is_free(calendar, before))
    assert calendar.is_open(at) is (working and calendar.away_on(at) is None)


def _is_free(calendar: WorkingTime, day: date) -> bool:
    holiday = bool(calendar.hours and calendar.country and day in public_holidays(calendar.country, None, day.year))
    return holiday or day in calendar.days_off or any(first <= day <= last for first, last in calendar.away)
