"""The ends of a case, and whose turn it is.

Each test case lists facts, and when the signals began and were cleared, in hours.
"""

from itertools import permutations

import pytest

from services.escalation.domain.facts import AccountFact, FactKind
from shared.contracts.escalation import SignalKind
from tests.unit.accounts import fact, inbound, of_kind, outbound, reported
from tests.unit.case_facts import (
    CLOSED,
    OPENED,
    PROMISED,
    REOPENED,
    RESOLVED,
    Reported,
    on_case,
    passed_on,
    rated,
    requested,
    said,
    status,
)

# After the end.


AFTER_THE_END = [
    pytest.param(SignalKind.RESPONSE_OVERDUE, [said(10)], id="overdue"),
    pytest.param(SignalKind.RESPONSE_OVERDUE, [on_case(FactKind.RESPONSE_PROMISED, 10, due=12)], id="promised"),
    pytest.param(SignalKind.RESPONSE_DUE, [on_case(FactKind.RESPONSE_PROMISED, 10, due=15)], id="soon due"),
    pytest.param(SignalKind.CASE_BOUNCED, [passed_on(10, 3)], id="passed on"),
]


@pytest.mark.parametrize(("kind", "facts"), AFTER_THE_END)
def test_signals_that_the_end_settles_are_not_raised_by_later_facts(kind: SignalKind, facts: list[AccountFact]) -> None:
    assert not of_kind(kind, OPENED, on_case(CLOSED, 9), *facts)
    assert not of_kind(kind, OPENED, on_case(CLOSED, 9), status(9.5, "archived"), *facts)
    assert not of_kind(kind, OPENED, on_case(CLOSED, 9), status(9.5, "closed"), *facts)
    for opens in (on_case(REOPENED, 9.5), status(9.5, "open"), status(9.5, "pending"), status(9.5, waiting_for="us")):
        assert of_kind(kind, OPENED, on_case(CLOSED, 9), opens, *facts)
    assert of_kind(kind, OPENED, on_case(CLOSED, 9, case="l"), *facts)


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        pytest.param(SignalKind.CONTACT_DEAD_ENDED, [inbound(10, case="k")], id="a contact"),
        pytest.param(SignalKind.CONTACT_REPEATED, [inbound(at, case="k") for at in (10, 11, 12)], id="contacts"),
        pytest.param(SignalKind.REFUND_REQUESTED, [requested(10)], id="a request"),
        pytest.param(SignalKind.SATISFACTION_LOW, [rated(10, 200)], id="a rating"),
        pytest.param(SignalKind.CASE_REOPENED, [on_case(REOPENED, 10)], id="a reopening"),
    ],
)
def test_the_customers_actions_after_the_end_are_raised(kind: SignalKind, facts: list[AccountFact]) -> None:
    assert of_kind(kind, OPENED, on_case(CLOSED, 9), *facts)


# Ended by a status.

MERGED = "merged"


