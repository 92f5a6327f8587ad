"""`handoff report` over three services' real databases; Kafka's part is one step of the test."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest
import typer
from typer.testing import CliRunner, Result

from deploy.local.ports import LOOPBACK, free_ports
from services.cli.report import read_report, report
from services.escalation.domain.installation import Installation
from services.escalation.domain.own_facts import OWN_FACTS
from services.escalation.handlers import handling
from services.escalation.outline import OUTLINE
from services.orders.app import publish_people_again
from services.orders.handlers import handle as handle_orders
from services.support.handlers import handle as handle_support
from shared.contracts.envelope import Decoded
from shared.ids import SalespersonId
from shared.inputs import Batch, Input, InputKind, Position, RawMessage, Rejection
from shared.messaging.codec import decode_message
from shared.publishing_again import publish_again
from tests.builders import (
    case_opened,
    case_reassigned,
    case_reopened,
    case_resolved,
    input_of,
    minutes,
    order_placed,
    refund_requested,
    response_overdue,
    salesperson_changed,
)
from tests.servers import MakeDatabase
from tests.services import ServiceUnderTest, running

INSTALLATION = Installation(desk=SalespersonId("desk"), max_alert_age=timedelta(0))


@dataclass
class Company:
    """Three services, and a step that plays Kafka between them."""

    urls: dict[str, str]
    services: dict[str, ServiceUnderTest]
    _offset: int = field(default=0)

    async def record(self, service: str, *inputs: Input) -> None:
        """Apply inputs as records at the next offsets of a topic."""
        positioned = [replace(one, position=self._next_position(service)) for one in inputs]
        await self.services[service].receive(*positioned)

    async def refuse_a_record(self, service: str) -> None:
        raw = RawMessage("support.inbound.v1", b"c-17", (), b"{")
        rejection = Rejection("invalid_json", "the body must be JSON", raw, self._next_position(service))
        await self.services[service].processor.apply(Batch((), [rejection]))

    async def send(self, service: str) -> Sequence[Input]:
        """Mark a service's outbox as sent."""
        rows = await self.services[service].pool.fetch(
            "update shared.outbox set published_at = shared.app_now() where published_at is null returning *"
        )
        return [_received(row["key"], row["headers"], row["payload"]) for row in sorted(rows, key=lambda r: r["id"])]

    def _next_position(self, service: str) -> Position:
        self._offset += 1
        return Position(f"read by {service}", 0, self._offset)


def _received(key: str, headers: str, payload: bytes) -> Input:
    pairs = [(name, value.encode()) for name, value in orjson.loads(headers)]
    decoded = decode_message(payload, pairs, key=key.encode(), topic=None)
    assert isinstance(decoded, Decoded)
    return Input(decoded.envelope, decoded.body, decoded.digest, InputKind.RECORD)


@pytest.fixture
async def company(database: MakeDatabase) -> AsyncIterator[Company]:
    urls = {name: await database(name) for name in ("orders", "support", "escalation")}
    async with AsyncExitStack() as stack:
        started = {
            "orders": running(urls["orders"], "orders", handle_orders),
            "support": running(urls["support"], "support", handle_support),
            "escalation": running(urls["escalation"], "escalation", handling(INSTALLATION), OWN_FACTS),
        }
        yield Company(urls, {name: await stack.enter_async_context(one) for name, one in started.items()})


async def trouble_on_two_sales(company: Company) -> None:
    """Anna's order 4711 has three signals, the web shop's 4712 one, and an account without an order one."""
    await company.record(
        "orders",
        input_of(salesperson_changed()),
        input_of(salesperson_changed("Desk"), subject="desk"),
        input_of(order_placed("4711")),
        input_of(order_placed("4712", sold_by=None), subject="c-18"),
    )
    await company.record(
        "support",
        input_of(case_opened(), at=minutes(1)),
        input_of(case_reassigned(2), at=minutes(10)),
        input_of(response_overdue(), at=minutes(20)),
        input_of(case_reopened(), at=minutes(20)),
        input_of(case_reassigned(4), at=minutes(30), id="reassigned-4"),
        input_of(refund_requested(case=None), at=minutes(40), subject="c-18"),
        input_of(refund_requested(case=None), at=minutes(50), subject="c-19"),
        input_of(case_resolved("case-2"), at=minutes(60)),
    )
    await company.record("support", input_of(case_reassigned(4), at=minutes(30), id="reassigned-4"))
    await company.refuse_a_record("support")
    for service in ("orders", "support"):
        sent = await company.send(service)
        read = [one for one in sent if one.envelope.data.topic in OUTLINE.listens_to]
        await company.record("escalation", *read)


async def run(company: Company, *arguments: str) -> Result:
    """The command as a person runs it."""
    app = typer.Typer()
    app.command()(report)
    environment = {f"{service.upper()}_DATABASE_URL": url for service, url in company.urls.items()}
    return await asyncio.to_thread(CliRunner().invoke, app, list(arguments), env=environment)


