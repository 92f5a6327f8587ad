"""Publishing rights: every key at every type of both services, and every source; and what no key can publish."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import orjson
import pytest

from services.escalation.domain.own_facts import OWN_FACTS
from services.orders.domain import OWN_FACTS as OF_ORDERS
from shared.contracts.catalog import CATALOG, TOPICS
from shared.contracts.envelope import Envelope, Fact
from shared.database import Pool, open_pool
from shared.http.application import bare_app
from shared.http.ingress import events_router
from shared.http.publisher_keys import PublisherKeys
from shared.messaging.codec import Poison, decode_message
from shared.metrics import create_metrics
from shared.migrations import migrate
from shared.transaction import InputProcessor, Transaction
from tests.databases import Databases
from tests.hostile.spoiled import READERS

INBOUND = ("orders.inbound.v1", "support.inbound.v1")
TYPES = [fact.type for topic in INBOUND for fact in TOPICS[topic]]
NEED_DIRECTORY = {f"orders.inbound.{name}" for name in ("account_reassigned", "sale_corrected", "salesperson_changed")}
SOURCES = (
    "/shop",
    "/shop/eu",
    "/shopping-evil",
    "/shop-eu",
    "/shop.evil/eu",
    "/shop%2Feu",
    "/SHOP",
    "/shop\u2215eu",
    "shop",
    "//shop",
    "/crm",
    "/desk/1",
    "/desk",
    "handoff/escalation/inbox",
)
_SAMPLES = Path("tests/contracts/samples")
_COUNT = "select (select count(*) from shared.journal) + (select count(*) from shared.dead_letters)"


@dataclass(frozen=True)
class Holder:
    """A key, and this test's own list of its rights: sources, prefixes of types, and the directory."""

    sources: Sequence[str]
    types: Sequence[str]
    may: Sequence[str]
    begins: str = ""
    rights: Sequence[str] = ()

    @property
    def key(self) -> str:
        return f"the-publishers-key-of:{''.join((*self.sources, *self.types, *self.rights))}"


HOLDERS: Mapping[str, Holder] = {
    "everything": Holder(["*"], ["*"], SOURCES, rights=["directory"]),
    "everything without the right": Holder(["*"], ["*"], SOURCES),
    "a shop": Holder(["/shop*"], ["orders.inbound.*"], ["/shop", "/shop/eu"], "orders.inbound."),
    "one shop": Holder(["/shop"], ["orders.inbound.*"], ["/shop"], "orders.inbound."),
    "a shop that names people": Holder(
        ["/shop/*"], ["orders.inbound.salesperson_changed"], ["/shop/eu"], "orders.inbound.salesperson_changed"
    ),
    "a directory": Holder(["/crm"], ["orders.*"], ["/crm"], "orders.", ["directory"]),
    "a help desk": Holder(["/desk/*"], ["support.inbound.*"], ["/desk/1"], "support.inbound."),
    "a help desk with the right": Holder(["/desk*"], ["support.*"], ["/desk/1", "/desk"], "support.", ["directory"]),
}


@dataclass(frozen=True)
class Doors:
    """`POST /events` of both services over one database."""

    clients: Mapping[str, httpx2.AsyncClient]
    pool: Pool

    async def send(self, topic: str, body: object, **headers: str) -> httpx2.Response:
        kind = "application/cloudevents-batch+json" if isinstance(body, list) else "application/cloudevents+json"
        content = orjson.dumps(body)
        return await self.clients[topic].post("/events", content=content, headers={"Content-Type": kind, **headers})

    async def stored(self) -> int:
        count: int = await self.pool.fetchval(_COUNT)
        return count


@pytest.fixture(scope="module")
async def doors(databases: Databases) -> AsyncIterator[Doors]:
    url = await databases.make("publishers")
    await migrate(url)
    pool = await open_pool(url, name="publishers")
    entries = {
        name: {"key": one.key, "sources": one.sources, "types": one.types, "rights": one.rights}
        for name, one in HOLDERS.items()
    }
    keys = PublisherKeys.parse(orjson.dumps(entries).decode())

    async def handle(_tx: Transaction, _events: Sequence[Envelope[Fact]]) -> None:
        """Accepted events are applied."""

    def client(topic: str) -> httpx2.AsyncClient:
        service = topic.partition(".")[0]
        router = events_router(InputProcessor(pool, service, handle), keys, create_metrics(service), topic=topic)
        app = bare_app(topic, [router])
        return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://events.test")

    try:
        yield Doors({topic: client(topic) for topic in INBOUND}, pool)
    finally:
        await pool.close()


@pytest.mark.parametrize("name", HOLDERS)
@pytest.mark.parametrize("type", TYPES)
async def test_a_key_publishes_its_sources_and_types_and_the_directory_only_with_its_right(
    doors: Doors, name: str, type: str
) -> None:
    holder, topic = HOLDERS[name], _topic_of(type)
    for source in SOURCES if type in (TYPES[0], TYPES[-1], *NEED_DIRECTORY) else (*holder.may[:1], "/shopping-evil"):
        before = await doors.stored()
        answer = await doors.send(topic, _event(type, source), Authorization=f"Bearer {holder.key}")
        codes = set(_missing(holder, type, source))
        assert answer.status_code == (403 if codes else 200), (source, answer.text)
        assert {one["code"] for one in answer.json().get("errors", ())} == codes
        assert await doors.stored() == before + (not codes)
        assert holder.key not in answer.text


