"""Facts dated ahead of our clock, as they enter: slightly ahead counts as now, more is refused, and
a replay can fix it.
"""

import asyncio
from datetime import timedelta

import pytest
from typer.testing import CliRunner, Result

from services.cli.main import app
from services.orders.handlers import handle
from shared.inputs import Input, InputKind, Outcome, RawMessage
from shared.messaging.codec import encode_record
from tests.builders import (
    account_reassigned,
    case_opened,
    contact_made,
    input_of,
    order_placed,
    salesperson_changed,
)
from tests.ingress import codes, event, ingress_over
from tests.servers import MakeDatabase
from tests.services import ServiceUnderTest, running

APPLIED, DUPLICATE, DEAD = Outcome.APPLIED, Outcome.DUPLICATE, Outcome.DEAD_LETTERED
HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)


def by_http(one: Input) -> Input:
    key, body, headers = encode_record(one.envelope)
    return Input(
        one.envelope, one.body, one.digest, InputKind.HTTP, RawMessage("orders.inbound.v1", key, headers, body)
    )


async def test_a_fact_slightly_ahead_counts_from_its_receipt(support: ServiceUnderTest) -> None:
    before = await support.now()
    talk = input_of(contact_made("answered", case=None), at=before + timedelta(minutes=4))
    assert list((await support.receive(talk)).outcomes) == [APPLIED]
    (published,) = await support.published()
    assert before <= published.time <= await support.now()
    assert list((await support.receive(talk)).outcomes) == [DUPLICATE], "the digest covers the time as reported"


async def test_facts_of_one_batch_that_lie_ahead_keep_their_order(support: ServiceUnderTest) -> None:
    now = await support.now()
    later = input_of(contact_made("answered"), at=now + timedelta(minutes=3))
    opening = input_of(case_opened(), at=now + timedelta(minutes=2))
    await support.receive(later, opening)
    opened, talked = await support.published()
    assert (opened.type, talked.time - opened.time) == ("support.case_opened", TICK)


async def test_a_sale_repeated_after_its_time_has_come_is_no_contradiction(orders: ServiceUnderTest) -> None:
    ahead = await orders.now() + timedelta(minutes=4)
    await orders.receive(input_of(order_placed(sold_at=ahead), at=ahead))
    await orders.move_clock(HOUR)
    again = await orders.receive(input_of(order_placed(sold_at=ahead), at=ahead))
    assert list(again.outcomes) == [APPLIED]
    assert (await orders.row("orders.orders"))["sold_at"] < ahead
    assert await orders.published_types() == ["orders.order_placed"]


async def test_a_person_dated_years_ahead_is_refused_and_the_right_record_counts(orders: ServiceUnderTest) -> None:
    now = await orders.now()
    wrong = input_of(salesperson_changed(email="wrong@sales.example"), at=now + timedelta(days=5 * 365))
    report = await orders.receive(wrong, input_of(salesperson_changed(email="right@sales.example"), at=now))
    assert list(report.outcomes) == [DEAD, APPLIED]
    assert [one.code for one in report.rejected] == ["time_ahead"]
    assert (await orders.row("orders.salespeople"))["email"] == "right@sales.example"


async def test_a_request_with_a_time_ahead_is_refused_whole_with_index_and_field(database: MakeDatabase) -> None:
    async with ingress_over(await database("orders")) as ingress:
        now = await ingress.pool.fetchval("select shared.app_now()")
        ahead = event("e-2", time=(now + 3 * HOUR).isoformat())
        answer = await ingress.send(event("e-1"), ahead)
        assert answer.status_code == 409
        assert codes(answer) == [(1, "time", "time_ahead")]
        assert (
            "3 h ahead of this service's clock. Was local time sent with the suffix Z (UTC)?"
            in answer.json()["errors"][0]["reason"]
        )
        assert await ingress.journaled() == []
        assert [row["code"] for row in await ingress.dead_letters()] == ["time_ahead"]


async def replay(url: str, *arguments: str) -> Result:
    called = ["dead-letters", "replay", "orders", *arguments]
    return await asyncio.to_thread(CliRunner().invoke, app, called, env={"ORDERS_DATABASE_URL": url})


@pytest.mark.parametrize("time", ["received", "heard"])
async def test_a_replay_judges_by_the_first_receipt_and_can_count_it_as_received_then(
    time: str, database: MakeDatabase
) -> None:
    url = await database("orders")
    async with running(url, "orders", handle) as orders:
        began_at = await orders.now()
        talks = [
            by_http(input_of(account_reassigned(person), at=began_at + place * HOUR))
            for place, person in ((4, "ben"), (3, "cem"))
        ]
        await orders.receive(*talks)
        received = (await orders.rows("shared.dead_letters"))[0]["received_at"]
        await orders.move_clock(10 * HOUR)

        again = await replay(url, "--all")
        assert again.exit_code == 1
        assert again.output.count("still time_ahead") == 2
        assert (await replay(url, "--all", f"--time={time}")).exit_code == 0
        kept = await orders.row("orders.accounts")
        assert (kept["salesperson"], kept["reassigned_at"]) == ("ben", received + TICK)
        assert list((await orders.receive(*talks)).outcomes) == [DUPLICATE, DUPLICATE]
