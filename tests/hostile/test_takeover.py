"""Impersonation fails: with the key of a shop, and with the sessions and links of a former address."""

from datetime import date
from functools import partial

import pytest

from shared.contracts.fact import Fact
from shared.contracts.orders_inbound import AccountReassigned, SaleCorrected
from tests.builders import order_placed, salesperson_changed
from tests.stories import SHOP_KEY, Company
from tests.waiting import eventually, until

MALLORY = "mallory@evil.example"
DIRECTORY: dict[str, Fact] = {
    "another address": salesperson_changed("Anna Berg", email=MALLORY),
    "an account in another book": AccountReassigned(salesperson="mallory", since=date(2026, 1, 1)),
    "another seller of a sale": SaleCorrected(order="4711", sold_by="mallory", reason="A mistake", by="mallory"),
}


@pytest.mark.parametrize("name", DIRECTORY)
async def test_the_key_of_a_shop_changes_neither_people_nor_account_owners(company: Company, name: str) -> None:
    story = company.story()
    refused = await story.post("orders", DIRECTORY[name], key=SHOP_KEY, source="/shop")
    (problem,) = refused.json()["errors"]
    assert (refused.status_code, problem["code"]) == (403, "right_missing")
    assert "directory" in problem["reason"]


async def test_a_removed_address_opens_nothing_any_more_and_both_addresses_are_notified(
    company: Company,
) -> None:
    story = company.story()
    await story.hire()
    escalation = company.pools["escalation"]
    address = "select email from escalation.salespeople where salesperson_id = $1"
    await eventually(lambda: escalation.fetchval(address, story.seller), story.address())
    async with story.signed_in() as browser:
        await story.hire(email=story.address("other"))
        await eventually(lambda: escalation.fetchval(address, story.seller), story.address("other"))
        assert (await browser.get("/")).headers["location"] == "/sign-in"
        await browser.post("/sign-in/link", data={"email": story.address()})
    for reported in (story.seller, "other"):
        mails = await until(partial(story.mails, reported), bool, wanted="a notice")
        assert [mail.subject for mail in mails] == ["Your e-mail address for alerts from Handoff has changed"]


async def test_the_key_of_a_shop_publishes_orders_and_only_as_that_shop(company: Company) -> None:
    story = company.story()
    sale = order_placed(story.order)
    assert [
        (await story.post("orders", sale, key=SHOP_KEY, source=source)).status_code
        for source in ("/shopping-evil", "/shop-eu", "shop", "/shop/eu", "/shop")
    ][:4] == [403, 403, 403, 200]
