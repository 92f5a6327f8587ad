"""Promises of a sale that are refused, with the reason."""

import json

import pytest

from shared.contracts.envelope import Rejected
from shared.contracts.orders_inbound import OrderPlaced
from tests.unit.events import decode


def sale_with(*promises: dict[str, object]) -> Rejected:
    promised = [{"what": "A room", "due_at": "2026-05-11T07:00:00Z"} | each for each in promises]
    sold = {"order": "4711", "lines": [{"product": "x"}], "amount_minor": 1, "currency": "EUR"}
    body = json.dumps(sold | {"sold_at": "2026-05-04T09:30:00Z", "promises": promised})
    with pytest.raises(Rejected) as caught:
        decode(body, type=OrderPlaced.type)
    return caught.value


@pytest.mark.parametrize("named", [{"id": "room"}, {}])
def test_promises_of_both_sides_with_one_name_are_refused(
    named: dict[str, object],
) -> None:
    refused = sale_with(named, named | {"owed_by": "customer"})
    assert refused.code == "invalid_field"
    assert refused.reason == (
        "data promises of ours and of the customer must not share a name: give each of them an id of its own"
    )


def test_a_promise_owed_by_neither_side_is_refused_with_both_named() -> None:
    assert "'us' or 'customer'" in sale_with({"owed_by": "everyone"}).reason
