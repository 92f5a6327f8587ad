"""A process whose database does not answer or refuses it reports that: while it runs, and while it starts."""

from pathlib import Path
from unittest.mock import patch
from urllib.parse import urlsplit

import pytest

from deploy.local.ports import LOOPBACK
from shared.database_reach import DATABASE_UNREACHABLE, DatabaseReach
from shared.messaging import watch
from shared.metrics import create_metrics
from tests.integration.orders_process import cannot_start, orders_process
from tests.raw_records import confirmed
from tests.servers import MakeDatabase, PrivatePostgres
from tests.streams import plumbing_on
from tests.waiting import eventually, until


async def test_a_stopped_database_is_reported_until_it_is_back(private_postgres: PrivatePostgres) -> None:
    url = await private_postgres.databases.make("orders")
    metrics = create_metrics("orders")
    blocked = metrics.consumer.blocked.labels(DATABASE_UNREACHABLE)
    watched = DatabaseReach(url, "orders", metrics, silent_seconds=0.5)

    async def looked() -> list[str]:
        await watched.look()
        return watched.silent()

    assert await looked() == []
    await private_postgres.server.stop_at_once()
    assert await looked() == [], "one unanswered question proves nothing"
    (reason,) = await until(looked, bool)
    assert reason.startswith("The database of orders has not responded since 20")
    assert "nothing is consumed or published" in reason
    assert urlsplit(url).netloc not in reason
    assert blocked._value.get() == 1
    await private_postgres.server.start()
    await eventually(looked, [])
    assert blocked._value.get() == 0


async def test_while_the_database_is_away_kafka_is_not_blamed_and_waiting_records_are_counted(
    kafka: str, private_postgres: PrivatePostgres, topic_prefix: str
) -> None:
    url = await private_postgres.databases.make("plumbing")
    async with plumbing_on(kafka, url, topic_prefix) as plumbing, plumbing.watched() as watched:
        await watched.consumer.start()
        await plumbing.publish(confirmed(0))
        await eventually(plumbing.ledger, {"applied": 1})
        await eventually(plumbing.lag, {0: 0, 1: 0})
        with patch.object(watch, "log") as log:
            await private_postgres.server.stop_at_once()
            await plumbing.publish(confirmed(1), confirmed(2))
            await until(plumbing.lag, lambda lag: lag[0] == 2)
        assert not log.info.called
        await private_postgres.server.start()
        await eventually(plumbing.lag, {0: 0, 1: 0}, within_seconds=30)


@pytest.mark.parametrize("wrong", ["database", "user"])
async def test_a_database_that_refuses_a_process_ends_its_start_with_a_remedy(
    database: MakeDatabase, wrong: str
) -> None:
    url = urlsplit(await database("orders"))
    user, name = ("nobody-we-know", url.path) if wrong == "user" else (url.username, "/nothing_of_ours")
    refused = url._replace(netloc=f"{user}:not-this-one@{url.hostname}:{url.port}", path=name).geturl()
    reason, output = await cannot_start({"ORDERS_DATABASE_URL": refused, "KAFKA_BOOTSTRAP_SERVERS": f"{LOOPBACK}:1"})
    assert "correct ORDERS_DATABASE_URL" in reason
    assert "not-this-one" not in output
    assert "started anew" not in output


async def test_a_process_reports_why_it_is_still_starting_and_later_what_is_wrong(
    kafka: str, private_postgres: PrivatePostgres, topic_prefix: str, tmp_path: Path
) -> None:
    url = await private_postgres.databases.make("orders")
    settings = {"KAFKA_BOOTSTRAP_SERVERS": kafka, "TOPIC_PREFIX": topic_prefix, "TOPIC_REPLICATION": "1"}
    await private_postgres.server.stop_at_once()
    async with orders_process(url, tmp_path / "log", settings) as process:
        await eventually(process.reasons, ["starting: Postgres does not respond (ConnectionRefusedError)"])
        await private_postgres.server.start()
        await eventually(process.reasons, [])
        await eventually(process.lags, {"0": "0.0", "1": "0.0"})
        await private_postgres.server.stop_at_once()
        (note,) = await until(process.notes, bool, within_seconds=60)
        assert note.startswith("The database of orders has not responded since 20")
        assert await process.blocked() == {"database_unreachable"}
        assert await process.reasons() == [], "it answers 503 and asks to try again: no other process could do better"
        await private_postgres.server.start()
        await eventually(process.notes, [])
