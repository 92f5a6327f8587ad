"""Both ways into the orders service: every case is sent once, and its outcome is looked up here by its name."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

import asyncpg
import httpx2

from shared.database import Pool
from tests.hostile.cases import Case, cases_of
from tests.hostile.events import good
from tests.hostile.foreign import Place, send
from tests.hostile.overheard import counted
from tests.raw_records import Raw
from tests.stories import PUBLISHER_KEY, Company
from tests.waiting import until

TOPIC = "orders.inbound.v1"
DEAD_LETTERS = "orders.dead-letters.v1"
KEY_MISMATCHES = "handoff_key_mismatches_total"
_SMALL_BYTES = 200_000
_ENTRIES = "select partition, record_offset, outcome, decided_at from shared.ledger where topic = $1"
_LETTERS = "select * from shared.dead_letters where topic = $1"
_BODY = "select body from shared.journal where source = 'shop' and event_id = $1"
_HTTP_LETTERS = "select code, body from shared.dead_letters where partition is null"


@dataclass(frozen=True)
class Streamed:
    """The outcomes of the cases sent over Kafka. `places` are those of the record before, the case,
    and the record after."""

    cases: Mapping[str, Case]
    places: Mapping[str, tuple[Place, Place, Place]]
    ledger: Mapping[Place, asyncpg.Record]
    letters: Mapping[Place, asyncpg.Record]
    key_mismatches: float

    def entry(self, name: str) -> asyncpg.Record:
        return self.ledger[self.places[name][1]]

    def neighbours(self, name: str) -> list[asyncpg.Record]:
        before, _, after = self.places[name]
        return [self.ledger[before], self.ledger[after]]

    def letter(self, name: str) -> asyncpg.Record:
        return self.letters[self.places[name][1]]


async def stream_all(company: Company) -> Streamed:
    """Send every case between good neighbours, and wait until each offset has an outcome."""
    orders, topic = company.pools["orders"], company.cluster.topic(TOPIC)
    cases = cases_of("kafka", reply_to=company.cluster.topic(DEAD_LETTERS))
    before = await counted(company, "orders", KEY_MISMATCHES)
    places = await _sent(company, cases)
    wanted = {place for three in places.values() for place in three}

    async def ledger() -> dict[Place, asyncpg.Record]:
        return {Place(row["partition"], row["record_offset"]): row for row in await orders.fetch(_ENTRIES, topic)}

    ended = await until(ledger, lambda seen: wanted <= seen.keys(), wanted=f"{len(wanted)} offsets in the ledger")
    rows = await orders.fetch(_LETTERS, topic)
    letters = {Place(row["partition"], row["record_offset"]): row for row in rows if row["partition"] is not None}
    after = await counted(company, "orders", KEY_MISMATCHES)
    return Streamed(cases, places, ended, letters, after - before)


async def _sent(company: Company, cases: Mapping[str, Case]) -> dict[str, tuple[Place, Place, Place]]:
    """Small cases share one batch of one partition; large ones, whose batches are split, go to another."""
    records = [record for name, case in cases.items() for record in _in_the_middle(name, case)]
    places = [place for place in await send(company.cluster, TOPIC, records) if isinstance(place, Place)]
    assert len(places) == len(records)
    return {
        name: (places[at], places[at + 1], places[at + 2])
        for name, at in zip(cases, range(0, len(places), 3), strict=True)
    }


def _in_the_middle(name: str, case: Case) -> list[Raw]:
    partition = 0 if is_small(case.record) else 1
    three = case.first or neighbour("before", name), case.record, neighbour("after", name)
    return [Raw(one.value, one.key, one.headers, partition) for one in three]


def is_small(record: Raw) -> bool:
    return len(record.value or b"") < _SMALL_BYTES


def neighbour(which: str, name: str) -> Raw:
    return good(f"{which} {name}")


async def journaled(orders: Pool, id: str) -> bytes | None:
    """The body under which the orders service stores an event it has applied."""
    body: bytes | None = await orders.fetchval(_BODY, id)
    return body


@dataclass(frozen=True)
class Answered:
    """The answers to the cases sent over HTTP and to the good events after them, and which were stored."""

    cases: Mapping[str, Case]
    answers: Mapping[str, httpx2.Response]
    afterwards: Mapping[str, httpx2.Response]
    letters: list[tuple[str, bytes]]


async def answer_all(company: Company) -> Answered:
    """Post every case that HTTP can carry, in its own mode."""
    cases = {name: case for name, case in cases_of("http").items() if case.status is not None}
    few_at_once = asyncio.Semaphore(8)
    answers, afterwards = dict[str, httpx2.Response](), dict[str, httpx2.Response]()
    async with httpx2.AsyncClient(base_url=company.machine.service("orders").url, timeout=30) as client:

        async def answer(name: str, case: Case) -> None:
            async with few_at_once:
                if case.first is not None:
                    assert (await post(client, case.first)).status_code == 200
                answers[name] = await post(client, case.record)
                afterwards[name] = await post(client, good(f"http {name}"))

        await asyncio.gather(*(answer(name, case) for name, case in cases.items()))
    rows = await company.pools["orders"].fetch(_HTTP_LETTERS)
    return Answered(cases, answers, afterwards, [(row["code"], row["body"]) for row in rows])


async def post(client: httpx2.AsyncClient, record: Raw) -> httpx2.Response:
    """A record as a request: attributes in `ce-` headers, percent-encoded unless they are not UTF-8."""
    headers = [(b"authorization", f"Bearer {PUBLISHER_KEY}".encode())]
    for name, value in record.headers:
        assert value is not None
        encoded = value if value.startswith((b"\xff", b"application/")) else quote(value).encode()
        headers.append((name.replace("ce_", "ce-").encode(), encoded))
    return await client.post("/events", content=record.value, headers=headers)
