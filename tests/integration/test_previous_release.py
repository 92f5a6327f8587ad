"""The previous release and this one, on each other's tables: in any order of migrations no fact becomes a dead letter.

It runs the previous release's own code, from the history of this checkout.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence

import asyncpg
import httpx2
import pytest

from shared.contracts.envelope import Envelope, Fact
from shared.messaging.cluster import Cluster
from shared.messaging.publisher import Publisher
from shared.messaging.topics import ensure_topics
from tests.builders import case_opened, contact_made, input_of, order_placed, refund_requested, salesperson_changed
from tests.escalation import reported
from tests.releases import RELEASE_BEFORE, THIS, Release, release_before
from tests.servers import MakeDatabase
from tests.waiting import eventually, until

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
    return [reported(salesperson_changed(), id=f"anna-{number}").envelope] + [
        reported(fact, id=f"{fact.type}-{number}", subject=account).envelope for fact in facts
    ]


FACTS = {"orders": _sales, "support": _contacts, "escalation": _losses}


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """The previous release, unpacked."""
    found = release_before(tmp_path_factory.mktemp("before"))
    if found is None:
        pytest.skip(f"this checkout has no history that reaches the release before ({RELEASE_BEFORE[:7]})")
    return found


@pytest.fixture
async def cluster(kafka: str, topic_prefix: str) -> Cluster:
    made = Cluster(kafka, prefix=topic_prefix, partitions=PARTITIONS, replication=1)
    await ensure_topics(made, TOPICS)
    return made


async def publish(cluster: Cluster, service: str, numbers: Sequence[int]) -> int:
    """Publish a service's facts. Returns their number."""
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
async def test_the_previous_release_goes_on_with_the_tables_of_this_one(
    before: Release, database: MakeDatabase, cluster: Cluster, service: str
) -> None:
    url = await database(service)
    async with before.running(service, url, cluster):
        count = await publish(cluster, service, range(10))
        await eventually(lambda: ledger(url), {"applied": count}, within_seconds=60)


async def test_migrating_under_the_previous_release_causes_no_dead_letter(
    before: Release, database: MakeDatabase, cluster: Cluster
) -> None:
    url = await database("nobody")
    assert before.migrate("escalation", url).returncode == 0
    async with before.running("escalation", url, cluster):
        count = await publish(cluster, "escalation", range(5))
        await eventually(lambda: ledger(url), {"applied": count}, within_seconds=60)
        migrated = await asyncio.to_thread(THIS.migrate, "escalation", url)
        refused = (
            "escalation on" in migrated.stderr and "Stop them, then run `handoff migrate` again" in migrated.stderr
        )
        assert (migrated.returncode == 0) is not refused, migrated.stderr
        count += await publish(cluster, "escalation", range(5, 10))
        await eventually(lambda: ledger(url), {"applied": count}, within_seconds=60)


async def test_this_release_waits_for_its_tables_and_goes_on_by_itself(
    before: Release, database: MakeDatabase, cluster: Cluster
) -> None:
    url = await database("nobody")
    assert before.migrate("escalation", url).returncode == 0
    async with THIS.running("escalation", url, cluster) as client:
        count = await publish(cluster, "escalation", range(5))
        said = await until(
            lambda: reasons(client), lambda said: said is not None and "tables" in "".join(said), within_seconds=60
        )
        assert said is not None
        (reason,) = said
        assert reason.startswith("waiting for the tables of this version: shared is at revision 0001")
        assert reason.endswith("run `handoff migrate`")
        assert await ledger(url) == {}
        migrated = await asyncio.to_thread(THIS.migrate, "escalation", url)
        assert migrated.returncode == 0, migrated.stderr
        await eventually(lambda: ledger(url), {"applied": count}, within_seconds=60)
        await eventually(lambda: reasons(client), [])


async def test_a_running_process_whose_tables_are_changed_says_so_and_goes_on_by_itself(
    database: MakeDatabase, cluster: Cluster
) -> None:
    url = await database("escalation")
    async with THIS.running("escalation", url, cluster) as client:
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
