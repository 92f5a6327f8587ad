"""Sign-in to the inbox: links that work once, and sessions that end."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import quote

import pytest

from services.escalation.inbox.rationing import MOST_LINKS
from services.escalation.store.sign_outs import end_all
from tests.builders import SELLER
from tests.inbox import Site, form_token, inbox_site, token_of
from tests.servers import MakeDatabase

ANNAS_ADDRESS = "anna@sales.example"


@pytest.fixture
async def site(database: MakeDatabase) -> AsyncIterator[Site]:
    async with inbox_site(await database("escalation")) as site:
        await site.hire(SELLER, email=ANNAS_ADDRESS)
        yield site


async def test_opening_a_link_shows_a_button_and_does_not_use_the_link(site: Site) -> None:
    link, browser = await site.link_for(SELLER), site.browser()
    for _ in range(2):
        opened = await browser.get(link)
        assert opened.status_code == 200
        assert "Sign in</button>" in opened.text
        assert not opened.cookies
    assert (await browser.post("/sign-in", data={"token": token_of(link)})).status_code == 303


async def test_a_link_signs_in_once(site: Site) -> None:
    token = token_of(await site.link_for(SELLER))
    browser, other = site.browser(), site.browser()
    assert (await browser.post("/sign-in", data={"token": token})).headers["location"] == "/"
    assert (await browser.get("/")).status_code == 200
    refused = await other.post("/sign-in", data={"token": token})
    assert refused.status_code == 410
    assert "Request a new one" in refused.text
    assert (await other.get("/")).headers["location"] == "/sign-in"


async def test_one_of_many_simultaneous_presses_signs_in(site: Site) -> None:
    token = token_of(await site.link_for(SELLER))
    presses = (site.browser().post("/sign-in", data={"token": token}) for _ in range(8))
    statuses = [answer.status_code for answer in await asyncio.gather(*presses)]
    assert sorted(statuses) == [303] + 7 * [410]


@pytest.mark.parametrize("copied", ["{}", "  {}\n"], ids=["as it is", "with space around it"])
async def test_a_pasted_link_signs_in_where_links_do_not_open(site: Site, copied: str) -> None:
    page = f"/episodes/{await site.trouble()}"
    link, app = await site.link_for(SELLER, page), site.browser()
    answer = await app.post("/sign-in", data={"link": copied.format(link), "next": "/"})
    assert (answer.status_code, answer.headers["location"]) == (303, page)
    assert (await app.get(page)).status_code == 200
    again = await site.browser().post("/sign-in", data={"link": link})
    assert again.status_code == 410


@pytest.mark.parametrize(
    "copied",
    [
        "<{}>",
        "{}.",
        "Sign in: {} Thank you",
        "https://filter.example/v3/__{}__;!!x",
        "https://filter.example/?url={q}&data=0",
    ],
    ids=["in brackets", "at the end of a sentence", "in a line", "beside the words of a filter", "quoted by a filter"],
)
@pytest.mark.parametrize("page", ["/", "/devices"])
async def test_a_link_is_found_in_what_mail_programs_make_of_it(site: Site, copied: str, page: str) -> None:
    link = await site.link_for(SELLER, page)
    pasted = copied.format(link, q=quote(link, safe=""))
    answer = await site.browser().post("/sign-in", data={"link": pasted})
    assert (answer.status_code, answer.headers["location"]) == (303, page)


async def test_a_link_that_was_broken_into_lines_signs_in(site: Site) -> None:
    link = await site.link_for(SELLER)
    answer = await site.browser().post("/sign-in", data={"link": f"{link[:50]} {link[50:]}"})
    assert answer.status_code == 303


@pytest.mark.parametrize("text", ["", "anna@sales.example", "https://[half", "?token=a&token=b", "\u0000", "?token="])
async def test_another_text_than_a_link_is_refused_with_the_field_to_try_again(site: Site, text: str) -> None:
    answer = await site.browser().post("/sign-in", data={"link": text, "next": "/closed"})
    assert answer.status_code == 400
    assert "Copy the whole link from the e-mail" in answer.text
    assert "<details open>" in answer.text
    assert 'value="/closed"' in answer.text


async def test_a_pasted_link_leads_to_pages_of_the_inbox_only(site: Site) -> None:
    link = f"{await site.link_for(SELLER)}&next=https://evil.example"
    answer = await site.browser().post("/sign-in", data={"link": link})
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize("token", ["", "nonsense", "\u0000", "ü"])
async def test_an_invented_token_signs_no_one_in(site: Site, token: str) -> None:
    assert (await site.browser().post("/sign-in", data={"token": token})).status_code == 410


async def test_a_link_works_for_a_day(site: Site) -> None:
    on_time, late = await site.link_for(SELLER), await site.link_for(SELLER)
    await site.service.move_clock(timedelta(hours=23, minutes=59))
    assert (await site.browser().post("/sign-in", data={"token": token_of(on_time)})).status_code == 303
    await site.service.move_clock(timedelta(minutes=2))
    assert (await site.browser().post("/sign-in", data={"token": token_of(late)})).status_code == 410


@pytest.mark.parametrize("page", ["/episodes/{}", "/history/{}", "/closed"])
async def test_a_link_to_a_page_survives_sign_in(site: Site, page: str) -> None:
    page = page.format(await site.trouble())
    browser = site.browser()
    sent_away = await browser.get(page)
    door = await browser.get(sent_away.headers["location"])
    assert f'value="{page}"' in door.text
    await browser.post("/sign-in/link", data={"email": ANNAS_ADDRESS, "next": page})
    ((_, link),) = site.sent_links
    assert f'value="{page}"' in (await browser.get(link)).text
    signed_in = await browser.post("/sign-in", data={"token": token_of(link), "next": page})
    assert signed_in.headers["location"] == page
    assert (await browser.get(page)).status_code == 200


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "/episodes/../x", "javascript:alert(1)", "/\n/x"],
)
async def test_sign_in_never_leads_away(site: Site, elsewhere: str) -> None:
    token = token_of(await site.link_for(SELLER))
    signed_in = await site.browser().post("/sign-in", data={"token": token, "next": elsewhere})
    assert signed_in.headers["location"] == "/"


async def test_requesting_a_link_gives_everyone_the_same_answer(site: Site) -> None:
    browser = site.browser()
    known = await browser.post("/sign-in/link", data={"email": ANNAS_ADDRESS.upper()})
    unknown = await browser.post("/sign-in/link", data={"email": "nobody@sales.example"})
    same = unknown.text.replace("nobody@sales.example", ANNAS_ADDRESS.upper())
    assert (known.status_code, known.text) == (unknown.status_code, same)
    ((person, _),) = site.sent_links
    assert person.salesperson_id == SELLER


async def test_an_address_of_two_people_gets_no_link(site: Site) -> None:
    await site.hire("ben", email=ANNAS_ADDRESS)
    await site.browser().post("/sign-in/link", data={"email": ANNAS_ADDRESS})
    assert site.sent_links == []


async def test_links_for_one_address_are_rationed(site: Site) -> None:
    browser = site.browser()
    for _ in range(5):
        await browser.post("/sign-in/link", data={"email": ANNAS_ADDRESS})
    assert len(site.sent_links) == 3
    await site.service.move_clock(timedelta(minutes=16))
    await browser.post("/sign-in/link", data={"email": ANNAS_ADDRESS})
    assert len(site.sent_links) == 4


async def test_requests_from_one_address_are_rationed_for_all_people_together(site: Site) -> None:
    asks = [
        await site.browser().post("/sign-in/link", data={"email": f"somebody-{number}@sales.example"})
        for number in range(MOST_LINKS + 1)
    ]
    assert {answer.status_code for answer in asks[:-1]} == {200}
    assert asks[-1].status_code == 429
    assert "Try again in 15 minutes." in asks[-1].text
    assert 0 < int(asks[-1].headers["retry-after"]) <= 900


async def test_simultaneous_requests_get_no_more_links_than_successive_ones(site: Site) -> None:
    addresses = 6 * [ANNAS_ADDRESS, ANNAS_ADDRESS.upper()]
    await asyncio.gather(*(site.browser().post("/sign-in/link", data={"email": one}) for one in addresses))
    assert len(site.sent_links) == 3


async def test_a_sign_in_deletes_links_expired_for_a_day(site: Site) -> None:
    old = await site.link_for(SELLER)
    await site.service.move_clock(timedelta(hours=47))
    await site.signed_in()
    assert len(await site.service.rows("escalation.sign_in_links")) == 2
    await site.service.move_clock(timedelta(hours=2))
    await site.signed_in()
    assert len(await site.service.rows("escalation.sign_in_links")) == 2
    assert (await site.browser().post("/sign-in", data={"token": token_of(old)})).status_code == 410


async def test_a_person_who_left_is_signed_out_and_stays_out(site: Site) -> None:
    browser, link = await site.signed_in(), await site.link_for(SELLER)
    await site.hire(SELLER, active=False)
    assert (await browser.get("/")).headers["location"] == "/sign-in"
    assert (await site.browser().post("/sign-in", data={"token": token_of(link)})).status_code == 410
    await browser.post("/sign-in/link", data={"email": ANNAS_ADDRESS})
    assert site.sent_links == []


async def test_a_person_who_returns_must_sign_in_again(site: Site) -> None:
    browser, link = await site.signed_in(), await site.link_for(SELLER)
    await site.hire(SELLER, active=False)
    await site.hire(SELLER, active=True)
    assert (await browser.get("/")).headers["location"] == "/sign-in"
    assert (await site.browser().post("/sign-in", data={"token": token_of(link)})).status_code == 410


@pytest.mark.parametrize("address", ["anna@elsewhere.example", None])
async def test_sessions_and_links_end_with_the_address_that_they_came_by(site: Site, address: str | None) -> None:
    browser, link = await site.signed_in(), await site.link_for(SELLER)
    await site.hire(SELLER, email=address)
    assert (await browser.get("/")).headers["location"] == "/sign-in"
    assert (await site.browser().post("/sign-in", data={"token": token_of(link)})).status_code == 410


async def test_no_other_change_of_a_person_signs_them_out(site: Site) -> None:
    browser, link = await site.signed_in(), await site.link_for(SELLER)
    await site.hire(SELLER, "Anna Berg-Keller", email=ANNAS_ADDRESS.upper(), zone="Europe/Rome", phone="+39 06 1234567")
    await site.hire("ben", email="ben@elsewhere.example")
    assert (await browser.get("/")).status_code == 200
    assert (await site.browser().post("/sign-in", data={"token": token_of(link)})).status_code == 303


async def test_a_link_requested_during_a_change_of_address_is_not_sent_to_the_earlier_one(site: Site) -> None:
    change = "update escalation.salespeople set email = 'anna@elsewhere.example' where salesperson_id = $1"
    async with site.service.pool.acquire() as connection:
        async with connection.transaction():
            await connection.execute(change, SELLER)
            await end_all(connection, [SELLER], await site.service.now())
            asking = asyncio.create_task(site.browser().post("/sign-in/link", data={"email": ANNAS_ADDRESS}))
            await asyncio.sleep(0.3)
        await asking
    assert site.sent_links == []


async def test_signing_out_everywhere_ends_every_session_and_link_of_this_person_alone(site: Site) -> None:
    await site.hire("ben", "Ben Ortiz", email="ben@sales.example")
    here, there, ben = await site.signed_in(), await site.signed_in(), await site.signed_in("ben")
    link = await site.link_for(SELLER)
    page = (await here.get("/")).text
    assert "Sign out everywhere" in page
    form = {"csrf_token": form_token(page), "everywhere": "yes"}
    assert "signed out everywhere" in (await here.post("/sign-out", data=form)).text
    assert (await there.get("/")).headers["location"] == "/sign-in"
    assert (await site.browser().post("/sign-in", data={"token": token_of(link)})).status_code == 410
    assert (await ben.get("/")).status_code == 200


async def test_signing_out_ends_the_session_on_the_server(site: Site) -> None:
    browser = await site.signed_in()
    cookies = dict(browser.cookies)
    page = (await browser.get("/")).text
    assert (await browser.post("/sign-out", data={"csrf_token": form_token(page)})).status_code == 200
    browser.cookies.update(cookies)
    assert (await browser.get("/")).headers["location"] == "/sign-in"


async def test_a_session_ends_after_two_weeks_without_use(site: Site) -> None:
    browser = await site.signed_in()
    await site.service.move_clock(timedelta(days=15))
    assert (await browser.get("/")).headers["location"] == "/sign-in"


async def test_only_hashes_of_tokens_are_stored(site: Site) -> None:
    link = await site.link_for(SELLER)
    browser = site.browser()
    await browser.post("/sign-in", data={"token": token_of(link)})
    stored = [
        value
        for table in ("sign_in_links", "sessions")
        for row in await site.service.rows(f"escalation.{table}")
        for value in row.values()
    ]
    secrets = [token_of(link), *dict(browser.cookies).values()]
    assert not [secret for secret in secrets if secret in stored or secret.encode() in stored]
