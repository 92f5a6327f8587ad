"""Hand-overs: the colleague is notified at once, and the one who accepts is notified from then on."""

from datetime import timedelta

import pytest

from services.escalation.domain.own_facts import HandOverAcceptPressed, HandOverPressed, SnoozePressed
from tests.builders import contact_made, refund_requested
from tests.escalation import Escalation
from tests.team import HOUR, MINUTE, happens, open_episode, person, presses, rung


@pytest.fixture
async def offered(team: Escalation) -> Escalation:
    """Anna acknowledged it and got the alert. She asks Eva, who is not on the ladder, to take it over."""
    await team.receive(person("eva"))
    await happens(team, refund_requested())
    await team.send_mail()
    await team.acknowledge("anna")
    await presses(team, HandOverPressed, "anna", to="eva", until=await team.now() + 3 * HOUR)
    return team


async def test_a_colleague_asked_to_take_over_is_emailed_at_once(offered: Escalation) -> None:
    assert (await rung(offered))[-1] == ("eva", "colleague", "handed_over")
    await offered.send_mail()
    (_, mail) = offered.mail.received
    assert mail["To"] == "eva@sales.example"
    words = str(mail)
    assert "Anna asks you to take over order 4711." in words
    assert "Take over in Handoff: http" in words
    assert "Accept by" in words
    assert (await open_episode(offered))["responsible"] == "anna"


async def test_the_email_begins_with_the_givers_note(offered: Escalation) -> None:
    note = "She wants <b>a call</b>\nafter six."
    until = await offered.now() + HOUR
    assert await presses(offered, HandOverPressed, "anna", to="eva", until=until, note=note) == []
    await offered.send_mail()
    mail = offered.mail.received[-1]
    plain, html = (part.get_content() for part in mail.iter_parts())
    assert "Note from Anna:\n> She wants <b>a call</b>\n> after six.\n" in plain.replace("\r\n", "\n")
    assert plain.index("Note from Anna") < plain.index("asks you to take over")
    assert "&lt;b&gt;a call&lt;/b&gt;" in html
    assert html.index("Note from Anna") < html.index("asks you to take over")
    assert "six" not in mail["Subject"]


async def test_the_givers_deadline_runs_on_during_an_offer(offered: Escalation) -> None:
    await offered.wait(3 * HOUR + MINUTE)
    await offered.wait(HOUR)
    assert (await rung(offered))[-1] == ("ben", "backup", "unredeemed")


async def accepted(team: Escalation) -> None:
    await presses(team, HandOverAcceptPressed, "eva")


async def lapsed(team: Escalation) -> None:
    await team.wait(3 * HOUR + MINUTE)


async def asked_somebody_else(team: Escalation) -> None:
    await presses(team, HandOverPressed, "anna", to="carla", until=await team.now() + HOUR)


async def rang_again(team: Escalation) -> None:
    await happens(team, contact_made("unanswered", case=None), minutes=6)


@pytest.mark.parametrize("since", [accepted, lapsed, asked_somebody_else, rang_again])
async def test_no_email_asks_to_take_over_a_closed_episode(offered: Escalation, since: object) -> None:
    await since(offered)  # type: ignore[operator]
    await offered.send_mail()
    assert "eva@sales.example" not in [mail["To"] for mail in offered.mail.received]
    states = {
        row["recipient"]: row["state"] for row in await offered.rows("escalation.deliveries where channel = 'email'")
    }
    assert states["eva"] == "cancelled"


@pytest.mark.parametrize("again", ["snooze_ended", "contact"])
async def test_a_colleague_who_took_over_is_notified_again_although_not_on_the_ladder(
    offered: Escalation, again: str
) -> None:
    await accepted(offered)
    if again == "contact":
        await happens(offered, contact_made("unanswered", case=None), minutes=6)
    else:
        await presses(offered, SnoozePressed, "eva", until=await offered.now() + 20 * HOUR)
        await offered.wait(20 * HOUR + MINUTE)
    assert (await rung(offered))[-1] == ("eva", "colleague", again)
    await offered.wait(2 * HOUR)
    assert (await rung(offered))[-1] == ("ben", "backup", "step"), "then the ladder goes on from the same step"


async def test_an_absent_colleague_cannot_be_asked_to_take_over(team: Escalation) -> None:
    now = await team.now()
    absence = {"since": (now - timedelta(days=2)).date(), "until": (now + timedelta(days=2)).date()}
    await team.receive(person("eva", away=[absence]))
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    assert await presses(team, HandOverPressed, "anna", to="eva", until=now + 3 * HOUR) == ["colleague_away"]
    assert (await open_episode(team))["offered_to"] is None


async def leaves(team: Escalation, who: str) -> None:
    await team.receive(person(who, active=False))
    await team.fire()


async def test_an_episode_returns_to_the_giver_when_the_new_holder_leaves(offered: Escalation) -> None:
    await accepted(offered)
    await leaves(offered, "eva")
    assert (await rung(offered))[-1] == ("anna", "seller", "unavailable")
    assert (await open_episode(offered))["responsible"] == "anna"
    await offered.send_mail()
    assert [mail["To"] for mail in offered.mail.received][-1] == "anna@sales.example"
    await offered.wait(2 * HOUR)
    assert (await rung(offered))[-1] == ("ben", "backup", "step"), "and from there up the ladder"


async def test_an_absent_giver_is_skipped(offered: Escalation) -> None:
    await accepted(offered)
    now = await offered.now()
    absence = {"since": (now - timedelta(days=2)).date(), "until": (now + timedelta(days=9)).date()}
    await offered.receive(person("anna", manager="carla", backup="ben", away=[absence]))
    await leaves(offered, "eva")
    assert (await rung(offered))[-1] == ("ben", "backup", "unavailable")


async def test_a_giver_who_did_not_respond_before_is_not_notified_again(team: Escalation) -> None:
    await team.receive(person("eva"))
    await happens(team, refund_requested())
    await team.wait(HOUR + MINUTE)
    assert (await rung(team))[-1] == ("ben", "backup", "step"), "Anna did not answer"
    await team.acknowledge("ben")
    await presses(team, HandOverPressed, "ben", to="eva", until=await team.now() + 3 * HOUR)
    await accepted(team)
    await leaves(team, "eva")
    assert (await rung(team))[-1] == ("ben", "backup", "unavailable")
