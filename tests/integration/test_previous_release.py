"""The release before and this one, on each other's tables: whatever is migrated when, no fact is a dead letter.

It runs the release's own code, from the history of this checkout.
"""

import asyncio
import os
import subprocess
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx2
import pytest

from deploy.local.ports import free_ports
from shared.contracts.envelope import Envelope, Fact
from shared.messaging.cluster import Cluster
from shared.messaging.publisher import Publisher
from shared.messaging.topics import ensure_topics
from tests.builders import case_opened, contact_made, input_of, order_placed, refund_requested, salesperson_changed
from tests.escalation import told
from tests.servers import MakeDatabase
from tests.waiting import eventually, until

THIS = Path(__file__).parents[2]
RELEASE_BEFORE = "dd67ac1649d4862c73f4a0a0750e5303a179b6c5"
"""What the tag v0.1.0 names. A newer release takes its place once it is out."""
PARTITIONS = 2
TOPICS = ("orders.inbound.v1", "support.inbound.v1", "orders.sales.v1", "salespeople.v1", "support.cases.v1")


def _sales(number: int) -> list[Envelope[Fact]]:
    return [input_of(order_placed(f"o-{number}"), id=f"sale-{number}", subject=f"c-{number}").envelope]


def _contacts(number: int) -> list[Envelope[Fact]]:
    account = f"c-{number}"
    facts = (case_opened(f"case-{number}"), contact_made(case=f"case-{number}"), refund_requested())
    return [input_of(fact, id=f"{fact.type}-{number}", subject=account).envelope for fact in facts]


def _losses(number: int) -> list[Envelope[Fact]]:
    account = f"c-{number}"
    facts = (order_placed(f"o-{number}"), case_opened(f"case-{number}"), refund_requested(order=f"o-{number}"))
    return [told(salesperson_changed(), id=f"anna-{number}").envelope] + [
        told(fact, id=f"{fact.type}-{number}", subject=account).envelope for fact in facts
    ]


FACTS = {"orders": _sales, "support": _contacts, "escalation": _losses}


@dataclass(frozen=True)
class Release:
    """The code of a version, in a folder."""

    folder: Path

    def migrate(self, service: str, url: str) -> subprocess.CompletedProcess[str]:
        command = (sys.executable, "-m", "services.cli", "migrate", "--only", service)
        environment = self._environment({f"{service.upper()}_DATABASE_URL": url})
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    @asynccontextmanager
    async def running(self, service: str, url: str, cluster: Cluster) -> AsyncIterator[httpx2.AsyncClient]:
        """What talks to a process of this version."""
        (port,) = free_ports(1)
        environment = self._environment(
            {
                "KAFKA_BOOTSTRAP_SERVERS": ",".join(cluster.servers),
                "TOPIC_PREFIX": cluster.prefix,
                "TOPIC_PARTITIONS": str(PARTITIONS),
                "TOPIC_REPLICATION": "1",
                f"{service.upper()}_DATABASE_URL": url,
                f"{service.upper()}_PORT": str(port),
                "MAX_ALERT_AGE": "0",
            }
        )
        command = (sys.executable, "-m", "services.cli", "run", service)
        process = await asyncio.create_subprocess_exec(
            *command, cwd=self.folder, env=environment, stdout=DEVNULL, stderr=DEVNULL
        )
        try:
            async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
                yield client
        finally:
            process.kill()
            await process.wait()

    def _environment(self, settings: dict[str, str]) -> dict[str, str]:
        return os.environ | settings | {"PYTHONPATH": str(self.folder)}


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """The release before, unpacked."""
    folder = tmp_path_factory.mktemp("before")
    known = subprocess.run(["git", "cat-file", "-e", RELEASE_BEFORE], cwd=THIS, capture_output=True, check=False)
    if known.returncode != 0:
        pytest.skip(f"this checkout has no history that reaches the release before ({RELEASE_BEFORE[:7]})")
    archive = subprocess.run(["git", "archive", RELEASE_BEFORE], cwd=THIS, stdout=PIPE, check=True)
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
    return Release(folder)


