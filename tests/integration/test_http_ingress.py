"""Events over HTTP on real Postgres: an accepted event is committed before the answer, a refused
one changes nothing.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from shared.contracts.envelope import Decoded
from shared.http.request_body import Limits
from shared.inputs import RawMessage
from shared.messaging.codec import decode_message
from shared.messaging.kept_letters import decode_headers
from tests.ingress import (
    AUTHORIZED,
    BATCHED,
    REFUSED_ORDER,
    STRUCTURED,
    TOPIC,
    Ingress,
    binary_headers,
    codes,
    event,
    ingress_over,
)
from tests.servers import MakeDatabase

CANARY = "canary-8c21"


TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


OTHER_TRACEPARENT = "00-1af7651916cd43dd8448eb211c80319c-c7ad6b7169203331-01"


DATA = orjson.dumps({"order": "4711"})


@pytest.fixture
async def ingress(database: MakeDatabase) -> AsyncIterator[Ingress]:
    async with ingress_over(await database("orders"), limits=Limits(batch_events=20)) as made:
        yield made


async def test_a_structured_event_is_committed_before_the_answer(ingress: Ingress) -> None:
    answer = await ingress.send(event())
    assert (answer.status_code, answer.json()) == (200, {"events": [{"id": "e-1", "outcome": "applied"}]})
    assert await ingress.journaled() == ["e-1"]
    row = await ingress.pool.fetchrow("select kind, type, subject from shared.journal")
    assert row is not None
    assert tuple(row) == ("http", "orders.inbound.order_confirmed", "c-17")


async def test_unread_members_are_accepted_and_named(ingress: Ingress) -> None:
    misspelt = event("e-1", data={"order": "4711", "Orders": 1, "colour": "red"})
    answer = await ingress.send(misspelt, event("e-2"))
    assert answer.json()["events"] == [
        {
            "id": "e-1",
            "outcome": "applied",
            "ignored": ["data.Orders", "data.colour"],
            "did_you_mean": {"data.Orders": "data.order"},
        },
        {"id": "e-2", "outcome": "applied"},
    ]


async def test_one_answer_names_everything_wrong_with_a_request(ingress: Ingress) -> None:
    published = event("e-1", type="orders.order_confirmed", time="now")
    answer = await ingress.send(published, event("e-2"), event("e-3", data={}, subject=""))
    assert answer.status_code == 400
    assert codes(answer) == [
        (0, "type", "wrong_topic"),
        (0, "time", "invalid_attribute"),
        (2, "data.order", "missing_field"),
        (2, "subject", "invalid_attribute"),
    ]
    assert "did you mean orders.inbound.order_confirmed?" in answer.json()["errors"][0]["reason"]


async def test_a_binary_event_is_read_from_its_headers(ingress: Ingress) -> None:
    answer = await ingress.client.post("/events", content=DATA, headers=binary_headers(id="e-2"))
    assert (answer.status_code, answer.json()["events"][0]["id"]) == (200, "e-2")


async def test_a_binary_header_is_percent_decoded_and_unquoted(ingress: Ingress) -> None:
    headers = binary_headers(id='"G%C3%B6teborg%20\\"7%22"', subject="c%2F17%E2%82%AC")
    answer = await ingress.client.post("/events", content=DATA, headers=headers)
    assert answer.json()["events"][0]["id"] == 'Göteborg "7"'
    assert ingress.handled[0].subject == "c/17€"


async def test_the_content_type_may_have_parameters_and_capitals(ingress: Ingress) -> None:
    headers = {**AUTHORIZED, "Content-Type": 'Application/CloudEvents+JSON; charset="UTF-8"'}
    assert (await ingress.send(event(), headers=headers)).status_code == 200


async def test_a_batch_is_applied_in_its_order(ingress: Ingress) -> None:
    answer = await ingress.send(*(event(f"e-{number}") for number in range(5)))
    assert [one["id"] for one in answer.json()["events"]] == [f"e-{number}" for number in range(5)]
    assert await ingress.journaled() == [f"e-{number}" for number in range(5)]


async def test_an_empty_batch_is_accepted_without_effect(ingress: Ingress) -> None:
    answer = await ingress.client.post("/events", content=b"[]", headers=BATCHED)
    assert (answer.status_code, answer.json()) == (200, {"events": []})


async def test_a_repeated_event_is_a_duplicate_in_either_mode(ingress: Ingress) -> None:
    await ingress.send(event())
    again = [
        await ingress.send(event()),
        await ingress.client.post("/events", content=b'{ "order":"4711" }', headers=binary_headers()),
        await ingress.send(event(time="2026-05-04T11:30:00+02:00"), event("e-2"), event("e-2")),
    ]
    outcomes = [[one["outcome"] for one in answer.json()["events"]] for answer in again]
    assert outcomes == [["duplicate"], ["duplicate"], ["duplicate", "applied", "duplicate"]]
    assert await ingress.journaled() == ["e-1", "e-2"]
    assert [one.id for one in ingress.handled] == ["e-1", "e-2"]


async def test_requests_racing_with_one_event_apply_it_once(ingress: Ingress) -> None:
    answers = await asyncio.gather(*(ingress.send(event()) for _ in range(12)))
    outcomes = sorted(answer.json()["events"][0]["outcome"] for answer in answers)
    assert outcomes == ["applied", *["duplicate"] * 11]
    assert await ingress.journaled() == ["e-1"]


async def test_an_id_used_for_another_event_is_refused_and_kept_once(ingress: Ingress) -> None:
    await ingress.send(event())
    for _ in range(2):
        answer = await ingress.send(event(order="4712"))
        assert (answer.status_code, codes(answer)) == (409, [(0, None, "id_reused")])
    (letter,) = await ingress.dead_letters()
    assert (letter["code"], letter["topic"], letter["body"]) == ("id_reused", TOPIC, b'{"order":"4712"}')
    assert await ingress.journaled() == ["e-1"]


async def test_an_event_that_the_service_refuses_is_reported_and_kept(ingress: Ingress) -> None:
    answer = await ingress.send(event(order=REFUSED_ORDER))
    assert answer.status_code == 409
    assert answer.json()["errors"] == [
        {"index": 0, "code": "contradicts_order", "reason": "this order was told otherwise before"}
    ]
    assert [(one["code"], one["answered"]) for one in await ingress.dead_letters()] == [("contradicts_order", True)]
    announced = await ingress.pool.fetchval("select topic from shared.outbox")
    assert announced == "orders.dead-letters.v1"


async def test_a_dead_letter_holds_the_record_the_event_would_have_been(ingress: Ingress) -> None:
    headers = binary_headers(subject="c%2F17", traceparent=TRACEPARENT)
    body = orjson.dumps({"order": REFUSED_ORDER, "unknown": 1})
    await ingress.client.post("/events", content=body, headers=headers)
    (letter,) = await ingress.dead_letters()
    raw = RawMessage(letter["topic"], letter["key"], decode_headers(letter["headers"]), letter["body"])
    decoded = decode_message(raw.body, raw.headers, key=raw.key, topic=raw.topic)
    assert isinstance(decoded, Decoded)
    assert (decoded.envelope.subject, decoded.body, decoded.key_matches) == ("c/17", body, True)
    assert decoded.envelope.traceparent == TRACEPARENT


async def test_a_batch_is_refused_whole_with_the_indexes_at_fault(ingress: Ingress) -> None:
    await ingress.send(event("e-1"))
    batch = [event("e-0"), event("e-1", order="other"), event("e-2", order=REFUSED_ORDER), event("e-3")]
    answer = await ingress.send(*batch)
    assert answer.status_code == 409
    assert codes(answer) == [(1, None, "id_reused"), (2, None, "contradicts_order")]
    assert await ingress.journaled() == ["e-1"]
    assert len(await ingress.dead_letters()) == 2


async def test_one_id_for_two_events_of_a_batch_is_refused(ingress: Ingress) -> None:
    answer = await ingress.send(event("e-1"), event("e-1", order="4712"))
    assert (answer.status_code, codes(answer)) == (409, [(1, None, "id_reused")])
    assert await ingress.journaled() == []


async def test_each_malformed_event_of_a_batch_is_named_and_none_is_stored(ingress: Ingress) -> None:
    batch: list[Any] = [
        event(),
        event(time=CANARY),
        event(type=CANARY),
        CANARY,
        event(data={"order": 7}),
        event(data={CANARY: 1}),
    ]
    answer = await ingress.send(*batch)
    assert answer.status_code == 400
    assert codes(answer) == [
        (1, "time", "invalid_attribute"),
        (2, "type", "unknown_type"),
        (3, None, "not_cloudevents"),
        (4, "data.order", "invalid_field"),
        (5, "data.order", "missing_field"),
    ]
    assert CANARY not in answer.text
    assert await ingress.journaled() == []
    assert await ingress.dead_letters() == []


async def test_refused_requests_are_counted_by_publisher_and_reason_without_their_content(ingress: Ingress) -> None:
    strange = {"Authorization": f"Bearer {CANARY}", "Content-Type": STRUCTURED["Content-Type"]}
    await ingress.send(event(), headers=strange)
    await ingress.send(event(type=CANARY, source=CANARY))
    await ingress.send(event(type=CANARY), event(data={CANARY: 1}))
    await ingress.send(event())
    counted = [
        (sample.labels["publisher"], sample.labels["code"], sample.value)
        for family in ingress.metrics.process.requests_refused.collect()
        for sample in family.samples
        if sample.name.endswith("_total")
    ]
    assert sorted(counted) == [("", "key_unknown", 1), ("shop", "unknown_type", 2)]


async def test_a_type_of_another_topic_is_refused_with_its_place(ingress: Ingress) -> None:
    answer = await ingress.send(event(type="support.inbound.case_closed", data={}))
    assert (answer.status_code, codes(answer)) == (400, [(0, "type", "wrong_topic")])
    published = await ingress.send(event(type="orders.order_confirmed"))
    assert (published.status_code, codes(published)) == (400, [(0, "type", "wrong_topic")])


@pytest.mark.parametrize(
    ("headers", "field"),
    [
        ({**AUTHORIZED, "Content-Type": "application/json"}, "specversion"),
        (binary_headers(id="%FF"), "id"),
        (binary_headers(id="%00"), "id"),
        (binary_headers(time="yesterday"), "time"),
        (binary_headers(specversion="0.3"), "specversion"),
    ],
)
async def test_a_bad_binary_header_is_named(ingress: Ingress, headers: dict[str, str], field: str) -> None:
    answer = await ingress.client.post("/events", content=DATA, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field


async def test_a_binary_attribute_sent_twice_is_refused(ingress: Ingress) -> None:
    headers = [*binary_headers().items(), ("ce-id", CANARY)]
    answer = await ingress.client.post("/events", content=DATA, headers=headers)
    assert (answer.status_code, codes(answer)) == (400, [(0, "id", "invalid_attribute")])


async def test_the_trace_of_the_request_becomes_the_events_unless_it_has_its_own(ingress: Ingress) -> None:
    headers = {**BATCHED, "traceparent": TRACEPARENT}
    await ingress.send(event("e-1"), event("e-2", traceparent=OTHER_TRACEPARENT), headers=headers)
    await ingress.send(event("e-3"), headers={**STRUCTURED, "traceparent": CANARY})
    rows = await ingress.pool.fetch("select traceparent from shared.journal order by position")
    assert [row["traceparent"] for row in rows] == [TRACEPARENT, OTHER_TRACEPARENT, None]


async def test_another_content_type_is_refused_with_the_right_one(ingress: Ingress) -> None:
    structured = "application/cloudevents+json"
    refused: list[dict[str, str]] = [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/cloudevents+xml"},
        {"Content-Type": f"{structured}; charset=utf-16"},
        {"Content-Type": structured, "Content-Encoding": "gzip"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": ""},
    ]
    for headers in refused:
        answer = await ingress.client.post("/events", content=DATA, headers={**AUTHORIZED, **headers})
        assert answer.status_code == 415


async def test_a_batch_too_long_is_refused_before_its_events_are_read(ingress: Ingress) -> None:
    answer = await ingress.client.post("/events", content=b"[" + b"1," * 20 + b"1]", headers=BATCHED)
    assert (answer.status_code, codes(answer)) == (413, [(None, None, "batch_too_long")])


async def test_get_does_not_publish(ingress: Ingress) -> None:
    answer = await ingress.client.get("/events", headers=AUTHORIZED)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
