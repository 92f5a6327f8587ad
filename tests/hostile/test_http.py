"""Every bad request is answered with the right status and useful words; nothing of it is applied or repeated."""

import httpx2
import orjson
import pytest

from tests.hostile.cases import cases_of
from tests.hostile.events import CANARY, MEGABYTE, accepted, good, padded
from tests.hostile.ways_in import Answered, journaled, post
from tests.stories import PUBLISHER_KEY, Company

CASES = {name: case for name, case in cases_of("http").items() if case.status is not None}
REFUSED = [name for name, case in CASES.items() if case.outcome == "dead_lettered"]
KEPT = [name for name in REFUSED if CASES[name].status == 409]
BATCHED = {"Authorization": f"Bearer {PUBLISHER_KEY}", "Content-Type": "application/cloudevents-batch+json"}
each_case = pytest.mark.parametrize("name", CASES)


@each_case
def test_a_bad_request_is_answered_correctly_and_the_next_one_is_applied(answered: Answered, name: str) -> None:
    assert answered.answers[name].status_code == CASES[name].status
    assert answered.afterwards[name].json()["events"][0]["outcome"] == "applied"


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_gives_advice_and_repeats_nothing(answered: Answered, name: str) -> None:
    (problem,) = answered.answers[name].json()["errors"]
    assert CASES[name].status == 415 or problem["code"] == CASES[name].code
    assert CASES[name].advice in problem["reason"]
    assert CANARY not in answered.answers[name].text + str(answered.answers[name].headers)


@pytest.mark.parametrize("name", [name for name in CASES if name not in REFUSED])
def test_the_answer_to_an_accepted_event_states_its_outcome(answered: Answered, name: str) -> None:
    assert [one["outcome"] for one in answered.answers[name].json()["events"]] == [CASES[name].outcome]


def test_events_refused_by_the_service_are_kept_and_unreadable_ones_are_not(answered: Answered) -> None:
    assert sorted(code for code, _ in answered.letters) == sorted(CASES[name].code for name in KEPT)


async def test_no_part_of_a_refused_request_is_applied(company: Company, answered: Answered) -> None:
    applied = "select count(*) from shared.journal where event_id like $1"
    assert await company.pools["orders"].fetchval(applied, f"{CANARY}-http-%") == 0


async def test_two_megabytes_are_refused_and_exactly_one_is_accepted(company: Company) -> None:
    async with httpx2.AsyncClient(base_url=company.machine.service("orders").url) as client:
        assert (await post(client, padded(accepted("http-2-mb"), 2 * MEGABYTE))).status_code == 413
        assert (await post(client, padded(accepted("http-1-mb"), MEGABYTE))).status_code == 200
    assert await journaled(company.pools["orders"], "e-http-2-mb") is None


async def test_a_bad_event_is_as_bad_in_a_batch_of_one(company: Company) -> None:
    async with httpx2.AsyncClient(base_url=company.machine.service("orders").url, headers=BATCHED) as client:
        for name in REFUSED:
            value = CASES[name].record.value
            if CASES[name].status == 400 and value:
                answer = await client.post("/events", content=b"[" + value + b"]")
                assert answer.status_code == 400, name
                assert answer.json()["errors"]
                assert CANARY not in answer.text


async def test_a_bad_event_in_a_batch_is_named_and_its_neighbours_must_be_sent_again(company: Company) -> None:
    url = company.machine.service("orders").url
    for name in ("a missing field", "the year 9999", "an unknown version"):
        bodies = [good(f"left {name}").value, CASES[name].record.value, good(f"right {name}").value]
        events = [orjson.loads(body or b"") for body in bodies]
        async with httpx2.AsyncClient(base_url=url, headers=BATCHED) as client:
            refused = await client.post("/events", content=orjson.dumps(events))
            again = await client.post("/events", content=orjson.dumps([events[0], events[2]]))
        assert [(one["index"], one["code"]) for one in refused.json()["errors"]] == [(1, CASES[name].code)]
        assert [one["outcome"] for one in again.json()["events"]] == ["applied", "applied"]
