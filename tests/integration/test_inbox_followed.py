"""Episodes of readers without a part in them: the seller's after a hand-over, those of a manager's
team, and closed ones.
"""

import re
from datetime import timedelta

import pytest

from services.escalation.store.followed import MOST
from tests.inbox import Site, words_of
from tests.inbox_desk import Desk, at_in, done, open_desk, state, taken

_CLOSED_TOO = """
    insert into escalation.episodes
    select made.* from escalation.episodes e, generate_series(1, $1) number, lateral jsonb_populate_record(
        e, jsonb_build_object('episode_id', md5(number::text)::uuid)) made
"""


async def _home(site: Site, person: str) -> str:
    return words_of((await (await site.signed_in(person)).get("/")).text)


async def test_a_manager_reads_that_nothing_is_waiting_and_what_is_open_in_the_team(site: Site) -> None:
    await open_desk(site)
    page = await _home(site, "mona")
    assert "Nothing is waiting for you." in page
    assert "all clear" not in page
    assert "Nothing is waiting for you. 1 with colleagues (see below)." in page
    assert "With colleagues 1" in page
    assert "Anna Berg has been notified, acknowledge by 10:15" in page


async def test_a_manager_reads_that_the_customer_was_reached(site: Site) -> None:
    desk = await taken(site)
    assert "Anna Berg has been handling this since 10:00 Closed" in await _home(site, "mona")
    assert done(await desk.press("reached", channel="phone"))
    assert "Anna Berg has been handling this since 10:00 and reached the customer at 10:00" in await _home(site, "mona")


async def test_the_list_of_others_does_not_claim_that_someone_handles_them(site: Site) -> None:
    await open_desk(site)
    page = await _home(site, "mona")
    assert "Your own and your team's sales at risk that are with colleagues." in page
    assert "is handling" not in page


async def test_the_list_of_others_shows_severity_as_other_lists_do(site: Site) -> None:
    await open_desk(site)
    (line,) = re.findall(
        r'<ol class="followed">.*?</li>', (await (await site.signed_in("mona")).get("/")).text, re.DOTALL
    )
    assert '<span class="severity critical"><svg aria-hidden="true"' in line


async def test_without_sales_of_their_own_a_reader_gets_no_filters_for_them(site: Site) -> None:
    await open_desk(site)
    for number in range(6):
        await site.sell(f"o-{number}", account=f"a-{number}")
        episode = await site.request_refund(f"o-{number}", account=f"a-{number}")
    page = (await (await site.signed_in("mona")).get(f"/episodes/{episode}")).text
    assert page.count('type="search"') == 1, "that of the colleagues' sales"
    assert "Waiting for you" not in words_of(page).replace("Nothing is waiting for you", "")
    assert "data-filters" not in page
    found = (await (await site.signed_in("mona")).get(f"/episodes/{episode}?q=o-3")).text
    assert found.count('type="search"') == 1
    assert "Only sales that match “o-3”. Show all" in words_of(found)


async def test_a_person_informed_has_nothing_to_respond_to(site: Site) -> None:
    await site.hire("mona", "Mona Adler", email="mona@sales.example")
    await site.hire(manager="mona")
    await site.sell()
    await site.request_refund(kind="chargeback")
    page = await _home(site, "mona")
    assert "Anna Berg has been notified" in page
    assert "acknowledge by" not in page


async def test_a_person_to_be_notified_later_is_not_shown_as_notified(site: Site) -> None:
    await open_desk(site)
    await site.service.pool.execute(
        "update escalation.deliveries set state = 'held', try_at = shared.app_now() + interval '2 hours'"
        " where channel = 'email'"
    )
    assert "Anna Berg will be notified at 12:00, acknowledge by 10:15" in await _home(site, "mona")


async def test_the_list_says_what_to_do_and_an_offer_names_its_giver(site: Site) -> None:
    desk = await taken(site)
    assert "Reach: 59 min left" in (await _home(site, "anna")).replace("1 h left", "59 min left")
    assert done(await desk.press("hand-over", to="ben", at=await at_in(site, hours=1)))
    page = await _home(site, "ben")
    assert "Accept: " in page
    assert "None" not in page


async def test_a_manager_reads_an_episode_of_the_team_and_has_only_the_buttons_of_managers(site: Site) -> None:
    desk = await taken(site)
    manager = Desk(await site.signed_in("mona"), (await state(site))["episode_id"])
    page = await manager.page()
    assert "This sale belongs to your team. Anna Berg has been handling this since 10:00." in page
    assert "You sold order" not in page, "this is addressed to the seller"
    html = (await manager.browser.get(manager.path)).text
    assert set(re.findall(r'action="/episodes/[^/]+/([a-z-]+)"', html)) == {"take-over", "reassign"}
    for action in ("acknowledge", "reached", "not-mine", "close", "seen", "accept"):
        refused = await manager.press(action, ending="lost:price")
        assert refused.status_code == 409, action
        assert "Anna Berg has been handling this since 10:00." in words_of(refused.text)
    assert done(await desk.press("reached", channel="phone"))


