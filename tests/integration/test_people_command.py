"""`handoff people history` answers who changed an address: the source, the time and both values."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner, Result

from services.cli.main import app
from services.orders.handlers import handle
from tests.builders import SELLER, input_of, minutes, salesperson_changed
from tests.servers import MakeDatabase
from tests.services import ServiceUnderTest, running

CRM, SHOP = "/crm", "/shop-eu"
EVIL = "mallory@evil.example"


@pytest.fixture
async def url(database: MakeDatabase) -> str:
    return await database("orders")


@pytest.fixture
async def orders(url: str) -> AsyncIterator[ServiceUnderTest]:
    async with running(url, "orders", handle) as service:
        yield service


async def history(url: str, *arguments: str) -> Result:
    command = ["people", "history", *arguments]
    return await asyncio.to_thread(CliRunner().invoke, app, command, env={"ORDERS_DATABASE_URL": url})


async def test_a_change_of_address_is_listed_with_source_time_and_both_values(
    orders: ServiceUnderTest, url: str
) -> None:
    await orders.receive(input_of(salesperson_changed(), id="p-1", source=CRM, at=minutes(0)))
    await orders.receive(input_of(salesperson_changed(email=EVIL), id="p-2", source=SHOP, at=minutes(10)))
    await orders.receive(input_of(salesperson_changed("Anna Alt"), id="p-3", source=CRM, at=minutes(5)))
    printed = (await history(url, SELLER)).output.splitlines()
    starts = [number for number, line in enumerate(printed) if not line.startswith(" ")]
    first, second, third = (printed[a:b] for a, b in zip(starts, [*starts[1:], len(printed)], strict=True))
    assert "    name: Anna Berg" in first
    assert f"source {SHOP} over Kafka, event p-2, dated {minutes(10):%Y-%m-%d %H:%M:%S} UTC" in second[0]
    assert second[1:] == [f"    email: anna@sales.example → {EVIL}"]
    assert third[1:] == ["    no effect: a later change was already known"]


async def test_an_erased_value_is_marked_and_the_next_change_shows_the_new_value(
    orders: ServiceUnderTest, url: str
) -> None:
    for number, name in enumerate(("Anna Berg", "Anna Keller", "Anna Keller")):
        await orders.receive(input_of(salesperson_changed(name), id=f"p-{number}", source=CRM, at=minutes(number)))
    await orders.pool.execute("update shared.journal set body = null where event_id = 'p-1'")
    one, two, three = json.loads((await history(url, SELLER, "--json")).output)
    assert (one["is_first"], one["changed"]["name"]) == (True, [None, "Anna Berg"])
    assert (two["erased"], two["changed"]) == (True, {})
    assert three["changed"]["name"] == [None, "Anna Keller"]


async def test_a_person_without_facts_is_reported_as_unknown(orders: ServiceUnderTest, url: str) -> None:
    await orders.receive(salesperson_changed())
    result = await history(url, "nobody")
    assert (result.exit_code, "salesperson nobody" in result.output) == (1, True)


async def test_the_log_names_source_person_and_fields_of_a_change_without_values(orders: ServiceUnderTest) -> None:
    await orders.receive(input_of(salesperson_changed(), id="p-1", source=CRM, at=minutes(0)))
    with capture_logs() as logged:
        await orders.receive(
            input_of(salesperson_changed(email=EVIL, phone=None), id="p-2", source=SHOP, at=minutes(10))
        )
    (line,) = [one for one in logged if one["event"] == "a salesperson was changed"]
    named = {"person": SELLER, "members": "email, phone", "source": SHOP, "event_id": "p-2"}
    assert {name: line[name] for name in named} == named
    assert EVIL not in str(logged)


async def test_a_fact_without_effect_is_not_logged_as_a_change(orders: ServiceUnderTest) -> None:
    await orders.receive(input_of(salesperson_changed(), at=minutes(10)))
    with capture_logs() as logged:
        await orders.receive(input_of(salesperson_changed("Anna Alt"), at=minutes(5)))
    assert "a salesperson" not in str(logged)
