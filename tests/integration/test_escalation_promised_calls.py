"""A promised call that is due: only later talks count, a person who is present owes it, and the reminder
goes to the acknowledger.
"""

import re
from datetime import datetime, timedelta

import pytest

from services.escalation.app import publish_policy
from services.escalation.domain.own_facts import (
    AppointmentLogged,
    ClosePressed,
    HandOverPressed,
    PolicySubmitted,
    ReopenPressed,
    SnoozePressed,
)
from services.escalation.domain.policy.document import shipped_text
from shared.contracts.people_parts import Away
from shared.contracts.support_inbound import Direction
from shared.inputs import Input
from tests.builders import case_opened, case_reopened, contact_made, refund_requested
from tests.escalation import Escalation, button, reported
from tests.team import HOUR, MINUTE, happens, open_episode, person, presses, rung

DAY = timedelta(days=1)
SIGNAL, REMINDER = ("anna", "seller", "signal"), ("anna", "seller", "appointment")


async def promised(team: Escalation, ahead: timedelta = 48 * HOUR) -> datetime:
    """Anna acknowledged it and promised a call this far ahead."""
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    at = await team.now() + ahead
    assert await presses(team, AppointmentLogged, "anna", at=at) == []
    return at


def called(result: str, at: datetime) -> Input:
    return reported(contact_made(result, direction=Direction.OUTBOUND, agent="anna", case=None), at=at)


@pytest.mark.parametrize("result", ["answered", "unanswered"])
async def test_a_talk_before_the_reminder_is_not_the_promised_call(team: Escalation, result: str) -> None:
    at = await promised(team)
    await team.wait(48 * HOUR - 4 * MINUTE)
    due = await open_episode(team)
    assert (due["deadline_for"], due["appointment_at"]) == ("redeem", at)
    await team.receive(called(result, at - HOUR))
    after = await open_episode(team)
    names = ("deadline_for", "deadline_at", "appointment_at", "reached_at")
    assert [after[name] for name in names] == [due[name] for name in names]
    await team.receive(called(result, at))
    assert (await open_episode(team))["appointment_at"] is None, "this one is"


async def test_a_contact_answered_before_the_reminder_and_reported_late_raises_no_alert(team: Escalation) -> None:
    at = await promised(team)
    await team.wait(48 * HOUR - 4 * MINUTE)
    await team.receive(reported(contact_made("answered", agent="anna", case=None), at=at - HOUR))
    assert await rung(team) == [SIGNAL, REMINDER]


async def test_an_undo_does_not_redeem_the_promised_call_by_an_earlier_talk(team: Escalation) -> None:
    at = await promised(team)
    await team.receive(called("answered", await team.now() + MINUTE))
    await team.wait(48 * HOUR - 4 * MINUTE)
    assert await presses(team, ClosePressed, "anna", result="saved", reason="problem_solved") == []
    (episode,) = await team.episodes()
    assert (await team.receive(button(ReopenPressed, episode["episode_id"], "anna"))).rejected == []
    again = await open_episode(team)
    assert (again["deadline_for"], again["appointment_at"], again["reached_at"]) == ("redeem", at, None)


async def test_a_call_made_while_no_timer_fired_counts(team: Escalation) -> None:
    at = await promised(team)
    await team.move_clock(48 * HOUR + 30 * MINUTE)
    await team.fire()
    await team.receive(called("answered", at + 5 * MINUTE))
    assert (await open_episode(team))["appointment_at"] is None


async def test_an_absent_person_does_not_keep_a_call_that_is_due(team: Escalation) -> None:
    """An absence shorter than the bound takes no episode away, but the customer waits for the call."""
    now = await team.now()
    await happens(team, case_opened("case-9"))
    await happens(team, contact_made("answered", case="case-9"))
    await happens(team, case_reopened("case-9"), minutes=1)
    await team.move_clock(2 * MINUTE)
    await team.acknowledge("anna")
    at = now + 30 * HOUR
    assert await presses(team, AppointmentLogged, "anna", at=at) == []
    tomorrow = now.date() + DAY
    await team.receive(person("anna", manager="carla", backup="ben", away=(Away(since=tomorrow, until=tomorrow),)))
    await team.wait(29 * HOUR)
    assert (await open_episode(team))["acknowledged_by"] == "anna"
    await team.wait(54 * MINUTE)
    assert (await rung(team))[-1] == ("ben", "backup", "unavailable")
    assert (await open_episode(team))["appointment_at"] == at, "the promise moves too"
    await team.acknowledge("ben")
    await team.wait(5 * MINUTE)
    assert (await rung(team))[-1] == ("ben", "backup", "appointment")


