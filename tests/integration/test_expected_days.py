"""The expected day of a late delivery: the one reported last, by the customer's own calendar."""

from datetime import datetime, timedelta

from services.escalation.app import publish_policy
from services.escalation.domain.own_facts import PolicySubmitted
from services.escalation.domain.policy.document import shipped_text
from shared.contracts.order_parts import Customer
from tests.builders import ACCOUNT, ZONE, delivery_late, order_changed
from tests.inbox import Site
from tests.inbox_desk import Desk, state

DAY = timedelta(days=1)


async def late(site: Site, until: datetime, *, minutes_ago: float = 2) -> Desk:
    """The delivery is late, and expected on that day."""
    await site.receive(delivery_late(due_at=until), minutes_ago=minutes_ago, about=ACCOUNT)
    return Desk(await site.signed_in(), (await state(site))["episode_id"])


def expected(at: datetime) -> str:
    there = at.astimezone(ZONE)
    return f"It is now expected on {there.day} {there:%B}"


async def test_a_day_reported_before_the_last_one_is_never_expected(site: Site) -> None:
    await site.hire()
    await site.sell()
    now = await site.service.now()
    desk = await late(site, now + 9 * DAY, minutes_ago=5)
    assert expected(now + 9 * DAY) in await desk.page()
    await site.receive(delivery_late(due_at=now + 2 * DAY), about=ACCOUNT)
    assert expected(now + 2 * DAY) in await desk.page()
    await site.wait(3 * DAY)
    assert "expected on" not in await desk.page(), "the earlier day does not come back"


async def test_a_changed_delivery_date_is_the_expected_day(site: Site) -> None:
    await site.hire()
    await site.sell()
    now = await site.service.now()
    desk = await late(site, now + 2 * DAY)
    await site.receive(order_changed(delivery_due_at=now + 6 * DAY), about=ACCOUNT)
    assert expected(now + 6 * DAY) in await desk.page()
    await site.receive(order_changed(amount_minor=700), about=ACCOUNT)
    assert expected(now + 6 * DAY) in await desk.page(), "a change without a day keeps it"


async def test_the_policys_zone_decides_the_day_of_a_customer_without_a_zone(site: Site) -> None:
    zoned = shipped_text().replace('zone = "UTC"', 'zone = "Europe/Berlin"')
    await site.hire()
    await publish_policy(site.service.processor, PolicySubmitted(document=zoned, by="anna", summary="Berlin"))
    await site.sell(customer=Customer(name="Petra Weiss", phone="+49 30 901820"))
    late_at_night = (await site.service.now() + 3 * DAY).replace(hour=23, minute=30)
    assert late_at_night.astimezone(ZONE).date() != late_at_night.date()
    assert expected(late_at_night) in await (await late(site, late_at_night)).page()
