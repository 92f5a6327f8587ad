"""The result of a press is visible in the place the person looks at, with its consequences."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import DESK, PHONE, Visits
from tests.inbox_desk import done, open_desk

pytestmark = pytest.mark.browser

# Each state that the page shows after the press: the answer visible on the screen, and the deadline line.
_WATCH = """() => {
    window.shown = [];
    const look = () => {
        const seen = [...document.querySelectorAll('.said, .more .button, .episode .has-it')].filter((e) => {
            const { top, bottom, height } = e.getBoundingClientRect();
            return e.checkVisibility() && height > 1 && top >= 0 && bottom <= innerHeight;
        }).map((e) => e.textContent.trim());
        const clock = document.querySelector('.episode .deadline')?.innerText ?? '';
        const free = !!document.querySelector(".episode form[action$='/acknowledge']");
        window.shown.push({ seen, clock, free });
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
}"""


async def _pressed(visits: Visits, page: Page, action: str, button: str) -> list[dict[str, object]]:
    await page.locator("article summary", has_text="More actions").click()
    await page.evaluate(_WATCH)
    await page.locator(f"article form[action$='/{action}']").get_by_role("button", name=button).click()
    await expect(page.locator("[data-said]")).to_be_visible()
    shown: list[dict[str, object]] = await page.evaluate("window.shown")
    return shown


async def _reported(shown: list[dict[str, object]], answer: str) -> list[dict[str, object]]:
    return [one for one in shown if any(answer in str(words) for words in one["seen"])]  # type: ignore[attr-defined]


@pytest.mark.parametrize("size", [PHONE, DESK])
async def test_passing_on_never_shows_its_answer_beside_the_old_deadline(visits: Visits, size: tuple[int, int]) -> None:
    desk = await open_desk(visits.site)
    page = await visits.open(size, next_path=desk.path)
    shown = await _reported(await _pressed(visits, page, "not-mine", "Not mine"), "Passed on")
    assert shown, "it is visible on the screen"
    assert "Acknowledge by" not in str(shown[-1]["clock"])
    assert not any(one["free"] and "Acknowledge by" in str(one["clock"]) for one in shown)
    await expect(page.locator("[data-said]")).to_have_text("Passed on: Petra Weiss")


async def test_a_snooze_is_visible_on_a_phone_with_its_new_deadline(visits: Visits) -> None:
    desk = await open_desk(visits.site)
    assert done(await desk.press("acknowledge"))
    page = await visits.open(PHONE, next_path=desk.path)
    shown = await _reported(await _pressed(visits, page, "snooze", "In 1 hour"), "Snoozed")
    assert shown
    assert "Snoozed until" in str(shown[-1]["clock"])
    await expect(page.locator("[data-said]")).to_be_hidden(timeout=10_000)


@pytest.mark.parametrize("size", [PHONE, DESK])
async def test_the_result_of_a_press_further_down_is_in_view(visits: Visits, size: tuple[int, int]) -> None:
    desk = await open_desk(visits.site)
    assert done(await desk.press("acknowledge"))
    page = await visits.open(size, next_path=desk.path)
    await page.locator("article summary", has_text="More actions").click()
    form = page.locator("article form[action$='/hand-over']")
    await form.locator("select").select_option("ben")
    await form.get_by_role("button", name="Ask to take over").click()
    await expect(page.locator("[data-said]")).to_have_text("Asked a colleague: Petra Weiss")
    await expect(page.locator("article .deadline")).to_be_in_viewport(ratio=1)
    await expect(page.locator("article .with", has_text="Waiting for Ben")).to_be_in_viewport(ratio=1)
    assert await page.evaluate("document.querySelector('article h2').getBoundingClientRect().top") >= 56
