"""An address that refuses mail is marked, and the manager is notified once."""

from services.escalation.domain.delivery_facts import Attempt
from services.escalation.store.upward_notices import failing_people, notes_of_addresses
from tests.builders import order_placed, refund_requested
from tests.escalation import Escalation
from tests.integration.undelivered import REFUSED, email_of
from tests.team import MINUTE, happens, person


async def test_a_refused_address_is_marked_and_the_manager_notified_once(asked: Escalation) -> None:
    asked.mail.answers = [REFUSED]
    await asked.send_mail()
    assert (await email_of(asked))["state"] == "failed"
    await asked.fire()
    await asked.send_notices()
    await asked.send_notices()
    reported = asked.mail.received[1:]
    assert [(message["To"], message["Subject"]) for message in reported] == [
        ("carla@sales.example", "E-mail to Anna is not being delivered")
    ]
    text = reported[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "anna@sales.example" in text
    assert "The mail server does not know this address (550 5.1.1)." in text

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
        assert "e-mail to anna is not being delivered" in (await notes_of_addresses(connection))[0]
    await asked.receive(person("anna", manager="carla", backup="ben", phone="+49 30 1"))
    (anna,) = [row for row in await asked.rows("escalation.salespeople") if row["salesperson_id"] == "anna"]
    assert anna["email_failed_at"] is not None, "the address is the same"

    await asked.receive(person("anna", manager="carla", backup="ben", email="anna.berg@sales.example"))
    await asked.fire()
    (anna,) = [row for row in await asked.rows("escalation.salespeople") if row["salesperson_id"] == "anna"]
    assert (anna["email_failed_at"], anna["email_failed_because"]) == (None, None)
    await asked.send_mail()
    assert asked.mail.received[-1]["To"] == "anna.berg@sales.example"


async def test_a_delayed_notice_is_sent_later_or_not_at_all_after_a_change_of_address(
    asked: Escalation,
) -> None:
    asked.mail.answers = [REFUSED]
    await asked.send_mail()
    await asked.fire()
    asked.mail.answers = [Attempt.PUT_OFF]
    await asked.send_notices()
    (notice,) = await asked.rows("escalation.notices")
    assert (notice["state"], notice["attempts"]) == ("pending", 1)
    await asked.receive(person("anna", manager="carla", email="anna.berg@sales.example"))
    await asked.move_clock(MINUTE)
    await asked.send_notices()
    (notice,) = await asked.rows("escalation.notices")
    assert notice["state"] == "cancelled"
    assert [message["To"] for message in asked.mail.received].count("carla@sales.example") == 1


async def test_a_notice_of_unknown_outcome_is_not_repeated_forever(asked: Escalation) -> None:
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


async def test_a_manager_whose_address_is_refused_too_is_marked_and_the_next_is_notified(asked: Escalation) -> None:
    await asked.receive(person("carla", manager="eva"), person("eva"))
    asked.mail.answers = [REFUSED]
    await asked.send_mail()
    await asked.fire()
    asked.mail.answers = [REFUSED]
    await asked.send_notices()
    async with asked.pool.acquire() as connection:
        failing = await failing_people(connection)
    assert [one.salesperson_id for one in failing] == ["anna", "carla"]
    assert "refused the recipient with 550" in failing[1].because
    await asked.send_notices()
    reported = asked.mail.received[-1]
    assert (reported["To"], reported["Subject"]) == ("eva@sales.example", "E-mail to Carla is not being delivered")
    assert [row["state"] for row in await asked.rows("escalation.notices", "changed_at")] == ["failed", "sent"]


async def test_a_new_address_that_refuses_the_notice_of_the_change_is_marked(asked: Escalation) -> None:
    await asked.receive(person("anna", manager="carla", email="anna.berg@sales.example"))
    asked.mail.answers = [REFUSED, REFUSED]
    await asked.send_notices()
    async with asked.pool.acquire() as connection:
        assert [one.salesperson_id for one in await failing_people(connection)] == ["anna"]
