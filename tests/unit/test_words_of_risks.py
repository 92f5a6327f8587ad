"""Signals in words: what happened, the amount at stake, and why it matters now."""

from dataclasses import replace
from datetime import date

import pytest

from services.escalation.domain.stakes import Amount
from services.escalation.domain.words import SIGNAL_LABELS, Risk, headline, label, why_now
from shared.contracts.escalation import SignalKind
from shared.contracts.support_inbound import RefundKind
from tests.builders import AT, minutes


def test_every_kind_of_signal_has_its_words() -> None:
    for kind in SignalKind:
        risks = [Risk(kind, minutes(0)), Risk(kind, minutes(1)), Risk(kind, minutes(2))]
        why = why_now(risks, risks[-1])
        assert why.sentence(minutes(2)).startswith(why.what)
        assert why.context.startswith(", after 2 ")
        assert SIGNAL_LABELS[kind]


def test_the_main_signal_comes_first_and_the_rest_is_counted() -> None:
    risks = [
        Risk(SignalKind.CONTACT_DEAD_ENDED, minutes(0)),
        Risk(SignalKind.CONTACT_DEAD_ENDED, minutes(1)),
        Risk(SignalKind.RESPONSE_OVERDUE, minutes(2)),
        Risk(SignalKind.REFUND_REQUESTED, minutes(10), requested=Amount(48_000, "EUR")),
        Risk(SignalKind.CASE_REOPENED, minutes(12)),
    ]
    assert why_now(risks, risks[3]).sentence(minutes(16)) == (
        "Refund of €480.00 requested 6 min ago, after 2 dead ends and an overdue answer; since then a reopened case."
    )


def test_a_late_delivery_says_when_it_is_expected() -> None:
    late = Risk(SignalKind.DELIVERY_LATE, minutes(0), expected_on=date(2026, 5, 6))
    reported = why_now([late], late).sentence(minutes(6))
    assert reported == "The delivery fell behind schedule 6 min ago. It is now expected on 6 May."


@pytest.mark.parametrize(
    ("risk", "words"),
    [
        pytest.param(Risk(SignalKind.REFUND_REQUESTED, AT), "Refund requested", id="no amount told"),
        pytest.param(
            Risk(SignalKind.REFUND_REQUESTED, AT, requested=Amount(999_00, "EUR"), more_than_order=True),
            "Refund of €999.00 (more than the order) requested",
            id="more than the order",
        ),
        pytest.param(
            Risk(
                SignalKind.REFUND_REQUESTED,
                AT,
                requested=Amount(999_00, "EUR"),
                refund_kind=RefundKind.CHARGEBACK,
                more_than_order=True,
            ),
            "Chargeback of €999.00 (more than the order) raised",
            id="of another kind",
        ),
        pytest.param(
            Risk(SignalKind.REFUND_PAID, AT, requested=Amount(5_00, "EUR")), "Refund of €5.00 paid", id="paid"
        ),
        pytest.param(
            Risk(
                SignalKind.REFUND_REQUESTED,
                AT,
                requested=Amount(5_00, "EUR"),
                refund_kind=RefundKind.STATUTORY_WITHDRAWAL,
            ),
            "Legal right of withdrawal used (€5.00)",
            id="a legal right",
        ),
        pytest.param(
            Risk(SignalKind.CONTACT_REPEATED, AT, contacts=3),
            "The customer contacted us for the 3rd time about the same issue",
            id="as often as that",
        ),
        pytest.param(
            Risk(SignalKind.ORDER_STALLED, AT), "The unconfirmed order was flagged as stalled", id="unconfirmed"
        ),
        pytest.param(
            Risk(SignalKind.ORDER_STALLED, AT, unmoved=True),
            "The order, untouched since the sale, was flagged as stalled",
            id="unmoved",
        ),
        pytest.param(
            Risk(SignalKind.CONTACT_DEAD_ENDED, AT), "The customer was turned away without help", id="a dead end"
        ),
        pytest.param(
            Risk(SignalKind.CONTACT_DEAD_ENDED, AT, unanswered=True),
            "The deadline for answering the customer passed",
            id="unanswered",
        ),
    ],
)
def test_a_headline_says_what_happened_and_how_much(risk: Risk, words: str) -> None:
    assert headline(risk) == words


def test_a_stalled_order_has_a_label_of_its_own() -> None:
    assert label(Risk(SignalKind.ORDER_STALLED, AT)) == "Order stalled"
    assert label(Risk(SignalKind.ORDER_STALLED, AT, unmoved=True)) == "Order not moving"


def test_an_unanswered_contact_has_a_label_of_its_own() -> None:
    assert label(Risk(SignalKind.CONTACT_DEAD_ENDED, AT)) == "Dead end"
    assert label(Risk(SignalKind.CONTACT_DEAD_ENDED, AT, unanswered=True)) == "Unanswered"


def test_a_request_whose_money_was_paid_says_so() -> None:
    asked = Risk(SignalKind.REFUND_REQUESTED, AT)
    assert (label(asked), label(replace(asked, executed=True))) == ("Refund requested", "Refund requested and paid")
    chargeback = replace(asked, refund_kind=RefundKind.CHARGEBACK)
    assert (label(chargeback), label(replace(chargeback, executed=True))) == (
        "Chargeback",
        "Chargeback, money returned",
    )


def test_further_requests_are_named_by_kind_in_the_order_of_time() -> None:
    risks = [
        Risk(SignalKind.RESPONSE_OVERDUE, minutes(0)),
        Risk(SignalKind.CONTACT_DEAD_ENDED, minutes(1)),
        Risk(SignalKind.REFUND_REQUESTED, minutes(2)),
        Risk(SignalKind.REFUND_REQUESTED, minutes(3), refund_kind=RefundKind.CHARGEBACK),
    ]
    assert why_now(risks, risks[2]).sentence(minutes(2)) == (
        "Refund requested just now, after an overdue answer and a dead end; since then a chargeback."
    )


def test_a_missed_promise_and_an_unreached_result_are_named() -> None:
    missed = Risk(SignalKind.PROMISE_MISSED, minutes(0), about="“Calibration visit”")
    assert why_now([missed], missed).sentence(minutes(6)) == "The promise “Calibration visit” was missed 6 min ago."
    denied = Risk(SignalKind.OUTCOME_DENIED, minutes(0), about="“Weigh 200 cups a day”")
    assert why_now([denied], denied).sentence(minutes(0)) == (
        "Expected result not achieved (“Weigh 200 cups a day”), reported just now."
    )
