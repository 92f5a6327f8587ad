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
