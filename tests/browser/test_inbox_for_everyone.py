"""The inbox for every eye, hand and screen: sizes, contrast, names, headings, targets."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Page

from shared.contracts.order_parts import Customer, Line, Promise
from tests.browser.conftest import DESK, PHONE, Visits
from tests.builders import contact_made, order_placed
from tests.inbox import form_token

pytestmark = pytest.mark.browser

SIZES = [(360, 740), PHONE, (899, 800), (900, 800), DESK, (1440, 900)]

# The violations of each rule, as text: the checks of axe that matter here, by hand.
FAULTS = """() => {
    const faults = [];
    const shown = (e) => e.checkVisibility({ visibilityProperty: true }) && e.getClientRects().length > 0;
    const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);
    const say = (what, e) => faults.push(`${what}: <${e.localName}> ${(e.textContent || '').trim().slice(0, 40)}`);
    if (!document.documentElement.lang) faults.push('no language');
    if (!document.title.trim()) faults.push('no title');
    for (const e of all('h1, h2, h3, h4')) if (!e.innerText.trim()) say('empty heading', e);
    for (const e of all('*')) {
        const scrolls = ['auto', 'scroll'].includes(getComputedStyle(e).overflowY) && e.scrollHeight > e.clientHeight;
        const reached = e.tabIndex >= 0 || [...e.querySelectorAll('a, button, input, summary')].some(shown);
        if (scrolls && !reached) say('scrolls, but not by keyboard', e);
    }
    if (document.querySelectorAll('main').length !== 1) faults.push('not one main landmark');
    if (all('h1').length !== 1) faults.push('not one h1');
    let level = 1;
    for (const heading of all('h1, h2, h3, h4')) {
        const own = Number(heading.localName[1]);
        if (own > level + 1) say(`heading skips from ${level} to ${own}`, heading);
        level = own;
    }
    const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
    for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) !== at))) faults.push(`id twice: ${id}`);
    for (const e of all('a, button, summary')) if (!e.textContent.trim()) say('no name', e);
    for (const e of all('input:not([type=hidden]), select'))
        if (!e.labels.length && !e.getAttribute('aria-label')) say('no label', e);
    for (const e of all('ol > *, ul > *')) if (e.localName !== 'li') say('not a list item', e);
    for (const e of all('button, .button, summary, select, input:not([type=hidden])'))
        if (e.getBoundingClientRect().height < 44) say('target under 44 pixels', e);
    return faults;
}"""

CONTRASTS = """() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const rgba = (colour) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const light = ([r, g, b]) => [r, g, b]
        .map((part) => part / 255)
        .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
        .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
    const ground = (e) => {
        for (let at = e; at; at = at.parentElement) {
            const colour = rgba(getComputedStyle(at).backgroundColor);
            if (colour[3] === 255) return colour;
        }
        return rgba('Canvas');
    };
    const low = [];
    for (const e of document.querySelectorAll('body *')) {
        const own = [...e.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
        if (!own || !e.checkVisibility() || e.closest('.unseen')) continue;
        const [front, back] = [light(rgba(getComputedStyle(e).color)), light(ground(e))];
        const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
        if (ratio < 4.5) low.push(`${ratio.toFixed(2)} ${e.textContent.trim().slice(0, 40)}`);
    }
    return low;
}"""


async def everything(visits: Visits) -> list[str]:
    """Episodes with everything that makes a page wide or odd. Returns the addresses to check."""
    await visits.site.trouble()
    wide: Any = {
        "lines": tuple(Line(product="Donaudampfschifffahrtselektrizitätenhauptbetriebswerk" * 2) for _ in range(4)),
        "customer": Customer(name="W" * 120, phone="+49 30 " + "1" * 40, zone="America/Argentina/Buenos_Aires"),
    }
    now = await visits.site.service.now()
    promise = Promise(what="w" * 400, due_at=now + timedelta(days=1))
    await visits.site.receive(order_placed("d" * 120, sold_at=now, promises=(promise,), **wide), about="c-19")
    await visits.site.sell("o" * 120, account="c-18", **wide)
    await visits.site.receive(contact_made("voicemail", words="x" * 900), minutes_ago=30, about="c-18")
    episode = await visits.site.request_refund("o" * 120, account="c-18", words="long " * 900)
    mine = await visits.site.service.pool.fetchval("select episode_id from escalation.episodes where order_id = '4711'")
    browser = await visits.site.signed_in()
    form = {"csrf_token": form_token((await browser.get("/")).text)}
    assert (await browser.post(f"/episodes/{mine}/acknowledge", data=form)).status_code == 303
    return ["/", f"/episodes/{episode}", f"/episodes/{mine}", "/?q=nothing", "/episodes/nonsense"]


async def unfolded(page: Page) -> None:
    """Unfold everything that can be folded away."""
    await page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")


async def _open(visits: Visits, size: tuple[int, int], scheme: str = "light") -> Page:
    return await visits.sign_in(await visits.context(size, scheme=scheme))


async def test_no_page_scrolls_sideways_at_any_width(visits: Visits) -> None:
    addresses = await everything(visits)
    page = await _open(visits, PHONE)
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        for address in [*addresses, "/sign-in", "/sign-in?token=x"]:
            await page.goto(address)
            await unfolded(page)
            wide = await page.evaluate(
                "[document.documentElement, ...document.querySelectorAll('section')]"
                ".filter((e) => e.scrollWidth > e.clientWidth).map((e) => e.className || e.localName)"
            )
            assert wide == [], (address, width)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK])
async def test_all_text_has_enough_contrast(visits: Visits, size: tuple[int, int], scheme: str) -> None:
    addresses = await everything(visits)
    page = await _open(visits, size, scheme)
    for address in [*addresses, "/sign-in", "/sign-in?token=x"]:
        await page.goto(address)
        await unfolded(page)
        assert await page.evaluate(CONTRASTS) == [], address


@pytest.mark.parametrize("size", [PHONE, DESK])
async def test_names_headings_labels_and_targets_are_in_order(visits: Visits, size: tuple[int, int]) -> None:
    addresses = await everything(visits)
    page = await _open(visits, size)
    for address in [*addresses, "/sign-in", "/sign-in?token=x"]:
        await page.goto(address)
        await unfolded(page)
        assert await page.evaluate(FAULTS) == [], address


async def test_the_keyboard_reaches_what_matters_in_order(visits: Visits) -> None:
    await visits.site.trouble()
    page = await _open(visits, PHONE)
    reached: list[str] = []
    while not reached or not reached[-1].startswith("What happened"):
        await page.keyboard.press("Tab")
        focused = page.locator(":focus-visible")
        reached.append(" ".join((await focused.text_content() or "").split()))
    matters = ("Skip to the sales at risk", "Petra Weiss", "Acknowledge", "Call", "What happened")
    assert [word for text in reached for word in matters if text.startswith(word)] == list(matters)


async def test_reduced_motion_is_respected(visits: Visits) -> None:
    await visits.site.trouble()
    page = await _open(visits, PHONE)
    await page.emulate_media(reduced_motion="reduce")
    moving = await page.evaluate("document.querySelector('.row').dataset.arrived = '', document.getAnimations().length")
    assert moving == 0
