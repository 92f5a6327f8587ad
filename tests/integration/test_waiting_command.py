"""`handoff waiting` over three services' real databases, and the answer of POST /events to the same facts."""

import asyncio
import json
from contextlib import AsyncExitStack
from typing import Any

from typer.testing import CliRunner

from services.cli.installation import ServiceName, database_variable
from services.cli.main import app
from services.escalation.domain.own_facts import OWN_FACTS
from services.escalation.handlers import handling
from services.orders.domain import OWN_FACTS as ORDERS_FACTS
from services.orders.handlers import handle as handle_orders
from services.support.handlers import handle as handle_support
from tests.builders import case_status_changed, input_of, order_delivered, order_placed, refund_requested
from tests.escalation import NO_LIMIT, reported
from tests.servers import MakeDatabase
from tests.services import running


async def listed(urls: dict[str, str], *options: str) -> str:
    addresses = {database_variable(ServiceName(name)): url for name, url in urls.items()}
    result = await asyncio.to_thread(CliRunner().invoke, app, ["waiting", *options], env=addresses)
    assert result.exit_code == 0, result.output
    return result.output


async def test_waiting_facts_are_listed_with_account_and_age_without_customer_data(
    database: MakeDatabase,
) -> None:
    urls = {name.value: await database(name.value) for name in ServiceName}
    async with AsyncExitStack() as stack:
        orders = await stack.enter_async_context(running(urls["orders"], "orders", handle_orders, ORDERS_FACTS))
        support = await stack.enter_async_context(running(urls["support"], "support", handle_support))
        escalation = await stack.enter_async_context(
            running(urls["escalation"], "escalation", handling(NO_LIMIT), OWN_FACTS)
        )
        assert "Nothing is waiting." in await listed(urls)

        await orders.receive(
            input_of(order_delivered("4711")), input_of(order_placed("4800", sold_by=None, renews="4700"))
        )
        await support.receive(input_of(case_status_changed("open"), subject="c-18"))
        await escalation.receive(
            reported(refund_requested(case=None, order="4711"), subject="c-19"),
            reported(refund_requested(case=None), subject="c-20"),
        )
        found = json.loads(await listed(urls, "--json"))["waiting"]
        table = await listed(urls)

    def shown(one: dict[str, Any]) -> tuple[str, ...]:
        return one["service"], one["account"], one["type"], one["awaits"]

    assert sorted(map(shown, found)) == [
        ("escalation", "c-19", "refund_requested", "order:4711"),
        ("escalation", "c-20", "refund_requested", "a sale"),
        ("orders", "c-17", "orders.inbound.order_delivered", "order:4711"),
        ("orders", "c-17", "orders.inbound.order_placed", "order:4700"),
        ("support", "c-18", "support.inbound.case_status_changed", "case:case-1"),
    ]
    limited = {shown(one)[3] for one in found if one["until"] is not None}
    assert limited == {"order:4700", "order:4711"}
    assert [one["until"] for one in found if one["type"] == "orders.inbound.order_delivered"] == [None]
    assert "Hotel Adler" not in table
    assert "order:4700" in table
    assert all(set(one) == {"service", "account", "type", "awaits", "since", "until"} for one in found)
