"""The messages to one person: single alerts, one list instead of many, and never nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.escalation.domain.policy.model import Storms
from services.escalation.domain.storms import Due, Recent, sort_out, span_in_words
from services.escalation.domain.words.lists import amounts, answer_by_words, time_left

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
STORMS = Storms(window=MINUTE, alerts=3)
LIST, OTHER = UUID(int=1_000), UUID(int=1_001)


def pending(*numbers: int, list_id: UUID | None = None) -> list[Due]:
    return [Due(UUID(int=number), "pending", 0, NOW, list_id) for number in numbers]


def held(*numbers: int, list_id: UUID | None = None) -> list[Due]:
    return [replace(one, state="held") for one in pending(*numbers, list_id=list_id)]


def unknown(*numbers: int, list_id: UUID | None = None) -> list[Due]:
    return [replace(one, state="unknown", attempts=1) for one in pending(*numbers, list_id=list_id)]


def single(seconds_ago: int) -> Recent:
    return Recent(NOW - seconds_ago * SECOND, is_list=False)


def a_list(seconds_ago: int) -> Recent:
    return Recent(NOW - seconds_ago * SECOND, is_list=True)


@dataclass
class Expected:
    """Numbers of deliveries: those sent alone, those in each list, those held and for how many seconds."""

    alone: list[int] = field(default_factory=list)
    lists: list[list[int]] = field(default_factory=list)
    held: list[int] = field(default_factory=list)
    held_seconds: int | None = None
    expired: list[int] = field(default_factory=list)


@pytest.mark.parametrize(
    ("due", "recent", "expected"),
    [
        pytest.param(pending(1, 2), [], Expected([1, 2]), id="a few go one by one"),
        pytest.param(pending(1, 2, 3), [], Expected([1, 2, 3]), id="as many as are allowed go one by one"),
        pytest.param(
            pending(1, 2, 3, 4, 5), [], Expected([1, 2, 3], held=[4, 5], held_seconds=60), id="the first go at once"
        ),
        pytest.param(
            pending(1, 2), [single(50), single(20)], Expected([1], held=[2], held_seconds=10), id="some went before"
        ),
        pytest.param(
            pending(1), [single(50)] * 3, Expected(held=[1], held_seconds=10), id="one too many waits for the window"
        ),
        pytest.param(pending(1), [single(60)] * 3, Expected([1]), id="a window that ended does not count"),
        pytest.param(held(1, 2, list_id=LIST), [], Expected(lists=[[1, 2]]), id="what was held for a list is one"),
        pytest.param(
            held(1, 2, list_id=LIST) + pending(3, 4),
            [single(59)] * 3,
            Expected(lists=[[1, 2, 3, 4]]),
            id="with the rest",
        ),
        pytest.param(held(1, list_id=LIST), [], Expected([1]), id="one alone is no list"),
        pytest.param(
            held(1, list_id=LIST),
            [single(59)] * 3,
            Expected(held=[1], held_seconds=1),
            id="nor goes it before its time",
        ),
        pytest.param(held(1, 2, 3, 4), [], Expected(lists=[[1, 2, 3, 4]]), id="a morning's worth is one list"),
        pytest.param(held(1, 2, 3), [], Expected([1, 2, 3]), id="a few in the morning go one by one"),
        pytest.param(
            held(1, 2, list_id=LIST) + pending(3),
            [a_list(20)],
            Expected(held=[1, 2, 3], held_seconds=40),
            id="after a list nothing goes before the next window",
        ),
        pytest.param(
            unknown(1, 2, list_id=LIST) + unknown(3, list_id=OTHER) + unknown(4) + pending(5),
            [a_list(5)],
            Expected([4], [[1, 2], [3]], held=[5], held_seconds=55),
            id="what may have arrived goes again as the same message",
        ),
        pytest.param(
            pending(1, 2, list_id=LIST), [], Expected(lists=[[1, 2]]), id="a list that was put off is tried as a list"
        ),
        pytest.param(
            [replace(one, overtaken=True) for one in held(1)] + held(2), [], Expected([2], expired=[1]), id="overtaken"
        ),
        pytest.param(
            [replace(one, overtaken=True) for one in pending(1)], [], Expected([1]), id="put off for long, and kept"
        ),
    ],
)
def test_due_deliveries_become(due: list[Due], recent: list[Recent], expected: Expected) -> None:
    verdict = sort_out(due, recent, STORMS, NOW)
    alone = [message.deliveries[0] for message in verdict.messages if message.list_id is None]
    lists = [message.deliveries for message in verdict.messages if message.list_id is not None]
    until = verdict.held_until - NOW if verdict.held_until else None
    assert expected == Expected(
        _numbers(alone),
        [_numbers(one) for one in lists],
        _numbers(verdict.held),
        int(until.total_seconds()) if until else None,
        _numbers(verdict.expired),
    )


def test_a_held_delivery_has_a_reason() -> None:
    assert (
        sort_out(pending(1, 2, 3, 4), [], STORMS, NOW).because
        == "grouped into a list: more than 3 alerts within a minute"
    )
    later = sort_out(pending(1), [a_list(5)], STORMS, NOW)
    assert later.because == "grouped into the next list: the last list was sent within a minute"


def test_a_list_sent_again_is_the_same_and_the_next_one_another() -> None:
    (first,) = sort_out(held(1, 2, list_id=LIST), [], STORMS, NOW).messages
    (again,) = sort_out(unknown(1, 2, list_id=first.list_id), [], STORMS, NOW + 5 * MINUTE).messages
    assert again.list_id == first.list_id
    put_off = [replace(one, attempts=1) for one in pending(1, 2, list_id=first.list_id)]
    (other,) = sort_out(put_off, [], STORMS, NOW).messages
    assert other.list_id != first.list_id


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (MINUTE, "a minute"),
        (90 * MINUTE, "90 minutes"),
        (60 * MINUTE, "an hour"),
        (120 * MINUTE, "2 hours"),
        (timedelta(days=1), "a day"),
        (timedelta(days=14), "14 days"),
    ],
)
def test_a_span_in_words(span: timedelta, words: str) -> None:
    assert span_in_words(span) == words


@pytest.mark.parametrize(
    ("by_currency", "words"),
    [
        ({"EUR": 4_820_000}, "€48,200"),
        ({"EUR": 4_820_050}, "€48,200.50"),
        ({"USD": 100, "EUR": 5_000_000, "JPY": 900}, "€50,000, ¥900 and $1"),
        ({"USD": 1, "EUR": 2, "JPY": 3, "CHF": 4, "SEK": 5}, "SEK0.05, CHF0.04, ¥3 and 2 more currencies"),
    ],
)
def test_amounts_are_listed_by_currency(by_currency: dict[str, int], words: str) -> None:
    assert amounts(by_currency) == words


@pytest.mark.parametrize(
    ("minutes", "until", "left"),
    [
        (180, "acknowledge by 14:30", "3 h left"),
        (25, "acknowledge by 11:55", "25 min left"),
        (24 * 60, "acknowledge by 5 May, 11:30", "24 h left"),
        (-10, "was to be acknowledged by 11:20", None),
    ],
)
def test_times_are_in_the_readers_zone(minutes: int, until: str, left: str | None) -> None:
    deadline = NOW + minutes * MINUTE
    assert (answer_by_words(deadline, "Europe/Berlin", NOW), time_left(deadline, NOW)) == (until, left)
    assert (answer_by_words(None, "Europe/Berlin", NOW), time_left(None, NOW)) == ("no deadline", None)


def _numbers(due: Sequence[Due]) -> list[int]:
    return [one.delivery_id.int for one in due]
