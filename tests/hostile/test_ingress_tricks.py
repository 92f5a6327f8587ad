"""Expensive bodies and databases in trouble: each request is answered, and a refused one can be sent again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from urllib.parse import urlsplit

import asyncpg
import orjson
import pytest

from tests.databases import Databases
from tests.hostile.events import CANARY
from tests.ingress import BATCHED, STRUCTURED, Ingress, event, ingress_over

_NUMBERS = count(1)
_MILLION = 1_000_000
_EVENT = orjson.dumps(event())[:-1]
BODIES = {
    "one key 150,000 times": (_EVENT + b',"x":1' * 150_000 + b"}", {200, 400}),
    "90,000 keys": (_EVENT + b"".join(b',"x%d":1' % number for number in range(90_000)) + b"}", {200, 400, 413}),
    "a number of 900,000 digits": (_EVENT + b',"x":' + b"9" * 900_000 + b"}", {400}),
    "arrays 400,000 deep": (_EVENT + b',"x":' + b"[" * 400_000 + b"]" * 400_000 + b"}", {400}),
    "one text of 900,000 escapes": (_EVENT + b',"x":"' + b"\\u0041" * 150_000 + b'"}', {200, 400}),
    "20 megabytes": (b" " * (20 * _MILLION), {413}),
    "nothing but spaces": (b" " * (_MILLION - 1), {400}),
}
TROUBLES = {
    "it only reads": ("set default_transaction_read_only = on", "reset default_transaction_read_only"),
    "no connection is left": ("connection limit 0", "connection limit -1"),
    "it is closed": ("allow_connections false", "allow_connections true"),
}
_FULL = """
    create function public.full_disk() returns trigger language plpgsql as
        $$ begin raise exception using errcode = '53100', message = 'No space left on device'; end $$;
    create trigger full_disk before insert on shared.journal execute function public.full_disk()
"""
_FREED = "drop trigger full_disk on shared.journal; drop function public.full_disk"


@pytest.fixture(scope="module")
async def address(databases: Databases) -> str:
    return await databases.make("ingress")


@pytest.fixture(scope="module")
async def ingress(address: str) -> AsyncIterator[Ingress]:
    async with ingress_over(address) as made:
        yield made


@pytest.mark.parametrize("name", BODIES)
async def test_an_expensive_body_is_answered_and_the_next_one_too(ingress: Ingress, name: str) -> None:
    body, statuses = BODIES[name]
    async with asyncio.timeout(60):
        answer = await ingress.client.post("/events", content=body, headers=STRUCTURED)
    assert answer.status_code in statuses
    assert len(answer.content) < 20_000
    assert (await ingress.send(_new())).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer somebody-elses-key"}])
async def test_a_large_body_without_a_key_is_refused_and_not_kept(ingress: Ingress, headers: dict[str, str]) -> None:
    before = len(await ingress.dead_letters())
    kind = {"Content-Type": "application/cloudevents+json"}
    answer = await ingress.client.post("/events", content=CANARY.encode() * 60_000, headers=headers | kind)
    assert answer.status_code == 401
    assert CANARY not in answer.text
    assert len(await ingress.dead_letters()) == before


async def test_thousands_of_headers_parameters_and_events_are_bounded(ingress: Ingress) -> None:
    many = {f"x-{number}": "1" for number in range(5_000)}
    assert (await ingress.send(_new(), headers=STRUCTURED | many)).status_code == 200
    query = {f"x{number}": "1" for number in range(6_000)}
    body = orjson.dumps(_new())
    assert (await ingress.client.post("/events", params=query, content=body, headers=STRUCTURED)).status_code == 200
    refused = await ingress.send(*(_new() for _ in range(3_000)), headers=BATCHED)
    assert refused.status_code in (400, 413)


@pytest.mark.parametrize("kind", ["gzip", "deflate", "br", "gzip, gzip"])
async def test_a_compressed_body_is_not_decompressed(ingress: Ingress, kind: str) -> None:
    packed = {**STRUCTURED, "Content-Encoding": kind}
    answer = await ingress.client.post("/events", content=b"\x1f\x8b\x08" + b"\0" * 900_000, headers=packed)
    assert answer.status_code == 415
    assert "Accept-Encoding" in answer.headers or answer.json()["errors"]


@pytest.mark.parametrize("name", TROUBLES)
async def test_a_database_in_trouble_is_a_503_and_the_same_event_is_applied_after_recovery(
    ingress: Ingress, address: str, databases: Databases, name: str
) -> None:
    spoil, mend = TROUBLES[name]
    reported, stored = _new(), await ingress.journaled()
    async with _owner(databases, address) as (owner, database):
        try:
            await owner.execute(f"alter database {database} {spoil}")
            await _cut_off(owner, database)
            answer = await ingress.send(reported)
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0
        finally:
            await owner.execute(f"alter database {database} {mend}")
            await _cut_off(owner, database)
    assert (await ingress.send(reported)).json()["events"][0]["outcome"] == "applied"
    assert await ingress.journaled() == [*stored, reported["id"]]


async def test_a_full_disk_is_a_503_and_the_same_event_is_applied_once_there_is_room(ingress: Ingress) -> None:
    reported, letters = _new(), await ingress.dead_letters()
    await ingress.pool.execute(_FULL)
    try:
        assert (await ingress.send(reported)).status_code == 503
    finally:
        await ingress.pool.execute(_FREED)
    assert await ingress.dead_letters() == letters
    assert (await ingress.send(reported)).json()["events"][0]["outcome"] == "applied"


async def test_a_short_time_limit_of_the_database_does_not_count(
    ingress: Ingress, address: str, databases: Databases
) -> None:
    async with _owner(databases, address) as (owner, database):
        try:
            await owner.execute(f"alter database {database} set statement_timeout = '1ms'")
            await _cut_off(owner, database)
            assert (await ingress.send(_new())).status_code == 200
        finally:
            await owner.execute(f"alter database {database} reset statement_timeout")


def _new() -> dict[str, object]:
    return event(id=f"e-tricks-{next(_NUMBERS)}")


@asynccontextmanager
async def _owner(databases: Databases, address: str) -> AsyncIterator[tuple["asyncpg.Connection[asyncpg.Record]", str]]:
    """The server's superuser, in another database."""
    connection = await asyncpg.connect(databases.server_url)
    try:
        yield connection, urlsplit(address).path.removeprefix("/")
    finally:
        await connection.close()


async def _cut_off(owner: "asyncpg.Connection[asyncpg.Record]", database: str) -> None:
    await owner.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", database)