async def test_a_team_that_only_observes_is_not_reminded(team: Escalation) -> None:
    await promised(team)
    document = re.sub(r"(?m)^# modes = .*$", 'modes = { carla = "observe" }', shipped_text())
    await publish_policy(team.processor, PolicySubmitted(document=document, by="carla", summary="Observe"))
    await team.wait(48 * HOUR)
    assert await rung(team) == [SIGNAL]
    assert (await open_episode(team))["deadline_for"] == "redeem"


async def states(team: Escalation) -> list[tuple[str, str, str | None]]:
    rows = await team.rows("escalation.deliveries d join escalation.alerts a using (alert_id)", "ring, channel")
    return [(row["recipient"], row["state"], row["reason"]) for row in rows if row["channel"] == "email"]


async def test_no_reminder_is_emailed_to_a_former_holder(team: Escalation) -> None:
    await promised(team, HOUR)
    await team.send_mail()
    await team.wait(HOUR - MINUTE)
    await happens(team, refund_requested(amount_minor=123_00), seconds=1)
    assert (await open_episode(team))["acknowledged_by"] is None
    await team.send_mail()
    assert (await states(team))[1:] == [("anna", "cancelled", "passed_on"), ("anna", "sent", None)]


async def test_neither_a_reminder_nor_a_hand_over_replaces_the_others_message(
    team: Escalation,
) -> None:
    """When both are held, by hours or in a storm."""
    await promised(team, HOUR)
    await presses(team, HandOverPressed, "anna", to="dora", until=await team.now() + 3 * HOUR)
    await team.wait(HOUR)
    await presses(team, AppointmentLogged, "anna", at=await team.now() + HOUR)
    await team.wait(HOUR)
    assert [cause for *_, cause in await rung(team)] == ["signal", "handed_over", "appointment", "appointment"]
    await team.pool.execute("update escalation.deliveries set state = 'held' where state = 'pending'")
    for _ in range(2):
        await team.send_mail()
    assert [state for _, state, _ in await states(team)] == ["cancelled", "sent", "sent", "sent"]


async def snoozes_and_is_asked_again(team: Escalation) -> datetime:
    at = await promised(team)
    assert await presses(team, SnoozePressed, "anna", until=await team.now() + HOUR) == []
    await team.wait(HOUR + MINUTE)
    return at


async def test_a_change_of_address_is_no_news_about_the_customer(team: Escalation) -> None:
    at = await snoozes_and_is_asked_again(team)
    await team.pool.execute(
        "update escalation.salespeople set email_failed_at = shared.app_now(), email_failed_because = 'no such mailbox'"
        " where salesperson_id = 'anna'"
    )
    await team.receive(person("anna", manager="carla", backup="ben", email="berg@sales.example"))
    await team.fire()
    assert (await rung(team))[-1] == SIGNAL
    await team.acknowledge("anna")
    mine = await open_episode(team)
    assert (mine["deadline_for"], mine["deadline_at"]) == ("appointment", at)


async def test_an_undo_is_no_news_about_the_customer(team: Escalation) -> None:
    at = await snoozes_and_is_asked_again(team)
    await team.wait(HOUR + MINUTE)
    assert (await rung(team))[-1] == ("ben", "backup", "step")
    assert await presses(team, ClosePressed, "anna", result="saved", reason="problem_solved") == []
    (episode,) = await team.episodes()
    assert (await team.receive(button(ReopenPressed, episode["episode_id"], "anna"))).rejected == []
    await team.acknowledge("ben")
    theirs = await open_episode(team)
    assert (theirs["deadline_for"], theirs["deadline_at"]) == ("appointment", at)
