"""What the row of an episode says of its time: the reader's own time left, or that the customer was reached."""

import re
from datetime import timedelta

from tests.inbox import Site, words_of
from tests.inbox_desk import Desk, done, open_desk, taken


async def test_a_row_shows_no_time_left_that_is_another_persons(site: Site) -> None:
    desk = await open_desk(site, manager=None)
    assert re.search(r"Respond: 1[45] min left", await _row(desk))
    await site.wait(timedelta(minutes=16))
    row = await _row(desk)
    assert "Ben Ahlers (backup) has been notified" in row
    assert "left" not in row
    assert "22 min ago" in row


async def _row(desk: Desk) -> str:
    page = (await desk.browser.get("/")).text
    (row,) = re.findall(r'<li class="row.*?<div class="rest">', page, re.DOTALL)
    return words_of(row)


async def test_a_row_says_that_the_customer_was_reached(site: Site) -> None:
    desk = await taken(site)
    assert done(await desk.press("reached", channel="phone"))
    assert "Customer reached at 10:00" in await _row(desk)
