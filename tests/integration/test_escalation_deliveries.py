"""An alert's e-mail: sent once if the outcome is known, and again if it is not."""

from collections import Counter
from datetime import timedelta

import pytest

from services.escalation.domain.delivery_facts import Attempt
from services.escalation.store.deliveries import give_up_on_silent_attempts
from services.escalation.tables import DELIVERY_STATES
from shared.metrics import create_metrics
from tests.builders import cancellation_requested, minutes, refund_requested, salesperson_changed
from tests.escalation import Escalation, dead_end, reported

pytestmark = pytest.mark.usefixtures("each_alert_is_on_each_channel_once")
MINUTE = timedelta(minutes=1)
MORE_THAN_GO_ALONE = 12


async def test_an_accepted_message_is_sent_once_and_reported_once(rung: Escalation) -> None:
    await rung.send_mail()
    await rung.move_clock(10 * MINUTE)
    await rung.send_mail()
    (message,) = rung.mail.received
    email = await rung.email()
    assert email["state"] == "sent"
    assert str(email["delivery_id"]) in message["Message-ID"]
    assert message["To"] == "anna@sales.example"
    assert await rung.sent_facts() == 1
    (alert,) = await rung.alerts()
    assert alert["sent_at"] is not None


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


async def test_an_attempt_without_a_report_counts_as_unknown_and_is_repeated(rung: Escalation) -> None:
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
    assert await rung.sent_facts() == 1


async def test_a_late_receipt_settles_the_outcome(rung: Escalation) -> None:
    async def takes_long() -> None:
        await rung.move_clock(2 * MINUTE)
        rung.mail.on_sending = None
        await give_up_on_silent_attempts(rung.pool, create_metrics("escalation"))
        assert (await rung.email())["state"] == "unknown"

    rung.mail.on_sending = takes_long
    await rung.send_mail()
    assert (await rung.email())["state"] == "sent"


@pytest.mark.parametrize("answer", [Attempt.PUT_OFF, Attempt.UNKNOWN])
async def test_a_message_acknowledged_while_being_sent_is_not_retried(rung: Escalation, answer: Attempt) -> None:
    async def acknowledge() -> None:
        await rung.acknowledge()

    rung.mail.on_sending = acknowledge
    rung.mail.answers = [answer]
    await rung.send_mail()
    assert (await rung.email())["state"] == "cancelled"
    await rung.receive(reported(dead_end(), at=await rung.now() + MINUTE))
    rung.mail.on_sending = None
    await rung.move_clock(10 * MINUTE)
    await rung.send_mail()
    assert len(rung.mail.received) == 2, "the new alert only"
    assert rung.mail.received[0]["Message-ID"] != rung.mail.received[1]["Message-ID"]


async def test_a_message_acknowledged_after_its_sender_died_is_not_retried(rung: Escalation) -> None:
    rung.mail.answers = [ConnectionError("the process ended here")]
    await rung.send_mail()
    await rung.acknowledge()
    await rung.move_clock(2 * MINUTE)
    await rung.send_mail()
    assert (await rung.email())["state"] == "cancelled"
    assert len(rung.mail.received) == 1


async def test_an_attempt_is_not_given_up_during_an_acknowledgement(rung: Escalation) -> None:
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


async def test_a_cancelled_delivery_has_the_time_of_the_decision(rung: Escalation) -> None:
    await rung.acknowledge()
    (episode,) = await rung.episodes()
    assert (await rung.email())["changed_at"] == episode["acknowledged_at"]


async def test_a_message_of_unknown_outcome_is_not_retried_after_an_acknowledgement(rung: Escalation) -> None:
    rung.mail.answers = [Attempt.UNKNOWN]
    await rung.send_mail()
    await rung.acknowledge()
    assert (await rung.email())["state"] == "cancelled"
    await rung.move_clock(2 * MINUTE)
    await rung.send_mail()
    assert len(rung.mail.received) == 1


async def test_no_message_is_sent_to_a_removed_address(rung: Escalation) -> None:
    await rung.receive(reported(salesperson_changed(email=None), at=minutes(1)))
    await rung.send_mail()
    assert rung.mail.received == []
    email = await rung.email()
    assert (email["state"], email["reason"]) == ("failed", "the e-mail address is no longer known")


async def test_every_delivery_is_in_exactly_one_state_always(rung: Escalation) -> None:
    """A story that passes through every state; at each step every alert is checked."""
    seen: set[str] = set()

    async def look() -> None:
        kept = await rung.rows("escalation.deliveries")
        of_alerts = Counter((row["alert_id"], row["channel"]) for row in kept)
        assert of_alerts == {(row["alert_id"], on): 1 for row in await rung.alerts() for on in ("inbox", "email")}
        seen.update(row["state"] for row in kept)

    rung.mail.on_sending = look
    for answer in (Attempt.UNKNOWN, Attempt.PUT_OFF, Attempt.REFUSED):
        rung.mail.answers = [answer]
        await look()
        await rung.send_mail()
        await look()
        await rung.move_clock(2 * MINUTE)
    await rung.receive(*(refund_requested(f"k-{n}") for n in range(MORE_THAN_GO_ALONE)))
    for _ in range(2):
        await rung.send_mail()
        await look()
        await rung.move_clock(2 * MINUTE)
    await rung.receive(cancellation_requested("k-1"))
    await rung.acknowledge()
    await rung.receive(reported(salesperson_changed(email=None), at=minutes(1)), cancellation_requested())
    await look()
    assert seen == set(DELIVERY_STATES)
