"""The checker's own rules in cases that random histories rarely contain."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.faults.checker.evidence import Told
from tests.faults.checker.facts import facts_of
from tests.faults.checker.findings import findings
from tests.faults.hot_account import HOT, hot_account
from tests.faults.policy import terms_in_seconds

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
POLICY = terms_in_seconds()
RULES = {**POLICY["signals"], "statuses": POLICY["statuses"]}
MINUTE = timedelta(minutes=1)


def told(kind: str, minutes: float, data: Mapping[str, Any]) -> Told:
    at = NOW + minutes * MINUTE
    return Told("kafka", "support.inbound.v1", "desk", f"e-{minutes}", f"support.{kind}", "c-1", at, data, None)


def stuck(*events: Told) -> list[float]:
    """The minutes after which a case is stuck."""
    facts = [fact for event in events for fact in facts_of(event, {"source": "desk", "event_id": event.id})]
    return [(one.at - NOW) / MINUTE for one in findings("c-1", facts, RULES) if one.kind == "case_stuck"]


@pytest.mark.parametrize(
    ("opening", "after"),
    [
        pytest.param({}, 45, id="as new, which makes it our turn"),
        pytest.param({"status": "pending"}, 90, id="as the customer's turn"),
    ],
)
def test_an_opened_case_is_new_despite_earlier_statuses(opening: dict[str, str], after: float) -> None:
    waits = told("case_status_changed", -5, {"case": "case-1", "status": "pending"})
    assert stuck(waits, told("case_opened", 0, {"case": "case-1"} | opening)) == [after]


def test_a_hot_account_has_the_given_number_of_facts_at_distinct_times() -> None:
    history = hot_account([], NOW, 500)
    again = hot_account(history, NOW, 500)
    assert len({event.time for event in (*history, *again)}) == 1_000
    assert {event.subject for event in history} == {HOT}
    assert len({event.id for event in history}) == 500
