"""Nobody becomes somebody else: not with the key of a shop, and not with what an earlier address still holds."""

from datetime import UTC, date, datetime


import pytest

from shared.contracts.fact import Fact
from shared.contracts.orders_inbound import AccountReassigned, SaleCorrected
from tests.builders import order_placed, salesperson_changed
from tests.stories import SHOP_KEY, Company

MALLORY = "mallory@evil.example"
DIRECTORY: dict[str, Fact] = {
    "another address": salesperson_changed("Anna Berg", email=MALLORY),
    "an account in another book": AccountReassigned(salesperson="mallory", since=date(2026, 1, 1)),
    "another seller of a sale": SaleCorrected(order="4711", sold_by="mallory", reason="A mistake", by="mallory"),
}


@pytest.mark.parametrize("name", DIRECTORY)
async def test_the_key_of_a_shop_neither_changes_people_nor_who_looks_after_a_customer(
    company: Company, name: str
) -> None:
    story = company.story()
    refused = await story.post("orders", DIRECTORY[name], key=SHOP_KEY, source="/shop")
    (problem,) = refused.json()["errors"]
    assert (refused.status_code, problem["code"]) == (403, "right_missing")
    assert "directory" in problem["reason"]


async def test_the_key_of_a_shop_publishes_orders_and_only_as_that_shop(company: Company) -> None:
    story = company.story()
    sale = order_placed(story.order, sold_at=datetime.now(UTC))
    assert [
        (await story.post("orders", sale, key=SHOP_KEY, source=source)).status_code
        for source in ("/shopping-evil", "/shop-eu", "shop", "/shop/eu", "/shop")
    ][:4] == [403, 403, 403, 200]
