"""What a report that no answer is needed withdraws, and what it does not."""

from dataclasses import replace
from typing import Any

import pytest

from services.escalation.domain.detections.history import History
from services.escalation.domain.facts import AccountFact, FactKind, contact_ids
from services.escalation.domain.signals.find import detections
from shared.contracts.escalation import SignalKind
from tests.unit.accounts import always, inbound, outbound, reported, rules
from tests.unit.case_facts import (
    OPENED,
    REOPENED,
    on_case,
    passed_on,
    rated,
    requested,
    said,
)


def needless(at: float, reason: str, case: str | None = "k", **more: Any) -> AccountFact:
    return on_case(FactKind.ANSWER_NOT_NEEDED, at, case, result=reason, agent="agent-3", **more)


@pytest.mark.parametrize("reason", ["goodbye", "answered_elsewhere"])
def test_a_contact_without_need_of_an_answer_causes_no_silence_and_does_not_count_as_repeated(reason: str) -> None:
    late = [inbound(at, case="k") for at in (1, 2, 3)]
    unneeded = needless(20, reason)
    assert reported(SignalKind.CONTACT_DEAD_ENDED, *late) == [(5, None)]
    assert reported(SignalKind.CONTACT_DEAD_ENDED, *late, unneeded) == []
    assert reported(SignalKind.CONTACT_REPEATED, *late) == [(3, None)]
    assert reported(SignalKind.CONTACT_REPEATED, *late, unneeded) == []
    assert reported(SignalKind.GONE_QUIET, *late, unneeded) == []


@pytest.mark.parametrize("reason", ["goodbye", "answered_elsewhere"])
def test_a_contact_without_need_of_an_answer_withdraws_no_dead_end_request_or_rating_and_proves_nothing(
    reason: str,
) -> None:
    unneeded = needless(20, reason)
    assert reported(SignalKind.CONTACT_DEAD_ENDED, inbound(1, "dead_end", case="k"), unneeded) == [(1, None)]
    assert reported(SignalKind.REFUND_REQUESTED, requested(1), unneeded) == [(1, None)]
    assert reported(SignalKind.SATISFACTION_LOW, rated(1, 200), unneeded) == [(1, None)]
    assert reported(SignalKind.CASE_STUCK, OPENED, unneeded) == [(16, None)]
    assert reported(SignalKind.CONTACT_DEAD_ENDED, inbound(1, case="l"), unneeded) == [(5, None)]


def test_contacts_after_the_report_need_an_answer() -> None:
    unneeded = needless(2, "goodbye")
    assert reported(SignalKind.CONTACT_DEAD_ENDED, inbound(1, case="k"), unneeded, inbound(3, case="k")) == [(7, None)]


@pytest.mark.parametrize("reason", ["spam", "test"])
def test_spam_and_tests_withdraw_everything_their_case_raised_and_ended(reason: str) -> None:
    raised = [
        OPENED,
        inbound(1, "dead_end", case="k"),
        inbound(2, case="k"),
        requested(3),
        rated(4, 200),
        passed_on(5, 3),
        on_case(REOPENED, 6),
        said(7),
    ]
    unneeded = needless(100, reason)
    assert detections(History(raised), always(rules()))
    assert detections(History([*raised, unneeded]), always(rules())) == []
    call, talk = inbound(1), outbound(2, case="k")
    assert reported(SignalKind.CONTACT_DEAD_ENDED, call, talk) == []
    assert reported(SignalKind.CONTACT_DEAD_ENDED, call, talk, unneeded) == [(5, None)]


def test_a_contact_that_needs_no_answer_is_named_by_its_source_and_id() -> None:
    (contact_id, *_) = contact_ids(needless(9, "goodbye", None, what="desk.example\tc-9"))
    named = replace(inbound(1), fact_id=contact_id)
    unneeded = needless(9, "goodbye", None, what="desk.example\tc-9")
    assert reported(SignalKind.CONTACT_DEAD_ENDED, named, unneeded) == []
    assert reported(SignalKind.CONTACT_DEAD_ENDED, named, inbound(2), unneeded) == [(6, None)]
