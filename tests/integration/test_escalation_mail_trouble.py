"""Trouble with the mail server ends no alert, and is reported."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from services.escalation.channels.email import EmailChannel
from services.escalation.channels.sender import Sender
from services.escalation.channels.smtp import MailServer
from services.escalation.domain.channels import EMAIL
from services.escalation.domain.decisions.decision import utc_minute
from services.escalation.domain.entities import Delivery
from services.escalation.domain.explaining.sending import sent_words
from shared.metrics import create_metrics
from tests.builders import order_placed, refund_requested
from tests.escalation import Escalation, letters
from tests.integration.test_escalation_mail import answering
from tests.integration.undelivered import email_of
from tests.team import MINUTE, happens


async def send_through(team: Escalation, server: MailServer) -> Any:
    """Send what is due through this server; the metrics of whoever sent it."""
    metrics = create_metrics("escalation")
    await team.send_round(Sender(EmailChannel(server, letters())), metrics)
    return metrics


@pytest.mark.parametrize(
    ("answers", "trouble"),
    [
        pytest.param({"mail": b"552 5.2.2 quota exceeded"}, "sender_refused", id="quota"),
        pytest.param({"mail": b"550 5.7.1 sender blocked"}, "sender_refused", id="sender blocked"),
        pytest.param({"rcpt": b"550 5.7.1 relaying denied"}, "sender_refused", id="no relaying"),
        pytest.param({"rcpt": b"550 no"}, "sender_refused", id="no to every recipient, without a reason"),
        pytest.param({"rcpt": b"553 5.1.8 bad sender"}, "sender_refused", id="RCPT refused, the sender is at fault"),
        pytest.param({"message": b"554 5.7.1 policy"}, "message_refused", id="message"),
        pytest.param({"greeting": b"554 no service"}, "server_refused", id="no service"),
        pytest.param({"mail": b"451 later"}, "put_off", id="for now"),
    ],
)
async def test_a_server_that_refuses_everybody_ends_no_alert_and_is_told_of(
    rung: Escalation, answers: dict[str, bytes], trouble: str
) -> None:
    async with answering(answers) as server:
        for _ in range(3):
            with capture_logs() as logged:
                metrics = await send_through(rung, server)
            email = await rung.email()
            assert email["state"] == "pending", email["reason"]
            assert email["reason"].startswith(EMAIL.standing_trouble) is (trouble != "put_off")
            await rung.move_clock(10 * MINUTE)
    (line,) = [line for line in logged if line["event"] == "a message was not accepted"]
    assert (line["outcome"], line["trouble"], line["log_level"]) == ("put_off", trouble, "warning")
    assert "anna" not in str(line)
    attempts = metrics.registry.get_sample_value
    labels = {"outcome": "put_off", "trouble": trouble}
    assert attempts("handoff_delivery_attempts_total", labels) == 1
    async with answering({}) as server:
        await send_through(rung, server)
    assert (await rung.email())["state"] == "sent"


async def test_ten_hours_of_trouble_end_no_alert_while_somebody_is_asked(rung: Escalation) -> None:
    async with answering({"mail": b"452 4.3.1 insufficient storage"}) as server:
        for _ in range(60):
            await send_through(rung, server)
            email = await rung.email()
            assert email["try_at"] - email["changed_at"] <= 10 * MINUTE
            await rung.move_clock(10 * MINUTE)
    assert ((await rung.email())["state"], (await rung.email())["attempts"]) == ("pending", 60)
    await rung.acknowledge()
    assert (await rung.email())["state"] == "cancelled"


async def test_a_bare_refusal_counts_for_the_recipient_once_the_server_took_mail_of_others(asked: Escalation) -> None:
    answers: dict[str, bytes] = {}
    async with answering(answers) as server:
        await send_through(asked, server)
        answers["rcpt"] = b"550 unknown here"
        await happens(asked, order_placed("o-2", sold_by="ben", amount_minor=50_000))
        await happens(asked, refund_requested("o-2"))
        await send_through(asked, server)
    assert ((await email_of(asked, "ben"))["state"], (await email_of(asked))["state"]) == ("failed", "sent")


async def test_the_reason_is_in_the_words_of_explain(rung: Escalation) -> None:
    async with answering({"ehlo": b"250 fine"}) as server:
        server._encryption = type(server._encryption).STARTTLS  # as for a relay that is not on this machine
        await send_through(rung, server)
    row = await rung.email()
    words = sent_words(Delivery(**row))
    again = utc_minute(row["try_at"])
    assert words == f"e-mail not sent yet, next attempt at {again} (the mail server offers no STARTTLS encryption)"
