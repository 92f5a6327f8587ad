"""Refusals in a salesperson's own words: no codes, no times of another zone, and a next step."""

import re

import pytest

from tests.inbox import Site, words_of
from tests.inbox_desk import at_in, open_desk, taken

_CODE = re.compile(r"\b[a-z]+_[a-z_]+\b")


@pytest.mark.parametrize(
    ("action", "fields", "said"),
    [
        ("snooze", {"days": 40}, r"The end of the snooze may be at most \d+ (hours?|days?) from now\."),
        ("appointment", {"days": 40}, r"The call-back time may be at most \d+ days from now\."),
        ("appointment", {"days": -1}, r"The call-back time must be in the future\."),
        ("close", {"ending": "saved:bad_weather"}, "This is not a reason for “Saved”; choose one from the list."),
    ],
)
async def test_refusals_have_no_codes_and_no_other_zones(
    site: Site, action: str, fields: dict[str, int | str], said: str
) -> None:
    desk = await taken(site)
    days = fields.get("days")
    sent = {"at": await at_in(site, days=days)} if isinstance(days, int) else {"ending": str(fields["ending"])}
    refused = await desk.press(action, **sent)
    words = words_of(refused.text)
    assert refused.status_code in (409, 422)
    assert re.search(said, words), words
    assert "UTC" not in words
    assert _CODE.search(words.partition("That didn't work")[2]) is None


@pytest.mark.parametrize("action", ["appointment", "snooze", "hand-over"])
@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("9999-12-31T23:59", r"may be at most \d+ (hours?|days?) from now\."),
        ("2100-01-01T00:00", r"may be at most \d+ (hours?|days?) from now\."),
        ("0001-01-01T00:00", r"must be in the future\."),
    ],
)
async def test_an_impossible_year_is_refused_as_too_late_or_too_early(
    site: Site, action: str, at: str, said: str
) -> None:
    refused = await (await taken(site)).press(action, at=at, to="ben")
    assert refused.status_code == 409
    assert re.search(said, words_of(refused.text)), words_of(refused.text)


async def test_an_outdated_page_tells_the_holder_what_to_press_first(site: Site) -> None:
    desk = await open_desk(site)
    refused = await desk.press("reached")
    assert refused.status_code == 409
    assert "Acknowledge this first." in words_of(refused.text)
