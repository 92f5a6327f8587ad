"""Decisions that few golden histories reach: the exact decisions, with their words and policy lines, and events."""

from datetime import timedelta
from uuid import UUID

import pytest

from services.escalation.domain.own_facts import (
    AcknowledgePressed,
    AppointmentLogged,
    HandOverAcceptPressed,
    HandOverPressed,
)
from shared.contracts.people_parts import Away
from shared.contracts.support import ContactPreferenceChanged
from shared.contracts.support_inbound import ContactPreference
from tests.simulation.happenings import Report
from tests.simulation.tables import DELIVERIES
from tests.simulation.troubled import ACCOUNT, Troubled

_MINUTE = timedelta(minutes=1)
_WITHIN = "acknowledgement.redeem_within.high"
_LONGEST = "acknowledgement.longest_hand_over"
_TAKEN = (
    "acknowledged",
    "anna acknowledged it and has until 4 May 2026, 13:30 UTC to reach the customer.",
    _WITHIN,
    "anna",
)
_OFFERED = [
    ("offered", "anna asked mona to take it over; it stays with anna until mona accepts.", _LONGEST, "anna"),
    (
        "rang",
        "Notified mona (colleague) of a request to take it over; acknowledgement due by 4 May 2026, 10:30 UTC.",
        _LONGEST,
        "mona",
    ),
]


@pytest.fixture
def taken() -> Troubled:
    """Anna has acknowledged the episode."""
    troubled = Troubled()
    troubled.do(AcknowledgePressed(episode=troubled.episode, by="anna"))
    return troubled


@pytest.fixture
def offered(taken: Troubled) -> Troubled:
    """Anna asks Mona to take it over within an hour."""
    taken.do(HandOverPressed(episode=taken.episode, by="anna", to="mona", until=taken.now + 60 * _MINUTE))
    return taken


def test_a_hand_over_is_accepted(offered: Troubled) -> None:
    offered.do(HandOverAcceptPressed(episode=offered.episode, by="mona"))
    words = "anna handed it over. mona acknowledged it and has until 4 May 2026, 13:30 UTC to reach the customer."
    assert offered.decided() == [_TAKEN, *_OFFERED, ("handed_over", words, _WITHIN, "mona")]
    assert offered.published()[-1] == (
        "escalation.hand_over_accepted",
        {"order": "n-1", "by": "mona", "giver": "anna"},
    )


def test_a_hand_over_lapses_without_an_acceptance(offered: Troubled) -> None:
    reported = offered.published()
    offered.wait(61 * _MINUTE)
    lapsed = ("offer_lapsed", "The hand-over was not accepted in time.", None, "mona")
    assert offered.decided() == [_TAKEN, *_OFFERED, lapsed]
    assert offered.published() == reported


def test_a_hand_over_to_a_person_who_leaves_is_withdrawn(offered: Troubled) -> None:
    reported = offered.published()
    offered.report_person("mona", active=False)
    offered.wait(2 * _MINUTE)
    withdrawn = ("offer_withdrawn", "Mona has left; the hand-over is withdrawn.", None, "mona")
    assert offered.decided() == [_TAKEN, *_OFFERED, withdrawn]
    assert offered.published() == reported


def test_a_reminder_of_unknown_outcome_is_cancelled_with_the_acknowledgement(taken: Troubled) -> None:
    reminder = _reminder_of_unknown_outcome(taken)
    taken.wait(timedelta(days=1) - _MINUTE)
    _assert_cancelled(taken, reminder, by="expired")


def test_a_reminder_of_unknown_outcome_is_cancelled_when_its_recipient_is_away(taken: Troubled) -> None:
    reminder = _reminder_of_unknown_outcome(taken)
    away = [Away(since=taken.now.date(), until=taken.now.date() + timedelta(days=9))]
    taken.report_person("anna", manager="mona", away=away)
    taken.wait(2 * _MINUTE)
    _assert_cancelled(taken, reminder, by="unavailable")


def _reminder_of_unknown_outcome(taken: Troubled) -> UUID:
    """The delivery of a reminder of a promised call, whose next attempt is in a day."""
    taken.do(AppointmentLogged(episode=taken.episode, by="anna", at=taken.now + 60 * _MINUTE))
    taken.wait(61 * _MINUTE)
    (reminder,) = [row for row in taken.database.tables[DELIVERIES].values() if row["state"] == "pending"]
    taken.put(DELIVERIES, reminder, state="unknown", try_at=taken.now + timedelta(days=1))
    delivery_id: UUID = reminder["delivery_id"]
    return delivery_id


def _assert_cancelled(taken: Troubled, delivery_id: UUID, *, by: str) -> None:
    assert by in [rule for rule, *_ in taken.decided()]
    left = taken.database.tables[DELIVERIES][delivery_id,]
    assert (left["state"], left["reason"]) == ("cancelled", "passed on")


def test_no_talk_is_due_while_a_customer_must_not_be_contacted(taken: Troubled) -> None:
    reported = taken.published()
    for preference in (ContactPreference.DISPUTE, ContactPreference.NONE):
        taken.receive(Report(ContactPreferenceChanged(preference=preference), ACCOUNT, taken.now))
    until = "The customer may be contacted again: a call is due by 4 May 2026, 13:30 UTC."
    assert taken.decided() == [
        _TAKEN,
        ("excused", "The customer must no longer be contacted, so no call is due.", None, "anna"),
        ("bound", until, _WITHIN, "anna"),
    ]
    assert taken.published() == reported


def test_after_every_repeat_it_is_exhausted_and_stays_open() -> None:
    troubled = Troubled()
    for _ in range(12):
        troubled.wait(12 * 60 * _MINUTE)
    decided = troubled.decided()
    words = "No one on the escalation path has responded, even after every repeat. The episode stays open."
    assert decided[-1] == ("exhausted", words, "ladder.repeats.times", None)
    ladder_step = [who for rule, _, _, who in decided if rule == "rang"]
    assert ladder_step == ["mona", "vera", *["desk"] * 7]
    exhausted = ("escalation.episode_exhausted", {"order": "n-1", "at": "2026-05-09T09:30:00.000006Z"})
    assert troubled.published()[-1] == exhausted
