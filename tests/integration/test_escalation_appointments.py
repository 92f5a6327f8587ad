"""A customer names a time for a call: the acknowledger is reminded, and no event makes us forget it."""

import re
from datetime import datetime, timedelta

import pytest

from services.escalation.domain.own_facts import (
    AppointmentLogged,
    CustomerReachedLogged,
    EpisodeButton,
)
from tests.builders import refund_requested
from tests.escalation import Escalation
from tests.team import HOUR, MINUTE, happens, open_episode, presses, rung

SIGNAL, REMINDER = ("anna", "seller", "signal"), ("anna", "seller", "appointment")


async def promises(team: Escalation, ahead: timedelta) -> datetime:
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    at = await team.now() + ahead
    assert await presses(team, AppointmentLogged, "anna", at=at) == []
    return at


async def mails(team: Escalation) -> list[str]:
    rows = await team.rows("escalation.deliveries", "changed_at")
    return [str(row["state"]) for row in rows if row["channel"] == "email"]


async def test_the_acknowledger_is_reminded_a_little_before_and_keeps_it(team: Escalation) -> None:
    at = await promises(team, 48 * HOUR)
    await team.wait(48 * HOUR - 6 * MINUTE)
    assert await rung(team) == [SIGNAL]
    await team.wait(2 * MINUTE)
    assert await rung(team) == [SIGNAL, REMINDER]
    assert sorted(await mails(team)) == ["cancelled", "pending"]
    episode = await open_episode(team)
    assert (episode["acknowledged_by"], episode["deadline_for"]) == ("anna", "redeem")
    assert episode["appointment_at"] == at
    (words,) = [row["words"] for row in await team.rows("escalation.decisions") if row["rule"] == "appointment_due"]
    assert str(words).startswith("The customer was promised a call on ")
    await team.wait(2 * HOUR)
    assert await rung(team) == [SIGNAL, REMINDER], "once"
    await team.wait(3 * HOUR)
    assert (await rung(team))[-1] == ("ben", "backup", "unredeemed")


async def test_the_reminder_and_later_messages_name_the_promised_call(team: Escalation) -> None:
    at = await promises(team, 48 * HOUR)
    await team.wait(48 * HOUR - 4 * MINUTE)
    await team.send_mail()
    await happens(team, refund_requested(amount_minor=123_00), minutes=1)
    await team.wait(2 * MINUTE)
    await team.send_mail()
    reminder, again = team.mail.received
    assert re.search(rf"call at (\d+ \w+, )?{at:%H:%M}$", reminder["Subject"]), "with its day if it is another"
    for message in (reminder, again):
        for kind in ("plain", "html"):
            body = message.get_body((kind,))
            assert body is not None
            assert re.search(rf"The customer was promised a call (on \d+ \w+ )?at {at:%H:%M}\.", body.get_content())


async def test_an_appointment_within_minutes_reminds_at_its_time(team: Escalation) -> None:
    await promises(team, 3 * MINUTE)
    await team.wait(2 * MINUTE)
    assert await rung(team) == [SIGNAL]
    await team.wait(2 * MINUTE)
    assert await rung(team) == [SIGNAL, REMINDER]


@pytest.mark.parametrize(
    "noted", [(CustomerReachedLogged, AppointmentLogged), (AppointmentLogged, CustomerReachedLogged)]
)
async def test_an_appointment_survives_a_talk_and_reminds_when_due(
    team: Escalation, noted: tuple[type[EpisodeButton], ...]
) -> None:
    """“I am in a meeting, call me in two days” is a talk and an appointment, in either order of logging."""
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    await team.move_clock(MINUTE)
    at = await team.now() + 48 * HOUR
    for kind in noted:
        await presses(team, kind, "anna", **({"at": at} if kind is AppointmentLogged else {}))
    await team.wait(47 * HOUR)
    assert await rung(team) == [SIGNAL]
    await team.wait(2 * HOUR)
    assert await rung(team) == [SIGNAL, REMINDER]
    assert (await open_episode(team))["deadline_for"] == "redeem"


async def test_an_appointment_survives_a_new_alert_and_another_acknowledgement(team: Escalation) -> None:
    at = await promises(team, 48 * HOUR)
    await happens(team, refund_requested(amount_minor=123_00), minutes=1)
    again = await open_episode(team)
    assert (again["deadline_for"], again["appointment_at"]) == ("answer", at)
    await team.acknowledge("anna")
    mine = await open_episode(team)
    assert (mine["deadline_for"], mine["appointment_at"]) == ("redeem", at), "a new signal cannot wait for it"
    await team.move_clock(MINUTE)
    await presses(team, CustomerReachedLogged, "anna")
    talked = await open_episode(team)
    assert (talked["deadline_for"], talked["deadline_at"]) == ("appointment", at), "and it is still ahead"
