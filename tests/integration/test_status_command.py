"""`handoff status` over real databases, with processes that answer and one that does not."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from deploy.local.ports import LOOPBACK, free_ports
from services.cli.installation import ServiceName
from services.cli.main import app
from services.cli.run import outline_of
from services.escalation.domain.own_facts import OWN_FACTS
from services.escalation.handlers import handling
from services.orders.handlers import handle as handle_orders
from services.support.handlers import handle as handle_support
from shared.database import open_pool
from shared.inputs import Batch, Position, RawMessage, Rejection
from shared.metrics import create_metrics, render
from shared.migrations.fitting import Fitting
from tests.builders import case_reassigned, order_placed, refund_requested, salesperson_changed
from tests.escalation import NO_LIMIT, reported
from tests.servers import MakeDatabase
from tests.services import ServiceUnderTest, running

Company = dict[str, ServiceUnderTest]
MIGRATIONS = {name.value: outline_of(name).migrations for name in ServiceName}


@pytest.fixture
async def urls(database: MakeDatabase) -> dict[str, str]:
    return {name: await database(name) for name in MIGRATIONS}


@pytest.fixture
async def company(urls: dict[str, str]) -> AsyncIterator[Company]:
    """The services' own handlers; a connection named like a process of each stands for the process."""
    async with AsyncExitStack() as stack:
        for name, url in urls.items():
            pool = await open_pool(url, name=Fitting.of(MIGRATIONS[name]).process_name)
            stack.push_async_callback(pool.close)
            await pool.fetchval("select 1")
        started = {
            "orders": running(urls["orders"], "orders", handle_orders),
            "support": running(urls["support"], "support", handle_support),
            "escalation": running(urls["escalation"], "escalation", handling(NO_LIMIT), OWN_FACTS),
        }
        yield {name: await stack.enter_async_context(one) for name, one in started.items()}


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """The port of a process that is ready, and three records behind."""
    metrics = create_metrics("orders")
    metrics.consumer.lag.labels("orders.inbound.v1", "0").set(3)
    bodies = {b"/readyz": b'{"ok": true, "reasons": [], "notes": []}', b"/metrics": render(metrics.registry)}

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1]
        writer.write(b"HTTP/1.0 200 OK\r\n\r\n" + bodies[path])
        writer.close()

    server = await asyncio.start_server(answer, LOOPBACK, 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def status(urls: dict[str, str], *arguments: str, **environment: str) -> Result:
    addresses = {f"{name.upper()}_DATABASE_URL": url for name, url in urls.items()}
    return await asyncio.to_thread(CliRunner().invoke, app, ["status", *arguments], env=addresses | environment)


async def figures(urls: dict[str, str], **environment: str) -> tuple[int, dict[str, Any]]:
    result = await status(urls, "--json", **environment)
    found: dict[str, Any] = json.loads(result.stdout)
    return result.exit_code, found


async def two_channels(company: Company) -> None:
    """One alert whose e-mail and notification on a device are pending, also at night, when messages are held."""
    await company["escalation"].receive(
        reported(salesperson_changed()), reported(order_placed()), reported(refund_requested())
    )
    await company["escalation"].pool.execute(
        "update escalation.deliveries set state = 'pending', reason = null, try_at = changed_at where channel = 'email'"
    )
    await company["escalation"].pool.execute(
        """insert into escalation.deliveries
             (delivery_id, alert_id, recipient, channel, state, attempts, unknown_count, try_at, changed_at)
           select gen_random_uuid(), alert_id, recipient, 'push', 'pending', 0, 0, try_at, changed_at
           from escalation.deliveries where channel = 'email'"""
    )


async def test_all_is_well(urls: dict[str, str], company: Company, port: int) -> None:
    ports = {f"{name.upper()}_PORT": str(port) for name in urls}
    code, found = await figures(urls, **ports)
    assert (code, found["needs"]) == (0, [])
    orders = found["services"][0]
    assert orders["answer"] == {
        "ready": True,
        "reasons": [],
        "notes": [],
        "version": "0.1.0",
        "lag": {"orders.inbound.v1": 3},
    }
    assert orders["stored"]["tables"] == orders["wanted"]
    assert len(orders["stored"]["processes"]) == 1
    page = await status(urls, **ports)
    assert page.exit_code == 0
    assert "All is well." in page.stdout


async def test_waiting_work_is_counted_and_items_that_need_attention_are_listed(
    urls: dict[str, str], company: Company
) -> None:
    letter = Rejection("invalid_json", "no JSON", RawMessage("t", None, (), b"{"), Position("t", 0, 1))
    await company["support"].processor.apply(Batch((), [letter]))
    await company["support"].receive(case_reassigned(2))
    await company["escalation"].receive(reported(order_placed(sold_by=None)), reported(refund_requested(case=None)))
    (closed,) = free_ports(1)
    code, found = await figures(urls, ESCALATION_PORT=str(closed))
    assert code == 1
    support, escalation = found["services"][1:]
    assert support["stored"]["dead_letters"]["count"] == 1
    assert support["stored"]["waiting_facts"]["count"] == 1
    assert support["stored"]["outbox"]["count"] == 1
    assert support["answer"]["ready"] is None
    assert escalation["answer"]["ready"] is False
    assert (found["episodes"]["open"], found["episodes"]["nobody_to_ask"]) == (1, 1)
    needs = "\n".join(found["needs"])
    assert "support: 1 dead letter not replayed" in needs
    assert f"escalation is not ready: no answer at 127.0.0.1:{closed}" in needs
    assert "1 episode with no one to notify" in needs
    page = await status(urls)
    assert page.exit_code == 1
    assert "! 1 episode with no one to notify" in page.stdout


async def test_an_exhausted_episode_needs_attention(urls: dict[str, str], company: Company) -> None:
    await company["escalation"].receive(reported(order_placed(sold_by=None)), reported(refund_requested(case=None)))
    await company["escalation"].pool.execute(
        "update escalation.episodes set nobody_since = null, rang = true, exhausted_at = shared.app_now()"
    )
    code, found = await figures(urls)
    assert (found["episodes"]["exhausted"], found["episodes"]["unanswered"]) == (1, 1)
    assert code == 1


async def test_a_dead_letter_needs_attention_unless_answered_or_dismissed(
    urls: dict[str, str], company: Company
) -> None:
    by_kafka = Rejection("invalid_json", "no JSON", RawMessage("t", None, (), b"{"), Position("t", 0, 1))
    after_waiting = Rejection("order_contradicted", "another", RawMessage("t", None, (), b"{}"))
    answered = ("id_reused", "time_ahead", "order_contradicted", "case_contradicted", "order_of_another_account")
    over_http = [Rejection(code, "no", RawMessage("t", None, (), code.encode())) for code in answered]
    await company["orders"].processor.apply(Batch((), [by_kafka, after_waiting]))
    await company["orders"].processor.dead_letter(over_http)
    _, found = await figures(urls)
    stored = found["services"][0]["stored"]
    assert (stored["dead_letters"]["count"], stored["refused_over_http"]["count"]) == (2, len(answered))
    assert any("orders: 2 dead letters not replayed" in need for need in found["needs"])
    assert "refused over HTTP, kept" in (await status(urls)).stdout

    await company["orders"].pool.execute("update shared.dead_letters set dismissed_at = shared.app_now()")
    _, found = await figures(urls)
    assert not any("dead letters" in need for need in found["needs"])


@pytest.mark.parametrize(
    ("state", "reason", "is_stuck"),
    [
        ("pending", "the mail server refused the login with 535", True),
        ("sending", "the mail server refused the login with 535", True),
        ("pending", "the mail server's certificate is not trusted (self-signed certificate)", True),
        ("pending", "the mail server does not respond (TimeoutError)", False),
        ("pending", "the mail server deferred the message with 451", False),
        ("failed", "the mail server refused the recipient with 550 (5.1.1)", False),
    ],
)
async def test_email_blocked_until_an_operator_acts_is_reported_at_once(
    urls: dict[str, str], company: Company, state: str, reason: str, is_stuck: bool
) -> None:
    await company["escalation"].receive(
        reported(salesperson_changed()), reported(order_placed()), reported(refund_requested())
    )
    await company["escalation"].pool.execute(
        "update escalation.deliveries set state = $1, reason = $2 where channel = 'email'", state, reason
    )
    _, found = await figures(urls)
    assert (f"1 e-mail not sent: {reason}" in "\n".join(found["needs"])) is is_stuck


@pytest.mark.parametrize(("trouble", "delayed"), [(None, 2), ("the proxy of PUSH_PROXY refused the connection", 1)])
async def test_delayed_messages_are_reported_beside_a_channel_that_is_blocked(
    urls: dict[str, str], company: Company, trouble: str | None, delayed: int
) -> None:
    pool = company["escalation"].pool
    await two_channels(company)
    await pool.execute("update escalation.deliveries set reason = $1 where channel = 'push'", trouble)
    await pool.execute("update escalation.alerts set raised_at = raised_at - interval '6 minutes'")
    _, found = await figures(urls)
    needs = "\n".join(found["needs"])
    assert f"{delayed} message{'s'[: delayed > 1]} not sent, the oldest for 6 min" in needs
    assert ("1 notification on a device not sent: the proxy" in needs) is (trouble is not None)


@pytest.mark.parametrize(("state", "times", "broken_off"), [("unknown", 4, 0), ("unknown", 5, 2), ("sending", 5, 2)])
async def test_messages_that_break_off_again_and_again_are_reported(
    urls: dict[str, str], company: Company, state: str, times: int, broken_off: int
) -> None:
    await two_channels(company)
    await company["escalation"].pool.execute(
        "update escalation.deliveries set state = $1, unknown_count = $2 where channel in ('email', 'push')",
        state,
        times,
    )
    _, found = await figures(urls)
    assert found["episodes"]["deliveries_broken_off"] == broken_off
    assert ("2 messages broken off at least 5 times" in "\n".join(found["needs"])) is (broken_off > 0)


async def test_a_database_that_is_away_is_one_line_of_the_screen(urls: dict[str, str], company: Company) -> None:
    urls["support"] = "postgresql://nobody@127.0.0.1:1/none"
    result = await status(urls)
    assert result.exit_code == 1
    assert "! The database of support does not respond at 127.0.0.1:1/none" in result.stdout
    assert "processes connected" in result.stdout
