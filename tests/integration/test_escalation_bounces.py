"""A returned e-mail fails its delivery and marks the address. Reports are read from a mail program."""

import asyncio
import json

import pytest
from typer.testing import CliRunner

from services.cli.main import app
from services.escalation.channels.bounces import NotReadable, bounce_of
from services.escalation.channels.operating import record_bounce
from tests.bounces import report
from tests.builders import order_placed, refund_requested
from tests.escalation import Escalation
from tests.integration.undelivered import command, email_of
from tests.team import HOUR, happens, person


@pytest.mark.parametrize("headers_only", [False, True])
async def test_a_returned_message_marks_the_address_and_fails_the_delivery_once(
    asked: Escalation, headers_only: bool
) -> None:
    await asked.send_mail()
    assert (await email_of(asked))["state"] == "sent"
    bounce = bounce_of(report(asked.mail.received[0], headers_only=headers_only))
    for _ in range(2):
        assert await record_bounce(asked.processor, bounce) == ["anna"]
    email = await email_of(asked)
    assert (email["state"], email["reason"]) == ("failed", "the e-mail bounced (5.1.1)")
    await asked.send_notices()
    assert [message["To"] for message in asked.mail.received[1:]] == ["carla@sales.example"]


async def test_a_report_about_a_foreign_message_or_an_earlier_address_marks_no_one(asked: Escalation) -> None:
    await asked.send_mail()
    forged = asked.mail.received[0]
    returned = report(forged)
    await asked.receive(person("anna", manager="carla", email="anna.berg@sales.example"))
    await record_bounce(asked.processor, bounce_of(returned))
    forged.replace_header("Message-ID", "<8f14e45f-ceea-467f-a3f8-1b2c3d4e5f60@handoff.example>")
    assert await record_bounce(asked.processor, bounce_of(report(forged))) == []
    people = await asked.rows("escalation.salespeople")
    assert [row["salesperson_id"] for row in people if row["email_failed_at"]] == []


async def test_other_messages_are_not_read_as_failure_reports(asked: Escalation) -> None:
    await asked.send_mail()
    message = asked.mail.received[0]
    strange = message.as_bytes(), report(message, action="delayed", status="4.4.1"), b"", b"\xff\x00 nonsense"
    for content in strange:
        with pytest.raises(NotReadable):
            bounce_of(content)


async def test_a_mail_program_pipes_reports_to_a_command_and_keeps_them_while_the_database_is_away(
    asked: Escalation,
) -> None:
    await asked.send_mail()
    returned = report(asked.mail.received[0])
    other = await command(asked, "bounces", "read", given=b"Subject: Out of office\r\n\r\nBack on Monday.")
    assert (other.exit_code, "ignored" in other.stdout) == (0, True)
    result = await command(asked, "bounces", "read", given=returned)
    assert (result.exit_code, "e-mail to anna bounced (5.1.1)" in result.stdout) == (0, True), result.output
    (row,) = json.loads((await command(asked, "bounces", "list", "--json")).stdout)
    assert (row["person"], row["reason"]) == ("anna", "the e-mail bounced (5.1.1)")
    assert (await command(asked, "bounces", "clear", "anna")).exit_code == 0
    assert "No address is known to bounce" in (await command(asked, "bounces", "list")).stdout
    assert (await command(asked, "bounces", "clear", "anna")).exit_code == 1

    env = {"ESCALATION_DATABASE_URL": "postgresql://escalation@127.0.0.1:1/escalation"}
    away = await asyncio.to_thread(CliRunner().invoke, app, ["bounces", "read"], env=env, input=returned)
    assert away.exit_code == 75, away.output


async def test_a_returned_list_fails_each_delivery_in_it(asked: Escalation) -> None:
    for number in range(12):
        await happens(asked, order_placed(f"l-{number}", amount_minor=50_000))
        await happens(asked, refund_requested(f"l-{number}"))
    await asked.send_mail()
    await asked.move_clock(HOUR)
    await asked.send_mail()
    (listed,) = [message for message in asked.mail.received if "sales" in message["Subject"]]
    assert await record_bounce(asked.processor, bounce_of(report(listed))) == ["anna"]
    rows = [row for row in await asked.rows("escalation.deliveries") if row["list_id"] is not None]
    states = [row["state"] for row in rows]
    assert "sent" not in states
    assert states.count("failed") > 3
