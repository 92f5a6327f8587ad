"""Operators list undelivered messages and have them sent again."""

import asyncio
import json

import pytest
from typer.testing import CliRunner

from services.cli.main import app
from services.escalation.channels.channel import Ended, Trouble
from services.escalation.channels.sender import claim
from services.escalation.domain.channels import EMAIL
from services.escalation.domain.delivery_facts import Attempt
from services.escalation.domain.own_facts import ClosePressed
from services.escalation.store.policies import KnownPolicies
from shared.contracts.escalation import EpisodeResult
from shared.inputs import RawMessage, Rejection
from shared.transaction import Refused
from tests.builders import order_placed, refund_requested
from tests.escalation import Escalation
from tests.integration.undelivered import REFUSED, command, email_of
from tests.team import MINUTE, happens, presses


async def test_operators_list_undelivered_messages_and_have_them_sent_again(asked: Escalation) -> None:
    asked.mail.answers = [REFUSED]
    await asked.send_mail()
    email = await email_of(asked)
    (row,) = json.loads((await command(asked, "deliveries", "list", "--json")).stdout)
    assert (row["delivery"], row["state"], row["recipient"]) == (str(email["delivery_id"]), "failed", "anna")
    assert (row["channel"], row["reason"]) == ("email", REFUSED.reason)
    shown = (await command(asked, "deliveries", "list")).stdout
    assert ("e-mail to anna" in shown, str(REFUSED.reason) in shown) == (True, True)

    result = await command(asked, "deliveries", "resend", str(email["delivery_id"]))
    assert (result.exit_code, "1 of 1" in result.stdout) == (0, True), result.output
    await asked.send_mail()
    assert (await email_of(asked))["state"] == "sent"
    first, second = asked.mail.received
    assert first["Message-ID"] == second["Message-ID"]
    again = await command(asked, "deliveries", "resend", str(email["delivery_id"]), "--json")
    (said,) = json.loads(again.stdout)
    assert (again.exit_code, said["resent"]) == (1, False)
    assert "it is sent; only deliveries that are failed" in said["reason"]


async def test_all_messages_still_needed_are_sent_again_at_once(asked: Escalation) -> None:
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


async def test_the_last_reason_is_shown_while_an_attempt_is_under_way(asked: Escalation) -> None:
    reason = "the mail server refused the login with 535"
    asked.mail.answers = [Ended(Attempt.PUT_OFF, reason, Trouble.LOGIN)]
    await asked.send_mail()
    await asked.move_clock(10 * MINUTE)
    assert len(await claim(asked.pool, EMAIL, 1, KnownPolicies())) == 1
    shown = (await command(asked, "deliveries", "list")).stdout
    assert f"attempt 2 is under way; the last reason: {reason}" in shown


async def test_a_message_sent_in_the_meantime_is_no_failure_of_the_command(
    asked: Escalation, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked.mail.answers = [Attempt.PUT_OFF]
    await asked.send_mail()

    async def sent_meanwhile(*_arguments: object) -> None:
        raise Refused([Rejection("not_resendable", "it is sent", RawMessage("t", None, (), b""))])

    monkeypatch.setattr("services.escalation.channels.operating.resend", sent_meanwhile)
    result = await command(asked, "deliveries", "resend", "--open")
    assert (result.exit_code, "0 of 1 deliveries" in result.stdout) == (0, True), result.output
    named = await command(asked, "deliveries", "resend", str((await email_of(asked))["delivery_id"]))
    assert named.exit_code == 1


async def test_no_message_of_a_closed_episode_is_sent_again(asked: Escalation) -> None:
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
async def test_resend_names_its_missing_arguments(arguments: list[str]) -> None:
    result = await asyncio.to_thread(CliRunner().invoke, app, ["deliveries", "resend", *arguments])
    assert result.exit_code == 1
    assert "--since" in result.output