async def test_the_report_counts_published_events_decisions_and_outcomes(company: Company) -> None:
    await trouble_on_two_sales(company)

    printed = await run(company, "--json")

    assert printed.exit_code == 0, printed.output
    found = json.loads(printed.output)
    assert {type: count for type, count in found["published"].items() if ".inbound." in type} == {
        "orders.inbound.order_placed": 2,
        "orders.inbound.salesperson_changed": 2,
        "support.inbound.case_opened": 1,
        "support.inbound.case_reassigned": 2,
        "support.inbound.case_reopened": 1,
        "support.inbound.case_resolved": 1,
        "support.inbound.refund_requested": 2,
        "support.inbound.response_overdue": 1,
    }
    assert found["published"]["orders.order_placed"] == 2
    assert found["published"]["support.refund_requested"] == 2
    assert "support.case_resolved" not in found["published"]
    assert found["signals"] == {
        "case_bounced": 1,
        "case_reopened": 1,
        "refund_requested": 2,
        "response_overdue": 1,
    }
    assert found["episodes"] == 2
    assert found["alerts"] == {"anna": 1, "desk": 1}
    assert found["waiting"] == {
        "signals": 1,
        "facts_of_orders": 0,
        "facts_of_support": 1,
        "facts_of_escalation": 0,
    }
    assert found["ledger"] == {
        "orders": {"applied": 4, "duplicate": 0, "dead_lettered": 0, "set_aside": 0},
        "support": {"applied": 8, "duplicate": 1, "dead_lettered": 1, "set_aside": 0},
        "escalation": {"applied": 11, "duplicate": 0, "dead_lettered": 0, "set_aside": 0},
    }
    assert sum(found["deliveries"].values()) == 4


async def test_events_still_on_their_way_are_shown(company: Company) -> None:
    await company.record("orders", input_of(order_placed("4711")), input_of(order_placed("4712")))
    unsent = await read_report(company.urls)
    await company.send("orders")
    unread = await read_report(company.urls)

    assert (unsent.unsent["orders"], unsent.in_flight) == (2, 0)
    assert (unread.unsent["orders"], unread.in_flight) == (0, 2)


async def test_republished_events_do_not_stay_on_their_way_forever(company: Company) -> None:
    await company.record(
        "orders", input_of(salesperson_changed("Anna"), subject="anna"), input_of(order_placed("4711"))
    )
    await company.record("escalation", *await company.send("orders"))
    first = await read_report(company.urls)
    orders = company.services["orders"]
    await publish_again(orders.pool, datetime(2000, 1, 1, tzinfo=UTC))
    await publish_people_again(orders.processor)
    again = await company.send("orders")
    assert len(again) == 3, "the person's event is another row now"
    between = await read_report(company.urls)
    await company.record("escalation", *again)
    after = await read_report(company.urls)
    assert (first.in_flight, between.in_flight, after.in_flight) == (0, 0, 0)
    assert first.published == between.published == after.published


async def test_each_episode_is_listed_with_its_seller_alerts_and_signals_in_a_fixed_order(
    company: Company,
) -> None:
    await trouble_on_two_sales(company)

    printed = await run(company, "--episodes")

    assert json.loads(printed.output) == {
        "episodes": [
            {
                "order": "4711",
                "salesperson": "anna",
                "alerts": 1,
                "signals": [
                    {"kind": "case_reopened", "case": "case-1", "at": "2026-05-04T09:50:00Z"},
                    {"kind": "response_overdue", "case": "case-1", "at": "2026-05-04T09:50:00Z"},
                    {"kind": "case_bounced", "case": "case-1", "at": "2026-05-04T10:00:00Z"},
                ],
            },
            {
                "order": "4712",
                "salesperson": None,
                "alerts": 1,
                "signals": [{"kind": "refund_requested", "case": None, "at": "2026-05-04T10:10:00Z"}],
            },
        ]
    }
    assert (await run(company, "--episodes", "--json")).output == printed.output


async def test_the_same_figures_are_printed_as_a_table(company: Company) -> None:
    await trouble_on_two_sales(company)

    printed = await run(company)

    words = " ".join(printed.output.replace("│", " ").split())
    assert "support.inbound.case_reassigned 2" in words
    assert "anna 1" in words
    assert "support 8 1 1" in words


async def test_a_database_that_does_not_answer_is_named_without_its_password(company: Company) -> None:
    [port] = free_ports(1)
    company.urls["support"] = f"postgresql://support:secret@{LOOPBACK}:{port}/support"

    printed = await run(company, "--json")

    assert printed.exit_code == 1
    assert f"The database of support does not respond at {LOOPBACK}:{port}/support" in printed.output
    assert "`handoff up`, or set SUPPORT_DATABASE_URL" in printed.output
    assert "secret" not in printed.output


async def test_a_database_without_tables_is_reported_with_the_migration_command(company: Company) -> None:
    company.urls["escalation"] = company.urls["orders"]

    printed = await run(company, "--episodes")

    assert printed.exit_code == 1
    assert "Run `handoff migrate --only escalation`" in printed.output
