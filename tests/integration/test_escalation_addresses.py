"""A changed address is announced to the old and the new one, despite trouble with the mail server."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from services.escalation.domain.deliveries import GIVE_UP_AFTER_UNKNOWN
from services.escalation.domain.delivery_facts import Attempt
from shared.contracts.envelope import Fact
from shared.inputs import Input
from tests.builders import salesperson_changed
from tests.escalation import Escalation, escalation_on, reported
from tests.servers import MakeDatabase

OLD, NEW = "anna@sales.example", "anna@elsewhere.example"


@pytest.fixture
async def escalation(database: MakeDatabase) -> AsyncIterator[Escalation]:
    async with escalation_on(await database("escalation")) as escalation:
        await escalation.receive(person(OLD))
        yield escalation


def person(email: str | None, name: str = "Anna Berg", **changes: object) -> Input:
    fact: Fact = salesperson_changed(name, email=email, **changes)
    return reported(fact, subject="anna")


async def send(escalation: Escalation) -> list[tuple[str, str]]:
    """Send what is due now. Returns each recipient and text."""
    before = len(escalation.mail.received)
    await escalation.send_notices()
    new = escalation.mail.received[before:]
    return sorted((str(mail["To"]), mail.get_body(("plain",)).get_content()) for mail in new)  # type: ignore[union-attr]


async def states(escalation: Escalation) -> list[tuple[str, str | None]]:
    rows = await escalation.rows("escalation.address_notices", "is_new")
    return [(row["state"], row["address"]) for row in rows]


async def test_a_new_person_gets_no_notice_of_an_address(escalation: Escalation) -> None:
    assert await send(escalation) == []


async def test_the_old_and_the_new_address_are_notified_once(escalation: Escalation) -> None:
    await escalation.receive(person(NEW))
    (new, to_new), (old, to_old) = await send(escalation)
    assert (new, old) == (NEW, OLD)
    assert "sends your alerts and sign-in links to this address" in to_new
    assert "stopped sending your alerts and sign-in links to this address" in to_old
    assert NEW not in to_old
    assert OLD not in to_new
    assert await send(escalation) == []
    assert await states(escalation) == [("sent", None), ("sent", None)]


async def test_the_old_address_is_notified_of_its_removal(escalation: Escalation) -> None:
    await escalation.receive(person(None))
    ((to, text),) = await send(escalation)
    assert to == OLD
    assert "No other address is known." in text
    await escalation.receive(person(NEW))
    assert await send(escalation) == []


async def test_a_person_who_leaves_with_another_address_is_notified_too(escalation: Escalation) -> None:
    """Otherwise a change of address could be hidden by a short absence from the directory."""
    await escalation.receive(person(NEW, active=False))
    assert [to for to, _ in await send(escalation)] == [NEW, OLD]


async def test_no_other_change_is_announced(escalation: Escalation) -> None:
    await escalation.receive(person(OLD, "Anna Keller"), person(OLD.upper()))
    assert await send(escalation) == []


@pytest.mark.parametrize("answer", [Attempt.PUT_OFF, Attempt.UNKNOWN])
async def test_a_mail_server_that_refuses_temporarily_gets_the_same_message_later(
    escalation: Escalation, answer: Attempt
) -> None:
    await escalation.receive(person(None))
    escalation.mail.answers.append(answer)
    await send(escalation)
    assert await states(escalation) == [("pending", OLD)]
    assert await send(escalation) == []
    await escalation.move_clock(timedelta(minutes=2))
    assert len(await send(escalation)) == 1
    assert len({mail["Message-ID"] for mail in escalation.mail.received}) == 1
    assert await states(escalation) == [("sent", None)]


@pytest.mark.parametrize(
    ("answer", "rounds", "state"),
    [(Attempt.PUT_OFF, 60, "pending"), (Attempt.UNKNOWN, GIVE_UP_AFTER_UNKNOWN, "failed")],
)
async def test_a_notice_is_given_up_for_unknown_outcomes_and_never_for_a_mail_server_that_is_away(
    escalation: Escalation, answer: Attempt, rounds: int, state: str
) -> None:
    await escalation.receive(person(None))
    escalation.mail.answers = [answer] * rounds
    for _ in range(rounds):
        await send(escalation)
        await escalation.move_clock(timedelta(minutes=11))
    assert [one for one, _ in await states(escalation)] == [state]
    assert len(await send(escalation)) == (state == "pending")


async def test_a_message_in_progress_when_a_process_died_is_sent_again(escalation: Escalation) -> None:
    await escalation.receive(person(None))
    escalation.mail.answers.append(ConnectionError("gone"))
    with pytest.raises(ConnectionError):
        await send(escalation)
    assert await states(escalation) == [("sending", OLD)]
    assert await send(escalation) == []
    await escalation.move_clock(timedelta(minutes=2))
    assert len(await send(escalation)) == 1
    assert (await escalation.row("escalation.address_notices"))["unknown_count"] == 1, "the first may have arrived"


async def test_a_message_refused_for_good_is_kept_as_failed_and_logged(escalation: Escalation) -> None:
    await escalation.receive(person(None))
    escalation.mail.answers.append(Attempt.REFUSED)
    with capture_logs() as logged:
        await send(escalation)
    assert await states(escalation) == [("failed", None)]
    (line,) = [one for one in logged if one["log_level"] == "warning"]
    assert (line["event"], line["outcome"]) == ("a message was not accepted", "refused")
    assert OLD not in str(logged)
