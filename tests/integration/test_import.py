"""The import commands as a person runs them: what they publish, print and refuse."""

import asyncio
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer
from typer.testing import CliRunner, Result

from deploy.local.ports import LOOPBACK, free_ports
from services.cli.importers.command import app
from shared.contracts.envelope import Decoded
from shared.contracts.orders_inbound import OrderPlaced
from shared.contracts.support_inbound import CaseOpened
from shared.messaging.cluster import Cluster
from shared.messaging.codec import decode_record
from shared.messaging.topics import ensure_topics
from tests.builders import salesperson_changed
from tests.escalation import DESK, escalation_on, reported
from tests.servers import MakeDatabase

DEALS = """\
mql_id,seller_id,sdr_id,sr_id,won_date,business_segment,declared_monthly_revenue
o-1,m-1,s-1,anna,08-05-2018 20:17,pet,0
o-2,m-2,s-1,ben,9/5/2018 7:05,toys,50000.0
"""
LOG = """\
number,incident_state,reassignment_count,reopen_count,made_sla,caller_id,opened_at,sys_updated_at
INC1,New,0,0,TRUE,Caller 1,29-02-2016 01:16,29-02-2016 01:23
INC2,New,0,0,TRUE,?,29-02-2016 01:16,29-02-2016 01:23
INC1,Active,3,0,false,Caller 1,29/2/2016 01:16,29/2/2016 02:16
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "deals.csv").write_text(DEALS, encoding="utf-8-sig")
    (tmp_path / "log.csv").write_text(LOG, encoding="utf-8")
    return tmp_path


def run(files: Path, *arguments: str, kafka: str, prefix: str = "") -> Result:
    given = [str(files / argument) if argument.endswith(".csv") else argument for argument in arguments]
    environment = {"KAFKA_BOOTSTRAP_SERVERS": kafka, "TOPIC_PREFIX": prefix}
    return CliRunner().invoke(app, given, env=environment)


async def received(cluster: Cluster, topic: str, count: int) -> list[tuple[str, str, str]]:
    """Type, subject and time of a topic's events, sorted."""
    consumer = AIOKafkaConsumer(
        cluster.topic(topic), **cluster.connection(), group_id=None, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        records = [await consumer.getone() for _ in range(count)]
    finally:
        await consumer.stop()
    decoded = [decode_record(record, topic_prefix=cluster.prefix) for record in records]
    events = [one.envelope for one in decoded if isinstance(one, Decoded)]
    return sorted((event.type.split(".")[-1], event.subject, f"{event.time:%m-%d %H:%M}") for event in events)


async def test_both_files_are_published_and_summed_up(files: Path, kafka: str, topic_prefix: str) -> None:
    cluster = Cluster(kafka, prefix=topic_prefix, partitions=3, replication=1)
    await ensure_topics(cluster, [OrderPlaced.topic, CaseOpened.topic])
    moved = ("--starts-at", "2018-06-01T00:00:00Z")

    sales = await asyncio.to_thread(run, files, "deals", "--file", "deals.csv", kafka=kafka, prefix=topic_prefix)
    cases = await asyncio.to_thread(
        run,
        files,
        *("servicenow", "--file", "log.csv", "--deals", "deals.csv", *moved),
        kafka=kafka,
        prefix=topic_prefix,
    )

    assert sales.exit_code == 0, sales.output
    assert "No sales desk: DESK names desk, who is in neither this file nor the directory" in sales.stderr
    assert "0 of 2 sales have no seller" in sales.stderr
    assert await received(cluster, OrderPlaced.topic, 4) == [
        ("order_placed", "m-1", "05-08 20:17"),
        ("order_placed", "m-2", "05-09 07:05"),
        ("salesperson_changed", "anna", "05-08 20:17"),
        ("salesperson_changed", "ben", "05-09 07:05"),
    ]
    assert cases.exit_code == 0, cases.output
    assert await received(cluster, CaseOpened.topic, 4) == [
        ("case_opened", "m-1", "06-01 00:00"),
        ("case_reassigned", "m-1", "06-01 01:00"),
        ("case_status_changed", "m-1", "06-01 01:00"),
        ("response_overdue", "m-1", "06-01 01:00"),
    ]
    printed = " ".join(cases.output.replace("│", " ").split())
    assert "rows read 3" in printed
    assert "rows skipped, caller unknown 1" in printed
    assert "events published 4" in printed
    assert "support.inbound.response_overdue 1" in printed


async def test_a_file_with_an_unreadable_row_publishes_nothing(files: Path, kafka: str, topic_prefix: str) -> None:
    (files / "deals.csv").write_text(DEALS.replace("9/5/2018 7:05", "9/5/18"))
    refused = await asyncio.to_thread(run, files, "deals", "--file", "deals.csv", kafka=kafka, prefix=topic_prefix)
    assert refused.exit_code == 1
    assert f"{files / 'deals.csv'}, line 3, column won_date: expected a date" in refused.output


@pytest.mark.parametrize("content", [b"mql_id\xff,seller_id", b"", b"\x89PNG\r\n\x1a\n\x00"])
async def test_other_files_than_a_csv_of_deals_are_refused_in_words(files: Path, content: bytes) -> None:
    (files / "deals.csv").write_bytes(content)
    refused = await asyncio.to_thread(run, files, "deals", "--file", "deals.csv", kafka="unused:1")
    assert refused.exit_code == 1
    assert "deals.csv, " in refused.output


async def test_without_a_broker_the_command_names_the_address_and_a_remedy(files: Path) -> None:
    [port] = free_ports(1)
    refused = await asyncio.to_thread(run, files, "deals", "--file", "deals.csv", kafka=f"{LOOPBACK}:{port}")
    assert refused.exit_code == 1
    assert f"No Kafka broker answers at {LOOPBACK}:{port}. Start one with `handoff up`" in refused.output


async def test_an_instant_without_a_zone_is_a_usage_error(files: Path) -> None:
    refused = await asyncio.to_thread(
        run,
        files,
        *("servicenow", "--file", "log.csv", "--deals", "deals.csv", "--starts-at", "2018-06-01"),
        kafka="unused:1",
    )
    assert refused.exit_code == 2
    assert "RFC 3339" in refused.output


async def test_a_desk_in_the_directory_needs_no_warning(
    files: Path, kafka: str, topic_prefix: str, database: MakeDatabase
) -> None:
    cluster = Cluster(kafka, prefix=topic_prefix, partitions=3, replication=1)
    await ensure_topics(cluster, [OrderPlaced.topic])
    url = await database("escalation")
    deals = ("deals", "--file", "deals.csv", "--escalation-database", url)
    async with escalation_on(url) as escalation:
        before = await asyncio.to_thread(run, files, *deals, kafka=kafka, prefix=topic_prefix)
        await escalation.receive(reported(salesperson_changed("Desk"), subject=DESK))
        after = await asyncio.to_thread(run, files, *deals, kafka=kafka, prefix=topic_prefix)
    assert "No sales desk: DESK" in before.stderr
    assert "No sales desk: DESK" not in after.stderr
    named = ("deals", "--file", "deals.csv", "--desk", "anna")
    anna = await asyncio.to_thread(run, files, *named, kafka=kafka, prefix=topic_prefix)
    assert "No sales desk: DESK" not in anna.stderr
