"""`handoff outbox replay`: events that a topic lost are published again, each account in order,
each person as now known.
"""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from typer.testing import CliRunner, Result

from services.cli.main import app
from shared.contracts.orders_inbound import SalespersonChanged
from shared.contracts.people_parts import Away, Day, Successor, WorkingHours
from shared.messaging.cluster import Cluster
from shared.messaging.recreated import unsettled
from shared.messaging.topics import ensure_topics
from shared.metrics import create_metrics
from tests.builders import input_of, minutes, order_placed, salesperson_changed
from tests.escalation import Escalation
from tests.raw_records import read_topic
from tests.services import ServiceUnderTest
from tests.streams import relaying
from tests.topics import recreate_topic
from tests.waiting import eventually

SALES, PEOPLE = "orders.sales.v1", "salespeople.v1"


async def command(*arguments: str, url: str = "", **urls: str) -> Result:
    environment = {"ORDERS_DATABASE_URL": url, **urls} if url else {}
    return await asyncio.to_thread(CliRunner().invoke, app, ["outbox", "replay", *arguments], env=environment)


async def url_of(service: ServiceUnderTest) -> str:
    where = await service.pool.fetchrow(
        "select current_user as role, host(inet_server_addr()) as host, inet_server_port() as port, "
        "current_database() as name"
    )
    assert where is not None
    return f"postgresql://{where['role']}@{where['host']}:{where['port']}/{where['name']}"


async def unpublished(service: ServiceUnderTest) -> list[str]:
    rows = await service.pool.fetch("select key from shared.outbox where published_at is null order by id")
    return [row["key"] for row in rows]


async def test_events_published_since_an_instant_become_unpublished(orders: ServiceUnderTest) -> None:
    for number in range(4):
        await orders.receive(input_of(order_placed(f"o-{number}"), subject=f"c-{number}"))
    published_at = "date '2026-05-04' + id * interval '1 hour'"
    await orders.pool.execute(f"update shared.outbox set published_at = {published_at} where key <> 'c-3'")
    first = await orders.pool.fetchval("select min(id) from shared.outbox")
    since = datetime(2026, 5, 4, tzinfo=UTC) + timedelta(hours=first + 1)
    result = await command("--since", since.isoformat(), "orders", url=await url_of(orders))
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[:2] == [
        "orders: 2 events will be published again",
        "orders: 0 salespeople will be published again",
    ]
    assert await unpublished(orders) == ["c-1", "c-2", "c-3"]


async def test_a_recreated_topic_gets_the_old_ones_events_in_the_same_order(
    orders: ServiceUnderTest, kafka: str, topic_prefix: str
) -> None:
    cluster = Cluster(kafka, prefix=topic_prefix, partitions=1, replication=1)
    await ensure_topics(cluster, [SALES, PEOPLE])
    url = await url_of(orders)
    for number in range(5):
        await orders.receive(order_placed(f"o-{number}"))
    async with relaying(url, cluster, create_metrics("orders")):
        first = [record.value for record in await read_topic(cluster, SALES, 5)]
        await eventually(lambda: unpublished(orders), [])
        await recreate_topic(cluster, SALES)
        assert (await command("--since", "2026-05-04T00:00Z", "orders", url=url)).exit_code == 0
        assert [record.value for record in await read_topic(cluster, SALES, 5)] == first


async def test_people_are_published_again_from_the_tables_as_the_same_events(
    orders: ServiceUnderTest,
) -> None:
    whole = salesperson_changed(
        manager="mona",
        chat="@anna",
        phone="+49 30 1234",
        working_hours=(WorkingHours(days=(Day.MONDAY,), start="09:00", end="17:30"),),
        successor=Successor(salesperson="ben", since=date(2026, 7, 1)),
        backup="clara",
        away=(Away(since=date(2026, 5, 11), until=date(2026, 5, 22)),),
        days_off=(date(2026, 6, 5),),
        country="DE",
        region="BY",
        rings_off_hours=True,
    )
    assert set(type(whole).model_fields) == set(SalespersonChanged.model_fields)
    await orders.receive(input_of(salesperson_changed("Earlier"), at=minutes(1)), input_of(whole, at=minutes(2)))
    await orders.receive(input_of(salesperson_changed("Ben"), subject="ben"))
    before = {event.subject: event for event in await orders.published()}
    await orders.pool.execute("delete from shared.outbox")

    result = await command("--since", "2026-05-04T00:00Z", "orders", url=await url_of(orders))
    assert "2 salespeople" in result.output, result.output
    again = {event.subject: event for event in await orders.published()}
    assert again.keys() == before.keys()
    for person, event in again.items():
        assert (event.id, event.source, event.time, event.data) == (
            before[person].id,
            before[person].source,
            before[person].time,
            before[person].data,
        )


async def test_a_replay_from_early_enough_ends_the_note_about_a_recreated_topic(
    orders: ServiceUnderTest, escalation: Escalation
) -> None:
    await escalation.pool.execute(
        "insert into shared.recreated_topics (topic, found_at, unread_since) values "
        "($1, '2026-05-04T10:00Z', '2026-05-04T09:30Z'), ($2, '2026-05-04T10:00Z', '2026-05-04T09:30Z')",
        SALES,
        "support.cases.v1",
    )
    url, reader = await url_of(orders), {"ESCALATION_DATABASE_URL": await url_of(escalation)}
    assert await _missing(escalation) == [SALES, "support.cases.v1"]
    late = await command("--since", "2026-05-04T09:31Z", "orders", url=url, **reader)
    assert "restored" not in late.output
    enough = await command("--since", "2026-05-04T09:30Z", "orders", url=url, **reader)
    assert f"escalation: topic {SALES} is marked as restored" in enough.output
    assert await _missing(escalation) == ["support.cases.v1"]

    acknowledge = ["topics", "acknowledge", "escalation", "support.cases.v1", "--by", "Sam"]
    done = await asyncio.to_thread(CliRunner().invoke, app, acknowledge, env=reader)
    assert done.output == "support.cases.v1: acknowledged\n"
    assert await _missing(escalation) == []
    again = await asyncio.to_thread(CliRunner().invoke, app, acknowledge, env=reader)
    assert again.exit_code == 1


async def _missing(escalation: Escalation) -> list[str]:
    async with escalation.pool.acquire() as connection:
        return [one.topic for one in await unsettled(connection)]


@pytest.mark.parametrize(
    ("since", "what"),
    [
        ("yesterday", "is not a valid time"),
        ("2026-05-04T09:30", "has no zone"),
        ("2999-01-01T00:00Z", "is in the future"),
    ],
)
async def test_an_invalid_instant_is_refused_with_the_right_form(since: str, what: str) -> None:
    result = await command("--since", since, "orders")
    assert result.exit_code == 1
    assert what in result.output
