"""Who may publish what over HTTP: by key, source and type."""

from collections.abc import AsyncIterator

import pytest

from shared.contracts.orders_inbound import SalespersonChanged
from tests.ingress import BATCHED, KEY, OTHER_KEY, STRUCTURED, Ingress, codes, event, ingress_over
from tests.servers import MakeDatabase


@pytest.fixture
async def ingress(database: MakeDatabase) -> AsyncIterator[Ingress]:
    async with ingress_over(await database("orders")) as made:
        yield made


@pytest.mark.parametrize(
    ("authorization", "code"),
    [(None, "key_missing"), ("Bearer nobody-knows-this-key", "key_unknown"), (f"Basic {KEY}", "key_unknown")],
)
async def test_without_a_known_key_nothing_is_read(ingress: Ingress, authorization: str | None, code: str) -> None:
    headers = {"Content-Type": "application/cloudevents+json"}
    if authorization:
        headers["Authorization"] = authorization
    answer = await ingress.send(event(), headers=headers)
    assert (answer.status_code, codes(answer)) == (401, [(None, None, code)])
    assert answer.headers["www-authenticate"].startswith('Bearer realm="events"')
    assert await ingress.journaled() == []


async def test_a_key_is_bound_to_its_sources_and_types(ingress: Ingress) -> None:
    headers = {**BATCHED, "Authorization": f"Bearer {OTHER_KEY}"}
    answer = await ingress.send(event(), event(source="crm"), headers=headers)
    assert answer.status_code == 403
    assert codes(answer) == [
        (0, "source", "source_not_allowed"),
        (0, "type", "type_not_allowed"),
        (1, "type", "type_not_allowed"),
    ]
    assert await ingress.journaled() == []
    assert await ingress.dead_letters() == []


async def test_a_key_for_all_orders_may_not_change_people_and_the_answer_names_the_missing_right(
    ingress: Ingress,
) -> None:
    person = event(type=SalespersonChanged.type, subject="carl", data={"name": "Carl", "email": "mallory@evil.example"})
    refused = await ingress.send(person)
    assert (refused.status_code, codes(refused)) == (403, [(0, "type", "right_missing")])
    (problem,) = refused.json()["errors"]
    assert "directory" in problem["reason"]
    assert await ingress.journaled() == []
    headers = {**STRUCTURED, "Authorization": f"Bearer {OTHER_KEY}"}
    allowed = await ingress.send(person | {"source": "crm"}, headers=headers)
    assert allowed.status_code == 200
