"""An offer above the limit, with e-mail: the approver is notified, answers, and the asker is notified of the answer."""

from datetime import timedelta
from typing import Any

from services.escalation.domain.buttons import ApprovalAsked, ApprovePressed, OfferLogged
from tests.builders import refund_requested
from tests.escalation import Escalation
from tests.team import MINUTE, happens, open_episode, presses

_SUBMITTED = "select state from escalation.deliveries where channel = 'email' and recipient = $1 order by changed_at"


async def _asked(team: Escalation) -> dict[str, Any]:
    """The play allows Anna €50.00 of this order; she asks for €80.00. Returns the request."""
    await happens(team, refund_requested())
    await team.send_mail()
    await team.acknowledge("anna")
    assert await presses(team, ApprovalAsked, "anna", what="A <b>credit</b>.", amount_minor=8_000) == []
    (request,) = await team.rows("escalation.offers")
    return request


async def test_the_approver_is_emailed_approves_and_the_asker_is_emailed_the_answer(team: Escalation) -> None:
    request = await _asked(team)
    clock = (await open_episode(team))["deadline_at"]
    assert request["asked"] == "carla", "the backup has no power to approve"
    await team.send_mail()
    mail = team.mail.received[-1]
    assert mail["To"] == "carla@sales.example"
    assert "approve or decline €80.00 by" in mail["Subject"]
    words = str(mail)
    assert "Anna asks you to approve an offer of" in words
    assert "Answer in Handoff: http" in words
    assert await presses(team, ApprovePressed, "carla", offer=request["offer_id"], amount_minor=6_000) == []
    await team.send_mail()
    answer = team.mail.received[-1]
    assert answer["To"] == "anna@sales.example"
    assert "Carla approved €60.00 instead of €80.00" in _plain(answer)
    assert len(team.mail.received) == 3
    assert (await open_episode(team))["deadline_at"] == clock
    assert "escalation.timer.approval_due" not in await team.timers()


async def test_no_email_asks_for_an_approval_that_was_given_or_passed_on(team: Escalation) -> None:
    request = await _asked(team)
    await team.wait(request["until"] - await team.now() + MINUTE)
    await team.send_mail()
    ((state,),) = await team.pool.fetch(_SUBMITTED, "carla")
    assert state == "cancelled"
    assert [mail["To"] for mail in team.mail.received[1:]] == ["dora@sales.example"]
    assert await presses(team, ApprovePressed, "dora", offer=request["offer_id"]) == []
    await team.wait(timedelta(0))
    assert [state for (state,) in await team.pool.fetch(_SUBMITTED, "dora")] == ["sent"]


async def test_an_email_after_an_offer_tells_what_was_given_away_so_far(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.send_mail()
    await team.acknowledge("anna")
    assert await presses(team, OfferLogged, "anna", what="A credit.", amount_minor=2_000) == []
    deadline: Any = (await open_episode(team))["deadline_at"]
    await team.wait(deadline - await team.now() + MINUTE)
    await team.send_mail()
    assert len(team.mail.received) == 2
    words = " ".join(_plain(team.mail.received[-1]).split())
    assert "Credit without approval: up to €50.00. Given away so far: €20.00." in words


def _plain(mail: Any) -> str:
    return str(next(iter(mail.iter_parts())).get_content())
