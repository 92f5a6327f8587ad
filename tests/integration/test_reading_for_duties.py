"""Reads for follow-ups are bounded: an account's facts from before the sale are not part of them."""

from datetime import timedelta

from services.escalation.domain.duties import period
from services.escalation.domain.policy.versions import Policies
from services.escalation.store.duties import sales_of
from shared.ids import SalespersonId
from tests.builders import ACCOUNT, SELLER, case_opened, contact_made, order_placed
from tests.inbox import Site

DAY = timedelta(days=1)


async def test_the_talks_before_a_sale_are_not_read_and_those_since_are(site: Site) -> None:
    await site.hire()
    now = await site.service.now()
    for days in (300, 200, 100, 1):
        await site.receive(contact_made("answered", case=None), minutes_ago=days * 1440, about=ACCOUNT)
    await site.receive(case_opened(order="4700"), minutes_ago=300 * 1440, about=ACCOUNT)
    await site.receive(order_placed(sold_at=now - 20 * DAY), minutes_ago=20 * 1440)
    (sale,), _ = await sales_of(site.service.pool, SalespersonId(SELLER), period(Policies.shipped(), now))
    assert len(sale.history) == 2, "the talk since then, and the case that may name a talk's order"


async def test_facts_are_read_since_the_accounts_earliest_sale_with_follow_ups(site: Site) -> None:
    await site.hire()
    now = await site.service.now()
    await site.receive(contact_made("answered", case=None), minutes_ago=22 * 1440, about=ACCOUNT)
    for order, days in (("4711", 20), ("4700", 25)):
        await site.receive(order_placed(order, sold_at=now - days * DAY), minutes_ago=days * 1440)
    sales, _ = await sales_of(site.service.pool, SalespersonId(SELLER), period(Policies.shipped(), now))
    assert [(sale.order.order_id, len(sale.history)) for sale in sales] == [("4711", 1), ("4700", 1)]
