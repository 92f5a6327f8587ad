"""Trouble with the mail server ends no alert; an address that refuses mail is marked, and the manager told once."""

import asyncio
import json
from typing import Any

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner, Result

from services.cli.main import app
from services.escalation.channels.bounces import NotReadable, bounce_of
from services.escalation.channels.deliveries import EmailSender
from services.escalation.channels.operating import record_bounce
from services.escalation.channels.smtp import Ended, MailServer, Trouble
from services.escalation.domain.entities import Delivery
from services.escalation.domain.explaining.sending import sent_words
from services.escalation.domain.own_facts import Attempt, ClosePressed
from services.escalation.domain.reasoning import clock
from services.escalation.store.bounce_notices import notes_of_addresses
from shared.contracts.escalation import EpisodeResult
from shared.metrics import create_metrics
from tests.bounces import report
from tests.builders import order_placed, refund_requested
from tests.escalation import Escalation, letters
from tests.integration.test_escalation_mail import answering
from tests.team import HOUR, MINUTE, happens, person, presses

REFUSED = Ended(Attempt.REFUSED, "the mail server refused the recipient with 550 (5.1.1)", Trouble.RECIPIENT)


@pytest.fixture
async def asked(team: Escalation) -> Escalation:
    """Anna was asked, and her mail is to be sent; Carla leads her."""
    await happens(team, refund_requested())
    return team


async def email_of(team: Escalation, recipient: str = "anna") -> dict[str, Any]:
    rows = await team.rows("escalation.deliveries", "changed_at")
    return [row for row in rows if (row["channel"], row["recipient"]) == ("email", recipient)][-1]


async def send_through(team: Escalation, server: MailServer) -> Any:
    """Send what is due through this server; the metrics of whoever sent it."""
    metrics = create_metrics("escalation")
    await team.send_round(EmailSender(server, letters()), metrics)
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
    again = clock(row["try_at"])
    assert words == f"e-mail not sent yet, next attempt at {again} (the mail server offers no STARTTLS encryption)"


