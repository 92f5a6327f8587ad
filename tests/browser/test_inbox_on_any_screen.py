"""Large text, a phone on its side, paper, and the customer's own language: the important parts stay readable."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Page, expect

from shared.contracts.order_parts import Customer
from tests.browser.conftest import DESK, PHONE, Visits
from tests.browser.test_inbox_for_everyone import everything, unfolded
from tests.builders import ACCOUNT, case_opened, contact_made, order_placed

pytestmark = pytest.mark.browser

LONG = ("I want my money back. " * 60).strip()
ON_ITS_SIDE = (844, 390)
SMALL_ON_ITS_SIDE = (667, 375)

_CUT_OFF = """() => [...document.querySelectorAll('body *')]
    .filter((e) => e.checkVisibility() && !e.closest('.unseen, .skip, .severity') && e.localName !== 'svg')
    .filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
    .map((e) => `${e.localName}.${e.className} ${e.textContent.trim().slice(0, 40)}`)"""

_LEFT_TO_READ = """() => {
    const fixed = [...document.querySelectorAll('body *')].filter((e) => {
        const { position } = getComputedStyle(e);
        return e.checkVisibility() && (position === 'fixed' || position === 'sticky') && e.offsetHeight > 1;
    });
    return 1 - fixed.reduce((sum, e) => sum + e.offsetHeight, 0) / innerHeight;
}"""

# Buttons and fields that cannot be used: a label that runs down the page, or a part that cannot be scrolled into view.
_UNUSABLE = """() => [...document.querySelectorAll('.episode .actions :is(.field > span, .button, select, textarea)')]
    .filter((e) => e.checkVisibility())
    .filter((e) => {
        e.scrollIntoView({ block: 'center' });
        const box = e.getBoundingClientRect();
        const at = document.elementFromPoint(box.x + box.width / 2, box.bottom - 2);
        const runsDown = e.localName === 'span' && box.height > 48;
        return box.top < 0 || box.bottom > innerHeight || runsDown || !e.contains(at);
    })
    .map((e) => `${e.localName} ${e.textContent.trim().slice(0, 40)}`)"""


async def wordy(visits: Visits) -> str:
    """The page of an episode with more content than fits on a screen, and with two numbers to call."""
    site = visits.site
    await site.sell(customer=Customer(name="Petra Weiss", phone="+49 30 901829 or +49 171 2345678"))
    await site.receive(case_opened(title="The pump is loud"), minutes_ago=900, about=ACCOUNT)
    for place in range(9):
        await site.receive(contact_made("voicemail", words=f"Call {place}"), minutes_ago=800 - place, about=ACCOUNT)
    return f"/episodes/{await site.request_refund(words=LONG)}"


async def large_text(page: Page) -> None:
    await page.evaluate("document.documentElement.style.fontSize = '200%'")


async def test_at_twice_the_text_size_nothing_is_cut_off_or_scrolls_sideways(visits: Visits) -> None:
    addresses = await everything(visits)
    page = await visits.open(PHONE)
    for address in [*addresses, "/closed", "/sign-in", "/sign-in?token=x"]:
        await page.goto(address)
        await large_text(page)
        await unfolded(page)
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert (width, await page.evaluate(_CUT_OFF)) == (PHONE[0], []), address


# Words of rows and buttons that are cut off or broken in two.
_LOST = """() => [...document.querySelectorAll('.row .head :is(h3 a, .bought, .quiet), .button:not([data-call])')]
    .filter((e) => e.checkVisibility())
    .filter((e) => {
        const words = document.createRange();
        const text = document.createTreeWalker(e, NodeFilter.SHOW_TEXT);
        const broken = [];
        for (let node = text.nextNode(); node; node = text.nextNode()) {
            if (node.parentElement.closest('.unseen')) continue;
            for (const { index, 0: word } of node.data.matchAll(/[A-Za-z]+/g)) {
                words.setStart(node, index);
                words.setEnd(node, index + word.length);
                if (new Set([...words.getClientRects()].map((one) => one.top)).size > 1) broken.push(word);
            }
        }
        return broken.length || e.scrollWidth > e.clientWidth + 1 || e.getBoundingClientRect().right > innerWidth;
    })
    .map((e) => `${e.className} ${e.textContent.trim().slice(0, 40)}`)"""


@pytest.mark.parametrize("size", [PHONE, (360, 740)])
async def test_at_twice_the_text_size_a_row_and_a_button_keep_all_their_words(
    visits: Visits, size: tuple[int, int]
) -> None:
    site = visits.site
    episode = await site.trouble()
    for number in range(6):
        await site.sell(f"o-{number}", account=f"a-{number}", customer=Customer(name=f"Company number {number}"))
        await site.request_refund(f"o-{number}", account=f"a-{number}", case=None)
    page = await visits.open(size)
    await large_text(page)
    await expect(page.locator(".rows.compact .row")).to_have_count(7)
    assert await page.evaluate(_LOST) == []
    await page.goto(f"/episodes/{episode}")
    await page.locator(".episode .button.next").click()
    await expect(page.locator(".episode .button.next")).to_contain_text("Call")
    await large_text(page)
    assert await page.evaluate(_LOST) == []


async def test_on_a_phone_on_its_side_most_of_the_screen_is_left_to_read(visits: Visits) -> None:
    address = await wordy(visits)
    page = await visits.open(ON_ITS_SIDE, next_path=address)
    next_one = page.locator(".episode .button.next")
    await expect(next_one).to_contain_text("Acknowledge")
    assert await page.evaluate(_LEFT_TO_READ) >= 0.6
    await next_one.click()
    await expect(next_one).to_contain_text("Call")
    assert await page.evaluate(_LEFT_TO_READ) >= 0.6
    await page.get_by_role("button", name="I reached them").locator("visible=true").first.click()
    await expect(next_one).to_contain_text("Close")
    assert await page.evaluate(_LEFT_TO_READ) >= 0.6
    assert await page.evaluate(_CUT_OFF) == []


@pytest.mark.parametrize("size", [ON_ITS_SIDE, SMALL_ON_ITS_SIDE])
async def test_on_a_phone_on_its_side_everything_can_be_pressed_and_filled_in(
    visits: Visits, size: tuple[int, int]
) -> None:
    address = await wordy(visits)
    page = await visits.open(size, next_path=address)
    next_one = page.locator(".episode .button.next")
    for button, following in (("Acknowledge", "Call"), ("I reached them", "Close")):
        await page.get_by_role("button", name=button).locator("visible=true").first.click()
        await expect(next_one).to_contain_text(following)
        assert await page.evaluate(_UNUSABLE) == []
    await page.locator(".episode .actions [name=ending]").select_option("lost:price")
    await next_one.click()
    await expect(page.locator(".episode p.ending")).to_contain_text("Lost")


@pytest.mark.parametrize("size", [PHONE, DESK])
async def test_on_paper_the_whole_episode_is_printed_and_nothing_else(visits: Visits, size: tuple[int, int]) -> None:
    address = await wordy(visits)
    page = await visits.open(size, next_path=address)
    await page.emulate_media(media="print")
    shown: Any = await page.evaluate("""() => {
        const visible = (selector) => [...document.querySelectorAll(selector)].filter((e) => e.checkVisibility());
        const article = document.querySelector('article.episode').getBoundingClientRect();
        const frames = visible('body, main, .detail').filter((e) => {
            const style = getComputedStyle(e);
            return style.overflowY !== 'visible' || e.getBoundingClientRect().bottom < article.bottom - 1;
        });
        return {
            others: visible('.bar, .list, .actions, .more, .button, .skip').map((e) => e.className),
            calls: visible('.episode .story > li').length,
            quote: visible('.episode blockquote').map((e) => e.textContent).sort((a, b) => b.length - a.length)[0],
            frames: frames.map((e) => e.localName),
            call: visible('.episode .on-paper').map((e) => e.innerText).join(),
        };
    }""")
    assert shown["others"] == []
    assert shown["calls"] == 12, "a case, nine calls, the sale and the request"
    assert shown["quote"] == LONG
    assert shown["frames"] == []
    for line in ("Call +49 30 901829", "Call +49 171 2345678", "Call between 08:00 and 20:00 UTC"):
        assert line in shown["call"]
    await page.emulate_media(media="screen")
    await expect(page.locator(".episode .on-paper")).to_be_hidden()


async def test_a_scripts_line_in_a_follow_up_is_not_a_card_of_its_own(visits: Visits) -> None:
    await visits.site.receive(order_placed(sold_at=await visits.site.service.now()))
    await visits.site.service.move_clock(timedelta(days=13))
    page = await visits.open(DESK)
    line = page.locator(".duties .say li").first
    await expect(line).to_be_visible()
    assert await line.evaluate("(e) => [getComputedStyle(e).borderRightWidth, getComputedStyle(e).paddingTop]") == [
        "0px",
        "0px",
    ]
    clock = page.locator(".duties [data-call] .clock").first
    assert await clock.evaluate("(e) => getComputedStyle(e, '::before').content") == "none"


async def test_the_customers_words_run_in_their_own_direction(visits: Visits) -> None:
    await visits.site.sell(customer=Customer(name="شركة النور", phone="+49 30 901829"))
    episode = await visits.site.request_refund(words="أريد استرداد أموالي، رقم 4711!")
    page = await visits.open(DESK, next_path=f"/episodes/{episode}")
    directions = await page.evaluate("""() =>
        ['.row h3 bdi', '.episode h2 bdi', '.episode blockquote', '.episode .story bdi', '.episode']
            .map((selector) => getComputedStyle(document.querySelector(selector)).direction)""")
    assert directions == ["rtl", "rtl", "rtl", "ltr", "ltr"]


async def test_at_twice_the_text_size_the_telephone_stays_beside_its_number(visits: Visits) -> None:
    page = await visits.open((360, 740), next_path=await wordy(visits))
    await large_text(page)
    apart = """() => [...document.querySelectorAll('.episode [data-call]')].filter((link) => {
        const [icon, words] = [link.children[0], link.children[1]].map((each) => each.getBoundingClientRect());
        return icon.bottom <= words.top || icon.right > words.left;
    }).map((link) => link.textContent.trim())"""
    assert await page.locator(".episode [data-call]").count() >= 2
    assert await page.evaluate(apart) == []
