"""A history is the same for the same seed, and arrives in an order by which it can be judged."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from shared.contracts.envelope import Decoded
from shared.messaging.codec import Poison, decode_message
from tests.faults.history import Event, arrival, event_of_line, first_of_all, generate, post, wire

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
DECIDED_BY_THE_SERVICE = {"id_reused", "order_contradicted", "case_contradicted"}


@pytest.fixture(scope="module", params=range(3))
def history(request: pytest.FixtureRequest) -> list[Event]:
    return generate(request.param, accounts=40, events=2_000, now=NOW)


def test_a_seed_always_makes_the_same_history(history: list[Event]) -> None:
    assert any(generate(seed, accounts=40, events=2_000, now=NOW) == history for seed in range(3))
    assert [event_of_line(event.line()) for event in history] == history


def test_no_two_events_have_the_same_time(history: list[Event]) -> None:
    assert len({event.time for event in history}) == len(history)


def test_only_a_reused_id_comes_again(history: list[Event]) -> None:
    times = Counter((event.source, event.id) for event in history if event.bad != "id_reused")
    assert set(times.values()) == {1}


def test_each_account_arrives_in_order_on_each_topic(history: list[Event]) -> None:
    rest = history[len(first_of_all(history)) :]
    arrived = arrival(history, seed=1)
    assert _by_account(list(dict.fromkeys(map(_named, arrived)))) == _by_account(list(map(_named, rest)))
    assert arrived != rest
    assert 0.02 < len(arrived) / len(rest) - 1 < 0.08


def test_records_are_what_the_services_accept(history: list[Event]) -> None:
    for event in history:
        record = wire(event)
        headers = [(name, value.encode() if isinstance(value, str) else value) for name, value in record.headers]
        decoded = decode_message(record.value, headers, key=record.key, topic=event.topic)
        if event.bad is None or event.bad in DECIDED_BY_THE_SERVICE:
            assert isinstance(decoded, Decoded), decoded
            assert (decoded.envelope.id, decoded.envelope.subject) == (event.id, event.subject)
        else:
            assert isinstance(decoded, Poison)
            assert decoded.code == event.bad


def test_no_bad_event_goes_by_http(history: list[Event]) -> None:
    posted = [event for event in history if event.via == "http"]
    assert 0.1 < len(posted) / len(history) < 0.2
    assert {event.bad for event in posted} == {None}
    assert all(post(event)[0]["ce-id"] == event.id for event in posted)


def _named(event: Event) -> tuple[str, str, str]:
    return event.subject, event.topic, event.time


def _by_account(named: list[tuple[str, str, str]]) -> dict[tuple[str, str], list[str]]:
    order: dict[tuple[str, str], list[str]] = {}
    for subject, topic, time in named:
        order.setdefault((subject, topic), []).append(time)
    return order