@pytest.mark.parametrize("type", sorted(NEED_DIRECTORY))
async def test_a_batch_with_one_event_beyond_the_keys_rights_is_refused_whole(doors: Doors, type: str) -> None:
    holder, before = HOLDERS["a shop"], await doors.stored()
    good = "orders.inbound.order_confirmed"
    batch = [_event(good, "/shop"), _event(type, "/shop"), _event(good, "/shopping-evil")]
    answer = await doors.send(INBOUND[0], batch, Authorization=f"Bearer {holder.key}")
    found = [(one["index"], one["code"]) for one in answer.json()["errors"]]
    assert (answer.status_code, found) == (403, [(1, "right_missing"), (2, "source_not_allowed")])
    assert await doors.stored() == before


def _not_keys() -> Iterator[tuple[str, dict[str, str]]]:
    key = HOLDERS["everything"].key
    yield "none", {}
    yield "another scheme", {"Authorization": f"Basic {key}"}
    yield "no scheme", {"Authorization": key}
    yield "one that is too short", {"Authorization": f"Bearer {key[:-1]}"}
    yield "one that is too long", {"Authorization": f"Bearer {key}0"}
    yield "in capitals", {"Authorization": f"Bearer {key.upper()}"}
    yield "two keys", {"Authorization": f"Bearer {key}, Bearer {HOLDERS['a shop'].key}"}
    yield "as a cookie", {"Cookie": f"Authorization=Bearer {key}; key={key}; handoff={key}"}
    yield "in another header", {"X-Api-Key": key, "Proxy-Authorization": f"Bearer {key}"}


@pytest.mark.parametrize(("name", "headers"), [pytest.param(*one, id=one[0]) for one in _not_keys()])
async def test_an_invalid_key_publishes_nothing_and_is_not_repeated(
    doors: Doors, name: str, headers: dict[str, str]
) -> None:
    before, key = await doors.stored(), HOLDERS["everything"].key
    answer = await doors.send(INBOUND[0], _event(TYPES[0], "/shop"), **headers)
    assert answer.status_code == 401, name
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert key not in answer.text + str(answer.headers)
    assert await doors.stored() == before


async def test_a_key_in_the_address_publishes_nothing(doors: Doors) -> None:
    before, key = await doors.stored(), HOLDERS["everything"].key
    for query in ({"key": key}, {"access_token": key}, {"authorization": f"Bearer {key}"}):
        answer = await doors.clients[INBOUND[0]].post("/events", params=query, json=_event(TYPES[0], "/shop"))
        assert answer.status_code == 401
    assert await doors.stored() == before


@pytest.mark.parametrize("topic", INBOUND)
async def test_no_key_can_publish_presses_timers_or_services_own_events(doors: Doors, topic: str) -> None:
    ours = [fact.type for fact in TOPICS[topic]]
    others = [type for type in (*CATALOG, *OWN_FACTS, *OF_ORDERS) if type not in ours]
    before, key = await doors.stored(), HOLDERS["everything"].key
    for type in others:
        answer = await doors.send(topic, _event(type, "handoff/escalation"), Authorization=f"Bearer {key}")
        assert answer.status_code == 400, type
        assert {one["code"] for one in answer.json()["errors"]} <= {"unknown_type", "wrong_topic"}
    assert await doors.stored() == before


@pytest.mark.parametrize("topic", READERS)
def test_no_record_presses_a_button_fires_a_timer_or_belongs_to_another_topic(topic: str) -> None:
    own = [fact.type for fact in TOPICS[topic]]
    for type in (type for type in (*CATALOG, *OWN_FACTS, *OF_ORDERS) if type not in own):
        event = orjson.dumps(_event(type, "handoff/escalation/inbox"))
        headers = [("content-type", b"application/cloudevents+json")]
        verdict = decode_message(event, headers, key=b"c-17", topic=topic)
        assert isinstance(verdict, Poison), type
        assert verdict.code in ("unknown_type", "wrong_topic")


def _missing(holder: Holder, type: str, source: str) -> Iterator[str]:
    """The codes for the rights that a key lacks for an event."""
    if source not in holder.may:
        yield "source_not_allowed"
    if not type.startswith(holder.begins):
        yield "type_not_allowed"
    if type in NEED_DIRECTORY and not holder.rights:
        yield "right_missing"


def _event(type: str, source: str) -> dict[str, Any]:
    """The first sample of a type from this source, under a new id; a press of a button for a type without samples."""
    sample = next(iter(sorted(_SAMPLES.glob(f"{type}.v*.json"))), None)
    if sample is None:
        data = {"episode": str(uuid4()), "by": "anna"}
        reported: dict[str, Any] = {"attributes": {"specversion": "1.0", "subject": "c-17", "type": type}, "data": data}
        reported["attributes"]["time"] = "2026-05-04T09:30:00Z"
    else:
        reported = orjson.loads(sample.read_bytes())[0]
    return {**reported["attributes"], "data": reported["data"], "id": str(uuid4()), "source": source}


def _topic_of(type: str) -> str:
    return next(topic for topic in INBOUND if type.startswith(topic.removesuffix("v1")))