@pytest.mark.parametrize(
    ("kind", "facts", "expected"),
    [
        pytest.param(SignalKind.RESPONSE_OVERDUE, [PROMISED, status(4, MERGED)], [], id="merged before it was due"),
        pytest.param(SignalKind.RESPONSE_DUE, [PROMISED, status(4, MERGED)], [], id="merged before the warning"),
        pytest.param(SignalKind.RESPONSE_DUE, [PROMISED, status(7, MERGED)], [(6, 7)], id="merged after the warning"),
        pytest.param(SignalKind.RESPONSE_OVERDUE, [PROMISED, status(8, MERGED)], [], id="merged in the last moment"),
        pytest.param(SignalKind.RESPONSE_OVERDUE, [PROMISED, status(9, MERGED)], [(8, 9)], id="merged too late"),
        pytest.param(SignalKind.RESPONSE_OVERDUE, [PROMISED, status(1, MERGED)], [], id="merged just then"),
        pytest.param(
            SignalKind.RESPONSE_OVERDUE, [PROMISED, status(4, waiting_for="nobody")], [], id="the fact says so"
        ),
        pytest.param(
            SignalKind.RESPONSE_OVERDUE,
            [PROMISED, status(4, MERGED), on_case(REOPENED, 5)],
            [],
            id="reopened: the promise of before is over",
        ),
        pytest.param(
            SignalKind.RESPONSE_OVERDUE, [PROMISED, status(4, "in the green queue")], [(8, None)], id="another word"
        ),
        pytest.param(SignalKind.RESPONSE_OVERDUE, [PROMISED, status(4, "pending")], [(8, None)], id="the customer's"),
        pytest.param(SignalKind.RESPONSE_OVERDUE, [said(4), status(5, MERGED)], [(4, 5)], id="said, then merged"),
        pytest.param(SignalKind.RESPONSE_OVERDUE, [status(3, MERGED), said(4)], [], id="merged, then said"),
        pytest.param(
            SignalKind.RESPONSE_OVERDUE, [status(3, MERGED), status(4, "open"), said(5)], [(5, None)], id="ours again"
        ),
        pytest.param(
            SignalKind.RESPONSE_OVERDUE,
            [status(3, MERGED), inbound(4, case="k"), said(5)],
            [(5, None)],
            id="the customer writes",
        ),
        pytest.param(
            SignalKind.RESPONSE_OVERDUE,
            [on_case(CLOSED, 2), status(3, "open"), status(4, MERGED), said(5)],
            [],
            id="closed, opened, merged",
        ),
        pytest.param(SignalKind.CASE_BOUNCED, [passed_on(3, 3), status(4, MERGED)], [(3, 4)], id="passed on"),
        pytest.param(SignalKind.CASE_BOUNCED, [status(3, MERGED), passed_on(4, 3)], [], id="passed on afterwards"),
        pytest.param(
            SignalKind.CASE_REOPENED, [on_case(REOPENED, 3), status(4, MERGED)], [(3, 4)], id="came back, and over"
        ),
        pytest.param(
            SignalKind.CASE_REOPENED,
            [on_case(REOPENED, 3), status(4, MERGED), on_case(REOPENED, 5)],
            [(3, 4), (5, None)],
            id="came back twice",
        ),
        pytest.param(
            SignalKind.GONE_QUIET,
            [inbound(3, "dead_end", case="k"), status(4, MERGED)],
            [],
            id="nobody waits for a word",
        ),
        pytest.param(
            SignalKind.CONTACT_REPEATED,
            [inbound(1, case="k"), inbound(2, case="k"), inbound(3, case="k"), status(4, MERGED)],
            [(3, 4)],
            id="tried and tried",
        ),
        pytest.param(
            SignalKind.CONTACT_REPEATED,
            [*(inbound(at, case="k") for at in (1, 2, 3, 5, 6, 7)), status(4, MERGED)],
            [(3, 4), (7, None)],
            id="and again",
        ),
        pytest.param(
            SignalKind.CONTACT_DEAD_ENDED, [inbound(1, case="k"), status(2, MERGED)], [(5, None)], id="proves no talk"
        ),
    ],
)
def test_a_status_after_which_nothing_is_owed_ends_a_case(
    kind: SignalKind, facts: list[AccountFact], expected: Reported
) -> None:
    assert reported(kind, OPENED, *facts) == expected