@pytest.fixture
async def cluster(kafka: str, topic_prefix: str) -> Cluster:
    made = Cluster(kafka, prefix=topic_prefix, partitions=PARTITIONS, replication=1)
    await ensure_topics(made, TOPICS)
    return made


async def publish(cluster: Cluster, service: str, numbers: Sequence[int]) -> int:
    """Publish a service's facts; returns how many."""
    events = [event for number in numbers for event in FACTS[service](number)]
    async with Publisher(cluster) as publisher:
        await publisher.publish(events)
    return len(events)


async def ledger(url: str) -> Counter[str]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("select outcome, count(*) as offsets from shared.ledger group by outcome")
        return Counter({row["outcome"]: row["offsets"] for row in rows})
    finally:
        await connection.close()


async def reasons(client: httpx2.AsyncClient) -> list[str] | None:
    try:
        answer = await client.get("/readyz")
    except httpx2.TransportError:
        return None
    found: list[str] = answer.json()["reasons"]
    return found


@pytest.mark.parametrize("service", FACTS)
async def test_the_release_before_goes_on_with_the_tables_of_this_one(
    before: Release, database: MakeDatabase, cluster: Cluster, service: str
) -> None:
    url = await database(service)
    async with before.running(service, url, cluster):
        count = await publish(cluster, service, range(10))
        await eventually(lambda: ledger(url), {"applied": count}, within_seconds=60)


async def test_what_is_migrated_under_the_release_before_makes_no_dead_letter(
    before: Release, database: MakeDatabase, cluster: Cluster
) -> None:
    url = await database("nobody")
    assert before.migrate("escalation", url).returncode == 0
    async with before.running("escalation", url, cluster):
        count = await publish(cluster, "escalation", range(5))
        await eventually(lambda: ledger(url), {"applied": count}, within_seconds=60)
        migrated = await asyncio.to_thread(Release(THIS).migrate, "escalation", url)
        refused = "escalation on" in migrated.stderr and "Stop them, and migrate again" in migrated.stderr
        assert (migrated.returncode == 0) is not refused, migrated.stderr
        count += await publish(cluster, "escalation", range(5, 10))
        await eventually(lambda: ledger(url), {"applied": count}, within_seconds=60)


async def test_this_release_waits_for_its_tables_and_goes_on_by_itself(
    before: Release, database: MakeDatabase, cluster: Cluster
) -> None:
    url = await database("nobody")
    assert before.migrate("escalation", url).returncode == 0
    async with Release(THIS).running("escalation", url, cluster) as client:
        count = await publish(cluster, "escalation", range(5))
        said = await until(
            lambda: reasons(client), lambda said: said is not None and "tables" in "".join(said), within_seconds=60
        )
        assert said is not None
        (reason,) = said
        assert reason.startswith("waiting for the tables of this version: shared is at revision 0001")
        assert reason.endswith("run `handoff migrate`")
        assert await ledger(url) == {}
        migrated = await asyncio.to_thread(Release(THIS).migrate, "escalation", url)
        assert migrated.returncode == 0, migrated.stderr
        await eventually(lambda: ledger(url), {"applied": count}, within_seconds=60)
        await eventually(lambda: reasons(client), [])


async def test_a_running_process_whose_tables_are_changed_says_so_and_goes_on_by_itself(
    database: MakeDatabase, cluster: Cluster
) -> None:
    url = await database("escalation")
    async with Release(THIS).running("escalation", url, cluster) as client:
        count = await publish(cluster, "escalation", range(3))
        await eventually(lambda: ledger(url), {"applied": count}, within_seconds=60)
        owner = await asyncpg.connect(url)
        await owner.execute("alter table escalation.facts rename column kind to sort")
        count += await publish(cluster, "escalation", range(3, 6))
        said = await until(lambda: reasons(client), bool)
        assert said == ["the tables of escalation do not fit this version of Handoff (SQLSTATE 42703)"]
        assert (await client.get("/readyz")).status_code == 503
        assert "handoff_tables_unfit 1.0" in (await client.get("/metrics")).text
        await owner.execute("alter table escalation.facts rename column sort to kind")
        await eventually(lambda: ledger(url), {"applied": count})
        await eventually(lambda: reasons(client), [])
        assert await owner.fetchval("select count(*) from shared.dead_letters") == 0
        await owner.close()
