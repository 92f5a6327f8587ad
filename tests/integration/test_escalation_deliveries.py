"""An alert on its way by e-mail: sent once where that can be known, and again where it cannot."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from asyncpg import PostgresConnectionError

from services.escalation.channels import deliveries
from services.escalation.channels.letters import Letters
from services.escalation.domain.own_facts import Attempt
from services.escalation.store.deliveries import give_up_on_silent_attempts, sample
from shared.inputs import Batch, Report
from shared.metrics import create_metrics
from shared.transaction import Spine
from tests.builders import minutes, order_placed, refund_requested, salesperson_changed
from tests.escalation import Escalation, dead_end, told
from tests.waiting import eventually

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def rung(escalation: Escalation) -> Escalation:
    """One alert, not sent yet."""
    await escalation.hear(salesperson_changed(), order_placed(), refund_requested())
    return escalation


@pytest.fixture(autouse=True)
async def sums(escalation: Escalation) -> AsyncIterator[None]:
    """Whatever happens, each alert has one delivery on each channel, in one state."""
    yield
    assert (await escalation.deliveries()).total() == 2 * len(await escalation.alerts())


async def _sent_facts(escalation: Escalation) -> int:
    return [event.type for event in await escalation.published()].count("escalation.alert_sent")


async def test_an_accepted_message_is_sent_once_and_told_once(rung: Escalation) -> None:
    await rung.send_mail()
    await rung.move_clock(10 * MINUTE)
    await rung.send_mail()
    (message,) = rung.mail.received
    email = await rung.email()
    assert email["state"] == "sent"
    assert str(email["delivery_id"]) in message["Message-ID"]
    assert message["To"] == "anna@sales.example"
    assert await _sent_facts(rung) == 1
    (alert,) = await rung.alerts()
    assert alert["sent_at"] is not None


async def test_a_refused_message_has_failed_with_its_reason(rung: Escalation) -> None:
    rung.mail.answers = [Attempt.REFUSED]
    await rung.send_mail()
    await rung.move_clock(60 * MINUTE)
    await rung.send_mail()
    email = await rung.email()
    assert (email["state"], email["reason"], email["attempts"]) == ("failed", "as the test wished", 1)
    assert await _sent_facts(rung) == 0


async def test_a_message_put_off_is_tried_again_ever_more_slowly(rung: Escalation) -> None:
    rung.mail.answers = [Attempt.PUT_OFF] * 3
    pauses = []
    for _ in range(3):
        await rung.send_mail()
        email = await rung.email()
        assert email["state"] == "pending"
        pauses.append((email["try_at"] - email["changed_at"]).total_seconds())
        await rung.send_mail()
        assert len(rung.mail.received) == len(pauses), "not before its time"
        await rung.move_clock(timedelta(seconds=pauses[-1]))
    await rung.send_mail()
    assert pauses == [2.0, 4.0, 8.0]
    assert (await rung.email())["state"] == "sent"


async def test_a_message_of_unknown_outcome_is_sent_again_after_a_minute_as_the_same_message(rung: Escalation) -> None:
    rung.mail.answers = [Attempt.UNKNOWN]
    await rung.send_mail()
    assert (await rung.email())["state"] == "unknown"
    await rung.move_clock(timedelta(seconds=55))
    await rung.send_mail()
    assert len(rung.mail.received) == 1
    await rung.move_clock(timedelta(seconds=10))
    await rung.send_mail()
    first, second = rung.mail.received
    assert first["Message-ID"] == second["Message-ID"]
    email = await rung.email()
    assert (email["state"], email["unknown_count"], email["attempts"]) == ("sent", 1, 2)


async def test_a_sender_that_never_came_back_counts_as_unknown_and_the_message_is_sent_again(rung: Escalation) -> None:
    rung.mail.answers = [ConnectionError("the process ended here")]
    await rung.send_mail()
    assert (await rung.email())["state"] == "sending"
    await rung.send_mail()
    assert len(rung.mail.received) == 1

    await rung.move_clock(MINUTE)
    await rung.send_mail()
    assert (await rung.email())["state"] == "unknown"
    await rung.move_clock(MINUTE)
    await rung.send_mail()
    assert (await rung.email())["state"] == "sent"
    assert len({message["Message-ID"] for message in rung.mail.received}) == 1
    assert await _sent_facts(rung) == 1


async def test_a_receipt_that_comes_late_ends_the_doubt(rung: Escalation) -> None:
    async def takes_long() -> None:
        await rung.move_clock(2 * MINUTE)
        rung.mail.on_sending = None
        await give_up_on_silent_attempts(rung.pool, create_metrics("escalation"))
        assert (await rung.email())["state"] == "unknown"

    rung.mail.on_sending = takes_long
    await rung.send_mail()
    assert (await rung.email())["state"] == "sent"


@pytest.mark.parametrize("answer", [Attempt.PUT_OFF, Attempt.UNKNOWN])
async def test_acknowledged_while_it_was_being_sent_it_is_not_tried_again(rung: Escalation, answer: Attempt) -> None:
    async def acknowledge() -> None:
        await rung.acknowledge()

    rung.mail.on_sending = acknowledge
    rung.mail.answers = [answer]
    await rung.send_mail()
    assert (await rung.email())["state"] == "cancelled"
    await rung.hear(told(dead_end(), at=datetime.now(UTC) + MINUTE))
    rung.mail.on_sending = None
    await rung.move_clock(10 * MINUTE)
    await rung.send_mail()
    assert len(rung.mail.received) == 2, "the new ring only"
    assert rung.mail.received[0]["Message-ID"] != rung.mail.received[1]["Message-ID"]


async def test_acknowledged_after_the_sender_vanished_it_is_not_tried_again(rung: Escalation) -> None:
    rung.mail.answers = [ConnectionError("the process ended here")]
    await rung.send_mail()
    await rung.acknowledge()
    await rung.move_clock(2 * MINUTE)
    await rung.send_mail()
    assert (await rung.email())["state"] == "cancelled"
    assert len(rung.mail.received) == 1


async def test_an_attempt_is_not_given_up_on_while_somebody_acknowledges(rung: Escalation) -> None:
    rung.mail.answers = [ConnectionError("the process ended here")]
    await rung.send_mail()
    await rung.move_clock(2 * MINUTE)
    async with rung.pool.acquire() as connection, connection.transaction():
        await connection.execute("select from escalation.episodes for no key update")
        await give_up_on_silent_attempts(rung.pool, create_metrics("escalation"))
        assert (await rung.email())["state"] == "sending"
    await rung.acknowledge()
    await give_up_on_silent_attempts(rung.pool, create_metrics("escalation"))
    assert (await rung.email())["state"] == "cancelled"


async def test_what_is_cancelled_changed_when_that_was_decided(rung: Escalation) -> None:
    await rung.acknowledge()
    (episode,) = await rung.episodes()
    assert (await rung.email())["changed_at"] == episode["acknowledged_at"]


async def test_acknowledged_in_doubt_it_is_not_tried_again(rung: Escalation) -> None:
    rung.mail.answers = [Attempt.UNKNOWN]
    await rung.send_mail()
    await rung.acknowledge()
    assert (await rung.email())["state"] == "cancelled"
    await rung.move_clock(2 * MINUTE)
    await rung.send_mail()
    assert len(rung.mail.received) == 1


async def test_an_address_that_is_gone_by_then_is_written_to_nobody(rung: Escalation) -> None:
    await rung.hear(told(salesperson_changed(email=None), at=minutes(1)))
    await rung.send_mail()
    assert rung.mail.received == []
    email = await rung.email()
    assert (email["state"], email["reason"]) == ("failed", "no e-mail address is known any more")


async def test_many_deliveries_nobody_may_send_do_not_hold_up_the_others(escalation: Escalation) -> None:
    await escalation.hear(salesperson_changed(), order_placed(), *(refund_requested() for _ in range(15)))
    await escalation.acknowledge()
    stuck = "state = 'pending', try_at = now() - interval '1 day'"
    await escalation.pool.execute(f"update escalation.deliveries set {stuck} where channel = 'email'")
    await escalation.hear(told(order_placed("other"), subject="c-99"), told(refund_requested(), subject="c-99"))
    await escalation.send_mail()
    assert len(escalation.mail.received) == 1


async def test_two_senders_share_the_work_and_send_nothing_twice(escalation: Escalation) -> None:
    people = [told(salesperson_changed(email=f"s{n}@sales.example"), subject=f"s{n}") for n in range(30)]
    sales = [told(order_placed(f"o{n}", sold_by=f"s{n}"), subject=f"c-{n}") for n in range(30)]
    await escalation.hear(*people, *sales, *(told(refund_requested(), subject=f"c-{n}") for n in range(30)))
    for _ in range(8):
        await asyncio.gather(escalation.send_mail(), escalation.send_mail())
    assert len(escalation.mail.received) == 30
    assert len({message["Message-ID"] for message in escalation.mail.received}) == 30
    assert (await escalation.deliveries())["email", "sent"] == 30


@pytest.mark.parametrize(
    "address", ["a@[", "=?utf-8?q?anna?=@x.de", "a,b@x.de", "a<b@x.de", "a(b)@x.de", "a@=?utf-8?q?x?="]
)
async def test_an_address_that_is_not_exactly_one_is_refused_and_holds_up_nobody(
    escalation: Escalation, address: str
) -> None:
    ben = told(salesperson_changed("Ben Okafor", email="ben@sales.example"), subject="ben")
    await escalation.hear(told(salesperson_changed(email=address)), ben)
    await escalation.hear(order_placed("bad"), told(order_placed("good", sold_by="ben"), subject="c-99"))
    await escalation.hear(refund_requested(), told(refund_requested(), subject="c-99"))
    await escalation.send_mail()
    ended = {row["reason"]: row["state"] for row in await escalation.rows("escalation.deliveries")}
    assert ended == {"the address cannot be written to": "failed", None: "sent"}
    assert [message["To"] for message in escalation.mail.received] == ["ben@sales.example"]


async def test_a_message_that_cannot_be_composed_has_failed(rung: Escalation, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise LookupError

    monkeypatch.setattr(Letters, "alert", broken)
    await rung.send_mail()
    email = await rung.email()
    assert (email["state"], email["attempts"]) == ("failed", 1)
    assert "LookupError" in email["reason"]


async def test_a_mail_stays_small_whatever_there_is_to_tell(rung: Escalation) -> None:
    many = [told(dead_end(words=f"{n} " + "<&€" * 6_000), at=minutes(n)) for n in range(1, 31)]
    await rung.hear(*many)
    await rung.pool.execute("update escalation.orders set bought = repeat('Heat pump & pipes, ', 5000)")
    await rung.send_mail()
    (message,) = rung.mail.received
    assert len(bytes(message)) < 100_000
    (episode,) = await rung.episodes()
    for kind in ("plain", "html"):
        body = message.get_body((kind,)).get_content()  # type: ignore[union-attr]
        assert body.count("dead end") == 10
        assert "Refund of €14,900.00 requested" in body, "the strongest is shown, however old"
        assert "and 21 more" in body
        assert f"/episodes/{episode['episode_id']}" in body
        assert "30 <&€<&€" in body or "30 &lt;&amp;€" in body
        assert "…" in body


async def test_a_slow_message_holds_up_no_other(rung: Escalation) -> None:
    let_go = asyncio.Event()

    async def hangs() -> None:
        rung.mail.on_sending = None
        await let_go.wait()

    rung.mail.on_sending = hangs
    async with rung.sending():
        await eventually(lambda: _received(rung), 1)
        await rung.hear(*(refund_requested() for _ in range(4)))
        await eventually(lambda: _sent_facts(rung), 4)
        let_go.set()
        await eventually(lambda: _sent_facts(rung), 5)
    assert len(rung.mail.received) == 5


async def test_what_is_being_sent_is_finished_before_the_sender_stops(rung: Escalation) -> None:
    started = asyncio.Event()

    async def takes_its_time() -> None:
        started.set()
        await asyncio.sleep(0.3)

    rung.mail.on_sending = takes_its_time
    async with rung.sending():
        await started.wait()
    assert (await rung.email())["state"] == "sent"


async def test_a_receipt_waits_for_a_database_that_is_away(rung: Escalation, monkeypatch: pytest.MonkeyPatch) -> None:
    apply, faults = Spine.apply, [ConnectionResetError(), PostgresConnectionError(), TimeoutError()]

    async def stumbling(spine: Spine, batch: Batch, *, whole: bool = False) -> Report:
        if faults:
            raise faults.pop()
        return await apply(spine, batch, whole=whole)

    monkeypatch.setattr(Spine, "apply", stumbling)
    monkeypatch.setattr(deliveries, "_RECEIPT_PAUSE_SECONDS", 0.01)
    await rung.send_mail()
    assert (await rung.email())["state"] == "sent"
    assert len(rung.mail.received) == 1


async def test_what_has_ended_is_not_counted_and_a_state_that_emptied_is_zero(rung: Escalation) -> None:
    metrics = create_metrics("escalation")

    async def measured() -> dict[str, float]:
        async with rung.pool.acquire() as connection:
            await sample(connection, metrics)
        samples = [sample for metric in metrics.queues.deliveries.collect() for sample in metric.samples]
        return {sample.labels["state"]: sample.value for sample in samples}

    assert await measured() == {"pending": 1, "sending": 0, "held": 0, "unknown": 0}
    await rung.send_mail()
    assert await measured() == {"pending": 0, "sending": 0, "held": 0, "unknown": 0}


async def _received(escalation: Escalation) -> int:
    return len(escalation.mail.received)
