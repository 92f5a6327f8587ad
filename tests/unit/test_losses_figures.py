"""Figures of losses: three columns that are never merged, agreement with its number, money by currency."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from services.escalation.domain.loss_class import LossClass
from services.escalation.domain.losses.columns import Columns, LossRow, Pair, agrees, columns
from services.escalation.domain.losses.figures import By, counted, figures, grouped
from services.escalation.domain.policy.document import shipped
from shared.contracts.escalation import SaleContribution
from tests.builders import AT

PRICE, LATE, PASSED = LossClass.PRICE, LossClass.TOO_LATE, LossClass.PASSED_AROUND
NOT_AS_SOLD, OTHER = LossClass.NOT_AS_SOLD, LossClass.OTHER
_FIRST = LossRow(UUID(int=1), "c-17", "4711", AT, "price", 100_00, "EUR", "enterprise", ("Heat pump", "Filter"))
_SECOND = replace(_FIRST, episode_id=UUID(int=2), closed_at=AT + timedelta(days=40), may_call_again=False)
_THIRD = replace(
    _SECOND,
    episode_id=UUID(int=3),
    order_id="4712",
    currency="USD",
    segment=None,
    products=("Filter",),
    reason="service",
)
LOSSES = counted(
    [
        (_FIRST, Columns(PRICE, None, (LATE, PASSED))),
        (replace(_SECOND, contributed=SaleContribution.NOTHING), Columns(PRICE, LATE, (LATE,))),
        (_THIRD, Columns(PASSED, LATE, (LATE, PASSED))),
    ]
)


@pytest.mark.parametrize(
    ("pair", "seller", "customer", "shown", "expected"),
    [
        (Pair.SELLER_AND_EVENTS, PASSED, None, (LATE, PASSED), True),
        (Pair.SELLER_AND_EVENTS, PRICE, None, (LATE,), False),
        (Pair.SELLER_AND_EVENTS, PRICE, None, (OTHER,), None),
        (Pair.SELLER_AND_EVENTS, OTHER, None, (LATE,), None),
        (Pair.CUSTOMER_AND_EVENTS, PRICE, None, (LATE,), None),
        (Pair.CUSTOMER_AND_EVENTS, PRICE, LATE, (LATE,), True),
        (Pair.SELLER_AND_CUSTOMER, PRICE, LATE, (LATE,), False),
        (Pair.SELLER_AND_CUSTOMER, LATE, LATE, (OTHER,), True),
        (Pair.SELLER_AND_CUSTOMER, LATE, None, (LATE,), None),
        (Pair.SELLER_AND_CUSTOMER, LATE, OTHER, (LATE,), None),
    ],
)
def test_two_columns_agree_if_both_are_known(
    pair: Pair, seller: LossClass, customer: LossClass | None, shown: tuple[LossClass, ...], expected: bool | None
) -> None:
    assert agrees(pair, Columns(seller, customer, shown)) is expected


@pytest.mark.parametrize(
    ("reason", "code", "expected"),
    [
        ("price", None, (PRICE, None)),
        ("product_fault", "too_expensive", (NOT_AS_SOLD, PRICE)),
        ("in_no_list", "in_no_list", (OTHER, OTHER)),
    ],
)
def test_reasons_and_codes_have_the_classes_of_the_policy(
    reason: str, code: str | None, expected: tuple[LossClass, LossClass | None]
) -> None:
    found = columns(replace(_FIRST, reason=reason, customers_code=code), (LATE,), shipped())
    assert (found.seller, found.customer, found.shown) == (*expected, (LATE,))


def test_the_columns_are_counted_side_by_side() -> None:
    whole = figures(LOSSES)
    assert {name: one.losses for name, one in whole.seller.items() if one.losses} == {"passed_around": 1, "price": 2}
    assert {name: one.losses for name, one in whole.customer.items() if one.losses} == {"too_late": 2, "not_known": 1}
    assert {name: one.losses for name, one in whole.events.items() if one.losses} == {"too_late": 3}
    shown = {name: one.losses for name, one in whole.events_any.items() if one.losses}
    assert shown == {"passed_around": 2, "too_late": 3}
    agreement = {pair: (found.agree, found.compared) for pair, found in whole.agreement.items()}
    assert agreement == {
        Pair.SELLER_AND_EVENTS: (1, 3),
        Pair.CUSTOMER_AND_EVENTS: (2, 2),
        Pair.SELLER_AND_CUSTOMER: (0, 2),
    }
    assert whole.may_call_again == {"yes": 0, "no": 2, "not_known": 1}
    assert (whole.contributed["nothing"], whole.contributed["not_known"]) == (1, 2)


def test_money_is_by_currency_and_an_order_lost_twice_counts_once() -> None:
    assert (figures(LOSSES).all.losses, figures(LOSSES).all.money) == (3, {"EUR": 100_00, "USD": 100_00})
    assert figures(LOSSES[:1]).all.money == {}, "the amount counts with the last loss of the order"


@pytest.mark.parametrize(
    ("by", "groups"),
    [
        (By.REASON, {"price": 2, "service": 1}),
        (By.PRODUCT, {"Filter": 3, "Heat pump": 2}),
        (By.SEGMENT, {"enterprise": 2, "no_segment": 1}),
        (By.MONTH, {"2026-05": 1, "2026-06": 2}),
        (By.CLASS, {}),
    ],
)
def test_losses_are_grouped(by: By, groups: dict[str, int]) -> None:
    assert {name: one.all.losses for name, one in grouped(LOSSES, by).items()} == groups


def test_no_losses_have_no_share_of_agreement() -> None:
    assert [one.share for one in figures([]).agreement.values()] == [None, None, None]
