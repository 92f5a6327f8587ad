"""The inbox in a browser: live without a reload, stable while a person presses, and usable without scripts."""

import re

import pytest
from playwright.async_api import Page, Route, expect

from shared.contracts.order_parts import Customer
from tests.browser.conftest import DESK, MINE, PHONE, Visits
from tests.builders import case_reopened

pytestmark = pytest.mark.browser


async def stay(page: Page) -> None:
    """Mark this very document, to find out whether the page left it."""
    await page.evaluate("window.neverLeft = true")


async def stayed(page: Page) -> bool:
    return bool(await page.evaluate("window.neverLeft === true"))


@pytest.mark.parametrize("size", [PHONE, DESK])
async def test_a_refund_request_shows_up_without_a_reload(visits: Visits, size: tuple[int, int]) -> None:
    page = await visits.open(size)
    await expect(page.get_by_text("You're all clear.")).to_be_visible()
    await expect(page.locator("[data-connection]")).to_have_text("Live")
    await stay(page)
    await visits.site.trouble()
    await expect(page).to_have_title("(1) Handoff")
    await expect(page.get_by_role("link", name="Petra Weiss")).to_be_visible()
    await expect(page.get_by_role("link", name=re.compile(r"Call \+49 30 901820"))).to_be_visible()
    assert await stayed(page)


@pytest.mark.parametrize("size", [PHONE, DESK])
async def test_a_new_episode_moves_nothing_on_the_screen(visits: Visits, size: tuple[int, int]) -> None:
    await visits.site.trouble()
    page = await visits.open(size)
    await expect(page.locator("[data-connection]")).to_have_text("Live")
    touched = page.get_by_role("button", name="Acknowledge").locator("visible=true").first
    before = await touched.bounding_box()
    await visits.site.sell("4712", account="c-18", customer=Customer(name="Café Morgenrot"))
    await visits.site.request_refund("4712", account="c-18", minutes_ago=0)
    await expect(page.get_by_role("link", name="Café Morgenrot")).to_be_attached()
    assert await touched.bounding_box() == before
    await page.get_by_role("link", name="1 new").click()
    await expect(page.get_by_role("heading", level=3).locator("visible=true").nth(1)).to_contain_text("Café Morgenrot")


async def test_a_changed_episode_is_marked_in_place_and_what_was_open_stays_open(visits: Visits) -> None:
    await visits.site.trouble()
    page = await visits.open(PHONE)
    await page.locator("summary", has_text="What happened").click()
    await visits.site.receive(case_reopened(), minutes_ago=1)
    row = page.get_by_role("listitem").filter(has=page.get_by_role("link", name="Petra Weiss"))
    await expect(row.first).to_have_attribute("data-changed", "")
    await expect(page.get_by_text("Case case-1 reopened").locator("visible=true")).to_have_count(1)


@pytest.mark.parametrize("size", [PHONE, DESK])
async def test_acknowledging_answers_at_once_and_in_place(visits: Visits, size: tuple[int, int]) -> None:
    await visits.site.trouble()
    page = await visits.open(size)
    await stay(page)
    await page.get_by_role("button", name="Acknowledge").locator("visible=true").click()
    await expect(page.get_by_text(MINE).locator("visible=true").first).to_be_visible()
    await expect(page.get_by_role("button", name="Acknowledge").locator("visible=true")).to_have_count(0)
    await expect(page).to_have_title("Handoff")
    assert await stayed(page)
    await expect(page.locator(":focus"), "the keyboard goes on with the next thing to do").to_contain_text("Call")
    assert (await visits.site.service.row("escalation.episodes"))["acknowledged_by"] == "anna"


async def test_acknowledging_in_a_filtered_list_leaves_it_filtered(visits: Visits) -> None:
    await visits.site.trouble()
    await visits.site.sell("4712", account="c-18", customer=Customer(name="Café Morgenrot"))
    await visits.site.request_refund("4712", account="c-18")
    page = await visits.open(PHONE)
    await page.goto("/?q=morgenrot")
    await page.get_by_role("button", name="Acknowledge").locator("visible=true").click()
    await expect(page.get_by_text(MINE).locator("visible=true").first).to_be_visible()
    await expect(page.locator(".row")).to_have_count(1)
    await expect(page.locator("[data-changed], [data-arrived], [inert]")).to_have_count(0)


async def test_an_episode_that_passes_to_another_person_is_greyed_in_place(visits: Visits) -> None:
    await visits.site.trouble()
    await visits.site.sell("4712", account="c-18", customer=Customer(name="Café Morgenrot"))
    cafe = await visits.site.request_refund("4712", account="c-18", minutes_ago=1)
    page = await visits.open(DESK, next_path=f"/episodes/{cafe}")
    await expect(page.locator("[data-connection]")).to_have_text("Live")
    await visits.site.service.pool.execute(
        "update escalation.episodes set responsible = 'ben', acknowledged_by = 'ben', "
        "acknowledged_at = shared.app_now(), changed_at = shared.app_now() where order_id = '4712'"
    )
    await expect(page.locator(".row[inert]")).to_contain_text("Café Morgenrot")
    await expect(page.locator(".episode")).to_contain_text("You sold this order. ben has been handling this since")
    await expect(page.locator(".episode form")).to_have_count(0)
    await expect(page).to_have_title("(1) Café Morgenrot · Handoff")


