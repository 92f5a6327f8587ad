"""A promised call: until it is made, list, page and e-mail show its time as the deadline."""

import re
from datetime import timedelta

from services.escalation.inbox.moments import field_value
from tests.builders import ZONE
from tests.inbox import Site, words_of
from tests.inbox_desk import Desk, done, state, taken

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


async def _reminded(site: Site) -> Desk:
    """Anna promised a call at 15:00, and is reminded of it four minutes before."""
    desk = await taken(site)
    at = await site.service.now() + 5 * HOUR
    assert done(await desk.press("appointment", at=field_value(at, ZONE)))
    await site.wait(5 * HOUR - 4 * MINUTE)
    return desk


async def _rows(desk: Desk) -> list[str]:
    page = (await desk.browser.get("/")).text
    return [words_of(row) for row in re.findall(r'<li class="row.*?</h3>', page, re.DOTALL)]


async def test_from_its_reminder_on_page_and_list_show_the_promised_call(site: Site) -> None:
    desk = await _reminded(site)
    assert (await state(site))["deadline_for"] == "redeem"
    page = await desk.page()
    assert re.search(r"Call the customer at 15:0\d \( ?\d min left", page)
    assert "was promised" not in page, "once is enough"
    (row,) = await _rows(desk)
    assert re.search(r"Call at 15:0\d", row)
    assert "left" not in row


async def test_a_promised_call_that_is_overdue_says_so_with_the_time_left(site: Site) -> None:
    desk = await _reminded(site)
    before = re.search(r'data-version="([^"]+)"', (await desk.browser.get(desk.path)).text)
    await site.wait(6 * MINUTE)
    page = (await desk.browser.get(desk.path)).text
    after = re.search(r'data-version="([^"]+)"', page)
    assert re.search(r"The call was due at 15:0\d\. Reach the customer by \d\d:\d\d \(", words_of(page))
    assert before
    assert after
    assert before[1] != after[1], "open pages update it"
    (row,) = await _rows(desk)
    assert re.search(r"Call was due at 15:0\d", row)
    assert done(await desk.press("reached"))
    assert "was due" not in await desk.page()


async def test_a_row_is_sorted_by_its_promised_call(site: Site) -> None:
    desk = await taken(site)
    at = await site.service.now() + 5 * HOUR
    assert done(await desk.press("appointment", at=field_value(at, ZONE)))
    await site.wait(5 * HOUR - 10 * MINUTE)
    await site.sell("o-2", account="a-2")
    other = Desk(desk.browser, await site.request_refund("o-2", account="a-2"))
    assert done(await other.press("acknowledge"))
    await site.wait(6 * MINUTE)
    deadlines = {row["order_id"]: row["deadline_at"] for row in await site.service.rows("escalation.episodes")}
    assert deadlines["o-2"] < deadlines["4711"], "the time to reach the customer ends sooner there"
    await site.sell("o-3", account="a-3")
    await site.request_refund("o-3", account="a-3")
    first, second, third = await _rows(desk)
    assert "Call at 15:0" in first
    assert "Respond: " in second, "no one has acknowledged it, and its time ends later"
    assert "Reach: " in third
