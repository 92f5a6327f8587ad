"""The pictures of the README, drawn from a staged inbox: `make pictures` keeps them in docs."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import expect

from shared.contracts.order_parts import Customer, Line
from shared.contracts.support_inbound import Person, ResponseOverdue
from tests.browser.conftest import DESK, PHONE, Visits
from tests.builders import ACCOUNT, CASE, ZONE, case_opened, case_reopened, case_resolved, contact_made

pytestmark = pytest.mark.browser

OTHERS = (
    ("4802", "c-20", "Studio Lindqvist", "Standing desks, 12 pieces", 1_180_000),
    ("4804", "c-21", "Autohaus Krüger GmbH & Co. KG", "Wheel balancer with calibration", 1_249_000),
    ("4805", "c-22", "Café Morgenrot", "Espresso machine, two groups", 489_000),
    ("4801", "c-23", "Owen Hughes", "Electric cargo bike", 549_900),
    ("4803", "c-24", "Naomi Clarke", "Sewing machine", 89_900),
)
REOPENED = ("4801", "4803")


async def staged(visits: Visits) -> str:
    """The page of an episode of Anna's, in a list with five others."""
    address = await petra(visits)
    for place, (order, account, name, product, amount) in enumerate(OTHERS):
        buyer = Customer(name=name, phone=f"+49 30 55501{place}", zone=ZONE.key)
        line = Line(product=product, amount_minor=amount)
        await visits.site.sell(order, account=account, lines=(line,), amount_minor=amount, customer=buyer)
        case = f"case-{order}"
        if order in REOPENED:
            await visits.site.receive(case_opened(case, order=order), minutes_ago=3000, about=account)
            await visits.site.receive(case_resolved(case), minutes_ago=2000, about=account)
            await visits.site.receive(case_reopened(case), minutes_ago=25 + place, about=account)
        else:
            dead_end = contact_made("dead_end", case=None, order=order)
            await visits.site.receive(dead_end, minutes_ago=12 + place, about=account)
    return address


async def petra(visits: Visits) -> str:
    site = visits.site
    await site.sell()
    now = await site.service.now()
    overdue = ResponseOverdue(case=CASE, due_at=now - timedelta(hours=2))
    caller = Person(name="Jonas Weiss", phone="+49 30 901821")
    leaks = contact_made("dead_end", by=caller, words="It leaks, and they told me to buy a new one.")
    await site.receive(case_opened(title="The heat pump leaks"), minutes_ago=1400, about=ACCOUNT)
    await site.receive(overdue, minutes_ago=120, about=ACCOUNT)
    await site.receive(leaks, minutes_ago=40, about=ACCOUNT)
    asked = "Nobody calls me back. I want my money back, all of it."
    return f"/episodes/{await site.request_refund(minutes_ago=3, words=asked)}"


async def test_the_pictures_of_the_readme_are_drawn(visits: Visits, tmp_path: Path) -> None:
    folder = Path(os.environ.get("PICTURES", tmp_path))
    address = await staged(visits)
    for name, (width, height), scale in (("phone", PHONE, 2), ("desk", DESK, 1)):
        context = await visits.browser.new_context(
            viewport={"width": width, "height": height},
            device_scale_factor=scale,
            color_scheme="light",
            base_url=visits.site.public_url,
        )
        async with context:
            page = await visits.sign_in(context, next_path=address)
            await expect(page.locator("[data-connection]")).to_have_text("Live")
            assert await page.locator("[data-list] .row").count() == len(OTHERS) + 1
            await page.screenshot(path=folder / f"inbox-{name}.png")
