"""Whom a step notifies while some are at work and others are not, and how much time they have."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.escalation.domain.clocks import NEVER, Moment, notifiable_at
from services.escalation.domain.entities import Order, Salesperson
from services.escalation.domain.ladder import available_steps, ladder_steps
from services.escalation.domain.next_step import NextStep, Situation, answer_until, whom
from services.escalation.domain.policy.document import shipped
from services.escalation.domain.policy.model import TeamMode
from shared.contracts.escalation import Severity, Step
from tests.builders import AT
from tests.examples import examples

POLICY = shipped()
WATCH, HIGH, CRITICAL = Severity.WATCH, Severity.HIGH, Severity.CRITICAL
ORDER = Order("4711", "c-17", "anna", AT, 100, "EUR", "Heat pump", AT, customer_zone="Europe/Berlin")
WEEK = ("mon", "tue", "wed", "thu", "fri")
WEEKEND = ("sat", "sun")
EVERY_DAY = (*WEEK, *WEEKEND)


def hours(start: str = "09:00", end: str = "17:00", days: Sequence[str] = WEEK) -> str:
    named = ", ".join(f'"{day}"' for day in days)
    return f'[{{"days": [{named}], "start": "{start}", "end": "{end}"}}]'


def person(id: str, at_work: str | None = None, **changes: object) -> Salesperson:
    email, zone = f"{id}@sales.example", "Europe/Berlin"
    week = hours() if at_work is None else at_work
    known = Salesperson(id, AT, id.title(), None, email, None, None, zone, week, True, None, None)
    return replace(known, **changes)  # type: ignore[arg-type]


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)


def situation(*people: Salesperson, now: str, severity: Severity = HIGH) -> Situation:
    moment = Moment(berlin(now), severity, POLICY)
    return Situation(ORDER, {one.salesperson_id: one for one in people}, moment)


def next_step(known: Situation, after: Step | None = None) -> NextStep:
    ladder = ladder_steps(ORDER, known.people, desk="desk", moment=known.moment, mode=TeamMode.ON)
    assert ladder is not None
    found = whom(available_steps(ladder, after=after), known)
    assert found is not None
    return found


ANNA = person("anna", backup="ben", manager="mia")
ALONE = replace(ANNA, backup=None)
EARLY = person("mia", hours("08:00", "17:00"))
WEEKENDS = person("ben", hours("08:00", "20:00", WEEKEND))
DESK, ALL_DAY_DESK = person("desk"), person("desk", hours("00:00", "24:00", EVERY_DAY))
SECOND = [ALONE, EARLY, DESK]
PART_TIME = [ANNA, WEEKENDS, person("mia"), DESK]
WOKEN = [replace(one, rings_off_hours=True) for one in (ALONE, person("mia"), DESK)]


@pytest.mark.parametrize(
    ("people", "severity", "now", "after", "expected", "notified_at"),
    [
        pytest.param(SECOND, HIGH, "2026-06-08T17:30", None, "anna", "2026-06-09T09:00", id="an hour later, and lower"),
        pytest.param(SECOND, HIGH, "2026-06-09T08:30", None, "anna", "2026-06-09T09:00", id="half an hour later"),
        pytest.param(
            PART_TIME, CRITICAL, "2026-06-13T12:00", None, "ben", "2026-06-13T12:00", id="critical on a Saturday"
        ),
        pytest.param(
            PART_TIME, CRITICAL, "2026-06-08T10:00", None, "anna", "2026-06-08T10:00", id="critical on a Monday"
        ),
        pytest.param(
            PART_TIME, CRITICAL, "2026-06-08T10:15", Step.SELLER, "mia", "2026-06-08T10:15", id="and then the manager"
        ),
        pytest.param(
            WOKEN, CRITICAL, "2026-06-13T23:00", None, "anna", "2026-06-14T08:00", id="everybody asleep and consenting"
        ),
        pytest.param(
            [*WOKEN[:2], ALL_DAY_DESK], CRITICAL, "2026-06-13T23:00", None, "anna", "2026-06-14T08:00", id="so the desk"
        ),
        pytest.param(
            [ALONE, EARLY, ALL_DAY_DESK],
            HIGH,
            "2026-06-12T18:00",
            None,
            "desk",
            "2026-06-12T18:00",
            id="high on Friday",
        ),
        pytest.param(
            [ALONE, EARLY, ALL_DAY_DESK],
            WATCH,
            "2026-06-12T18:00",
            None,
            "anna",
            "2026-06-15T09:00",
            id="watch can wait",
        ),
        pytest.param(
            [ALONE, person("mia", hours("04:00", "08:00")), DESK],
            HIGH,
            "2026-06-08T18:00",
            None,
            "mia",
            "2026-06-09T04:00",
            id="five hours later is too late",
        ),
        pytest.param(
            [ALONE, person("mia", hours("05:00", "08:00")), DESK],
            HIGH,
            "2026-06-08T18:00",
            None,
            "anna",
            "2026-06-09T09:00",
            id="four hours later is not",
        ),
    ],
)
def test_the_lowest_person_at_work_within_the_bound_of_the_first_is_notified(
    people: list[Salesperson], severity: Severity, now: str, after: Step | None, expected: str, notified_at: str
) -> None:
    found = next_step(situation(*people, now=now, severity=severity), after)
    assert (found.ladder_step.salesperson_id, found.notified_at) == (expected, berlin(notified_at))


def test_a_skipped_person_is_named_with_the_time_of_their_return() -> None:
    found = next_step(situation(*PART_TIME, now="2026-06-08T10:15", severity=CRITICAL), Step.SELLER)
    assert [ladder_step.skipped for ladder_step in found.passed_over] == [
        "Ben is not at work before Saturday 13 June, 08:00 (Europe/Berlin)"
    ]
    assert [ladder_step.salesperson_id for ladder_step in found.off] == ["ben"]
    away = replace(WEEKENDS, away='[{"since": "2026-06-13", "until": "2026-06-14"}]')
    gone = next_step(situation(ANNA, away, person("mia"), DESK, now="2026-06-08T10:15", severity=CRITICAL), Step.SELLER)
    assert [ladder_step.skipped for ladder_step in gone.passed_over] == ["Ben is away until 14 June"]
    assert gone.off == (), "absent people are not informed later, unlike people off work"


def test_an_absence_that_ends_within_the_bound_skips_no_one() -> None:
    tomorrow = replace(ALONE, away='[{"since": "2026-06-09", "until": "2026-06-09"}]')
    known = situation(tomorrow, person("mia"), DESK, now="2026-06-08T18:00", severity=WATCH)
    assert next_step(known).ladder_step.salesperson_id == "anna"
    assert (
        next_step(situation(tomorrow, person("mia"), DESK, now="2026-06-08T18:00")).ladder_step.salesperson_id == "mia"
    )


@pytest.mark.parametrize(
    ("people", "severity", "now", "expected"),
    [
        pytest.param(
            [ALONE, person("mia"), ALL_DAY_DESK],
            CRITICAL,
            "2026-06-12T16:50",
            "2026-06-12T17:00",
            id="critical on Friday",
        ),
        pytest.param(
            [ALONE, person("mia"), DESK], CRITICAL, "2026-06-12T16:50", "2026-06-15T09:05", id="nobody else is there"
        ),
        pytest.param(
            [ANNA, WEEKENDS, DESK], HIGH, "2026-06-12T16:50", "2026-06-15T09:50", id="nobody within four hours"
        ),
        pytest.param(
            [ALONE, person("mia", hours("17:30", "22:00")), DESK],
            HIGH,
            "2026-06-12T16:50",
            "2026-06-12T17:00",
            id="somebody comes within half an hour",
        ),
        pytest.param(
            [ALONE, person("mia"), ALL_DAY_DESK], HIGH, "2026-06-11T16:50", "2026-06-11T17:00", id="over a night"
        ),
        pytest.param(
            [ALONE, person("mia"), ALL_DAY_DESK], WATCH, "2026-06-12T16:50", "2026-06-15T16:50", id="watch is not cut"
        ),
        pytest.param(
            [replace(ALONE, rings_off_hours=True), person("mia"), ALL_DAY_DESK],
            CRITICAL,
            "2026-06-12T16:50",
            "2026-06-12T17:05",
            id="who is woken has the time on the wall clock",
        ),
        pytest.param(
            [replace(ALONE, working_hours=f"{hours(end='12:00')[:-1]}, {hours('13:00')[1:]}"), ALL_DAY_DESK],
            CRITICAL,
            "2026-06-12T11:55",
            "2026-06-12T13:10",
            id="a lunch break is within the bound",
        ),
    ],
)
def test_the_time_to_respond_ends_with_todays_work_if_another_person_is_available(
    people: list[Salesperson], severity: Severity, now: str, expected: str
) -> None:
    known = situation(*people, now=now, severity=severity)
    found = next_step(known)
    assert found.ladder_step.salesperson_id == "anna"
    assert answer_until(found, Step.SELLER, known) == berlin(expected)


def test_no_step_waits_for_a_person_unknown_to_the_directory() -> None:
    assert notifiable_at(None, ORDER, HIGH, POLICY, AT) == NEVER


def test_a_person_without_hours_has_the_companys_in_their_own_zone() -> None:
    at = datetime(2026, 6, 8, 18, tzinfo=UTC)
    plain = person("anna", "[]", zone="UTC")
    assert notifiable_at(plain, ORDER, HIGH, POLICY, at) == datetime(2026, 6, 9, 9, tzinfo=UTC)
    assert notifiable_at(replace(plain, zone="Asia/Tokyo"), ORDER, HIGH, POLICY, at) == datetime(
        2026, 6, 9, 0, tzinfo=UTC
    )
    german = POLICY.company.model_copy(update={"zone": "Europe/Berlin", "country": "DE"})
    policy = POLICY.model_copy(update={"company": german})
    at_work = notifiable_at(plain, ORDER, HIGH, policy, berlin("2026-12-24T18:00"))
    assert at_work == berlin("2026-12-28T09:00"), "and its holidays, if no zone is known either"


def test_a_person_who_never_works_is_notified_last_and_then_at_once() -> None:
    nobody = person("anna", days_off="[]", away='[{"since": "2026-01-01", "until": "9999-12-31"}]')
    known = situation(nobody, DESK, now="2026-06-13T12:00")
    assert next_step(known).ladder_step.salesperson_id == "desk"
    all_gone = situation(nobody, replace(nobody, salesperson_id="desk"), now="2026-06-13T12:00")
    found = next_step(all_gone)
    assert (found.ladder_step.salesperson_id, found.notified_at) == ("desk", berlin("2026-06-13T12:00"))


WEEKS = st.sampled_from(
    [
        hours(),
        WEEKENDS.working_hours,
        hours("22:00", "06:00"),
        hours("08:00", "12:00"),
        hours("00:00", "24:00", EVERY_DAY),
    ]
)
SOMEBODY = st.builds(lambda week, woken: {"working_hours": week, "rings_off_hours": woken}, WEEKS, st.booleans())


@examples(60)
@given(
    st.tuples(SOMEBODY, SOMEBODY, SOMEBODY, SOMEBODY),
    st.integers(0, 14 * 24 * 60).map(lambda minutes: datetime(2026, 6, 8, tzinfo=UTC) + timedelta(minutes=minutes)),
    st.sampled_from(Severity),
)
def test_no_one_else_would_be_at_work_earlier_than_the_chosen_person_by_more_than_the_bound(
    weeks: tuple[dict[str, object], ...], now: datetime, severity: Severity
) -> None:
    anna, ben, mia, desk = (
        replace(one, **week)  # type: ignore[arg-type]
        for one, week in zip((ANNA, WEEKENDS, EARLY, DESK), weeks, strict=True)
    )
    moment = Moment(now, severity, POLICY)
    known = Situation(ORDER, {one.salesperson_id: one for one in (anna, ben, mia, desk)}, moment)
    found = next_step(known)
    times = {id: notifiable_at(one, ORDER, severity, POLICY, now) for id, one in known.people.items()}
    first = min(times.values())
    assume(first.year < 9999)  # all of them at night, and the customer by day: no one can ever be notified in time
    assert found.notified_at == times[found.ladder_step.salesperson_id or ""] <= first + moment.skip_limit
    assert all(times[ladder_step.salesperson_id or ""] > first + moment.skip_limit for ladder_step in found.passed_over)
    assert answer_until(found, found.ladder_step.step, known) > found.notified_at
