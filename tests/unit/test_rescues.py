"""What people do with an episode, and how much time they have for it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.escalation.domain.clocks import NEVER, Talk, answer_by, extended, notifiable_at, repeat_pause
from services.escalation.domain.decisions.taking import Expired
from services.escalation.domain.entities import DeadlineFor, Episode, Order, Salesperson
from services.escalation.domain.policy.document import shipped
from services.escalation.domain.rescues import (
    NotNow,
    acknowledged,
    asked_to_take_over,
    attempted,
    closed,
    handed_over,
    held_by_appointment,
    reached,
    reminded,
    snoozed,
    talk_required,
    talk_waived,
)
from shared.contracts.escalation import EpisodeResult, Severity, Step
from tests.builders import AT, minutes

POLICY = shipped()
HOUR = timedelta(hours=1)
RANG = Episode(UUID(int=1), "c-17", "4711", "anna", AT, AT, severity=Severity.HIGH, rang=True, rings=1)
ALWAYS = '[{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "start": "00:00", "end": "24:00"}]'
OFFICE = '[{"days": ["mon", "tue", "wed", "thu", "fri"], "start": "09:00", "end": "17:00"}]'
ANNA = Salesperson("anna", AT, "Anna", None, "anna@sales.example", None, None, "UTC", ALWAYS, True, None, None)
AT_WORK = replace(ANNA, working_hours=OFFICE)
ORDER = Order("4711", "c-17", "anna", AT, 100, "EUR", "Heat pump", AT, customer_zone="UTC")
ALL_DAY = POLICY.customers.model_copy(update={"callable_from": "00:00", "callable_until": "24:00"})
TALK = Talk(ORDER, POLICY.model_copy(update={"customers": ALL_DAY}))
MONDAY_NINE = datetime(2026, 5, 4, 9, tzinfo=UTC)
FRIDAY_EVENING = datetime(2026, 5, 8, 22, tzinfo=UTC)
MONDAY = datetime(2026, 5, 11, 9, tzinfo=UTC)


def test_acknowledging_starts_the_deadline_of_the_proof_and_the_first_keeps_it() -> None:
    mine = acknowledged(RANG, ANNA, TALK, AT)
    assert (mine.acknowledged_by, mine.responsible, mine.deadline_for) == ("anna", "anna", DeadlineFor.REDEEM)
    assert mine.deadline_at == AT + POLICY.acknowledgement.redeem_within.high
    assert acknowledged(mine, "ben", TALK, minutes(1)) == mine
    assert acknowledged(replace(RANG, repeats=6), ANNA, TALK, AT).repeats == 0, "the desk may be notified again"


@pytest.mark.parametrize("severity", Severity)
def test_each_earlier_call_extends_the_time_by_the_length_of_a_call(severity: Severity) -> None:
    rang, limits = replace(RANG, severity=severity), POLICY.acknowledgement
    alone = acknowledged(rang, ANNA, TALK, AT)
    assert alone.deadline_at == AT + limits.redeem_within.of(severity)
    for ahead in (0, 1, 29):
        assert (
            acknowledged(rang, ANNA, TALK, AT, ahead=ahead).deadline_at == alone.deadline_at + ahead * limits.call_takes
        )
    longest = alone.deadline_at + limits.longest_queue
    assert {acknowledged(rang, ANNA, TALK, AT, ahead=ahead).deadline_at for ahead in (48, 49, 5000)} == {longest}


def test_the_time_for_earlier_calls_is_working_time_like_the_rest() -> None:
    """Friday 22:00, four hours and one more hour: both on Monday from 09:00."""
    late = acknowledged(RANG, AT_WORK, TALK, FRIDAY_EVENING, ahead=6)
    assert late.deadline_at == MONDAY + timedelta(hours=5)


def test_attempts_extend_the_deadline_three_times_at_most() -> None:
    episode = acknowledged(RANG, ANNA, TALK, AT)
    deadlines = []
    for hour in (3, 4, 5, 6, 7):
        episode = attempted(episode, ANNA, TALK, AT + hour * HOUR)
        deadlines.append(episode.deadline_at)
    assert deadlines == [AT + 5 * HOUR, AT + 6 * HOUR, AT + 7 * HOUR, AT + 7 * HOUR, AT + 7 * HOUR]
    assert episode.attempts == 5


def test_an_attempt_never_shortens_the_time() -> None:
    assert extended(ANNA, Severity.HIGH, AT + 9 * HOUR, TALK, AT) == AT + 9 * HOUR


def test_an_expiry_cites_the_policy_line_that_set_the_deadline() -> None:
    """An attempt late enough to move the deadline, or one too early; each new deadline of its own ends that."""
    mine = acknowledged(RANG, ANNA, TALK, AT)
    early, late = attempted(mine, ANNA, TALK, AT + HOUR), attempted(mine, ANNA, TALK, AT + 3 * HOUR)
    assert (early.deadline_at, late.deadline_at) == (mine.deadline_at, AT + 5 * HOUR)
    of_acknowledging, of_attempt = "acknowledgement.redeem_within.high", "acknowledgement.attempt_extends"
    assert [Expired(one, 1).policy_line for one in (mine, early, late)] == [
        of_acknowledging,
        of_acknowledging,
        of_attempt,
    ]
    later = attempted(replace(late, attempts=3), ANNA, TALK, AT + 4 * HOUR)
    assert Expired(later, 1).policy_line == of_attempt, "an attempt that is only counted leaves the deadline as it is"
    theirs = handed_over(late, "ben", TALK, AT + 4 * HOUR)
    promised = held_by_appointment(late, ANNA, AT + 6 * HOUR, POLICY, AT + 4 * HOUR)
    called_for = reminded(promised, ANNA, TALK, AT + 6 * HOUR)
    bound = talk_required(talk_waived(late), ANNA, TALK, AT + 4 * HOUR)
    assert {Expired(one, 1).policy_line for one in (theirs, called_for, bound)} == {of_acknowledging}


def test_reaching_the_customer_ends_the_deadline() -> None:
    done = reached(acknowledged(RANG, ANNA, TALK, AT), minutes(5), minutes(6))
    assert (done.reached_at, done.deadline_at, done.deadline_for) == (minutes(5), None, None)


def test_an_appointment_and_a_snooze_set_the_deadline_to_their_time() -> None:
    mine = acknowledged(RANG, ANNA, TALK, AT)
    later = AT + timedelta(days=2)
    assert held_by_appointment(mine, ANNA, later, POLICY, AT).deadline_for is DeadlineFor.APPOINTMENT
    assert snoozed(mine, ANNA, later, POLICY, AT).deadline_at == later


@pytest.mark.parametrize("put_off", [held_by_appointment, snoozed])
@pytest.mark.parametrize(("at", "code"), [(AT, "in_the_past"), (AT + timedelta(days=15), "too_far_away")])
def test_a_time_in_the_past_or_too_far_away_is_refused(put_off: object, at: datetime, code: str) -> None:
    with pytest.raises(NotNow) as refused:
        put_off(acknowledged(RANG, ANNA, TALK, AT), ANNA, at, POLICY, AT)  # type: ignore[operator]
    assert refused.value.code == code


def test_a_hand_over_leaves_the_giver_responsible_until_it_is_accepted() -> None:
    mine = acknowledged(RANG, ANNA, TALK, AT)
    asked = asked_to_take_over(mine, "ben", AT + HOUR, POLICY, AT, notified_at=AT)
    assert (asked.acknowledged_by, asked.deadline_at, asked.offered_to) == ("anna", mine.deadline_at, "ben")
    theirs = handed_over(asked, "ben", TALK, minutes(30))
    assert (theirs.acknowledged_by, theirs.responsible, theirs.offered_to) == ("ben", "ben", None)
    assert theirs.deadline_at == minutes(30) + POLICY.acknowledgement.redeem_within.high
    with pytest.raises(NotNow):
        asked_to_take_over(mine, "anna", AT + HOUR, POLICY, AT, notified_at=AT)


def test_closing_requires_a_reason_from_the_list() -> None:
    done = closed(acknowledged(RANG, ANNA, TALK, AT), EpisodeResult.LOST, "price", POLICY, by="anna", now=minutes(5))
    assert (done.result, done.reason, done.closed_by, done.deadline_at) == (EpisodeResult.LOST, "price", "anna", None)
    with pytest.raises(NotNow) as refused:
        closed(RANG, EpisodeResult.LOST, "bad_weather", POLICY, by="anna", now=AT)
    assert refused.value.code == "unknown_reason"
    assert "choose one from the list" in refused.value.reason


@pytest.mark.parametrize(
    ("person", "severity", "now", "expected"),
    [
        pytest.param(None, Severity.HIGH, FRIDAY_EVENING, NEVER, id="somebody the directory does not know"),
        pytest.param(ANNA, Severity.HIGH, FRIDAY_EVENING, FRIDAY_EVENING, id="always at work"),
        pytest.param(AT_WORK, Severity.HIGH, MONDAY_NINE, MONDAY_NINE, id="at work"),
        pytest.param(AT_WORK, Severity.HIGH, FRIDAY_EVENING, MONDAY, id="on Monday"),
        pytest.param(AT_WORK, Severity.CRITICAL, FRIDAY_EVENING, MONDAY, id="critical, but nobody accepted to be rung"),
        pytest.param(
            replace(AT_WORK, rings_off_hours=True),
            Severity.CRITICAL,
            FRIDAY_EVENING,
            datetime(2026, 5, 9, 8, tzinfo=UTC),
            id="critical: as soon as the customer may be called",
        ),
        pytest.param(
            replace(AT_WORK, rings_off_hours=True),
            Severity.CRITICAL,
            datetime(2026, 5, 9, 12, tzinfo=UTC),
            datetime(2026, 5, 9, 12, tzinfo=UTC),
            id="critical: at once on a Saturday",
        ),
        pytest.param(
            replace(AT_WORK, working_hours=OFFICE.replace("09:00", "06:00")),
            Severity.CRITICAL,
            datetime(2026, 5, 11, 6, 30, tzinfo=UTC),
            datetime(2026, 5, 11, 8, tzinfo=UTC),
            id="critical: at work before the customer is awake",
        ),
    ],
)
def test_a_person_is_notified(
    person: Salesperson | None, severity: Severity, now: datetime, expected: datetime
) -> None:
    assert notifiable_at(person, ORDER, severity, POLICY, now) == expected


def test_a_person_notified_off_hours_has_time_by_the_clock() -> None:
    at_night = datetime(2026, 5, 9, 12, tzinfo=UTC)
    woken = replace(AT_WORK, rings_off_hours=True)
    assert answer_by(woken, Step.SELLER, Severity.CRITICAL, POLICY, at_night) == at_night + timedelta(minutes=15)
    assert answer_by(AT_WORK, Step.SELLER, Severity.HIGH, POLICY, FRIDAY_EVENING) == MONDAY + HOUR


def test_a_person_notified_off_hours_has_time_to_reach_the_customer_by_the_clock_too() -> None:
    woken, evening = replace(AT_WORK, rings_off_hours=True), datetime(2026, 5, 8, 17, 5, tzinfo=UTC)
    mine = acknowledged(replace(RANG, severity=Severity.CRITICAL), woken, TALK, evening)
    assert mine.deadline_at == evening + POLICY.acknowledgement.redeem_within.critical
    at_its_end = evening + POLICY.acknowledgement.redeem_within.critical
    longer = attempted(mine, woken, TALK, at_its_end)
    assert longer.deadline_at == at_its_end + POLICY.acknowledgement.attempt_extends
    for_high = acknowledged(RANG, woken, TALK, evening)
    assert for_high.deadline_at == MONDAY + POLICY.acknowledgement.redeem_within.high


def test_pauses_of_the_desk_double_up_to_the_longest() -> None:
    pauses = [repeat_pause(n, POLICY) for n in range(8)]
    assert pauses[:5] == [HOUR / 2, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR]
    assert set(pauses[5:]) == {8 * HOUR}


AWAY_TOMORROW = replace(AT_WORK, away='[{"since": "2026-05-05", "until": "2026-05-13"}]')


@pytest.mark.parametrize("put_off", [held_by_appointment, snoozed])
@pytest.mark.parametrize(
    ("until", "refused"),
    [
        (MONDAY_NINE + timedelta(hours=3), None),
        (
            MONDAY_NINE + timedelta(hours=30),
            "you are away as of 5 May. Choose an earlier time, or hand this over",
        ),
        (MONDAY_NINE + timedelta(days=2, hours=20), "you are away as of 5 May"),
    ],
)
def test_nothing_is_snoozed_into_ones_own_absence(put_off: Any, until: datetime, refused: str | None) -> None:
    mine = acknowledged(RANG, AWAY_TOMORROW, TALK, MONDAY_NINE)
    if refused is None:
        assert put_off(mine, AWAY_TOMORROW, until, POLICY, MONDAY_NINE).deadline_at == until
        return
    with pytest.raises(NotNow, match=refused) as away:
        put_off(mine, AWAY_TOMORROW, until, POLICY, MONDAY_NINE)
    assert away.value.code == "away_then"
    already_away = MONDAY_NINE + timedelta(days=1)
    with pytest.raises(NotNow, match="you are away as of 5 May"):
        put_off(mine, AWAY_TOMORROW, already_away + timedelta(hours=5), POLICY, already_away)
