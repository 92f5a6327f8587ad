"""RFC 3339 allows leap seconds, and clocks here do not count them: each is the end of the second before it."""

from datetime import UTC, datetime

import pytest
from pydantic_core import PydanticCustomError

from shared.contracts.fields import read_instant

LAST = datetime(2026, 6, 30, 23, 59, 59, 999_999, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-06-30T23:59:60Z",
        "2026-06-30t23:59:60.25z",
        "2026-06-30 23:59:60+00:00",
        "2026-07-01T01:59:60+02:00",
        "2026-06-30T16:29:60-07:30",
    ],
)
def test_a_leap_second_is_the_last_instant_of_its_day(text: str) -> None:
    assert read_instant(text) == LAST


@pytest.mark.parametrize(
    "text",
    [
        "2026-06-30T12:00:60Z",
        "2026-06-30T23:59:60+02:00",
        "2026-06-30T23:59:61Z",
        "2026-06-31T23:59:60Z",
        "2026-06-30T23:60:60Z",
        "9999-12-31T23:59:60-12:00",
        "0001-01-01T00:59:60+01:00",
    ],
)
def test_no_other_second_has_this_number(text: str) -> None:
    with pytest.raises(PydanticCustomError):
        read_instant(text)