@pytest.mark.parametrize("person", ["mona", "ben"], ids=["follows it", "is offered it"])
async def test_the_colleague_handling_it_is_named_as_such_once(site: Site, person: str) -> None:
    desk = await taken(site)
    assert done(await desk.press("not-reached", channel="phone"))
    assert done(await desk.press("hand-over", to="ben", at=await at_in(site, hours=1)))
    shown = (await (await site.signed_in(person)).get(desk.path)).text
    (article,) = re.findall(r"<article.*</article>", shown, re.DOTALL)
    assert len(re.findall("handling this", words_of(article))) == 1
    assert "1 failed attempt" in article


async def test_a_manager_who_was_not_notified_gets_no_script_and_no_number(site: Site) -> None:
    await site.hire("ines", "Ines Roth", email="ines@sales.example")
    desk = await open_desk(site)
    await site.hire("mona", "Mona Adler", email="mona@sales.example", manager="ines")
    for person in ("mona", "ines"):
        follows = Desk(await site.signed_in(person), (await state(site))["episode_id"])
        assert "What to say" not in await follows.page()
        assert "data-call" not in (await follows.browser.get(follows.path)).text
    assert "What to say" in await desk.page()
    assert "data-call" in (await desk.browser.get(desk.path)).text


async def test_the_managers_manager_follows_it_and_no_one_outside_the_line_does(site: Site) -> None:
    await site.hire("ines", "Ines Roth", email="ines@sales.example")
    await site.hire("vera", "Vera Sand", email="vera@sales.example")
    desk = await open_desk(site)
    await site.hire("mona", "Mona Adler", email="mona@sales.example", manager="ines")
    assert (await (await site.signed_in("ines")).get(desk.path)).status_code == 200
    for stranger in ("vera", "ben"):
        assert (await (await site.signed_in(stranger)).get(desk.path)).status_code == 404
        assert "With colleagues" not in await _home(site, stranger)


async def test_a_seller_follows_an_episode_that_a_colleague_has(site: Site) -> None:
    await open_desk(site)
    await site.wait(timedelta(minutes=16))
    bens = Desk(await site.signed_in("ben"), (await state(site))["episode_id"])
    assert done(await bens.press("acknowledge"))
    page = await _home(site, "anna")
    assert "Nothing is waiting for you." in page
    assert "Ben Ahlers has been handling this since 10:16" in page


async def test_a_closed_line_names_the_trouble_and_what_was_for_information(site: Site) -> None:
    await site.hire()
    await site.sell()
    desk = Desk(await site.signed_in(), await site.request_refund(kind="chargeback"))
    assert done(await desk.press("seen"))
    page = words_of((await desk.browser.get("/closed")).text)
    assert "For information" in page
    assert "Chargeback" in page
    assert "Watch" not in page


@pytest.mark.parametrize(("person", "listed"), [("anna", True), ("ben", False)])
async def test_closed_episodes_are_listed_for_the_people_who_had_them(site: Site, person: str, *, listed: bool) -> None:
    desk = await taken(site)
    assert done(await desk.press("close", ending="lost:price"))
    page = words_of((await (await site.signed_in(person)).get("/closed")).text)
    assert ("Lost: Too expensive. Closed by you." in page) is listed
    assert ("No alerts were closed" in page) is not listed
    if listed:
        await site.wait(timedelta(days=31))
        assert "No alerts were closed" in words_of((await (await site.signed_in()).get("/closed")).text)


async def test_a_manager_reads_what_was_closed_in_the_team(site: Site) -> None:
    desk = await taken(site)
    await site.hire("ines", "Ines Roth", email="ines@sales.example")
    await site.hire("mona", "Mona Adler", email="mona@sales.example", manager="ines")
    assert done(await desk.press("close", ending="lost:price"))
    for manager in ("mona", "ines"):
        browser = await site.signed_in(manager)
        page = await browser.get("/closed")
        assert "Lost: Too expensive. Closed by Anna Berg." in words_of(page.text)
        assert "Undo" not in words_of(page.text)
        assert (await browser.get(desk.path)).status_code == 200


async def test_of_very_many_closed_episodes_the_latest_are_shown_and_the_page_says_so(site: Site) -> None:
    desk = await taken(site)
    assert done(await desk.press("close", ending="lost:price"))
    assert "Only the latest" not in words_of((await desk.browser.get("/closed")).text)
    await site.service.pool.execute(_CLOSED_TOO, MOST)
    page = (await desk.browser.get("/closed")).text
    assert page.count("<h3>") == MOST
    assert f"Only the latest {MOST} are shown." in words_of(page)


async def test_of_equal_episodes_of_the_team_the_largest_order_comes_first(site: Site) -> None:
    await site.hire("mona", "Mona Adler", email="mona@sales.example")
    await site.hire(manager="mona")
    amounts = {"4801": 2_000_000, "4802": 8_000_000, "4803": 5_000_000}
    for order, amount in amounts.items():
        await site.sell(order, account=f"c-{order}", amount_minor=amount)
        await site.request_refund(order, account=f"c-{order}", case=None)
    await site.service.pool.execute("update escalation.episodes set severity = 'high', deadline_at = shared.app_now()")
    for person in ("mona", "anna"):
        page = await _home(site, person)
        assert [page.find(f"order\N{NO-BREAK SPACE}{order}") for order in ("4802", "4803", "4801")] == sorted(
            page.find(f"order\N{NO-BREAK SPACE}{order}") for order in amounts
        )
