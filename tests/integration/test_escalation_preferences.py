"""Customers who must not be contacted: the acknowledger owes them no talk."""

import pytest

from services.escalation.domain.own_facts import (
    AppointmentLogged,
    HandOverAcceptPressed,
    HandOverPressed,
    SnoozePressed,
)
from tests.builders import contact_preference_changed, refund_requested
from tests.escalation import Escalation
from tests.team import HOUR, MINUTE, happens, open_episode, presses, rung

FIRST = ("anna", "seller", "signal")
forbidding = pytest.mark.parametrize("preference", ["dispute", "deceased"])


@forbidding
async def test_no_talk_is_due_with_a_customer_who_must_not_be_contacted(team: Escalation, preference: str) -> None:
    await happens(team, contact_preference_changed(preference))
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    assert (await open_episode(team))["deadline_for"] is None
    await team.wait(24 * HOUR)
    assert await rung(team) == [FIRST]


@forbidding
async def test_a_due_talk_is_excused_once_the_customer_must_not_be_contacted(team: Escalation, preference: str) -> None:
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    await happens(team, contact_preference_changed(preference), minutes=1)
    await presses(team, HandOverPressed, "anna", to="dora", until=await team.now() + HOUR)
    await presses(team, HandOverAcceptPressed, "dora")
    await team.wait(24 * HOUR)
    assert (await open_episode(team))["acknowledged_by"] == "dora"


async def test_a_talk_is_due_again_once_the_customer_may_be_contacted(team: Escalation) -> None:
    await happens(team, contact_preference_changed("dispute"))
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    await happens(team, contact_preference_changed("none"), minutes=1)
    await team.wait(4 * HOUR + 2 * MINUTE)
    assert await rung(team) == [FIRST, ("ben", "backup", "unredeemed")]


async def test_a_customer_who_must_not_be_called_is_owed_a_message(team: Escalation) -> None:
    await happens(team, contact_preference_changed("do_not_call"))
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    assert (await open_episode(team))["deadline_for"] == "redeem"


async def test_a_snooze_continues_and_an_appointment_reminds(team: Escalation) -> None:
    await happens(team, contact_preference_changed("dispute"))
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    await presses(team, SnoozePressed, "anna", until=await team.now() + 20 * HOUR)
    await team.wait(21 * HOUR)
    assert (await rung(team))[-1] == ("anna", "seller", "snooze_ended")
    await team.acknowledge("anna")
    await presses(team, AppointmentLogged, "anna", at=await team.now() + 20 * HOUR)
    await team.wait(21 * HOUR)
    assert (await rung(team))[-1] == ("anna", "seller", "appointment")
