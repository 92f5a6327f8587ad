"""The inbox's privacy: no one sees, acknowledges or changes another person's episodes."""

import re
from uuid import uuid4

import pytest

from services.escalation.domain.escalation_path import PATH_RULES
from services.escalation.domain.policy.versions import Policies
from services.escalation.store import episode_parts
from services.escalation.store.stories import Story, stories_of
from shared.contracts.order_parts import Customer
from shared.ids import SalespersonId
from tests.builders import ACCOUNT, SELLER
from tests.inbox import Site, form_token


async def test_customers_words_cannot_become_markup(site: Site) -> None:
    await site.hire()
    await site.sell(customer=Customer(name="<b>Bold</b>", phone='1"onclick="x'))
    await site.request_refund(words="<script>alert(1)</script>")
    page = (await (await site.signed_in()).get("/")).text
    assert "<script>alert" not in page
    assert "<b>Bold" not in page
    assert '"onclick="' not in page


async def test_no_one_sees_another_persons_episode(site: Site) -> None:
    foreign = await site.trouble("ben", order="4800", account="c-80")
    own = await site.trouble()
    browser = await site.signed_in()
    page = (await browser.get("/")).text
    assert str(foreign) not in page
    assert (await browser.get(f"/episodes/{own}")).status_code == 200
    form = {"csrf_token": form_token(page)}
    for answer in (
        await browser.get(f"/episodes/{foreign}"),
        await browser.post(f"/episodes/{foreign}/acknowledge", data=form),
        await browser.get(f"/episodes/{uuid4()}"),
        await browser.get("/episodes/nonsense"),
    ):
        assert answer.status_code == 404
        assert "Not in your inbox" in answer.text
    assert site.acknowledged == []


async def test_nothing_is_shown_without_a_session(site: Site) -> None:
    episode = await site.trouble()
    browser = site.browser()
    for path in ("/", f"/episodes/{episode}", "/live"):
        answer = await browser.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in")
        assert answer.text == ""
    assert (await browser.post(f"/episodes/{episode}/acknowledge", data={"return_to": "/"})).status_code == 303
    assert site.acknowledged == []


@pytest.mark.parametrize(
    ("token", "headers"),
    [
        (None, {}),
        ("guessed", {}),
        ("own", {"sec-fetch-site": "cross-site"}),
        ("own", {"origin": "http://evil.example"}),
    ],
)
async def test_a_form_from_elsewhere_acknowledges_nothing(
    site: Site, token: str | None, headers: dict[str, str]
) -> None:
    episode = await site.trouble()
    browser = await site.signed_in()
    own = form_token((await browser.get("/")).text)
    form = {} if token is None else {"csrf_token": own if token == "own" else token}
    refused = await browser.post(f"/episodes/{episode}/acknowledge", data=form, headers=headers)
    assert refused.status_code == 403
    assert site.acknowledged == []


async def test_an_episode_that_passed_to_another_person_leaves_the_inbox(site: Site) -> None:
    episode = await site.trouble()
    browser = await site.signed_in()
    await site.service.pool.execute(
        "update escalation.episodes set responsible = 'ben', acknowledged_by = 'ben', "
        "acknowledged_at = shared.app_now()"
    )
    assert "Nothing is waiting for you." in (await browser.get("/")).text
    page = await browser.get(f"/episodes/{episode}")
    assert page.status_code == 200, "its seller can follow it"
    form = {"csrf_token": form_token(page.text)}
    assert "/acknowledge" not in page.text
    assert (await browser.post(f"/episodes/{episode}/acknowledge", data=form)).status_code == 409


async def test_pages_may_load_nothing_from_elsewhere_and_are_not_kept(site: Site) -> None:
    await site.trouble()
    browser = await site.signed_in()
    for path in ("/", "/sign-in", "/episodes/nonsense"):
        answer = await browser.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert not re.search(r"style=|onclick=|<style|https?://", answer.text)
        for asset in re.findall(r'(?:src|href)="(/inbox/[^"]+)"', answer.text):
            assert "immutable" in (await browser.get(asset)).headers["cache-control"]
    assert (await browser.get("/inbox/0/routes.py")).status_code == 404


async def test_no_one_reads_the_facts_of_another_persons_customer(site: Site) -> None:
    foreign = await site.trouble("ben", order="4800", account="c-80")
    own = await site.trouble()
    pool, me = site.service.pool, SalespersonId(SELLER)
    stories = await stories_of(pool, me, {foreign: 10, own: 10}, {})
    assert (stories[foreign], {row["subject"] for row in stories[own].facts}) == (Story(), {ACCOUNT})
    assert list(await episode_parts.signals_of(pool, me, [foreign, own], Policies.shipped())) == [own]
    assert await episode_parts.alerts_of(pool, me, foreign) == []
    assert await episode_parts.steps_of(pool, me, foreign, PATH_RULES) == []
