"""All bad input stays in the database: its canary is found nowhere else."""

import httpx2
import pytest

from deploy.local.machine import SERVICES
from shared.contracts.dead_letters import RecordDeadLettered, topic_of
from shared.contracts.envelope import Decoded
from shared.messaging.codec import decode_message
from tests.hostile.events import CANARY
from tests.hostile.overheard import Overheard
from tests.raw_records import read_topic
from tests.stories import Company
from tests.waiting import eventually

_UNSENT = "select count(*) from shared.outbox where published_at is null"
_KEPT = "select count(*) from shared.dead_letters where position($1::bytea in body) > 0"
_LETTERS = "select id, code, reason from shared.dead_letters"
_STRANGE_REQUESTS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("GET", f"/{CANARY}", {}),
    ("GET", f"/healthz?{CANARY}={CANARY}", {}),
    ("DELETE", "/events", {"X-Note": CANARY}),
    ("POST", "/events", {"Authorization": f"Bearer {CANARY}"}),
    ("POST", "/events", {"Content-Type": CANARY}),
    ("GET", f"/accounts/{CANARY}/timeline", {"Authorization": f"Bearer {CANARY}"}),
    ("GET", f"/episodes/{CANARY}", {"Cookie": f"session={CANARY}"}),
    ("GET", f"/sign-in?token={CANARY}", {}),
    ("POST", "/sign-in", {"Content-Type": "application/x-www-form-urlencoded"}),
    ("POST", "/sign-in/link", {"Content-Type": f"multipart/form-data; boundary={CANARY}"}),
)

pytestmark = pytest.mark.usefixtures("streamed", "answered", "spoiled", "strange_requests")


@pytest.fixture(scope="package")
async def strange_requests(company: Company) -> None:
    """Requests to every service that carry the canary in every part of a request."""
    for service in SERVICES:
        async with httpx2.AsyncClient(base_url=company.machine.service(service).url) as client:
            for method, path, headers in _STRANGE_REQUESTS:
                answer = await client.request(method, path, headers=headers, content=f"token={CANARY}")
                assert answer.status_code < 500


async def test_the_canary_is_in_the_dead_letters_of_every_service(company: Company) -> None:
    for service in SERVICES:
        assert await company.pools[service].fetchval(_KEPT, CANARY.encode()) > 20


def test_the_canary_is_in_no_log(overheard: Overheard) -> None:
    logs = overheard.logs()
    assert all(f'"service":"{service}"' in logs for service in SERVICES)
    assert CANARY not in logs


def test_the_canary_is_in_no_span(overheard: Overheard) -> None:
    spans = overheard.spans()
    assert all(f'"service":"{service}"' in spans for service in SERVICES)
    assert CANARY not in spans


async def test_the_canary_is_in_no_metric(overheard: Overheard) -> None:
    metrics = await overheard.metrics()
    assert 'handoff_dead_letters_total{code="invalid_json"}' in metrics
    assert CANARY not in metrics


@pytest.mark.parametrize("service", SERVICES)
async def test_each_dead_letter_is_announced_once_with_its_reason_and_without_its_bytes(
    company: Company, service: str
) -> None:
    pool = company.pools[service]
    await eventually(lambda: pool.fetchval(_UNSENT), 0)
    letters = {row["id"]: (row["code"], row["reason"]) for row in await pool.fetch(_LETTERS)}
    records = await read_topic(company.cluster, topic_of(service), len(letters))
    reported = {}
    for record in records:
        assert CANARY.encode() not in b"".join((record.value, record.key, *(value for _, value in record.headers)))
        decoded = decode_message(record.value, record.headers, key=record.key, topic=None)
        assert isinstance(decoded, Decoded)
        assert isinstance(decoded.envelope.data, RecordDeadLettered)
        reported[decoded.envelope.data.dead_letter] = decoded.envelope.data.code, decoded.envelope.data.reason
    assert reported == letters
