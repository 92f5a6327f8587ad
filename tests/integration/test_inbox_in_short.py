"""Orders of many lines, long names and odd ids: buttons stay near, and everything stays within reach."""

import re

from shared.contracts.order_parts import Customer, Line
from tests.builders import ACCOUNT
from tests.inbox import Site, words_of
from tests.inbox_desk import Desk, done

TURNS = re.compile(r"[\u202a-\u202e\u2066-\u2069]")


async def test_an_order_of_many_long_lines_is_shown_in_short_everywhere_and_in_full_on_its_own_page(site: Site) -> None:
    lines = tuple(Line(product=f"{number:03} {'x' * 476}") for number in range(500))
    await site.sell(lines=lines, customer=Customer(name="😀" * 250))
    await site.hire()
    browser = await site.signed_in()
    page = Desk(browser, await site.request_refund())
    whole = (await browser.get(page.path)).text
    assert whole.count("499 xxx") == 1, "in full"
    row = whole[whole.index('<li class="row') : whole.index("</ol>", whole.index('<li class="row'))]
    assert "… and 499 more" in words_of(row)
    assert len(row) < 10_000
    assert words_of(whole).count("and 499 more") == 2
    assert whole.count("😀" * 250) == 1
    assert done(await page.press("close", ending="lost:price"))
    assert len((await browser.get("/closed")).text) < 6_000


async def test_long_words_of_a_customer_are_cut_between_two_words(site: Site) -> None:
    await site.hire()
    await site.sell()
    page = Desk(await site.signed_in(), await site.request_refund(words="money back " * 60))
    assert "money back… Show all" in words_of((await page.browser.get(page.path)).text)


async def test_a_follow_up_is_shown_in_short(site: Site) -> None:
    await site.hire()
    lines = tuple(Line(product=f"Part {number:03}") for number in range(60))
    await site.sell(lines=lines, customer=Customer(name="w" * 300))
    page = (await (await site.signed_in()).get("/")).text
    assert "w" * 61 not in page
    assert "Part 059" not in page


async def test_no_id_reverses_the_direction_of_a_page(site: Site) -> None:
    odd = "47\u202e11\u2069"
    await site.hire()
    await site.sell(odd, account=ACCOUNT + "\u2067")
    episode = await site.request_refund(odd, account=ACCOUNT + "\u2067", words="call \u202a+49 30\u202c")
    desk = Desk(await site.signed_in(), episode)
    page = (await desk.browser.get(desk.path)).text
    assert "You sold order 47\ufffd11\ufffd on" in words_of(page)
    assert TURNS.findall(page) == ["\u202a", "\u202c"] * 2, "the customer's words are isolated"
    assert done(await desk.press("acknowledge"))
    assert done(await desk.press("close", ending="lost:price"))
    assert not TURNS.search((await desk.browser.get("/closed")).text)
