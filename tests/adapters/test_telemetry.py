"""Traces: the content of a span, what it must not contain, and its parent."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from opentelemetry import trace as otel

from shared.telemetry import (
    Attribute,
    UnknownAttributeError,
    batch_span,
    configure_tracing,
    delivery_span,
    span,
    start_effect_span,
    valid_traceparent,
)
from tests.spans import PARENT, TRACE

MALFORMED = [
    "",
    "nonsense",
    PARENT.upper(),
    PARENT + "-more",
    PARENT + "\n",
    PARENT[:-1],
    f"ff-{TRACE}-00f067aa0ba902b7-01",
    f"00-{'0' * 32}-00f067aa0ba902b7-01",
    f"00-{TRACE}-{'0' * 16}-01",
    f"00-{TRACE}-00f067aa0ba902b7-zz",
    "00-٤bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "\x00" * 55,
]


@pytest.mark.parametrize("text", MALFORMED)
def test_a_malformed_traceparent_is_recognised(text: str) -> None:
    assert not valid_traceparent(text)


@pytest.mark.parametrize("text", [PARENT, PARENT[:-2] + "00", f"01-{PARENT[3:]}"])
def test_a_proper_traceparent_is_recognised(text: str) -> None:
    assert valid_traceparent(text)


@pytest.mark.parametrize("text", [*MALFORMED, None])
def test_a_malformed_traceparent_starts_a_new_root_and_never_raises(
    text: str | None, traced: Callable[[], list[dict[str, Any]]]
) -> None:
    effect = start_effect_span("support.refund_requested", parent=text)
    effect.end()
    (written,) = traced()
    assert written["parent_id"] is None
    assert valid_traceparent(effect.traceparent)


def test_an_effect_continues_the_trace_of_the_record_that_caused_it(
    traced: Callable[[], list[dict[str, Any]]],
) -> None:
    first = start_effect_span("support.refund_requested", parent=PARENT)
    second = start_effect_span("escalation.alert_raised", parent=first.traceparent)
    second.end()
    first.end()
    spans = {written["name"]: written for written in traced()}
    assert first.trace_id == second.trace_id == TRACE
    assert spans["support.refund_requested"]["parent_id"] == PARENT[36:52]
    assert spans["escalation.alert_raised"]["parent_id"] == spans["support.refund_requested"]["span_id"]
    assert second.traceparent == f"00-{TRACE}-{spans['escalation.alert_raised']['span_id']}-01"


def test_a_span_for_work_already_in_progress_keeps_the_given_time(
    traced: Callable[[], list[dict[str, Any]]],
) -> None:
    began_ns = 1_600_000_000_000_000_000
    start_effect_span("orders.order_placed", parent=None, start_time_ns=began_ns).end()
    (written,) = traced()
    assert written["started_ns"] == began_ns
    assert written["ended_ns"] > began_ns


def test_a_local_trace_is_complete_even_if_its_publisher_did_not_sample(
    traced: Callable[[], list[dict[str, Any]]],
) -> None:
    start_effect_span("orders.order_placed", parent=PARENT[:-2] + "00").end()
    assert len(traced()) == 1


def test_without_tracing_the_parent_travels_on_unchanged(untraced: None) -> None:
    effect = start_effect_span("orders.order_placed", parent=PARENT, attributes={Attribute.EVENT_ID: "e-1"})
    effect.note({Attribute.OUTCOME: "applied"})
    effect.end()
    assert effect.traceparent == PARENT
    with span("relay", parent=PARENT) as running, delivery_span("email", parent=running.traceparent) as sent:
        assert sent.traceparent == PARENT
    with batch_span("batch", links=[PARENT, "nonsense", None]) as batch:
        assert batch.traceparent is None


@pytest.mark.parametrize("text", [*MALFORMED, None])
def test_without_tracing_a_malformed_parent_does_not_travel_on(text: str | None, untraced: None) -> None:
    assert start_effect_span("orders.order_placed", parent=text).traceparent is None


def test_all_links_of_a_full_batch_are_kept(traced: Callable[[], list[dict[str, Any]]]) -> None:
    links = [f"00-{TRACE}-{number:016x}-01" for number in range(1, 501)]
    with batch_span(
        "process orders.sales.v1",
        links=[*links, *links, *MALFORMED, None],
        attributes={Attribute.BATCH_COUNT: 500, Attribute.OPERATION_TYPE: "process"},
    ):
        pass
    (written,) = traced()
    assert written["links"] == [f"{TRACE}-{number:016x}" for number in range(1, 501)]
    assert written["parent_id"] is None
    assert written["attributes"] == {
        "messaging.batch.message_count": 500,
        "messaging.operation.type": "process",
    }


def test_ids_and_counts_are_written_as_attributes(traced: Callable[[], list[dict[str, Any]]]) -> None:
    alert = UUID("00000000-0000-0000-0000-00000000000a")
    with delivery_span("email", parent=PARENT, attributes={Attribute.ALERT_ID: alert}) as sent:
        sent.note({Attribute.ATTEMPT: 2, Attribute.OUTCOME: "sent", Attribute.EVENT_ID: "e-\ud800-é"})
    (written,) = traced()
    assert written["attributes"] == {
        "handoff.alert_id": str(alert),
        "handoff.channel": "email",
        "handoff.attempt": 2,
        "handoff.outcome": "sent",
        "cloudevents.event_id": "e-?-é",
    }


@pytest.mark.parametrize("directory", [True, False])
def test_an_attribute_outside_the_list_is_refused_with_and_without_tracing(directory: bool, tmp_path: Path) -> None:
    tracing = configure_tracing("orders", otlp_endpoint=None, directory=tmp_path if directory else None)
    words: Any = {"customer.words": "I want my money back"}
    with pytest.raises(UnknownAttributeError, match=r"customer\.words"):
        start_effect_span("support.refund_requested", parent=None, attributes=words)
    with pytest.raises(UnknownAttributeError):
        start_effect_span("support.refund_requested", parent=None).note(words)
    if tracing is not None:
        tracing.shutdown()


class _DatabaseError(Exception):
    sqlstate = "23505"


def test_a_span_keeps_an_errors_type_and_sqlstate_without_its_message(
    traced: Callable[[], list[dict[str, Any]]],
) -> None:
    with pytest.raises(_DatabaseError), span("save", parent=None):
        raise _DatabaseError("Key (email)=(canary@customer.example) already exists")
    (written,) = traced()
    assert written["failed"]
    assert written["attributes"] == {"error.type": "_DatabaseError", "db.response.status_code": "23505"}
    assert "canary" not in json.dumps(written)


def test_a_span_ends_once_and_accepts_nothing_afterwards(traced: Callable[[], list[dict[str, Any]]]) -> None:
    effect = start_effect_span("orders.order_placed", parent=None)
    effect.end()
    effect.end(ValueError("late"))
    effect.note({Attribute.OUTCOME: "applied"})
    (written,) = traced()
    assert not written["failed"]
    assert written["attributes"] == {}


def test_the_global_tracer_provider_is_left_alone(traced: Callable[[], list[dict[str, Any]]]) -> None:
    otel.get_tracer("a web framework").start_span("GET /sign-in/secret").end()
    assert traced() == []
