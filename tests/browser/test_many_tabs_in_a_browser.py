"""Many pages of the inbox in one browser, which opens six connections to a server."""

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.browser.conftest import DESK, Visits
from tests.waiting import eventually

pytestmark = pytest.mark.browser

_TABS = 8
_STREAMS = """
window.streams = [];
const Stream = EventSource;
window.EventSource = class extends Stream {
    constructor(address) { super(address); streams.push(this); }
};
"""
_QUICK = """
const timeout = AbortSignal.timeout.bind(AbortSignal);
AbortSignal.timeout = (ms) => { window.limit = ms; return timeout(ms / 30); };
"""


async def _look_away(page: Page, *, away: bool = True) -> None:
    """As when the person turns to another tab: Playwright's pages are in view all the time."""
    await page.evaluate(
        """away => {
            Object.defineProperty(document, "hidden", { configurable: true, value: away });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        away,
    )


async def _live(page: Page) -> None:
    await expect(page.locator("[data-connection]")).to_have_text("Live")


async def _watched(visits: Visits) -> BrowserContext:
    context = await visits.context(DESK)
    await context.add_init_script(_STREAMS)
    return context


async def _have_streams(tabs: list[Page], *places: int) -> None:
    """The tabs in these places have one stream each, the others have none."""

    async def seen() -> list[int]:
        return [
            await tab.evaluate("streams.filter((each) => each.readyState !== EventSource.CLOSED).length")
            for tab in tabs
        ]

    await eventually(seen, [int(place in places) for place in range(len(tabs))], within_seconds=10)


async def test_a_press_in_one_of_eight_tabs_is_answered(visits: Visits) -> None:
    path = f"/episodes/{await visits.site.trouble()}"
    context = await _watched(visits)
    tabs = [await visits.sign_in(context, next_path=path)]
    while len(tabs) < _TABS:
        await _live(tabs[-1])
        await _look_away(tabs[-1])
        tabs.append(await context.new_page())
        await tabs[-1].goto(path)
    await _live(tabs[-1])
    await _have_streams(tabs, 0, _TABS - 1)
    await _look_away(tabs[-1])
    await _look_away(tabs[1], away=False)
    await tabs[1].get_by_role("button", name="Acknowledge").locator("visible=true").click()
    await expect(tabs[1].get_by_role("button", name="I reached them").locator("visible=true").first).to_be_visible()
    await _have_streams(tabs, 0, 1)


async def test_a_hidden_page_without_stream_connects_and_is_true_once_it_is_looked_at(visits: Visits) -> None:
    path = f"/episodes/{await visits.site.trouble()}"
    context = await _watched(visits)
    first = await visits.sign_in(context, next_path=path)
    second = await context.new_page()
    await second.goto(path)
    for tab in (first, second):
        await _live(tab)
        await _look_away(tab)
    await _have_streams([first, second], 0)
    await visits.site.request_refund(words="I ask for it once more.")
    await expect(first.get_by_text("I ask for it once more.").locator("visible=true").first).to_be_visible()
    await expect(second.get_by_text("I ask for it once more.")).to_have_count(0)
    await _look_away(second, away=False)
    await expect(second.get_by_text("I ask for it once more.").locator("visible=true").first).to_be_visible()
    await _have_streams([first, second], 0, 1)
    await _look_away(first, away=False)
    await _look_away(second)
    await _have_streams([first, second], 0, 1)  # the first has let the lock go


async def test_a_press_without_answer_says_so_and_can_be_repeated(visits: Visits) -> None:
    episode = await visits.site.trouble()
    context = await visits.context(DESK)
    await context.add_init_script(_QUICK)
    page = await visits.sign_in(context, next_path=f"/episodes/{episode}")
    await _live(page)

    def never(_: object) -> None:
        """No answer, and no error either: as where no connection is free."""

    await page.route("**/acknowledge", never)
    button = page.get_by_role("button", name="Acknowledge").locator("visible=true")
    await button.click()
    await expect(page.get_by_role("alert")).to_contain_text("pressing twice is safe")
    assert await page.evaluate("limit") == 15_000
    await page.unroute("**/acknowledge", never)
    await button.click()
    await expect(page.get_by_role("button", name="I reached them").locator("visible=true").first).to_be_visible()
