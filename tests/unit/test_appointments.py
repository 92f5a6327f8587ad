"""The time at which a call was promised to a customer, and what replaces it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.escalation.domain.clocks import Talk, falls_due
from services.escalation.domain.deliveries import needless
from services.escalation.domain.entities import Alert, DeadlineFor, Episode, Order, Salesperson
from services.escalation.domain.notification_causes import notified_anew
from services.escalation.domain.policy.document import shipped
from services.escalation.domain.rescues import (
    NotNow,
    acknowledged,
    attempted,
    handed_over,
    held_by_appointment,
    reached,
    reminded,
    snoozed,
    talk_waived,
)
from shared.contracts.escalation import RingCause, Severity

AT = datetime(2026, 5, 5, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
POLICY = shipped()
RANG = Episode(UUID(int=1), "c-17", "4711", "anna", AT, AT, severity=Severity.HIGH, rang=True, rings=1)
ALWAYS = '[{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "start": "00:00", "end": "24:00"}]'
ANNA = Salesperson("anna", AT, "Anna", None, None, None, None, "Europe/Berlin", ALWAYS, True, None, None)
ORDER = Order("4711", "c-17", "anna", AT, 100, "EUR", "Heat pump", AT, customer_zone="UTC")
ALL_DAY = POLICY.customers.model_copy(update={"callable_from": "00:00", "callable_until": "24:00"})
TALK = Talk(ORDER, POLICY.model_copy(update={"customers": ALL_DAY}))
WITHIN = POLICY.acknowledgement.redeem_within.high


def promised(at: datetime) -> Episode:
    return held_by_appointment(acknowledged(RANG, ANNA, TALK, AT), ANNA, at, POLICY, AT)


def come(at: datetime) -> Episode:
    return reminded(promised(at), ANNA, TALK, at - 5 * timedelta(minutes=1))


def test_a_reminder_comes_a_little_before_and_the_talk_is_due_from_the_time_itself() -> None:
    at = AT + DAY
    assert falls_due(promised(at), POLICY) == at - timedelta(minutes=5)
    due = come(at)
    assert (due.acknowledged_by, due.deadline_for, due.deadline_at) == ("anna", DeadlineFor.REDEEM, at + WITHIN)
    assert due.promised_at == at, "it is named until something replaces it"


def test_a_talk_an_attempt_or_another_appointment_replaces_one_that_is_due() -> None:
    at = AT + DAY
    now = at - timedelta(minutes=2)
    assert reached(come(at), now, now).promised_at is None
    assert attempted(come(at), ANNA, TALK, now).promised_at is None
    another = held_by_appointment(come(at), ANNA, at + DAY, POLICY, now)
    assert (another.promised_at, another.appointment_at) == (at + DAY, None)


def test_a_promised_call_moves_to_the_new_holder() -> None:
    at = AT + DAY
    passed_on = notified_anew(promised(at), AT + HOUR)
    assert (passed_on.acknowledged_by, passed_on.promised_at) == (None, at)
    theirs = acknowledged(notified_anew(passed_on, AT + 2 * HOUR), "ben", TALK, AT + 2 * HOUR)
    assert (theirs.deadline_at, theirs.deadline_for, theirs.appointment_at) == (at, DeadlineFor.APPOINTMENT, None)
    too_late = acknowledged(passed_on, ANNA, TALK, at + HOUR)
    assert (too_late.deadline_for, too_late.promised_at) == (DeadlineFor.REDEEM, at)
    ahead = handed_over(promised(at), "ben", TALK, AT + HOUR)
    assert (ahead.acknowledged_by, ahead.deadline_for, ahead.deadline_at) == ("ben", DeadlineFor.APPOINTMENT, at)
    handed = handed_over(come(at), "ben", TALK, at + HOUR)
    assert (handed.deadline_for, handed.promised_at) == (DeadlineFor.REDEEM, at)


@pytest.mark.parametrize(
    ("ahead", "clock"),
    [(WITHIN - HOUR, DeadlineFor.APPOINTMENT), (WITHIN + DAY, DeadlineFor.REDEEM)],
    ids=["the appointment comes first", "the talk about what is new comes first"],
)
def test_a_promised_call_stands_despite_a_new_signal(ahead: timedelta, clock: DeadlineFor) -> None:
    again = notified_anew(promised(AT + ahead), AT, something_new=True)
    assert again.promised_at == AT + ahead
    mine = acknowledged(again, ANNA, TALK, AT)
    assert (mine.deadline_for, mine.promised_at) == (clock, AT + ahead)
    tried = attempted(mine, ANNA, TALK, AT)
    assert tried.promised_at == AT + ahead, "this attempt was about the new signal"
    talked = reached(mine, AT, AT)
    assert (talked.deadline_for, talked.deadline_at) == (DeadlineFor.APPOINTMENT, AT + ahead)


def test_attempts_do_not_extend_the_deadline_past_a_promised_call() -> None:
    at = AT + WITHIN + HOUR
    mine = acknowledged(notified_anew(promised(at), AT, something_new=True), ANNA, TALK, AT)
    tried = attempted(mine, ANNA, TALK, AT + WITHIN)
    assert (mine.deadline_for, tried.deadline_for, tried.deadline_at) == (
        DeadlineFor.REDEEM,
        DeadlineFor.APPOINTMENT,
        at,
    )


def test_a_snooze_can_last_until_a_promised_call_and_no_longer() -> None:
    at = AT + DAY
    paused = snoozed(promised(at), ANNA, at - HOUR, POLICY, AT)
    assert (paused.deadline_for, paused.promised_at) == (DeadlineFor.SNOOZE, at)
    assert reached(paused, AT, AT).promised_at == at
    again = acknowledged(notified_anew(paused, at - HOUR), ANNA, TALK, at - HOUR)
    assert (again.deadline_for, again.deadline_at) == (DeadlineFor.APPOINTMENT, at)
    promise = r"the customer was promised a call on 6 May at 11:00\. To snooze past that"
    with pytest.raises(NotNow, match=promise) as refused:
        snoozed(promised(at), ANNA, at + HOUR, POLICY, AT)
    assert refused.value.code == "past_appointment"
    with pytest.raises(NotNow, match="save the call, the attempt or a new call-back time"):
        snoozed(come(at), ANNA, at + 2 * HOUR, POLICY, at + HOUR)


def test_no_call_is_owed_to_a_customer_who_must_not_be_contacted() -> None:
    assert talk_waived(promised(AT + DAY)).promised_at is None


def test_a_reminder_is_needed_while_its_recipient_has_the_episode() -> None:
    signal = UUID(int=2)
    reminder = Alert(UUID(int=3), "c-17", UUID(int=1), signal, "anna", "sold_it", "", AT, cause=RingCause.APPOINTMENT)
    mine = promised(AT + DAY)
    assert needless(reminder, mine) is None
    assert needless(reminder, replace(mine, acknowledged_by="ben")) == "passed_on"
    assert needless(reminder, notified_anew(mine, AT)) == "passed_on", "no one has acknowledged it"
    assert needless(replace(reminder, cause=RingCause.SIGNAL), mine) == "acknowledged"
