"""`handoff dead-letters`: a replay of many letters goes on after any that fails."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from services.cli import run
from services.cli.installation import ServiceName
from services.cli.main import app
from services.orders import app as orders
from services.orders.handlers import handle as handle_orders
from services.orders.settings import OrdersSettings
from shared.contracts.envelope import Envelope, Fact
from shared.database import open_pool
from shared.inputs import Batch, Position, RawMessage, Rejection
from shared.messaging.codec import encode_record
from shared.metrics import create_metrics
from shared.sampling import sample_queues
from shared.service import Service
from shared.transaction import InputProcessor, Transaction
from tests.builders import input_of, order_confirmed
from tests.servers import MakeDatabase

TOPIC = orders.INBOUND
BUG = "bug"
AWAY = "away"


def letter(order: str, offset: int) -> Rejection:
    key, body, headers = encode_record(input_of(order_confirmed(order), id=f"e-{order}").envelope)
    return Rejection("not_applicable", "it failed", RawMessage(TOPIC, key, headers, body), Position(TOPIC, 0, offset))


async def keep(url: str, *letters: Rejection) -> None:
    pool = await open_pool(url, name="orders")
    await InputProcessor(pool, "orders", handle_orders).apply(Batch((), letters))
    await pool.close()


async def command(*arguments: str, url: str) -> Result:
    return await asyncio.to_thread(
        CliRunner().invoke, app, ["dead-letters", *arguments], env={"ORDERS_DATABASE_URL": url}
    )


@pytest.fixture
def reported(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The orders that an orders service received, in order; it fails on two of them."""
    reported: list[str] = []

    async def handle(tx: Transaction, events: Sequence[Envelope[Fact]]) -> None:
        for one in events:
            order: str = getattr(one.data, "order", "")
            if order == BUG:
                raise KeyError("canary")
            if order == AWAY:
                raise asyncpg.AdminShutdownError("canary")
            reported.append(order)

    def service(settings: OrdersSettings) -> Service:
        return replace(orders.service(settings), handle=handle)

    runnable = replace(run.runnable(ServiceName.ORDERS), service=service)
    monkeypatch.setattr(run, "runnable", lambda _name: runnable)
    return reported


async def test_a_letter_that_still_fails_does_not_keep_the_others_from_their_turn(
    database: MakeDatabase, reported: list[str]
) -> None:
    url = await database("orders")
    await keep(url, letter("third", 10), letter("first", 2), letter(BUG, 7), letter("second", 9))
    result = await command("replay", "orders", "--all", url=url)
    assert reported == ["first", "second", "third"]
    assert result.exit_code == 1
    lines = [line.split("  ", 1)[1] for line in result.output.splitlines()]
    assert lines == ["applied", "still fails (KeyError)", "applied", "applied"]
    assert "canary" not in result.output


async def test_letters_named_by_id_are_replayed_in_their_order_of_arrival(
    database: MakeDatabase, reported: list[str]
) -> None:
    url = await database("orders")
    letters = letter("third", 10), letter("first", 2), letter("second", 9)
    await keep(url, *letters)
    nobodys = letter("none", 99).id
    result = await command("replay", "orders", str(nobodys), str(letters[0].id), str(letters[1].id), url=url)
    assert reported == ["first", "third"]
    assert (result.exit_code, f"{nobodys}  no such dead letter" in result.output) == (1, True)


async def test_a_lost_database_ends_the_replay_with_a_sentence(database: MakeDatabase, reported: list[str]) -> None:
    url = await database("orders")
    await keep(url, letter("first", 2), letter(AWAY, 7), letter("second", 9))
    result = await command("replay", "orders", "--all", url=url)
    assert (result.exit_code, reported) == (1, ["first"])
    assert isinstance(result.exception, SystemExit)
    assert "cannot be used (AdminShutdownError)" in result.output


async def test_trouble_with_the_database_is_reported_in_a_sentence(database: MakeDatabase) -> None:
    url = await database("orders")
    without_tables = await database("nobody")
    missing = url.rpartition("/")[0] + "/no_such_database"
    for where, words in (
        (without_tables, "Run `handoff migrate --only orders`"),
        (missing, "check ORDERS_DATABASE_URL"),
    ):
        result = await command("list", "orders", url=where)
        assert isinstance(result.exception, SystemExit), result.exception
        assert (result.exit_code, words in result.output) == (1, True), result.output


async def test_the_list_names_each_event_by_type_source_and_id_without_its_content(
    database: MakeDatabase,
) -> None:
    url = await database("orders")
    strange = RawMessage(TOPIC, b"c-17", [], b'{"type": "x", "source": "Ms Weiss", "id": "a b", "words": "canary"}')
    await keep(url, letter("4711", 1), Rejection("invalid_json", "no event", strange, Position(TOPIC, 0, 2)))
    listed = (await command("list", "orders", url=url)).stdout
    assert "    orders.inbound.order_confirmed  source shop  id e-4711\n" in listed
    assert "    unknown type  source unknown  id unknown\n" in listed
    assert "Weiss" not in listed
    assert "canary" not in listed
    unknown, known = json.loads((await command("list", "orders", "--json", url=url)).stdout)
    assert (known["type"], known["event_id"]) == ("orders.inbound.order_confirmed", "e-4711")
    assert (unknown["source"], unknown["event_id"]) == (None, None)


async def test_the_exit_status_of_a_replay_is_1_while_any_letter_remains(
    database: MakeDatabase, reported: list[str]
) -> None:
    url = await database("orders")
    await keep(url, letter("first", 1))
    assert (await command("replay", "orders", "--all", url=url)).exit_code == 0
    key, body, headers = encode_record(input_of(order_confirmed("other"), id="e-first").envelope)
    reused = Rejection("id_reused", "used before", RawMessage(TOPIC, key, headers, body))
    await keep(url, reused, letter("second", 2))
    for _ in range(2):
        result = await command("replay", "orders", "--all", url=url)
        assert (result.exit_code, f"{reused.id}  still id_reused" in result.output) == (1, True)
    assert reported == ["first", "second"]


async def test_a_letter_that_can_never_be_applied_is_dismissed_and_kept(database: MakeDatabase) -> None:
    url = await database("orders")
    never, still = letter("4711", 1), letter("4712", 2)
    await keep(url, never, still)
    dismissal = ["dismiss", "orders", str(never.id), "--by", "Sam", "--why", "a test order"]
    done = await command(*dismissal, url=url)
    assert (done.exit_code, done.output) == (0, f"{never.id}  dismissed\n")
    assert await _counted(url) == 1

    listed = (await command("list", "orders", url=url)).output
    assert str(still.id) in listed
    assert str(never.id) not in listed
    everything = (await command("list", "orders", "--dismissed", url=url)).output
    assert str(never.id) in everything
    assert "UTC by Sam: a test order" in everything
    assert "UTC by Sam: a test order" in (await command("show", "orders", str(never.id), url=url)).output

    again = await command(*dismissal, url=url)
    assert again.exit_code == 1
    assert "already replayed or dismissed" in again.output
    nobody = await command("dismiss", "orders", str(still.id), "--by", " ", "--why", "x", url=url)
    assert (nobody.exit_code, await _counted(url)) == (1, 1)


async def _counted(url: str) -> float | None:
    metrics = create_metrics("orders")
    pool = await open_pool(url, name="orders")
    await sample_queues(pool, metrics, None)
    await pool.close()
    return metrics.registry.get_sample_value("handoff_dead_letters_kept")
