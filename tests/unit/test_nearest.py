"""What a publisher probably meant by an unknown member or type."""

from typing import Any

import pytest

from shared.contracts.catalog import fact_class
from shared.contracts.nearest import Unknown, _with_the_word, unknown_members
from shared.contracts.orders_inbound import OrderPlaced, SalespersonChanged
from shared.contracts.rejected import Rejected


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ({"order": "4711"}, []),
        ({"soldBy": "anna"}, [Unknown("data.soldBy", "data.sold_by")]),
        ({"sold-at": 1}, [Unknown("data.sold-at", "data.sold_at")]),
        ({"curency": "EUR"}, [Unknown("data.curency", "data.currency")]),
        ({"warehouse": "north"}, [Unknown("data.warehouse")]),
        ({"customer": {"Phone": 1, "name": "Jo"}}, [Unknown("data.customer.Phone", "data.customer.phone")]),
        ({"lines": [{"product": "desk"}, {"sku": 1}]}, [Unknown("data.lines.1.sku")]),
        ({"customer": None, "lines": "none", "promises": [1]}, []),
    ],
)
def test_unread_members_are_found_with_the_nearest_known_name(data: dict[str, Any], found: list[Unknown]) -> None:
    assert list(unknown_members(OrderPlaced, data)) == found


@pytest.mark.parametrize(
    ("name", "meant"),
    [("hours", "data.working_hours"), ("Working-Hours", "data.working_hours"), ("our", None), ("", None)],
)
def test_a_name_that_is_a_word_of_one_known_name_is_answered_with_that(name: str, meant: str | None) -> None:
    assert list(unknown_members(SalespersonChanged, {name: 1})) == [Unknown(f"data.{name}", meant)]


def test_a_word_of_several_similar_names_gets_no_guess() -> None:
    assert _with_the_word("at", ["sold_at", "due_at"]) is None


def test_a_limited_number_is_named_and_a_long_name_is_cut() -> None:
    found = unknown_members(OrderPlaced, {f"{place}" + "x" * 5_000: 1 for place in range(500)})
    assert len(found) == 20
    assert all(len(one.path) < 120 for one in found)


@pytest.mark.parametrize(
    ("wire_type", "topic", "meant"),
    [
        ("support.refund_requested", "support.inbound.v1", "support.inbound.refund_requested"),
        ("support.inbound.refund_request", "support.inbound.v1", "support.inbound.refund_requested"),
        ("support.inbound.refundRequested", "support.inbound.v1", "support.inbound.refund_requested"),
        ("orders.order_placed", "support.inbound.v1", "orders.inbound.order_placed"),
        ("orders.inbound.order_place", "support.inbound.v1", "orders.inbound.order_placed"),
        ("order_placed", "orders.inbound.v1", "orders.inbound.order_placed"),
    ],
)
def test_a_published_or_misspelt_type_is_answered_with_the_intended_one(wire_type: str, topic: str, meant: str) -> None:
    with pytest.raises(Rejected, match=f"did you mean {meant}\\?"):
        fact_class(wire_type, topic=topic)


def test_a_type_like_no_other_gets_no_guess() -> None:
    with pytest.raises(Rejected) as caught:
        fact_class("com.example.telemetry", topic="orders.inbound.v1")
    assert caught.value.reason == "unknown event type; /docs and /asyncapi list the types that this service accepts"


def test_a_type_of_another_service_is_referred_to_it() -> None:
    with pytest.raises(Rejected, match=r"belongs on topic orders\.inbound\.v1, over HTTP to orders"):
        fact_class("orders.inbound.order_placed", topic="support.inbound.v1")
