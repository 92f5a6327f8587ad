"""Facts from the future, stored by an older release: `handoff migrate` lists them, `handoff
repair-times` repairs them.
"""

import asyncio
from datetime import timedelta

import pytest
from typer.testing import CliRunner, Result

from services.cli.main import app
from services.orders.handlers import handle as handle_orders
from services.support.handlers import handle as handle_support
from tests.builders import (
    account_reassigned,
    contact_made,
    input_of,
    order_placed,
    salesperson_changed,
)
from tests.escalation import escalation_on, reported
from tests.servers import MakeDatabase
from tests.services import ServiceUnderTest, running

YEARS = timedelta(days=5 * 365)


async def command(*arguments: str, urls: dict[str, str]) -> Result:
    environment = {f"{name.upper()}_DATABASE_URL": url for name, url in urls.items()}
    return await asyncio.to_thread(CliRunner().invoke, app, list(arguments), env=environment)


@pytest.fixture
async def urls(database: MakeDatabase) -> dict[str, str]:
    return {name: await database(name) for name in ("orders", "support", "escalation")}


async def believe(orders: ServiceUnderTest) -> None:
    """Each wrong record is dated years ahead, and the correction that follows it has no effect."""
    now = await orders.now()
    wrong, right = "wrong@sales.example", "right@sales.example"
    await orders.receive(input_of(salesperson_changed(email=wrong), at=now), input_of(order_placed(), at=now))
    await orders.receive(input_of(account_reassigned("ben"), at=now))
    ahead = "update {} set {} = {} + interval '5 years'"
    await orders.pool.execute(ahead.format("orders.salespeople", "changed_at", "changed_at"))
    await orders.pool.execute(ahead.format("orders.accounts", "reassigned_at", "reassigned_at"))
    await orders.pool.execute(ahead.format("shared.journal", "at", "at"))
    later = now + timedelta(seconds=1)
    await orders.move_clock(timedelta(minutes=1))
    await orders.receive(input_of(salesperson_changed(email=right), at=later))
    assert (await orders.row("orders.salespeople"))["email"] == wrong


async def test_facts_dated_ahead_are_listed_and_count_from_their_receipt(urls: dict[str, str]) -> None:
    async with running(urls["orders"], "orders", handle_orders) as orders:
        await believe(orders)
        listed = await command("migrate", "--only", "orders", urls=urls)
        assert "orders: 2 times in the future" in listed.output
        assert "orders.salespeople.changed_at  anna" in listed.output

        repaired = await command("repair-times", urls=urls)
        assert repaired.exit_code == 0, repaired.output
        assert "orders: 2 times corrected" in repaired.output
        kept = await orders.row("orders.salespeople")
        assert (kept["email"], kept["changed_at"] <= await orders.now()) == ("right@sales.example", True)
        last = [event for event in await orders.published() if event.type == "orders.salesperson_changed"][-1]
        assert last.data.email == "right@sales.example"
        assert "ahead" not in (await command("migrate", "--only", "orders", urls=urls)).output
        assert "orders: no times are in the future" in (await command("repair-times", urls=urls)).output


async def test_escalation_and_support_are_repaired_too(urls: dict[str, str]) -> None:
    async with running(urls["support"], "support", handle_support) as support:
        talk = input_of(contact_made("answered", case=None), at=await support.now())
        await support.receive(talk)
        await support.pool.execute("update support.contacts set at = at + interval '5 years'")
        await support.pool.execute("update shared.journal set at = at + interval '5 years'")
    async with escalation_on(urls["escalation"]) as escalation:
        received = await escalation.now()
        person = reported(salesperson_changed(), at=received + YEARS)
        await escalation.receive(
            person, order_placed(), reported(contact_made("answered", case=None), at=received + YEARS)
        )
        repaired = await command("repair-times", urls=urls)
        assert "support: 1 time corrected" in repaired.output
        assert "escalation: 2 times corrected" in repaired.output
        assert (await escalation.row("escalation.salespeople"))["changed_at"] <= await escalation.now()
        assert await escalation.rows("escalation.account_versions") == [], (
            "processes forget their memory of the accounts"
        )
        (fact,) = await escalation.rows("escalation.facts")
        assert received <= fact["at"] <= await escalation.now()
