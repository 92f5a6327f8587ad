"""Orders' decisions without a database."""

from typing import Any

import pytest

from services.orders.domain import Sale, Standing, is_latest, judge_order_fact, published, sale_of
from shared.contracts import orders
from shared.contracts.catalog import TOPICS
from shared.contracts.fact import Fact
from shared.contracts.order_parts import Line, Promise
from shared.contracts.people_parts import Day, WorkingHours
from shared.ids import AccountId
from shared.precedence import Version
from tests.builders import (
    AT,
    account_reassigned,
    confirmation_required,
    delivery_late,
    event_of,
    minutes,
    order_cancelled,
    order_changed,
    order_confirmed,
    order_delivered,
    order_placed,
    outcome_reported,
    promise_kept,
    refund_paid,
    sale_corrected,
    salesperson_changed,
)

SALE = Sale(AccountId("c-17"), b"content")


@pytest.mark.parametrize(
    ("sale", "account", "standing"),
    [
        (None, "c-17", Standing.ORDER_UNKNOWN),
        (SALE, "c-17", Standing.EFFECTIVE),
        (SALE, "c-18", Standing.ORDER_OF_ANOTHER_ACCOUNT),
    ],
    ids=["before its sale", "of the account's own order", "of another account's order"],
)
def test_a_fact_about_an_order_counts_only_for_the_account_of_its_sale(
    sale: Sale | None, account: str, standing: Standing
) -> None:
    assert judge_order_fact(sale, AccountId(account)) is standing


@pytest.mark.parametrize(
    ("reported", "latest"),
    [
        (Version(minutes(1), "a"), True),
        (Version(minutes(-1), "z"), False),
        (Version(AT, "n"), True),
        (Version(AT, "l"), False),
        (Version(AT, "m"), False),
    ],
    ids=["later", "earlier", "same time, higher id", "same time, lower id", "the same"],
)
def test_the_latest_fact_about_a_salesperson_counts_and_ties_go_by_id(reported: Version, latest: bool) -> None:
    assert is_latest(None, reported)
    assert is_latest(Version(AT, "m"), reported) is latest


def test_a_sale_is_the_same_at_any_time_and_under_any_id() -> None:
    reported_again = event_of(order_placed(), at=minutes(9), source="crm")
    assert sale_of(event_of(order_placed())) == sale_of(reported_again)


@pytest.mark.parametrize(
    "change",
    [
        {"amount_minor": 1},
        {"sold_by": None},
        {"sold_at": minutes(1)},
        {"customer": None},
        {"currency": "USD"},
        {"segment": "key accounts"},
        {"delivery_due_at": minutes(1)},
        {"outcome_expected_by": minutes(1)},
        {"renews": "4700"},
        {"promises": (Promise(id="training", what="Training", due_at=AT),)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_sale_with_any_other_field_is_another_sale(change: dict[str, Any]) -> None:
    assert sale_of(event_of(order_placed(**change))) != sale_of(event_of(order_placed()))


def test_a_sale_to_another_account_is_another_sale() -> None:
    assert sale_of(event_of(order_placed())) != sale_of(event_of(order_placed(), subject="c-18"))


FACTS: list[Fact] = [
    order_placed(),
    confirmation_required(due_at=AT),
    order_confirmed(),
    order_delivered(),
    order_delivered(lines=()),
    order_delivered(lines=(1,), complete=False),
    order_changed(lines=(Line(product="Heat pump"),), delivery_due_at=AT),
    order_cancelled(reason="too late"),
    refund_paid(),
    promise_kept(proof="signed"),
    outcome_reported(reached=False, words="Not yet."),
    sale_corrected(),
    delivery_late(due_at=AT, words="The lorry broke down."),
    account_reassigned(),
    salesperson_changed(),
]


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: type(fact).__name__)
def test_a_fact_is_published_with_the_same_fields_under_the_services_own_name(fact: Fact) -> None:
    reported = published(fact)
    assert reported.type == fact.type.replace(".inbound.", ".")
    assert reported.model_dump() == fact.model_dump()


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("09:00", "17:00", [("mon", "09:00", "17:00")]),
        ("00:00", "24:00", [("mon", "00:00", "23:59")]),
        ("14:00", "23:59", [("mon", "14:00", "23:59")]),
        ("22:00", "00:00", [("mon", "22:00", "23:59")]),
        ("22:00", "06:00", [("mon", "22:00", "23:59"), ("tue", "00:00", "06:00")]),
    ],
)
def test_hours_are_published_within_a_day_as_all_readers_know_them(
    start: str, end: str, expected: list[tuple[str, str, str]]
) -> None:
    hours = WorkingHours(days=(Day.MONDAY,), start=start, end=end)
    reported = published(salesperson_changed(working_hours=(hours,)))
    assert isinstance(reported, orders.SalespersonChanged)
    assert [(one.days[0].value, one.start, one.end) for one in reported.working_hours] == expected


def test_the_night_after_a_sunday_ends_on_a_monday() -> None:
    hours = WorkingHours(days=(Day.SATURDAY, Day.SUNDAY), start="22:00", end="06:00")
    reported = published(salesperson_changed(working_hours=(hours,)))
    assert isinstance(reported, orders.SalespersonChanged)
    assert reported.working_hours[1].days == (Day.SUNDAY, Day.MONDAY)


def test_every_inbound_type_is_published() -> None:
    assert {type(fact) for fact in FACTS} == set(TOPICS["orders.inbound.v1"])
