"""Hand-overs on the pages: who is at work, how long a request lasts, and what the giver reads about it."""

import re
from datetime import UTC, datetime, time, timedelta
from html import unescape
from typing import Any

import pytest

from services.escalation.inbox.moments import field_value
from shared.contracts.people_parts import Day, WorkingHours
from tests.builders import ZONE
from tests.inbox import Site, words_of
from tests.inbox_desk import Desk, done, open_desk, state, taken

HOUR = timedelta(hours=1)


async def _works(site: Site, who: str, name: str, *, days_ahead: int, start: str = "08:00", end: str = "18:00") -> None:
    """A person who works on one day of the week: today, or this many days later."""
    day = (await site.service.now()).astimezone(ZONE) + timedelta(days=days_ahead)
    hours = WorkingHours(days=(list(Day)[day.weekday()],), start=start, end=end)
    await site.hire(who, name, email=f"{who}@sales.example", zone=str(ZONE), working_hours=(hours,))


@pytest.fixture
async def desk(site: Site) -> Desk:
    """Anna has the episode; Ben works today, Carl in three days, and Eva is absent."""
    anna = await taken(site)
    await _works(site, "ben", "Ben Ahlers", days_ahead=0)
    await _works(site, "carl", "Carl Haas", days_ahead=3)
    today = (await site.service.now()).date()
    away: list[Any] = [{"since": today - timedelta(days=1), "until": today + timedelta(days=1)}]
    await site.hire("eva", "Eva Lind", email="eva@sales.example", away=away)
    return anna


async def _options(desk: Desk) -> dict[str, tuple[str, str, bool]]:
    """By person: the value sent, the text shown, and whether it can be chosen."""
    page = (await desk.browser.get(desk.path)).text
    found = re.findall(r'<option value="([^"]*)" data-who="(\w+)"[^>]*?( disabled)?>([^<]*)</option>', page)
    return {who: (value, unescape(words), not disabled) for value, who, disabled, words in found}


async def _back_at(site: Site) -> datetime:
    day = (await site.service.now()).astimezone(ZONE).date() + timedelta(days=3)
    return datetime.combine(day, time(8), ZONE).astimezone(UTC)


def _clock(at: datetime) -> str:
    local = at.astimezone(ZONE)
    return f"{local.day} {local:%b}, {local:%H:%M}"


def _at(at: datetime) -> str:
    local = at.astimezone(ZONE)
    return f"on {local.day} {local:%b} at {local:%H:%M}"


async def test_the_list_says_who_is_at_work_and_when_the_others_are_next(site: Site, desk: Desk) -> None:
    options = await _options(desk)
    assert options["ben"][1:] == ("Ben Ahlers: at work until 18:00", True)
    assert options["carl"][1:] == (f"Carl Haas: at work from {_clock(await _back_at(site))}", True)
    words, free = options["eva"][1:]
    assert words.startswith("Eva Lind: away until ")
    assert not free
    assert list(options)[-1] == "eva"
    assert list(options).index("ben") < list(options).index("carl")


async def test_a_hand_over_request_lasts_two_hours_into_their_working_time(site: Site, desk: Desk) -> None:
    back_at = await _back_at(site)
    assert done(await desk.press("hand-over", to=(await _options(desk))["carl"][0], at=""))
    row = await state(site)
    assert (row["offered_to"], row["offered_until"]) == ("carl", back_at + 2 * HOUR)
    page = await desk.page()
    assert f"Waiting for Carl Haas to accept (until {_clock(back_at + 2 * HOUR)})" in page
    assert f"Carl Haas will be notified {_at(back_at)}." in page


async def test_an_entered_time_takes_precedence_and_one_that_is_too_early_is_refused(site: Site, desk: Desk) -> None:
    soon = await site.service.now() + HOUR
    assert done(await desk.press("hand-over", to=(await _options(desk))["carl"][0], at=field_value(soon, ZONE)))
    assert (await state(site))["offered_until"] == soon.replace(second=0, microsecond=0)
    page = await desk.page()
    assert f"Carl Haas will be notified {_at(await _back_at(site))}, after the deadline to accept" in page


async def test_the_giver_reads_that_a_hand_over_has_lapsed(site: Site, desk: Desk) -> None:
    assert done(await desk.press("hand-over", to="ben", at=field_value(await site.service.now() + HOUR, ZONE)))
    await site.wait(HOUR)
    assert "Ben Ahlers did not accept in time, and the request ended at 11:00. It is still yours." in await desk.page()
    assert done(await desk.press("reached", channel="phone"))
    assert "did not accept in time" not in await desk.page()


async def test_no_one_reads_that_they_were_notified_if_they_were_not(site: Site, desk: Desk) -> None:
    soon = await site.service.now() + HOUR
    for who in ("carl", "ben"):
        assert done(await desk.press("hand-over", to=who, at=field_value(soon, ZONE)))
    assert done(await desk.press("close", ending="lost:price"))
    for who, reported in (("carl", "You were due to be notified later."), ("ben", "You were notified before.")):
        page = words_of((await (await site.signed_in(who)).get(desk.path)).text)
        assert reported in page, who


async def test_an_alert_that_stops_waiting_for_its_recipient_is_a_new_version_of_row_and_page(site: Site) -> None:
    desk = await open_desk(site)
    held = "update escalation.deliveries set state = $1, try_at = shared.app_now() + '1 hour' where channel = 'email'"
    versions = []
    for state_of_mail in ("held", "sent"):
        await site.service.pool.execute(held, state_of_mail)
        page = (await desk.browser.get(desk.path)).text
        versions.append(re.findall(r'data-episode="[^"]+" data-version="([^"]+)"', page))
    before, after = versions
    assert len(before) == len(after)
    assert not set(before) & set(after)
