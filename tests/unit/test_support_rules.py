"""Support's decisions without a database."""

from itertools import permutations

import pytest

from services.support.domain import CaseKey, after, opened, published, waits_for_case
from shared.contracts.catalog import TOPICS
from shared.contracts.fact import Fact
from shared.ids import AccountId, CaseId
from tests.builders import (
    AT,
    answer_not_needed,
    cancellation_requested,
    cancellation_withdrawn,
    case_closed,
    case_opened,
    case_reassigned,
    case_reopened,
    case_resolved,
    case_status_changed,
    contact_made,
    contact_preference_changed,
    customer_insists,
    event_of,
    minutes,
    refund_requested,
    refund_withdrawn,
    response_overdue,
    response_promised,
    satisfaction_rated,
    seller_requested,
)

OPENED = opened(event_of(case_opened(status="new"), id="m"))
CHANGES: list[Fact] = [
    case_reassigned(1, assigned_to="desk"),
    case_status_changed("open"),
    case_reopened(),
    case_resolved(),
    case_closed(),
]
NO_CHANGES: list[Fact] = [
    response_promised(),
    response_overdue(),
    satisfaction_rated(1),
    case_reopened(courtesy="thanks"),
    case_reopened(courtesy="automatic_reply"),
    refund_withdrawn(),
    cancellation_withdrawn(),
    customer_insists(),
    answer_not_needed("spam"),
]
CONTACTS: list[Fact] = [contact_made(result) for result in ("answered", "unanswered", "voicemail", "resolved")]
SIGNALS: list[Fact] = [
    contact_made("dead_end"),
    contact_made("answered", intent="leaving"),
    refund_requested(),
    cancellation_requested(),
    seller_requested(),
]
TAKEN_BACK: list[Fact] = [refund_withdrawn(), cancellation_withdrawn(), customer_insists()]


@pytest.mark.parametrize(
    ("minute", "id", "status"),
    [(1, "a", "open"), (-1, "z", "new"), (0, "n", "open"), (0, "l", "new")],
    ids=["later", "earlier", "same time, higher id", "same time, lower id"],
)
def test_the_latest_status_counts_and_ties_go_by_id(minute: int, id: str, status: str) -> None:
    case = after(OPENED, event_of(case_status_changed("open"), id=id, at=minutes(minute)))
    assert case.status == status


@pytest.mark.parametrize(
    ("fact", "status"), [(case_reopened(), "reopened"), (case_resolved(), "resolved"), (case_closed(), "closed")]
)
def test_reopening_resolving_and_closing_are_statuses(fact: Fact, status: str) -> None:
    case = after(OPENED, event_of(fact, at=minutes(1)))
    assert (case.status, case.status_at) == (status, minutes(1))


def test_the_highest_reassignment_count_counts_regardless_of_its_time() -> None:
    third = event_of(case_reassigned(3, assigned_to="Third desk"), at=minutes(1))
    second = event_of(case_reassigned(2, assigned_to="Second desk"), at=minutes(9))
    for events in ((third, second), (second, third)):
        case = OPENED
        for event in events:
            case = after(case, event)
        assert (case.reassignments, case.assigned_to) == (3, "Third desk")


@pytest.mark.parametrize("fact", NO_CHANGES, ids=lambda fact: type(fact).__name__)
def test_a_fact_without_status_or_assignment_leaves_the_case_unchanged(fact: Fact) -> None:
    assert after(OPENED, event_of(fact, at=minutes(1))) == OPENED


def test_a_case_ends_the_same_in_whichever_order_its_facts_arrive() -> None:
    events = [event_of(fact, id=str(index), at=minutes(index // 2)) for index, fact in enumerate(CHANGES)]
    events.append(event_of(case_reassigned(1, assigned_to="other desk"), id="9", at=AT))
    ends = set()
    for sequence in permutations(events):
        case = OPENED
        for event in sequence:
            case = after(case, event)
        ends.add(case)
    (end,) = ends
    assert (end.status, end.reassignments, end.assigned_to) == ("closed", 1, "other desk")


def test_all_facts_wait_for_their_case_except_dead_ends_requests_and_withdrawals() -> None:
    facts = [*CHANGES, *NO_CHANGES, *CONTACTS, *SIGNALS]
    assert [fact for fact in facts if not waits_for_case(fact)] == [*TAKEN_BACK, *SIGNALS]


@pytest.mark.parametrize(
    "fact",
    [case_opened(), *CHANGES, *NO_CHANGES, *CONTACTS, *SIGNALS[1:], contact_preference_changed()],
    ids=lambda fact: type(fact).__name__,
)
def test_a_fact_is_published_with_the_same_fields_under_the_services_own_name(fact: Fact) -> None:
    reported = published(fact)
    assert reported.type == fact.type.replace(".inbound.", ".")
    assert dict(reported) == dict(fact)


def test_a_contact_at_a_dead_end_is_published_as_one() -> None:
    reported = published(contact_made("dead_end", words="Enough."))
    assert reported.type == "support.contact_dead_ended"
    assert dict(reported) == dict(contact_made("dead_end", words="Enough."))


def test_every_inbound_type_is_published() -> None:
    facts = [case_opened(), *CHANGES, *NO_CHANGES, *CONTACTS, *SIGNALS, contact_preference_changed()]
    assert {type(fact) for fact in facts} == set(TOPICS["support.inbound.v1"])


def test_no_two_cases_are_awaited_under_one_name() -> None:
    first = CaseKey(AccountId("a:b"), CaseId("c"))
    second = CaseKey(AccountId("a"), CaseId("b:c"))
    assert first.awaited != second.awaited
