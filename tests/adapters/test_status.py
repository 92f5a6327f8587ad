"""Which items of a status need attention, and which do not."""

from dataclasses import replace

import pytest

from services.cli.status.command import shown
from services.cli.status.figures import Answer, Episodes, Queue, ServiceStatus, Status, Stored, Stuck
from services.cli.status.judging import needs, span
from services.cli.status.reading import _lag
from services.cli.terminal import console
from shared.metrics import create_metrics, render

NONE = Queue(0, 0.0)
STORED = Stored(
    tables={"shared": "0004", "orders": "0003"},
    processes=["0004.0003"],
    outbox=Queue(3, 0.4),
    waiting_facts=Queue(7, 90_000.0),
    dead_letters=NONE,
    refused_over_http=Queue(2, 90_000.0),
    set_aside=Queue(1, 50.0),
    timers_overdue=Queue(1, 0.2),
)
WELL = ServiceStatus(
    "orders", {"shared": "0004", "orders": "0003"}, Answer(ready=True, version="0.1.0", lag={"t": 4}), STORED
)
EPISODES = Episodes(5, 2, 0, 0, Queue(4, 90_000.0), Queue(1, 2.0), 6, 0)


def test_items_that_only_wait_need_no_attention() -> None:
    assert needs([WELL], EPISODES) == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"outbox": Queue(3, 61.0)}, "orders: 3 events not published, the oldest for 1 min: check Kafka"),
        (
            {"dead_letters": Queue(2, 1.0)},
            "orders: 2 dead letters not replayed: see `handoff dead-letters list orders`",
        ),
        ({"set_aside": Queue(1, 3601.0)}, "orders: 1 account set aside, the longest for 1 h 0 min: see"),
        ({"timers_overdue": Queue(9, 90_061.0)}, "orders: 9 timers overdue, the oldest by 1 d 1 h: check"),
        ({"processes": []}, "orders: no process is running: start one with `handoff run orders`"),
        ({"tables": {"shared": "0003", "orders": "0003"}}, "shared are at revision 0003, this release has 0004: run"),
        ({"tables": {"shared": "0004", "orders": None}}, "orders are at revision none, this release has 0003: run"),
        (
            {"tables": {"shared": "0004", "orders": "0004"}},
            "orders are at revision 0004, this release has 0003: this",
        ),
    ],
)
def test_stored_items_that_stay_need_attention(changed: dict[str, object], expected: str) -> None:
    found = needs([replace(WELL, stored=replace(STORED, **changed))], EPISODES)  # type: ignore[arg-type]
    assert len(found) == 1
    assert expected in found[0]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(ready=False, reasons=["starting", "stopping"]), ["orders is not ready: starting; stopping"]),
        (Answer(ready=True, notes=["the sales desk is nobody"]), ["orders: the sales desk is nobody"]),
        (Answer(ready=True, lag={"gone.v1": None}), ["orders: topic gone.v1 is gone"]),
        (Answer(ready=None, reasons=["not asked"]), []),
    ],
)
def test_a_process_reports_its_own_needs(answer: Answer, expected: list[str]) -> None:
    assert needs([replace(WELL, answer=answer)], EPISODES) == expected


@pytest.mark.parametrize(
    ("episodes", "expected"),
    [
        (replace(EPISODES, exhausted=2), "2 episodes without a response: everyone on the escalation path was notified"),
        (replace(EPISODES, nobody_to_ask=1), "1 episode with no one to notify: publish a salesperson_changed event"),
        (
            replace(EPISODES, deliveries_pending=Queue(4, 301.0), deliveries_delayed=Queue(4, 301.0)),
            "4 messages not sent, the oldest for 5 min: see `handoff deliveries list`",
        ),
        (
            replace(EPISODES, deliveries_stuck=[Stuck("the mail server refused the login with 535", 2, "email")]),
            "2 e-mails not sent: the mail server refused the login with 535",
        ),
        (
            replace(EPISODES, deliveries_broken_off=2),
            "2 messages broken off at least 5 times, which may have arrived: see `handoff deliveries list`",
        ),
    ],
)
def test_an_alert_that_reaches_no_one_needs_attention(episodes: Episodes, expected: str) -> None:
    found = needs([WELL], episodes)
    assert len(found) == 1
    assert found[0].startswith(expected)


def test_the_screen_shows_every_figure_and_the_unreadable_parts() -> None:
    away = ServiceStatus(
        "support", {}, Answer(ready=None, reasons=["not asked"]), None, "The database of support is away"
    )
    found = Status("0.1.0", [WELL, away], EPISODES, needs([WELL, away], EPISODES))
    terminal = console(160)
    with terminal.capture() as captured:
        terminal.print(shown(found))
    lines = captured.get().splitlines()
    assert lines[0].split() == ["handoff", "0.1.0", "orders", "support"]
    assert [line.split() for line in lines if line.startswith("facts waiting")] == [
        ["facts", "waiting", "7", "(oldest", "1", "d", "1", "h)", "?"]
    ]
    assert lines[-1].strip() == "! The database of support is away"


def test_lag_is_added_up_by_topic() -> None:
    metrics = create_metrics("orders")
    for partition, records in (("0", 3), ("1", 4)):
        metrics.consumer.lag.labels("orders.inbound.v1", partition).set(records)
    metrics.consumer.lag.labels("gone.v1", "0").set(float("nan"))
    metrics.consumer.lag.labels("gone.v1", "1").set(2)
    assert _lag(render(metrics.registry).decode()) == {"gone.v1": None, "orders.inbound.v1": 7}


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59, "59 s"), (61, "1 min"), (7_300, "2 h 1 min"), (90_000, "1 d 1 h")]
)
def test_spans_of_time_are_words(seconds: float, text: str) -> None:
    assert span(seconds) == text
