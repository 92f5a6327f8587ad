"""Events over HTTP on which the service fails: no 5xx, nothing lost, and nothing of their content in the logs."""

from collections.abc import AsyncIterator, Iterator

import orjson
import pytest

from shared.http.request_body import Limits
from shared.logs import configure_logging
from tests.ingress import (
    BUG_ORDER,
    CROWDED_ORDER,
    KEY,
    RACED_ORDER,
    REFUSED_ORDER,
    STRUCTURED,
    UNENCODABLE_ORDER,
    UNSTORABLE_AMOUNT,
    UNSTORABLE_ORDER,
    Ingress,
    binary_headers,
    codes,
    event,
    ingress_over,
)
from tests.log_streams import LogStream, logging_restored
from tests.servers import MakeDatabase

CANARY = "canary-8c21"


@pytest.fixture
async def ingress(database: MakeDatabase) -> AsyncIterator[Ingress]:
    async with ingress_over(await database("orders"), limits=Limits(batch_events=20)) as made:
        yield made


@pytest.mark.parametrize("order", [UNSTORABLE_ORDER, UNENCODABLE_ORDER, BUG_ORDER])
async def test_an_event_on_which_the_service_fails_is_no_5xx_and_not_lost(ingress: Ingress, order: str) -> None:
    answer = await ingress.send(event(order=order))
    assert (answer.status_code, codes(answer)) == (409, [(0, None, "not_applicable")])
    assert UNSTORABLE_AMOUNT not in answer.text
    assert await ingress.journaled() == []
    assert [letter["code"] for letter in await ingress.dead_letters()] == ["not_applicable"]


@pytest.mark.parametrize("order", [UNSTORABLE_ORDER, UNENCODABLE_ORDER, BUG_ORDER])
async def test_only_the_event_at_fault_of_a_failing_batch_is_dead_lettered(ingress: Ingress, order: str) -> None:
    batch = [event("e-0"), event("e-1", order=order), event("e-2", order=REFUSED_ORDER), event("e-3")]
    answer = await ingress.send(*batch)
    assert (answer.status_code, codes(answer)) == (409, [(1, None, "not_applicable")])
    assert await ingress.journaled() == []
    (letter,) = await ingress.dead_letters()
    assert (letter["code"], orjson.loads(letter["body"])) == ("not_applicable", {"order": order})
    again = await ingress.send(event("e-0"), event("e-3"))
    assert [one["outcome"] for one in again.json()["events"]] == ["applied", "applied"]


async def test_events_that_fail_only_together_are_refused_without_a_dead_letter(ingress: Ingress) -> None:
    batch = [event("e-0", order=CROWDED_ORDER), event("e-1", order=CROWDED_ORDER)]
    answer = await ingress.send(*batch)
    assert (answer.status_code, codes(answer)) == (409, [(None, None, "not_applicable")])
    assert (await ingress.journaled(), await ingress.dead_letters()) == ([], [])
    assert [(await ingress.send(one)).status_code for one in batch] == [200, 200]


async def test_two_events_racing_for_a_new_id_are_tried_once_more(ingress: Ingress) -> None:
    answer = await ingress.send(event(order=RACED_ORDER))
    assert (answer.status_code, answer.json()["events"][0]["outcome"]) == (200, "applied")
    assert await ingress.dead_letters() == []


async def test_a_database_without_its_tables_is_no_fault_of_the_event(ingress: Ingress) -> None:
    await ingress.pool.execute("alter table shared.journal rename to journal_away")
    answer = await ingress.send(event())
    assert (answer.status_code, codes(answer)) == (503, [(None, None, "database_unavailable")])
    await ingress.pool.execute("alter table shared.journal_away rename to journal")
    assert (await ingress.send(event())).json()["events"][0]["outcome"] == "applied"
    assert await ingress.dead_letters() == []


@pytest.fixture
def logged() -> Iterator[LogStream]:
    """Everything logged during the test."""
    with logging_restored():
        stream = LogStream()
        configure_logging("orders", "debug", stream=stream)
        yield stream


async def test_no_key_nor_value_received_is_logged(ingress: Ingress, logged: LogStream) -> None:
    await ingress.send(event(order=UNSTORABLE_ORDER))
    await ingress.send(event(order=BUG_ORDER))
    await ingress.send(event(time=CANARY))
    await ingress.client.post("/events", content=CANARY.encode(), headers=binary_headers(id=CANARY))
    await ingress.send(event(), headers={**STRUCTURED, "Authorization": f"Bearer {KEY}{CANARY}"})
    output = logged.getvalue().decode()
    assert output.count("refused a request") == 5
    assert "KeyError" in output
    for secret in (CANARY, KEY, UNSTORABLE_AMOUNT, UNSTORABLE_ORDER, BUG_ORDER):
        assert secret not in output


async def test_a_slow_request_is_not_blamed_on_a_database_that_answers(database: MakeDatabase) -> None:
    async with ingress_over(await database("orders"), limits=Limits(commit_seconds=1)) as slow:
        assert (await slow.send(event("e-0"))).status_code == 200
        async with slow.pool.acquire() as other, other.transaction():
            await other.execute("select from shared.locks for update")
            answer = await slow.send(event("e-1"))
        assert (answer.status_code, codes(answer)) == (503, [(None, None, "takes_too_long")])
        assert int(answer.headers["retry-after"]) > 0
        assert (await slow.send(event("e-1"))).status_code == 200
        assert await slow.journaled() == ["e-0", "e-1"]
