"""The checker's own rules in cases that random histories rarely contain."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.faults.checker.acknowledging import no_mail_begins_after_somebody_took_the_episode
from tests.faults.checker.evidence import Database, Evidence, Reported, Row
from tests.faults.checker.facts import facts_of
from tests.faults.checker.findings import findings
from tests.faults.checker.notifying import a_notification_goes_to_people_with_a_device
from tests.faults.hot_account import HOT, hot_account
from tests.faults.policy import terms_in_seconds

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
POLICY = terms_in_seconds()
RULES = {**POLICY["signals"], "statuses": POLICY["statuses"]}
MINUTE = timedelta(minutes=1)


def reported(kind: str, minutes: float, data: Mapping[str, Any]) -> Reported:
    at = NOW + minutes * MINUTE
    return Reported("kafka", "support.inbound.v1", "desk", f"e-{minutes}", f"support.{kind}", "c-1", at, data, None)


def stuck(*events: Reported) -> list[float]:
    """The minutes after which a case is stuck."""
    facts = [fact for event in events for fact in facts_of(event, {"source": "desk", "event_id": event.id})]
    return [(one.at - NOW) / MINUTE for one in findings("c-1", facts, RULES) if one.kind == "case_stuck"]


def evidence(tables: dict[str, list[Row]]) -> Evidence:
    """A run of which nothing but these tables of escalation is known."""
    names = ("alerts", "deliveries", "episodes", "signals")
    empty = {f"escalation.{name}": list[Row]() for name in names}
    return Evidence({}, [], [], [], [], [], {"escalation": Database(NOW, empty | tables)}, {}, {})


@pytest.mark.parametrize(
    ("opening", "after"),
    [
        pytest.param({}, 45, id="as new, which makes it our turn"),
        pytest.param({"status": "pending"}, 90, id="as the customer's turn"),
    ],
)
def test_an_opened_case_is_new_despite_earlier_statuses(opening: dict[str, str], after: float) -> None:
    waits = reported("case_status_changed", -5, {"case": "case-1", "status": "pending"})
    assert stuck(waits, reported("case_opened", 0, {"case": "case-1"} | opening)) == [after]


def test_a_request_made_again_is_for_the_amount_named_last() -> None:
    asked = reported("refund_requested", 0, {"order": "n-1", "words": "Money back."})
    again = reported("refund_requested", 5, {"order": "n-1", "amount_minor": 2_000_000, "currency": "USD"})
    events = [fact for event in (asked, again) for fact in facts_of(event, {"source": "desk", "event_id": event.id})]
    (found,) = (one for one in findings("c-1", events, RULES) if one.kind == "refund_requested")
    assert (found.says["amount_minor"], found.says["currency"], found.says["words"]) == (
        2_000_000,
        "USD",
        "Money back.",
    )


def test_only_attempts_are_compared_with_acknowledgements() -> None:
    facts = [{"person": "anna", "reason": "no device is left"}, {"delivery": str(UUID(int=1)), "attempt": 1}]
    kinds = ["last_device_gone", "attempted"]
    journal = [
        {"kind": "delivery", "type": f"escalation.delivery.{kind}", "body": json.dumps(fact), "position": at, "at": NOW}
        for at, (kind, fact) in enumerate(zip(kinds, facts, strict=True))
    ]
    run = evidence({"shared.journal": journal})
    assert list(no_mail_begins_after_somebody_took_the_episode(run)) == []
    assert run.first_attempts() == {UUID(int=1): NOW}


@pytest.mark.parametrize(("seconds", "is_wrong"), [(0.1, False), (26, True)])
def test_a_device_may_end_before_others_see_it(seconds: float, is_wrong: bool) -> None:
    device = {"salesperson_id": "anna", "added_at": NOW - MINUTE, "ended_at": NOW}
    alert = {"alert_id": UUID(int=1), "recipient": "anna", "raised_at": NOW + timedelta(seconds=seconds)}
    push = {"alert_id": UUID(int=1), "channel": "push"}
    run = evidence({"escalation.push_devices": [device], "escalation.alerts": [alert], "escalation.deliveries": [push]})
    assert (list(a_notification_goes_to_people_with_a_device(run)) != []) == is_wrong


def test_a_hot_account_has_the_given_number_of_facts_at_distinct_times() -> None:
    history = hot_account([], NOW, 500)
    again = hot_account(history, NOW, 500)
    assert len({event.time for event in (*history, *again)}) == 1_000
    assert {event.subject for event in history} == {HOT}
    assert len({event.id for event in history}) == 500
