"""The signal that an episode is about, and the amount at stake: the same for page, subject, list, play and alert."""

from datetime import timedelta
from itertools import permutations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.escalation.domain.entities import Signal
from services.escalation.domain.main_signal import all_for_information, is_for_information, main_signal
from services.escalation.domain.plays import Voice, advice, offer_limit
from services.escalation.domain.policy.document import shipped
from services.escalation.domain.policy.model import Play
from services.escalation.domain.stakes import Amount, is_executed, refund_total, stakes
from services.escalation.domain.words import Risk, why_now
from shared.contracts.escalation import SignalKind, Step
from shared.contracts.support_inbound import ContactPreference, RefundKind
from tests.builders import AT, minutes

POLICY = shipped()
SELLER = Voice("anna", "Anna Berg", Step.SELLER, "anna", "Anna Berg")
ORDER = Amount(2_000_000, "EUR")


def risk(kind: str, at: float = 0, id: int = 1, refund: str | None = None, requested: int | None = None) -> Risk:
    kept = RefundKind(refund) if refund else None
    amount = Amount(requested, "EUR") if requested else None
    return Risk(SignalKind(kind), minutes(at), UUID(int=id), amount, kept)


@pytest.mark.parametrize(
    "risks",
    [
        pytest.param(
            [risk("satisfaction_low", 0), risk("case_reopened", 60)], id="a rating before a case reopened later"
        ),
        pytest.param([risk("contact_dead_ended", 0), risk("case_stuck", 60)], id="a dead end before a stuck case"),
        pytest.param(
            [risk("refund_requested", 0), risk("contact_dead_ended", 60)], id="a request before what came later"
        ),
        pytest.param([risk("response_overdue", 5), risk("satisfaction_low", 0)], id="the latest of equals"),
        pytest.param(
            [risk("response_overdue", 0, id=2), risk("satisfaction_low", 0, id=1)], id="the higher id at one time"
        ),
        pytest.param(
            [risk("case_stuck", 0), risk("refund_requested", 60, refund="chargeback")], id="for information comes last"
        ),
    ],
)
def test_the_main_signal_comes_first_in_headline_and_script(risks: list[Risk]) -> None:
    for order in permutations(risks):
        main = main_signal(order, POLICY)
        assert main is risks[0]
        assert why_now(order, main).at == main.at
        found = advice(order, SELLER, preference=ContactPreference.NONE, order=ORDER, policy=POLICY)
        assert found is not None
        assert found.say[1:] == POLICY.plays.by_signal[main.kind].say


@given(st.lists(st.tuples(st.sampled_from(SignalKind), st.integers(0, 3)), min_size=1, max_size=6))
def test_signals_and_their_rows_on_pages_have_the_same_main_one(reported: list[tuple[SignalKind, int]]) -> None:
    kept = [
        Signal(UUID(int=number), "c-17", kind, minutes(at), AT, UUID(int=number))
        for number, (kind, at) in enumerate(reported)
    ]
    read = [Risk(one.kind, one.at, one.signal_id) for one in kept]
    main, shown = main_signal(kept, POLICY), main_signal(reversed(read), POLICY)
    assert main is not None
    assert shown is not None
    assert main.signal_id == shown.signal_id


def test_only_refund_requests_of_other_kinds_are_for_information() -> None:
    for kind in SignalKind:
        assert not is_for_information(risk(kind.value), POLICY)
    informing = {kind for kind in RefundKind if is_for_information(risk("refund_requested", refund=kind.value), POLICY)}
    assert informing == set(RefundKind) - {RefundKind.DISSATISFACTION}
    chargeback = risk("refund_requested", refund="chargeback")
    assert all_for_information([chargeback], POLICY)
    assert not all_for_information([chargeback, risk("case_stuck")], POLICY)
    assert not all_for_information([], POLICY)


@pytest.mark.parametrize(
    ("risks", "expected"),
    [
        pytest.param([risk("refund_requested", requested=500)], 500, id="what is asked"),
        pytest.param([risk("refund_requested")], 2_000_000, id="not told: the order"),
        pytest.param(
            [risk("refund_requested", requested=500), risk("refund_requested", id=2, requested=700)],
            1_200,
            id="added up",
        ),
        pytest.param([risk("refund_requested", requested=9_000_000)], 2_000_000, id="at most the order"),
        pytest.param([risk("case_stuck")], 2_000_000, id="of another signal the order"),
    ],
)
def test_at_stake_is(risks: list[Risk], expected: int) -> None:
    assert stakes(risks, ORDER) == {"EUR": expected}


@pytest.mark.parametrize(
    ("requested", "words"),
    [
        pytest.param(500, "Credit without approval: up to €5.00.", id="never more than is asked"),
        pytest.param(9_000_000, "Credit without approval: up to €500.00.", id="nor than the limit"),
        pytest.param(None, "Credit without approval: up to €500.00.", id="nothing told"),
    ],
)
def test_an_offer_is_at_most_the_requested_amount(requested: int | None, words: str) -> None:
    risks = [risk("refund_requested", requested=requested)]
    found = advice(risks, SELLER, preference=ContactPreference.NONE, order=ORDER, policy=POLICY)
    assert found is not None
    assert found.limit == words


def test_a_request_in_another_currency_limits_no_offer() -> None:
    dollars = Risk(SignalKind.REFUND_REQUESTED, AT, requested=Amount(500, "USD"))
    assert refund_total([dollars], ORDER) is None
    play = Play(say=("Sorry.",), offer="A credit.", offer_percent=10)
    assert offer_limit(play, ORDER, None) == 200_000


def test_a_stalled_order_has_a_play_that_asks_for_no_confirmation() -> None:
    waiting, unmoved = Risk(SignalKind.ORDER_STALLED, AT), Risk(SignalKind.ORDER_STALLED, AT, unmoved=True)
    said = [
        " ".join(found.say)
        for risk in (waiting, unmoved)
        if (found := advice([risk], SELLER, preference=ContactPreference.NONE, order=ORDER, policy=POLICY)) is not None
    ]
    assert ["confirm" in one for one in said] == [True, False]
    assert POLICY.plays.unmoved_order.say[0] in said[1]


def test_the_play_of_a_paid_refund_follows_once_the_money_is_paid() -> None:
    paid = Risk(SignalKind.REFUND_REQUESTED, AT, requested=Amount(500, "EUR"), executed=True)
    found = advice([paid], SELLER, preference=ContactPreference.NONE, order=ORDER, policy=POLICY)
    assert found is not None
    play = POLICY.plays.by_signal[SignalKind.REFUND_PAID]
    assert (found.say[1:], found.offer, found.limit) == (play.say, play.offer, None)


@pytest.mark.parametrize(
    ("requested", "paid", "executed"),
    [(500, 499, False), (500, 500, True), (None, 1_999_999, False), (None, 2_000_000, True)],
)
def test_a_request_is_executed_once_all_of_it_was_paid(requested: int | None, paid: int, executed: bool) -> None:
    assert is_executed(Amount(requested, "EUR") if requested else None, ORDER, paid) is executed


def test_the_age_of_a_signal_does_not_put_a_less_severe_one_first() -> None:
    old = Risk(SignalKind.CONTACT_DEAD_ENDED, AT - timedelta(days=300))
    assert main_signal([risk("case_bounced"), old], POLICY) is old