# The customer's turn.


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param([OPENED, status(4, "waiting for customer")], [(4 + 14 * 24, None)], id="waiting for the customer"),
        pytest.param([OPENED, status(4, "pending")], [(4 + 14 * 24, None)], id="pending"),
        pytest.param([OPENED, status(4, "on hold")], [(340, None)], id="on hold"),
        pytest.param([OPENED, status(4, "anything", waiting_for="customer")], [(340, None)], id="the fact says so"),
        pytest.param([OPENED, status(4, "pending", waiting_for="us")], [(20, None)], id="the fact knows better"),
        pytest.param([OPENED, status(4, "open")], [(20, None)], id="ours"),
        pytest.param([OPENED, status(4, "in the green queue")], [(20, None)], id="a word that nobody knows"),
        pytest.param(
            [OPENED, status(4, "pending"), status(5, "in the green queue")], [(341, None)], id="changes no turn"
        ),
        pytest.param([OPENED, status(4, "closed")], [], id="nobody's"),
        pytest.param([OPENED, status(4, "closed"), inbound(30, case="k")], [(46, None)], id="nobody's until they ask"),
        pytest.param([OPENED, status(4, "pending"), status(30, "open")], [(46, None)], id="ours again"),
        pytest.param([OPENED, status(4, "pending"), inbound(30, case="k")], [(46, None)], id="they write"),
        pytest.param([OPENED, status(4, "pending"), requested(30)], [(46, None)], id="they ask for money back"),
        pytest.param([OPENED, status(4, "pending"), inbound(30, case="l")], [(340, None)], id="on another case"),
        pytest.param([OPENED, status(4, "pending"), inbound(4, case="k")], [(340, None)], id="they wrote just then"),
        pytest.param(
            [OPENED, status(4, "pending"), outbound(30, "unanswered", case="k")], [(366, None)], id="we remind them"
        ),
        pytest.param(
            [OPENED, status(4, "pending"), inbound(30, case="k"), outbound(31, case="k")], [(47, None)], id="answered"
        ),
        pytest.param([OPENED, status(4, "pending"), on_case(RESOLVED, 5)], [], id="resolved"),
        pytest.param([OPENED, on_case(RESOLVED, 4), status(5, "open")], [(21, None)], id="opened silently"),
        pytest.param([OPENED, on_case(RESOLVED, 4), status(5, "done")], [], id="a word for the end"),
        pytest.param(
            [OPENED, on_case(RESOLVED, 4), status(5, "archived")], [], id="a word that nobody knows, after the end"
        ),
    ],
)
def test_a_case_is_not_stuck_while_it_is_the_customers_turn(facts: list[AccountFact], expected: Reported) -> None:
    assert reported(SignalKind.CASE_STUCK, *facts) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(["open", "pending"], [(340, None)], id="the customer's before ours"),
        pytest.param(["open", "closed"], [], id="nobody's before ours"),
        pytest.param(["open", "pending", "closed"], [], id="nobody's before the customer's"),
        pytest.param(["pending", "in the green queue"], [(340, None)], id="a word that changes no turn"),
    ],
)
def test_among_simultaneous_statuses_the_most_advanced_counts(words: list[str], expected: Reported) -> None:
    for ids in permutations(range(1, len(words) + 1)):
        facts = [status(4, word, id=id) for word, id in zip(words, ids, strict=True)]
        assert reported(SignalKind.CASE_STUCK, OPENED, *facts) == expected


def test_an_opening_can_state_whose_turn_it_is() -> None:
    opened = fact(FactKind.CASE_OPENED, 0, case="k", what="new", waiting_for="customer")
    assert reported(SignalKind.CASE_STUCK, opened) == [(14 * 24, None)]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param([inbound(1, case="k"), status(2, "pending")], [], id="in time"),
        pytest.param([inbound(1, case="k"), status(1, "pending")], [], id="in the same instant"),
        pytest.param([inbound(1, case="k"), status(6, "pending")], [(5, None)], id="too late"),
        pytest.param([inbound(1, case="k"), status(2, "open")], [(5, None)], id="our turn"),
        pytest.param([inbound(1, case="k"), status(2, "closed")], [(5, None)], id="a status is no talk"),
        pytest.param([inbound(1, case="l"), status(2, "pending")], [(5, None)], id="on another case"),
        pytest.param([inbound(3, case="k"), status(2, "pending")], [(7, None)], id="they wrote after it"),
        pytest.param([inbound(1, case="k"), status(2, "pending"), inbound(3, case="k")], [(7, None)], id="and again"),
    ],
)
def test_no_answer_is_late_once_it_is_the_customers_turn(facts: list[AccountFact], expected: Reported) -> None:
    assert reported(SignalKind.CONTACT_DEAD_ENDED, *facts) == expected


def test_neither_a_promised_answer_nor_silence_waits_for_the_customers_turn() -> None:
    pending = status(2, "pending")
    assert reported(SignalKind.RESPONSE_OVERDUE, PROMISED, pending) == [(8, None)]
    assert reported(SignalKind.GONE_QUIET, inbound(1, case="k"), pending) == [(49, None)]


@pytest.mark.parametrize(
    ("kind", "raised", "late"),
    [
        pytest.param(SignalKind.CASE_STUCK, [OPENED], on_case(RESOLVED, 3), id="case_stuck"),
        pytest.param(SignalKind.RESPONSE_DUE, [PROMISED], outbound(3, case="k"), id="response_due"),
        pytest.param(SignalKind.RESPONSE_OVERDUE, [PROMISED], outbound(7, case="k"), id="response_overdue"),
    ],
)
def test_a_timely_fact_reported_late_withdraws_the_signal(
    kind: SignalKind, raised: list[AccountFact], late: AccountFact
) -> None:
    assert of_kind(kind, *raised)
    assert not of_kind(kind, *raised, late)
