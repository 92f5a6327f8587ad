"""An address that was stored before it could be refused, and that no e-mail can be sent to, is marked and reported."""

from services.escalation.store.upward_notices import failing_people, notes_of_addresses
from tests.escalation import Escalation
from tests.integration.undelivered import REFUSED, email_of
from tests.team import person

UNWRITABLE = "anna..berg@sales.example"
WHY = "e-mail cannot be sent to this address"


async def marked(team: Escalation) -> list[tuple[str, str]]:
    async with team.pool.acquire() as connection:
        return [(one.salesperson_id, one.because) for one in await failing_people(connection)]


async def test_an_alert_to_an_unwritable_address_fails_marks_it_and_notifies_the_manager(asked: Escalation) -> None:
    await asked.receive(person("anna", manager="carla", email=UNWRITABLE))
    await asked.send_mail()
    await asked.fire()
    email = await email_of(asked)
    assert (email["state"], email["reason"]) == ("failed", WHY)
    assert await marked(asked) == [("anna", WHY)]
    async with asked.pool.acquire() as connection:
        assert "e-mail to anna is not being delivered" in (await notes_of_addresses(connection))[0]
    asked.mail.received.clear()
    await asked.send_notices()
    notice = next(one for one in asked.mail.received if one["To"] == "carla@sales.example")
    assert notice["Subject"] == "E-mail to Anna is not being delivered"
    assert f"{WHY[0].upper()}{WHY[1:]}." in notice.get_body(("plain",)).get_content()  # type: ignore[union-attr]


async def test_the_notice_of_a_change_to_an_unwritable_address_marks_it(asked: Escalation) -> None:
    await asked.receive(person("anna", manager="carla", email=UNWRITABLE))
    await asked.send_notices()
    assert await marked(asked) == [("anna", WHY)]


async def test_a_manager_with_an_unwritable_address_is_skipped(asked: Escalation) -> None:
    await asked.receive(person("carla", manager="dora", email="carla,berg@sales.example"))
    asked.mail.answers = [REFUSED]
    await asked.send_mail()
    await asked.fire()
    (notice,) = await asked.rows("escalation.notices")
    assert (notice["about"], notice["recipient"]) == ("anna", "dora")
