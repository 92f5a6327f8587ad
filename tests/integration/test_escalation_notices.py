"""Notices of a failing address wait until the mail server is back, however long that takes."""

from services.escalation.channels.channel import Ended, Trouble
from services.escalation.domain.delivery_facts import Attempt
from tests.builders import refund_requested
from tests.escalation import Escalation
from tests.team import MINUTE, happens

REFUSED = Ended(Attempt.REFUSED, "the mail server refused the recipient with 550 (5.1.1)", Trouble.RECIPIENT)


async def test_a_notice_waits_for_a_mail_server_that_is_away(team: Escalation) -> None:
    await happens(team, refund_requested())
    team.mail.answers = [REFUSED]
    await team.send_mail()
    await team.fire()
    team.mail.answers = [Attempt.PUT_OFF] * 60
    for _ in range(60):
        await team.send_notices()
        await team.move_clock(11 * MINUTE)
    await team.send_notices()
    notice = await team.row("escalation.notices")
    assert (notice["state"], notice["attempts"], notice["unknown_count"]) == ("sent", 61, 0)