async def test_whoever_is_refused_is_marked_and_their_manager_told_once(asked: Escalation) -> None:
    asked.mail.answers = [REFUSED]
    await asked.send_mail()
    assert (await email_of(asked))["state"] == "failed"
    await asked.fire()
    await asked.send_notices()
    await asked.send_notices()
    told = asked.mail.received[1:]
    assert [(message["To"], message["Subject"]) for message in told] == [
        ("carla@sales.example", "E-mail to Anna does not arrive")
    ]
    text = told[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "anna@sales.example" in text
    assert "refused the recipient with 550 (5.1.1)" in text

    await happens(asked, order_placed("o-2", amount_minor=50_000))
    await happens(asked, refund_requested("o-2"))
    asked.mail.answers = [REFUSED]
    await asked.send_mail()
    await asked.fire()
    await asked.send_notices()
    assert len([message for message in asked.mail.received if message["To"] == "carla@sales.example"]) == 1


async def test_another_address_clears_the_mark_and_notifies_again(asked: Escalation) -> None:
    asked.mail.answers = [REFUSED]
    await asked.send_mail()
    await asked.fire()
    async with asked.pool.acquire() as connection:
        assert "e-mail to anna does not arrive" in (await notes_of_addresses(connection))[0]
    await asked.hear(person("anna", manager="carla", backup="ben", phone="+49 30 1"))
    (anna,) = [row for row in await asked.rows("escalation.salespeople") if row["salesperson_id"] == "anna"]
    assert anna["email_failed_at"] is not None, "the address is the same"

    await asked.hear(person("anna", manager="carla", backup="ben", email="anna.berg@sales.example"))
    await asked.fire()
    (anna,) = [row for row in await asked.rows("escalation.salespeople") if row["salesperson_id"] == "anna"]
    assert (anna["email_failed_at"], anna["email_failed_because"]) == (None, None)
    await asked.send_mail()
    assert asked.mail.received[-1]["To"] == "anna.berg@sales.example"


async def test_a_notice_that_is_put_off_is_sent_later_and_not_at_all_once_the_address_was_changed(
    asked: Escalation,
) -> None:
    asked.mail.answers = [REFUSED]
    await asked.send_mail()
    await asked.fire()
    asked.mail.answers = [Attempt.PUT_OFF]
    await asked.send_notices()
    (notice,) = await asked.rows("escalation.notices")
    assert (notice["state"], notice["attempts"]) == ("pending", 1)
    await asked.hear(person("anna", manager="carla", email="anna.berg@sales.example"))
    await asked.move_clock(MINUTE)
    await asked.send_notices()
    (notice,) = await asked.rows("escalation.notices")
    assert notice["state"] == "cancelled"
    assert [message["To"] for message in asked.mail.received].count("carla@sales.example") == 1


async def test_a_notice_of_unknown_outcome_is_not_repeated_for_ever(asked: Escalation) -> None:
    asked.mail.answers = [REFUSED]
    await asked.send_mail()
    await asked.fire()
    asked.mail.answers = [Attempt.UNKNOWN] * 9
    for _ in range(5):
        await asked.send_notices()
        await asked.move_clock(10 * MINUTE)
    (notice,) = await asked.rows("escalation.notices")
    assert (notice["state"], notice["attempts"], notice["unknown_count"]) == ("failed", 3, 3)
    assert len({message["Message-ID"] for message in asked.mail.received[1:]}) == 1


@pytest.mark.parametrize("headers_only", [False, True])
async def test_a_message_that_came_back_marks_the_address_and_fails_the_delivery_once(
    asked: Escalation, headers_only: bool
) -> None:
    await asked.send_mail()
    assert (await email_of(asked))["state"] == "sent"
    bounce = bounce_of(report(asked.mail.received[0], headers_only=headers_only))
    for _ in range(2):
        assert await record_bounce(asked.spine, bounce) == ["anna"]
    email = await email_of(asked)
    assert (email["state"], email["reason"]) == ("failed", "it came back (5.1.1)")
    await asked.send_notices()
    assert [message["To"] for message in asked.mail.received[1:]] == ["carla@sales.example"]


async def test_a_report_about_no_message_of_ours_or_an_address_of_before_marks_nobody(asked: Escalation) -> None:
    await asked.send_mail()
    forged = asked.mail.received[0]
    returned = report(forged)
    await asked.hear(person("anna", manager="carla", email="anna.berg@sales.example"))
    await record_bounce(asked.spine, bounce_of(returned))
    forged.replace_header("Message-ID", "<8f14e45f-ceea-467f-a3f8-1b2c3d4e5f60@handoff.example>")
    assert await record_bounce(asked.spine, bounce_of(report(forged))) == []
    people = await asked.rows("escalation.salespeople")
    assert [row["salesperson_id"] for row in people if row["email_failed_at"]] == []


async def test_what_is_no_report_of_a_failure_is_not_read_as_one(asked: Escalation) -> None:
    await asked.send_mail()
    message = asked.mail.received[0]
    strange = message.as_bytes(), report(message, action="delayed", status="4.4.1"), b"", b"\xff\x00 nonsense"
    for content in strange:
        with pytest.raises(NotReadable):
            bounce_of(content)


async def command(team: Escalation, *arguments: str, given: bytes | None = None) -> Result:
    where = await team.pool.fetchrow(
        "select current_user as role, host(inet_server_addr()) as host, inet_server_port() as port, "
        "current_database() as name"
    )
    assert where is not None
    url = f"postgresql://{where['role']}@{where['host']}:{where['port']}/{where['name']}"
    env = {"ESCALATION_DATABASE_URL": url}
    return await asyncio.to_thread(CliRunner().invoke, app, arguments, env=env, input=given)


async def test_operators_list_what_has_not_arrived_and_have_it_sent_again(asked: Escalation) -> None:
    asked.mail.answers = [REFUSED]
    await asked.send_mail()
    email = await email_of(asked)
    (row,) = json.loads((await command(asked, "deliveries", "list", "--json")).stdout)
    assert (row["delivery"], row["state"], row["recipient"]) == (str(email["delivery_id"]), "failed", "anna")
    assert row["reason"] == REFUSED.reason
    assert str(REFUSED.reason) in (await command(asked, "deliveries", "list")).stdout

    result = await command(asked, "deliveries", "resend", str(email["delivery_id"]))
    assert (result.exit_code, "1 of 1" in result.stdout) == (0, True), result.output
    await asked.send_mail()
    assert (await email_of(asked))["state"] == "sent"
    first, second = asked.mail.received
    assert first["Message-ID"] == second["Message-ID"]
    again = await command(asked, "deliveries", "resend", str(email["delivery_id"]), "--json")
    (said,) = json.loads(again.stdout)
    assert (again.exit_code, said["resent"]) == (1, False)
    assert "it is sent; only what is failed" in said["reason"]


async def test_all_that_somebody_is_still_asked_about_is_sent_again_without_waiting(asked: Escalation) -> None:
    asked.mail.answers = [Attempt.PUT_OFF] * 8
    for _ in range(8):
        await asked.send_mail()
        await asked.move_clock(10 * MINUTE)
    await asked.send_mail()
    asked.mail.received.clear()
    asked.mail.answers = [Attempt.PUT_OFF]
    await happens(asked, order_placed("o-2", amount_minor=50_000))
    await happens(asked, refund_requested("o-2"))
    await asked.send_mail()
    result = await command(asked, "deliveries", "resend", "--open")
    assert (result.exit_code, "1 of 1 deliveries" in result.stdout) == (0, True), result.output
    await asked.send_mail()
    assert len(asked.mail.received) == 2


async def test_nothing_of_a_closed_episode_is_sent_again(asked: Escalation) -> None:
    asked.mail.answers = [REFUSED]
    await asked.send_mail()
    await asked.acknowledge()
    assert await presses(asked, ClosePressed, "anna", result=EpisodeResult.LOST, reason="price") == []
    email = await email_of(asked)
    result = await command(asked, "deliveries", "resend", str(email["delivery_id"]))
    assert (result.exit_code, "its episode is closed" in result.stdout) == (1, True)
    nothing = await command(asked, "deliveries", "resend", "--since", "2026-05-04T09:30Z")
    assert (nothing.exit_code, "0 of 0" in nothing.stdout) == (0, True)


@pytest.mark.parametrize("arguments", [[], ["--since", "yesterday"], ["--since", "2026-05-04T09:30"]])
async def test_resend_says_what_it_needs(arguments: list[str]) -> None:
    result = await asyncio.to_thread(CliRunner().invoke, app, ["deliveries", "resend", *arguments])
    assert result.exit_code == 1
    assert "--since" in result.output


async def test_a_mail_program_pipes_reports_to_a_command_and_keeps_them_while_the_database_is_away(
    asked: Escalation,
) -> None:
    await asked.send_mail()
    returned = report(asked.mail.received[0])
    other = await command(asked, "bounces", "read", given=b"Subject: Out of office\r\n\r\nBack on Monday.")
    assert (other.exit_code, "ignored" in other.stdout) == (0, True)
    result = await command(asked, "bounces", "read", given=returned)
    assert (result.exit_code, "e-mail to anna came back (5.1.1)" in result.stdout) == (0, True), result.output
    (row,) = json.loads((await command(asked, "bounces", "list", "--json")).stdout)
    assert (row["person"], row["reason"]) == ("anna", "it came back (5.1.1)")
    assert (await command(asked, "bounces", "clear", "anna")).exit_code == 0
    assert "No e-mail is known" in (await command(asked, "bounces", "list")).stdout
    assert (await command(asked, "bounces", "clear", "anna")).exit_code == 1

    env = {"ESCALATION_DATABASE_URL": "postgresql://escalation@127.0.0.1:1/escalation"}
    away = await asyncio.to_thread(CliRunner().invoke, app, ["bounces", "read"], env=env, input=returned)
    assert away.exit_code == 75, away.output


async def test_a_list_that_came_back_fails_each_delivery_in_it(asked: Escalation) -> None:
    for number in range(12):
        await happens(asked, order_placed(f"l-{number}", amount_minor=50_000))
        await happens(asked, refund_requested(f"l-{number}"))
    await asked.send_mail()
    await asked.move_clock(HOUR)
    await asked.send_mail()
    (listed,) = [message for message in asked.mail.received if "sales" in message["Subject"]]
    assert await record_bounce(asked.spine, bounce_of(report(listed))) == ["anna"]
    rows = [row for row in await asked.rows("escalation.deliveries") if row["list_id"] is not None]
    states = [row["state"] for row in rows]
    assert "sent" not in states
    assert states.count("failed") > 3
