"""What raises another alert, the effect of a contact on the acknowledger, and which signals are too old."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from services.escalation.domain.entities import Episode, Signal
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.notification_causes import (
    cause_of_contact,
    cause_of_signal,
    from_the_foot,
    is_attempt,
    is_proof,
    notified_anew,
    too_old_to_notify,
)
from shared.contracts.escalation import RingCause, SignalKind, Step
from tests.builders import AT, minutes

ID = UUID(int=1)
DAYS = timedelta(days=3)
NEW = Episode(ID, "c-17", "4711", "anna", AT, AT)
RANG = replace(NEW, rang=True, rings=1)
TAKEN = replace(RANG, acknowledged_at=AT, acknowledged_by="anna")
REACHED = replace(TAKEN, reached_at=minutes(1))
EXHAUSTED = replace(RANG, step=Step.DESK, repeats=6, exhausted_at=AT)
REFUND, CANCEL, OTHER = SignalKind.REFUND_REQUESTED, SignalKind.CANCELLATION_REQUESTED, SignalKind.CASE_REOPENED
BY_HAND = SignalKind.SELLER_REQUESTED


def signal(kind: SignalKind = OTHER, **changes: object) -> Signal:
    return replace(Signal(ID, "c-17", kind, AT, AT, ID), **changes)  # type: ignore[arg-type]


def contact(result: str, *, direction: str = "inbound", agent: str | None = None, **changes: object) -> AccountFact:
    reported = AccountFact(
        ID, "c-17", FactKind.CONTACT, minutes(5), direction=direction, channel="phone", result=result
    )
    return replace(reported, agent=agent, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("episode", "kind", "rose", "expected"),
    [
        pytest.param(NEW, OTHER, False, RingCause.SIGNAL, id="the first"),
        pytest.param(RANG, OTHER, False, None, id="nobody has answered yet"),
        pytest.param(RANG, OTHER, True, RingCause.SEVERITY, id="graver while nobody has answered"),
        pytest.param(RANG, REFUND, False, RingCause.SIGNAL, id="a refund"),
        pytest.param(RANG, CANCEL, False, RingCause.SIGNAL, id="a cancellation"),
        pytest.param(TAKEN, OTHER, False, None, id="somebody has it"),
        pytest.param(TAKEN, OTHER, True, RingCause.SEVERITY, id="graver for whoever has it"),
        pytest.param(TAKEN, REFUND, False, RingCause.SIGNAL, id="a refund for whoever has it"),
        pytest.param(TAKEN, BY_HAND, False, RingCause.SIGNAL, id="an agent asks for the seller who has it"),
        pytest.param(REACHED, OTHER, False, RingCause.SIGNAL, id="something new after the customer was reached"),
        pytest.param(EXHAUSTED, OTHER, False, RingCause.SIGNAL, id="something new after everybody was asked"),
        pytest.param(EXHAUSTED, OTHER, True, RingCause.SIGNAL, id="something graver after everybody was asked"),
    ],
)
def test_a_signal_raises_an_alert(episode: Episode, kind: SignalKind, rose: bool, expected: RingCause | None) -> None:
    assert cause_of_signal(episode, signal(kind), rose=rose, ring_within=DAYS) is expected
    too_old = signal(kind, seen_at=AT + DAYS + timedelta(seconds=1))
    assert cause_of_signal(episode, too_old, rose=rose, ring_within=DAYS) is None


def test_the_limit_of_age_counts_when_a_signal_is_first_seen() -> None:
    assert not too_old_to_notify(signal(seen_at=AT + DAYS), DAYS)
    assert too_old_to_notify(signal(seen_at=AT + DAYS + timedelta(seconds=1)), DAYS)
    assert not too_old_to_notify(signal(seen_at=AT + 100 * DAYS), timedelta(0)), "no limit"
    assert not too_old_to_notify(signal(seen_at=AT - DAYS), DAYS), "reported ahead of its time"


@pytest.mark.parametrize(
    ("fact", "proof"),
    [
        pytest.param(contact("answered", agent="anna"), True, id="answered by whoever has it"),
        pytest.param(contact("answered", direction="outbound", agent="anna"), True, id="a call that was answered"),
        pytest.param(contact("resolved", agent="anna"), True, id="resolved"),
        pytest.param(contact("voicemail", direction="outbound", agent="anna"), False, id="a voicemail"),
        pytest.param(contact("unanswered", direction="outbound", agent="anna"), False, id="nobody answered"),
        pytest.param(contact("answered", agent="ben"), False, id="somebody else"),
        pytest.param(contact("answered"), False, id="nobody knows who"),
        pytest.param(contact("answered", agent="anna", courtesy=True), False, id="an automatic reply"),
        pytest.param(contact("answered", agent="anna", at=AT), False, id="before it was taken"),
    ],
)
def test_a_contact_redeems_the_acknowledgement(fact: AccountFact, proof: bool) -> None:
    assert is_proof(TAKEN, fact) is proof
    assert not is_proof(RANG, fact), "no one has acknowledged it"


@pytest.mark.parametrize("result", ["unanswered", "voicemail", "dead_end", "answered", "resolved"])
def test_a_new_inbound_contact_unanswered_by_the_acknowledger_raises_another_alert(result: str) -> None:
    assert cause_of_contact(TAKEN, contact(result)) is RingCause.CONTACT
    assert cause_of_contact(REACHED, contact(result, agent="support-7")) is RingCause.CONTACT
    assert cause_of_contact(RANG, contact(result)) is None, "the signal already raised an alert"
    assert cause_of_contact(TAKEN, contact(result, at=AT)) is None, "the contact came before"
    assert cause_of_contact(TAKEN, contact(result, courtesy=True)) is None, "a thank-you asks for nothing"
    assert cause_of_contact(TAKEN, contact(result, direction="outbound")) is None


def test_a_new_inbound_contact_raises_another_alert_once_everyone_was_notified() -> None:
    assert cause_of_contact(EXHAUSTED, contact("unanswered")) is RingCause.CONTACT
    assert cause_of_contact(EXHAUSTED, contact("unanswered", at=AT)) is None, "a person was being notified then"
    assert cause_of_contact(EXHAUSTED, contact("answered", courtesy=True)) is None
    assert cause_of_contact(EXHAUSTED, contact("unanswered", direction="outbound")) is None


def test_an_exhausted_episode_starts_again_at_the_foot_of_the_ladder() -> None:
    again = from_the_foot(EXHAUSTED)
    assert (again.step, again.repeats, again.exhausted_at) == (None, 0, None)


def test_an_attempt_is_an_outbound_contact_by_the_acknowledger_that_reached_no_one() -> None:
    tried = contact("voicemail", direction="outbound", agent="anna")
    assert is_attempt(TAKEN, tried)
    assert not is_attempt(TAKEN, replace(tried, agent="ben"))
    assert not is_attempt(TAKEN, replace(tried, direction="inbound"))
    assert not is_attempt(TAKEN, replace(tried, result="answered"))
    assert not is_attempt(RANG, tried)


def test_another_alert_clears_the_former_acknowledgement() -> None:
    again = notified_anew(replace(REACHED, attempts=2, offered_to="ben", offered_until=minutes(9)), minutes(6))
    assert (again.acknowledged_by, again.acknowledged_at, again.reached_at) == (None, None, None)
    assert (again.attempts, again.offered_to, again.offered_until) == (0, None, None)
