"""Spans and logs of a record, a request and a row on its way to Kafka."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.envelope import Envelope, Fact, with_traceparent
from shared.counting import count_inputs
from shared.logs import configure_logging
from shared.messaging.consumer import Consumer
from shared.messaging.sending import begin_sending
from shared.metrics import create_metrics
from shared.outbox import Outgoing
from shared.telemetry import configure_tracing, start_effect_span
from shared.transaction import InputProcessor, Transaction
from tests.builders import batch_of, event_of, input_of, order_confirmed
from tests.ingress import AUTHORIZED, BATCHED, STRUCTURED, binary_headers, event, ingress_over
from tests.log_streams import LogStream, logging_restored
from tests.raw_records import Raw, read_topic, record_of
from tests.servers import MakeDatabase
from tests.spans import PARENT, TRACE, written_spans
from tests.streams import SERVICE, TOPIC, Plumbing, relaying
from tests.waiting import eventually

Written = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Written]:
    """Tracing; calling it ends it and returns the spans."""
    tracing = configure_tracing(SERVICE, otlp_endpoint=None, directory=tmp_path)
    assert tracing is not None

    def finish() -> list[dict[str, Any]]:
        tracing.shutdown()
        return written_spans(tmp_path)

    yield finish
    tracing.shutdown()


@pytest.fixture
def log() -> Iterator[LogStream]:
    with logging_restored():
        yield LogStream()


async def causing(tx: Transaction, events: Sequence[Envelope[Fact]]) -> None:
    for one in events:
        tx.traceparent(one)


async def test_a_batch_its_events_and_its_transaction_name_their_origin(plumbing: Plumbing, written: Written) -> None:
    plumbing.hook = causing
    async with plumbing.consuming():
        await plumbing.publish(record_of(with_traceparent(event_of(order_confirmed("o-1")), PARENT)))
        await eventually(plumbing.effect_count, 1)
    spans = {span["name"]: span for span in written()}
    batch = spans[f"process {plumbing.topic}"]
    assert batch["attributes"]["messaging.destination.name"] == plumbing.topic
    assert batch["attributes"]["messaging.destination.partition.id"] == "0"
    caused = spans[f"{SERVICE} orders.inbound.order_confirmed"]
    assert (caused["trace_id"], caused["parent_id"]) == (TRACE, PARENT[36:52])
    about = {name: value for name, value in caused["attributes"].items() if name.startswith("messaging.")}
    assert about == {
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": plumbing.topic,
        "messaging.destination.partition.id": "0",
        "messaging.kafka.offset": 0,
    }
    transaction = spans["transaction"]
    assert (transaction["trace_id"], transaction["parent_id"]) == (batch["trace_id"], batch["span_id"])
    assert transaction["attributes"] == {"db.system.name": "postgresql", "db.operation.name": "COMMIT"}


async def test_a_separate_transaction_belongs_to_its_cause_and_a_poll_for_timers_to_nothing(
    plumbing: Plumbing, written: Written
) -> None:
    processor = InputProcessor(plumbing.pool, SERVICE, causing)
    await processor.fire_timers()
    await processor.apply(batch_of(input_of(order_confirmed("o-1"))))

    async def failing(tx: Transaction, events: Sequence[Envelope[Fact]]) -> None:
        await causing(tx, events)
        raise KeyError

    with pytest.raises(KeyError):
        await InputProcessor(plumbing.pool, SERVICE, failing).apply(
            batch_of(input_of(order_confirmed("o-2"), id="e-2"))
        )
    caused, committed, failed, rolled_back = written()
    assert committed["parent_id"] == caused["span_id"]
    assert committed["attributes"]["db.operation.name"] == "COMMIT"
    assert rolled_back["parent_id"] == failed["span_id"]
    assert (rolled_back["failed"], rolled_back["attributes"]["db.operation.name"]) == (True, "ROLLBACK")


async def test_a_row_is_sent_in_a_span_from_which_its_reader_continues(plumbing: Plumbing, written: Written) -> None:
    cause = start_effect_span("cause", parent=None)

    cause.end()
    assert cause.traceparent is not None
    traced = with_traceparent(event_of(order_confirmed("o-1"), id="e-1"), cause.traceparent)

    async def publish(tx: Transaction, events: Sequence[Envelope[Fact]]) -> None:
        tx.outgoing.extend(Outgoing(one, TOPIC) for one in (traced, *events))

    await InputProcessor(plumbing.pool, SERVICE, publish).apply(batch_of(input_of(order_confirmed("o-2"), id="e-2")))
    async with relaying(plumbing.url, plumbing.cluster, plumbing.metrics):
        records = await read_topic(plumbing.cluster, TOPIC, 2)
    by_id = {dict(record.headers)["ce_id"]: dict(record.headers) for record in records}
    assert "traceparent" not in by_id[b"e-2"]
    (sent,) = [span for span in written() if span["name"] == f"send {plumbing.topic}"]
    assert (sent["trace_id"], sent["parent_id"]) == (cause.trace_id, cause.traceparent[36:52])
    assert sent["attributes"]["messaging.destination.name"] == plumbing.topic
    assert (by_id[b"e-1"]["traceparent"] or b"")[:52] == f"00-{sent['trace_id']}-{sent['span_id']}".encode()
    assert by_id[b"e-1"]["ce_traceparent"] == cause.traceparent.encode()


def test_without_tracing_a_row_is_sent_as_it_is() -> None:
    configure_tracing(SERVICE, otlp_endpoint=None, directory=None)
    headers = [("ce_id", b"e-1"), ("ce_traceparent", PARENT.encode())]
    assert begin_sending("t", headers)[1] == headers


async def test_a_record_that_becomes_a_dead_letter_is_logged_with_type_source_and_reason(
    plumbing: Plumbing, log: LogStream
) -> None:
    metrics = create_metrics(SERVICE)
    configure_logging(SERVICE, stream=log)
    processor = InputProcessor(plumbing.pool, SERVICE, causing, observe=lambda tx: count_inputs(metrics, tx))
    body = b'{"order": 4711, "words": "canary"}'
    headers = {
        "ce_specversion": b"1.0",
        "ce_id": b"e-1",
        "ce_source": b"/shop",
        "ce_type": b"orders.inbound.order_confirmed",
        "ce_time": b"2026-05-04T09:30:00Z",
        "ce_subject": b"c-17",
    }

    consumer = Consumer(processor, plumbing.cluster, [TOPIC], metrics)
    await consumer.start()
    await plumbing.publish(Raw(body, b"c-17", list(headers.items())))
    await eventually(plumbing.ledger_offsets, [0])
    await consumer.stop()
    (line,) = [line for line in log.lines() if line["event"] == "a record was kept as a dead letter"]
    assert (line["type"], line["source"]) == ("orders.inbound.order_confirmed", "/shop")
    assert (line["code"], line["reason"]) == ("invalid_field", "data.order must be a string")
    assert (line["topic"], line["partition"], line["offset"]) == (plumbing.topic, 0, 0)
    assert "canary" not in json.dumps(log.lines())


async def test_a_refused_request_is_logged_with_its_publisher_and_types(
    database: MakeDatabase, log: LogStream, written: Written
) -> None:
    async with ingress_over(await database("orders")) as ingress:
        configure_logging("orders", stream=log)
        await ingress.send(event(subject=7))
        await ingress.send(event(), event(type="orders.inbound.canary"))
        await ingress.client.post("/events", content=b"{}", headers=binary_headers(time="yesterday"))
        await ingress.client.post("/events", content=b"{}", headers=STRUCTURED | {"Authorization": "Bearer canary"})
        await ingress.client.post("/events", content=b"{", headers={**AUTHORIZED, "Content-Type": "text/canary"})
    lines = [line for line in log.lines() if line["event"] == "refused a request"]
    known = "orders.inbound.order_confirmed"
    reported = [(line["status"], line["code"], line["publisher"], line["types"]) for line in lines]
    assert reported == [
        (400, "invalid_attribute", "shop", [known]),
        (400, "unknown_type", "shop", [known, "unknown type"]),
        (400, "missing_field", "shop", [known]),
        (401, "key_unknown", None, []),
        (415, "unsupported_media_type", "shop", []),
    ]
    assert "canary" not in json.dumps(log.lines())
    spans = [span for span in written() if span["name"] == "POST /events"]
    assert [line["span_id"] for line in lines] == [span["span_id"] for span in spans]
    assert [span["attributes"]["http.response.status_code"] for span in spans] == [400, 400, 400, 401, 415]


async def test_an_event_without_a_trace_continues_that_of_its_request(database: MakeDatabase, written: Written) -> None:
    async with ingress_over(await database("orders")) as ingress:
        await ingress.send(event(), headers=STRUCTURED | {"traceparent": PARENT})
        (handled,) = ingress.handled
    (request,) = [span for span in written() if span["name"] == "POST /events"]
    assert (request["trace_id"], request["parent_id"]) == (TRACE, PARENT[36:52])
    assert handled.traceparent == f"00-{TRACE}-{request['span_id']}-01"


@pytest.mark.parametrize("authorization", ["the-key-of-the-shop-0001", "Basic c2hvcDprZXk="])
async def test_a_key_sent_in_the_wrong_place_is_refused_with_the_right_one(
    database: MakeDatabase, authorization: str
) -> None:
    async with ingress_over(await database("orders")) as ingress:
        answer = await ingress.send(event(), headers=STRUCTURED | {"Authorization": authorization})
    assert answer.status_code == 401
    assert "send it as Authorization: Bearer <key>" in answer.json()["errors"][0]["reason"]


async def test_a_batch_sent_as_one_event_is_refused_with_its_content_type(database: MakeDatabase) -> None:
    async with ingress_over(await database("orders")) as ingress:
        answer = await ingress.send(event("e-1"), event("e-2"), headers=STRUCTURED)
        assert answer.status_code == 400
        assert BATCHED["Content-Type"] in answer.json()["errors"][0]["reason"]
        other = await ingress.client.post("/events", content=b"7", headers=STRUCTURED)
        assert "batch" not in other.json()["errors"][0]["reason"]
