"""Pages of customers with very many facts: their size stays the same, and they say what they leave out."""

import re
from collections import Counter
from datetime import timedelta
from uuid import UUID

import httpx2
import pytest

from services.escalation.domain.policy.versions import Policies
from services.escalation.store import account_history, episode_parts
from services.escalation.store.account_history import NOW, Place, facts_before, place_of
from services.escalation.store.deliveries import FACTS_READ
from services.escalation.store.signals_shown import signals_shown
from services.escalation.store.stories import stories_of
from shared.ids import SalespersonId
from tests.builders import ORDER, SELLER, contact_made
from tests.escalation import reported
from tests.inbox import Site, words_of
from tests.large_accounts import copy_latest

DEAD_END, CONTACT = "support.contact_dead_ended", "support.contact_made"
MANY = 1_000


async def _troubled(site: Site, result: str = "dead_end") -> UUID:
    """An episode after one contact, half an hour ago, and a refund request."""
    episode = await site.trouble()
    at = await site.service.now() - timedelta(minutes=30)
    await site.service.receive(reported(contact_made(result, case=None, words="It is still cold."), at=at))
    return episode


def _lines(page: str) -> int:
    return page.count('<p class="fact">')


async def _pages(browser: httpx2.AsyncClient, address: str) -> list[str]:
    """The pages from this one on, by their links to older facts."""
    pages: list[str] = []
    while address:
        pages.append((await browser.get(address)).text)
        found = re.search(r'<a href="([^"]+\?before=[^"]+)">Older', pages[-1])
        address = found[1] if found else ""
    return pages


@pytest.mark.parametrize(("kind", "result"), [(DEAD_END, "dead_end"), (CONTACT, "answered")])
async def test_a_page_is_as_large_with_ten_times_as_many_facts(site: Site, kind: str, result: str) -> None:
    episode = await _troubled(site, result)
    browser = await site.signed_in()
    sizes, lines = [], []
    for more in (150, 9 * 150):
        await copy_latest(site.service.pool, kind, more)
        for address in ("/", f"/episodes/{episode}", f"/history/{episode}"):
            page = (await browser.get(address)).text
            sizes.append(len(page))
            lines.append(_lines(page))
    assert lines[:3] == lines[3:]
    assert all(later < 1.05 * first for first, later in zip(sizes[:3], sizes[3:], strict=True))


async def test_what_is_left_out_is_counted_and_linked(site: Site) -> None:
    episode = await _troubled(site)
    await copy_latest(site.service.pool, DEAD_END, MANY)
    browser = await site.signed_in()
    page = (await browser.get(f"/episodes/{episode}")).text
    assert "after 1,001 dead ends" in words_of(page)
    assert f"{MANY - 4} more since" in words_of(page)
    assert f'href="/history/{episode}">All facts (1,003)' in page
    assert "Only the newest are shown here" in words_of(page)
    pages = await _pages(browser, f"/history/{episode}")
    assert "1,003 in all" in words_of(pages[0])
    assert [_lines(one) for one in pages] == [100] * 10 + [3]
    assert f"Order {ORDER} placed" in words_of(pages[-1])


async def test_the_first_page_alone_has_no_link(site: Site) -> None:
    episode = await _troubled(site)
    browser = await site.signed_in()
    page = (await browser.get(f"/episodes/{episode}")).text
    assert "All facts" not in page
    assert "more since" not in page
    (only,) = await _pages(browser, f"/history/{episode}")
    assert "3 in all" in words_of(only)


async def test_the_count_stops_at_a_bound_and_says_so(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    episode = await _troubled(site)
    await copy_latest(site.service.pool, DEAD_END, 120)
    monkeypatch.setattr(account_history, "_MOST_COUNTED", 110)
    page = (await (await site.signed_in()).get(f"/episodes/{episode}")).text
    assert "All facts (more than 110)" in words_of(page)


async def test_few_of_very_many_signals_are_read_and_all_are_counted(site: Site) -> None:
    episode = await _troubled(site)
    pool, me, policies = site.service.pool, SalespersonId(SELLER), Policies.shipped()
    before = await episode_parts.signals_of(pool, me, [episode], policies)
    await copy_latest(pool, DEAD_END, MANY)
    few = (await episode_parts.signals_of(pool, me, [episode], policies))[episode]
    assert len(few) <= 2 * episode_parts.MOST_ALIKE
    counted = Counter[str]()
    for one in few:
        counted[one.risk.kind.value] += 1 + one.risk.alike
    assert counted == {"contact_dead_ended": MANY + 1, "refund_requested": 1}
    assert few[-1] == before[episode][-1], "the newest"
    assert few[0].at == few[1].at - timedelta(minutes=MANY - episode_parts.MOST_ALIKE), "the first"


async def test_signals_before_and_after_the_request_are_counted_apart(site: Site) -> None:
    episode = await _troubled(site)
    pool = site.service.pool
    await copy_latest(pool, DEAD_END, 300)
    await pool.execute("update escalation.signals set at = at - interval '2 hours' where kind = 'refund_requested'")
    page = words_of((await (await site.signed_in()).get(f"/episodes/{episode}")).text)
    earlier = await pool.fetchval(
        "select count(*) from escalation.signals s where kind = 'contact_dead_ended' and at < "
        "(select at from escalation.signals where kind = 'refund_requested')"
    )
    assert 0 < earlier < 301
    assert f"after {earlier} dead ends; since then {301 - earlier} dead ends" in page


async def test_a_message_reads_only_the_facts_of_the_signals_that_it_shows(site: Site) -> None:
    episode = await _troubled(site)
    await copy_latest(site.service.pool, DEAD_END, MANY)
    pool = site.service.pool
    shown = (await signals_shown(pool, [episode], Policies.shipped()))[episode]
    stories = await stories_of(pool, SalespersonId(SELLER), {episode: FACTS_READ}, {episode: shown.signals})
    assert FACTS_READ <= len(stories[episode].facts) <= FACTS_READ + len(shown.signals)
    assert len(shown.signals) + shown.left_out == MANY + 2


async def test_facts_about_other_orders_are_left_out_and_paging_goes_on(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The history of an order begins behind more facts about another order than are looked through at a time."""
    episode = await site.trouble()
    await site.sell("4800")
    await site.request_refund("4800", minutes_ago=1, case=None)
    await copy_latest(site.service.pool, "support.refund_requested", 2_500)
    pages = await _pages(await site.signed_in(), f"/history/{episode}")
    assert sum(map(_lines, pages)) == 2
    assert "Order 4800" not in "".join(map(words_of, pages))
    assert f"Order {ORDER} placed" in words_of(pages[-1])


async def test_no_one_reads_the_history_of_another_persons_customer(site: Site) -> None:
    foreign = await site.trouble("ben", order="4800", account="c-80")
    await site.hire()
    assert (await (await site.signed_in()).get(f"/history/{foreign}")).status_code == 404
    found = await facts_before(site.service.pool, SalespersonId(SELLER), foreign, NOW)
    assert (found.rows, found.until) == ([], None)
    assert await account_history.number_of_facts(site.service.pool, SalespersonId(SELLER), foreign) == 0


@pytest.mark.parametrize("text", ["", "x", "1-", "-1", "1-x", "9" * 18 + "-1", "1-" + "9" * 19, "\u0661-1", "1-1-1"])
def test_an_address_with_an_unknown_place_is_the_first_page(text: str) -> None:
    assert place_of(text) == NOW


def test_a_place_is_the_same_in_an_address() -> None:
    place = Place(NOW.at.replace(year=2026, microsecond=123_456), 77)
    assert place_of(str(place)) == place
