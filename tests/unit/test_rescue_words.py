"""What support may say to the customer."""

from dataclasses import replace
from datetime import datetime

import pytest

from shared.rescue_words import OpenWindow, rescue_of

_WINDOW = OpenWindow(
    account="c-17",
    order="4711",
    case="CS-1",
    name="Anna Berg",
    acknowledged=True,
    until=datetime.fromisoformat("2026-05-04T15:30:20+00:00"),
    zone="Europe/Berlin",
    now=datetime.fromisoformat("2026-05-04T09:00:00+00:00"),
)


def test_nobody_is_named_before_they_acknowledge() -> None:
    rescue = rescue_of(replace(_WINDOW, acknowledged=False))
    assert (rescue.say, rescue.name, rescue.until) == ("A colleague will call you.", None, None)


def _at(time: str | None) -> datetime | None:
    return None if time is None else datetime.fromisoformat(f"2026-05-{time}:00+00:00")


@pytest.mark.parametrize(
    ("call_at", "reached_at", "say"),
    [
        ("04T13:00", None, "Anna Berg will call you at 15:00."),
        ("05T07:00", None, "Anna Berg will call you at 09:00 on Tuesday, 5 May."),
        ("05T07:00", "04T08:00", "Anna Berg will call you at 09:00 on Tuesday, 5 May."),
        (None, "04T08:00", "You talked with Anna Berg at 10:00."),
        ("04T08:30", "04T08:00", "You talked with Anna Berg at 10:00."),
        ("04T08:30", None, "Anna Berg will call you by 17:30 at the latest."),
    ],
    ids=["promised", "tomorrow", "talked and promised", "talked", "the promise is over", "not called in time"],
)
def test_what_was_promised_or_done_counts_more_than_the_latest_time(
    call_at: str | None, reached_at: str | None, say: str
) -> None:
    window = replace(_WINDOW, call_at=_at(call_at), reached_at=_at(reached_at))
    rescue = rescue_of(window)
    assert rescue.say == say
    assert (rescue.until is None) == ("talked" in say) == (rescue.reached_at is not None)


@pytest.mark.parametrize(
    ("zone", "now", "by"),
    [
        ("Europe/Berlin", "2026-05-04T09:00:00+00:00", "17:30"),
        ("Europe/Berlin", "2026-05-02T09:00:00+00:00", "17:30 on Monday, 4 May,"),
        ("UTC", "2026-05-04T09:00:00+00:00", "15:30 UTC"),
        ("Etc/UTC", "2026-05-02T09:00:00+00:00", "15:30 UTC on Monday, 4 May,"),
        ("Asia/Tokyo", "2026-05-04T09:00:00+00:00", "00:30 on Tuesday, 5 May,"),
    ],
)
def test_times_are_the_customers(zone: str, now: str, by: str) -> None:
    rescue = rescue_of(replace(_WINDOW, zone=zone, now=datetime.fromisoformat(now)))
    assert rescue.say == f"Anna Berg will call you by {by} at the latest."
    assert rescue.until == datetime.fromisoformat("2026-05-04T15:30:00+00:00")