async def test_a_press_without_a_connection_says_so_and_works_later(visits: Visits) -> None:
    await visits.site.trouble()
    page = await visits.open(PHONE)
    button = page.get_by_role("button", name="Acknowledge").locator("visible=true")
    await expect(page.locator("[data-connection]")).to_have_text("Live")
    await page.context.set_offline(True)
    await button.click()
    await expect(page.get_by_role("alert")).to_contain_text("pressing twice is safe")
    await page.context.set_offline(False)
    await button.click()
    await expect(page.get_by_text(MINE).locator("visible=true").first).to_be_visible()


async def test_a_press_that_did_not_arrive_is_said_beside_its_button_until_the_next_press(visits: Visits) -> None:
    episode = await visits.site.trouble()
    page = await visits.open(PHONE, next_path=f"/episodes/{episode}")
    state, actions = page.locator("[data-connection]"), page.locator(".episode .actions")
    await expect(state).to_have_text("Live")
    await page.get_by_role("button", name="Acknowledge").locator("visible=true").click()
    await expect(page.get_by_text(MINE).locator("visible=true").first).to_be_visible()
    await visits.stop_server()
    await actions.get_by_role("button", name="I reached them").click()
    await expect(actions.get_by_role("alert")).to_contain_text("This may not be saved")
    await expect(state).to_have_text(re.compile("^Reconnecting"))
    await visits.start_server()
    await expect(state).to_have_text("Live", timeout=30_000)
    await expect(actions.get_by_role("alert")).to_contain_text("This may not be saved")
    await visits.site.receive(case_reopened(), minutes_ago=1)
    await expect(page.locator(".episode .story").first).to_contain_text("Case case-1 reopened")
    await expect(actions.get_by_role("alert")).to_contain_text("pressing twice is safe")
    await page.get_by_text("More actions").click()
    await page.get_by_role("button", name="In 1 hour").click()
    await expect(page.locator(".episode .deadline")).to_contain_text("Snoozed until")
    await expect(page.get_by_role("alert")).to_have_count(0)


async def test_a_lost_connection_is_shown_and_made_up_for(visits: Visits) -> None:
    await visits.site.trouble()
    page = await visits.open(PHONE)
    state = page.locator("[data-connection]")
    await expect(state).to_have_text("Live")
    await stay(page)
    await visits.stop_server()
    await expect(state).to_have_text(re.compile(r"^Reconnecting, last seen \d\d:\d\d$"))
    await visits.site.sell("4712", account="c-18", customer=Customer(name="Café Morgenrot"))
    await visits.site.request_refund("4712", account="c-18")
    await visits.start_server()
    await expect(state).to_have_text("Live", timeout=30_000)
    await expect(page.get_by_role("link", name="Café Morgenrot")).to_be_visible()
    assert await stayed(page)


async def test_signing_out_elsewhere_closes_the_page(visits: Visits) -> None:
    context = await visits.context()
    page = await visits.sign_in(context)
    await expect(page.locator("[data-connection]")).to_have_text("Live")
    await visits.site.service.pool.execute("delete from escalation.sessions")
    await visits.site.trouble()
    await expect(page).to_have_url(re.compile("/sign-in$"))
    assert "Petra" not in await page.content()


async def test_everything_works_without_scripts(visits: Visits) -> None:
    episode = await visits.site.trouble()
    page = await visits.sign_in(await visits.context(PHONE, scripts="off"))
    await page.get_by_role("link", name="Petra Weiss").click()
    await page.wait_for_url(f"**/episodes/{episode}")
    await page.get_by_role("button", name="Acknowledge").locator("visible=true").click()
    await page.wait_for_url(f"**/episodes/{episode}")
    await expect(page.get_by_text(MINE).locator("visible=true").first).to_be_visible()
    await page.locator("details.who summary").click()
    await page.get_by_role("button", name="Sign out", exact=True).click()
    await expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()


async def test_no_request_leaves_the_site_and_nothing_complains(visits: Visits) -> None:
    episode = await visits.site.trouble()
    page = await visits.open(next_path=f"/episodes/{episode}")
    await expect(page.locator("[data-connection]")).to_have_text("Live")
    await page.get_by_role("button", name="Acknowledge").locator("visible=true").click()
    await expect(page.get_by_text(MINE).locator("visible=true").first).to_be_visible()
    await page.locator("details.who summary").click()
    await page.get_by_role("button", name="Sign out", exact=True).click()
    await expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    assert visits.watched.strangers == []
    assert visits.watched.complaints == []


