"""The senders of alert e-mails: work in parallel, do not block each other, and finish what they began."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from asyncpg import PostgresConnectionError

from services.escalation.app import publish_policy
from services.escalation.channels import sender
from services.escalation.channels.letters import Letters
from services.escalation.domain.own_facts import PolicySubmitted
from services.escalation.domain.policy.document import shipped_text
from services.escalation.store.deliveries import Letter, letters, sample
from shared.inputs import Batch, Report
from shared.metrics import create_metrics
from shared.telemetry import configure_tracing
from shared.transaction import InputProcessor
from tests.builders import minutes, order_placed, refund_requested, refund_withdrawn, salesperson_changed
from tests.escalation import Escalation, dead_end, reported
from tests.spans import written_spans
from tests.waiting import eventually

pytestmark = pytest.mark.usefixtures("each_alert_is_on_each_channel_once")


async def test_many_deliveries_that_must_not_be_sent_do_not_block_others(escalation: Escalation) -> None:
    await escalation.receive(salesperson_changed(), order_placed(), *(refund_requested(f"k-{n}") for n in range(15)))
    await escalation.acknowledge()
    stuck = "state = 'pending', try_at = shared.app_now() - interval '1 day'"
    await escalation.pool.execute(f"update escalation.deliveries set {stuck} where channel = 'email'")
    await escalation.receive(
        reported(order_placed("other"), subject="c-99"), reported(refund_requested(), subject="c-99")
    )
    await escalation.send_mail()
    assert len(escalation.mail.received) == 1


async def test_two_senders_share_the_work_and_send_nothing_twice(escalation: Escalation) -> None:
    people = [reported(salesperson_changed(email=f"s{n}@sales.example"), subject=f"s{n}") for n in range(30)]
    sales = [reported(order_placed(f"o{n}", sold_by=f"s{n}"), subject=f"c-{n}") for n in range(30)]
    await escalation.receive(*people, *sales, *(reported(refund_requested(), subject=f"c-{n}") for n in range(30)))
    for _ in range(8):
        await asyncio.gather(escalation.send_mail(), escalation.send_mail())
    assert len(escalation.mail.received) == 30
    assert len({message["Message-ID"] for message in escalation.mail.received}) == 30
    assert (await escalation.deliveries())["email", "sent"] == 30


@pytest.mark.parametrize(
    "address", ["a@[", "=?utf-8?q?anna?=@x.de", "a,b@x.de", "a<b@x.de", "a(b)@x.de", "a@=?utf-8?q?x?="]
)
async def test_an_address_that_is_not_exactly_one_is_refused_and_blocks_no_one(
    escalation: Escalation, address: str
) -> None:
    ben = reported(salesperson_changed("Ben Okafor", email="ben@sales.example"), subject="ben")
    await escalation.receive(reported(salesperson_changed(email=address)), ben)
    await escalation.receive(order_placed("bad"), reported(order_placed("good", sold_by="ben"), subject="c-99"))
    await escalation.receive(refund_requested(), reported(refund_requested(), subject="c-99"))
    await escalation.send_mail()
    ended = {row["reason"]: row["state"] for row in await escalation.rows("escalation.deliveries")}
    assert ended == {"e-mail cannot be sent to this address": "failed", None: "sent"}
    assert [message["To"] for message in escalation.mail.received] == ["ben@sales.example"]


async def test_a_message_that_cannot_be_composed_has_failed(rung: Escalation, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise LookupError

    monkeypatch.setattr(Letters, "alert", broken)
    await rung.send_mail()
    email = await rung.email()
    assert (email["state"], email["attempts"]) == ("failed", 1)
    assert "LookupError" in email["reason"]


async def test_a_message_whose_cause_ends_while_it_is_written_is_not_sent(
    rung: Escalation, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def after_the_cause(*arguments: Any) -> list[Letter]:
        await rung.receive(reported(refund_withdrawn(), at=minutes(1)))
        return await letters(*arguments)

    monkeypatch.setattr(sender, "letters", after_the_cause)
    await rung.send_mail()
    email = await rung.email()
    assert (email["state"], email["reason"]) == ("cancelled", "closed")
    assert rung.mail.received == []


async def test_an_email_stays_small_however_long_the_story_is(rung: Escalation) -> None:
    many = [reported(dead_end(words=f"{n} " + "<&€" * 6_000), at=minutes(n)) for n in range(1, 31)]
    await rung.receive(*many)
    await rung.pool.execute("update escalation.orders set bought = repeat('Heat pump & pipes, ', 5000)")
    await rung.send_mail()
    (message,) = rung.mail.received
    assert len(bytes(message)) < 100_000
    (episode,) = await rung.episodes()
    for kind in ("plain", "html"):
        body = message.get_body((kind,)).get_content()  # type: ignore[union-attr]
        assert body.count("ended without help") == 10
        assert "Refund of €14,900.00 requested" in body, "the most severe is shown, however old"
        assert "Full history" in body
        assert f"/episodes/{episode['episode_id']}" in body
        assert "30 <&€<&€" in body or "30 &lt;&amp;€" in body
        assert "…" in body


async def test_a_slow_message_blocks_no_other(rung: Escalation) -> None:
    let_go = asyncio.Event()

    async def hangs() -> None:
        rung.mail.on_sending = None
        await let_go.wait()

    rung.mail.on_sending = hangs
    async with rung.sending():
        await eventually(lambda: _received(rung), 1)
        await rung.receive(*(refund_requested(f"k-{n}") for n in range(4)))
        await eventually(rung.sent_facts, 4)
        let_go.set()
        await eventually(rung.sent_facts, 5)
    assert len(rung.mail.received) == 5


async def test_a_sender_finishes_its_messages_before_it_stops(rung: Escalation) -> None:
    started = asyncio.Event()

    async def takes_its_time() -> None:
        started.set()
        await asyncio.sleep(0.3)

    rung.mail.on_sending = takes_its_time
    async with rung.sending():
        await started.wait()
    assert (await rung.email())["state"] == "sent"


async def test_a_receipt_waits_for_a_database_that_is_away(rung: Escalation, monkeypatch: pytest.MonkeyPatch) -> None:
    apply, faults = InputProcessor.apply, [ConnectionResetError(), PostgresConnectionError(), TimeoutError()]

    async def stumbling(processor: InputProcessor, batch: Batch, *, whole: bool = False) -> Report:
        if faults:
            raise faults.pop()
        return await apply(processor, batch, whole=whole)

    monkeypatch.setattr(InputProcessor, "apply", stumbling)
    monkeypatch.setattr(sender, "_RECEIPT_PAUSE_SECONDS", 0.01)
    await rung.send_mail()
    assert (await rung.email())["state"] == "sent"
    assert len(rung.mail.received) == 1


async def test_ended_deliveries_are_not_counted_and_an_empty_state_is_zero(rung: Escalation) -> None:
    metrics = create_metrics("escalation")

    async def measured() -> dict[str, float]:
        async with rung.pool.acquire() as connection:
            await sample(connection, metrics)
        samples = [sample for metric in metrics.queues.deliveries.collect() for sample in metric.samples]
        return {sample.labels["state"]: sample.value for sample in samples}

    assert await measured() == {"pending": 1, "sending": 0, "held": 0, "unknown": 0}
    await rung.send_mail()
    assert await measured() == {"pending": 0, "sending": 0, "held": 0, "unknown": 0}


async def test_a_message_offers_what_the_policy_in_force_allows(rung: Escalation) -> None:
    mailing, metrics = rung.sender(), create_metrics("escalation")
    await rung.send_round(mailing, metrics)
    document = shipped_text().replace("EUR = 50000", "EUR = 30000")
    await publish_policy(rung.processor, PolicySubmitted(document=document, by="anna", summary="Less to give"))
    await rung.receive(refund_requested("k-2"))
    await rung.send_round(mailing, metrics)
    before, after = (message.get_body(("plain",)).get_content() for message in rung.mail.received)  # type: ignore[union-attr]
    assert "€500.00" in before
    assert "€300.00" in after


async def test_a_message_offers_no_amount_in_a_currency_without_a_limit(escalation: Escalation) -> None:
    sold = order_placed(currency="CHF", amount_minor=100_000_000)
    await escalation.receive(salesperson_changed(), sold, refund_requested(currency="CHF"))
    await escalation.send_mail()
    [message] = escalation.mail.received
    for kind in ("plain", "html"):
        said = message.get_body((kind,)).get_content()  # type: ignore[union-attr]
        assert "Credit: only with approval (no limit is set for CHF)." in said


async def test_a_trace_names_the_episode_of_an_attempt(rung: Escalation, tmp_path: Path) -> None:
    tracing = configure_tracing("escalation", otlp_endpoint=None, directory=tmp_path)
    assert tracing is not None
    await rung.send_mail()
    tracing.shutdown()
    (episode,) = await rung.episodes()
    (attempt,) = [span for span in written_spans(tmp_path) if span["name"] == "deliver email"]
    assert attempt["attributes"]["handoff.episode_id"] == str(episode["episode_id"])


async def _received(escalation: Escalation) -> int:
    return len(escalation.mail.received)