@pytest.mark.parametrize("size", [PHONE, DESK])
async def test_from_acknowledging_to_closing_the_next_step_is_the_only_filled_button(
    visits: Visits, size: tuple[int, int]
) -> None:
    episode = await visits.site.trouble()
    page = await visits.open(size, next_path=f"/episodes/{episode}")
    await stay(page)
    filled = page.locator(".episode .button.next")
    await expect(filled).to_contain_text("Acknowledge")
    await filled.click()
    await expect(filled).to_contain_text("Call")
    await filled.evaluate("(link) => link.addEventListener('click', (event) => event.preventDefault())")
    await filled.click()
    await expect(filled).to_contain_text("I reached them")
    await filled.click()
    await expect(filled).to_contain_text("Close")
    await page.locator(".episode .actions select[name=ending]").select_option("saved:replacement")
    await filled.click()
    await expect(page.locator(".episode p.ending").first).to_contain_text("Saved: They got a replacement")
    await expect(filled).to_have_count(0)
    assert await stayed(page)


async def test_an_unfinished_entry_survives_a_change(visits: Visits) -> None:
    episode = await visits.site.trouble()
    page = await visits.open(DESK, next_path=f"/episodes/{episode}")
    await page.locator(".episode .button.next").click()
    await expect(page.locator(".episode .button.next")).to_contain_text("Call")
    await page.get_by_text("More actions").click()
    field = page.locator(".episode form[action$=appointment] input[name=at]")
    await field.fill("2027-01-04T10:30")
    await visits.site.receive(case_reopened(), minutes_ago=1)
    await expect(page.locator(".episode .story").first).to_contain_text("Case case-1 reopened")
    await expect(field).to_have_value("2027-01-04T10:30")
    await expect(field).to_be_focused()


async def test_an_open_list_stays_until_something_is_chosen(visits: Visits) -> None:
    episode = await visits.site.trouble()
    page = await visits.open(DESK, next_path=f"/episodes/{episode}")
    await expect(page.locator("[data-connection]")).to_have_text("Live")
    await page.get_by_text("More actions").click()
    endings, story = page.locator(".episode .more select[name=ending]"), page.locator(".episode .story").first
    await endings.evaluate("(list) => { list.focus(); window.endings = list; }")
    await visits.site.receive(case_reopened(), minutes_ago=1)
    await expect(page.locator(".row[data-changed]")).to_have_count(1)
    assert await page.evaluate("window.endings.isConnected"), "it is still the same list"
    await endings.select_option("saved:replacement")
    await endings.blur()
    await expect(story).to_contain_text("Case case-1 reopened", timeout=10_000)
    await expect(endings).to_have_value("saved:replacement")


async def test_a_press_after_signing_out_is_not_reported_as_done(visits: Visits) -> None:
    await visits.site.trouble()
    page = await visits.open(PHONE)
    await expect(page.locator("[data-connection]")).to_have_text("Live")
    await page.evaluate("""() => {
        const said = () => sessionStorage.setItem("said", document.querySelector("[data-announce]").textContent);
        new MutationObserver(said).observe(document.querySelector("[data-announce]"), { childList: true });
    }""")

    async def signed_out(press: Route) -> None:
        await visits.site.service.pool.execute("delete from escalation.sessions")
        await press.continue_()

    await page.route("**/acknowledge", signed_out)
    await page.get_by_role("button", name="Acknowledge").locator("visible=true").click()
    await expect(page).to_have_url(re.compile("/sign-in$"))
    assert await page.evaluate("sessionStorage.getItem('said')") is None


async def test_a_refusal_is_shown_beside_its_button(visits: Visits) -> None:
    episode = await visits.site.trouble()
    page = await visits.open(PHONE, next_path=f"/episodes/{episode}")
    await visits.site.service.pool.execute("update escalation.episodes set responsible = 'ben'")
    await page.get_by_text("More actions").click()
    await page.locator(".episode .more select[name=ending]").evaluate("(list) => list.removeAttribute('required')")
    await page.get_by_role("button", name="Close").locator("visible=true").click()
    await expect(page.locator(".episode .more").get_by_role("alert")).to_contain_text("Choose how it ended and why")


async def test_every_button_works_without_scripts(visits: Visits) -> None:
    episode = await visits.site.trouble()
    page = await visits.sign_in(await visits.context(PHONE, scripts="off"), next_path=f"/episodes/{episode}")
    await page.locator(".episode .actions").get_by_role("button", name="Acknowledge").click()
    await page.get_by_text("More actions").click()
    await page.get_by_role("button", name="Tomorrow 09:00").click()
    await expect(page.locator(".episode .deadline")).to_contain_text("Snoozed until")
    await page.locator(".episode .actions").get_by_role("button", name="I couldn't reach them").click()
    await expect(page.locator(".episode .has-it")).to_contain_text("1 failed attempt")
    await page.locator(".episode .actions").get_by_role("button", name="I reached them").click()
    await page.locator(".episode .actions select[name=ending]").select_option("lost:price")
    await page.locator(".episode .actions").get_by_role("button", name="Close").click()
    await expect(page.locator(".episode p.ending").first).to_contain_text("Lost: Too expensive")
