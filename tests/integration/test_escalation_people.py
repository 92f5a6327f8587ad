"""A change of a person, told as stories: whoever left or is away passes on what they have, at once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.escalation.domain.own_facts import (
    AcknowledgePressed,
    AppointmentLogged,
    CustomerReachedLogged,
    HandOverPressed,
    SnoozePressed,
)
from shared.contracts.people_parts import Away, Successor
from shared.contracts.support import ContactPreferenceChanged
from shared.contracts.support_inbound import ContactPreference
from shared.inputs import Input
from tests.builders import (
    case_opened,
    case_reopened,
    contact_made,
    order_placed,
    refund_requested,
    sale_corrected,
)
from tests.escalation import DESK, Escalation, button
from tests.team import HOUR, MINUTE, happens, open_episode, person, presses, rung

DAY = timedelta(days=1)
LEFT = {"manager": "carla", "active": False}


async def changes(team: Escalation, change: Input) -> None:
    """The directory tells of somebody, and what that sets off is done."""
    await team.hear(change)
    await team.fire()


def is_away(now: datetime, *, days: int = 9, starts: int = 0) -> Input:
    """Anna is away from so many days from now on."""
    away = Away(since=now.date() + starts * DAY, until=now.date() + days * DAY)
    return person("anna", manager="carla", backup="ben", away=(away,))


async def reasons(team: Escalation, rule: str) -> list[str]:
    return [row["words"] for row in await team.rows("escalation.decisions", "position") if row["rule"] == rule]


async def taken(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.acknowledge("anna")


async def test_whoever_left_while_having_it_leaves_it_to_the_successor_at_once(team: Escalation) -> None:
    await taken(team)
    successor = Successor(salesperson="ben", since=(await team.now()).date() - DAY)
    await changes(team, person("anna", successor=successor, **LEFT))
    assert await rung(team) == [("anna", "seller", "signal"), ("ben", "successor", "unavailable")]
    assert await reasons(team, "unavailable") == [
        "Anna, who had acknowledged it, has left; the next person is notified."
    ]
    episode = await open_episode(team)
    assert (episode["responsible"], episode["acknowledged_by"]) == ("ben", None)
    assert (await team.alerts())[-1]["why_you"].endswith("you have taken over Anna's accounts.")


async def test_whoever_left_while_being_asked_is_asked_no_more_and_gets_no_mail(team: Escalation) -> None:
    await happens(team, refund_requested())
    await changes(team, person("anna", **LEFT))
    assert [who for who, *_ in await rung(team)] == ["anna", "carla"]
    await team.send_mail()
    assert [mail["To"] for mail in team.mail.received] == ["carla@sales.example"]


async def test_what_somebody_had_who_left_is_passed_on_once_while_its_seller_is_waited_for(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.hear(sale_corrected("zoe"))
    await changes(team, person("anna", **LEFT))
    assert (await open_episode(team))["responsible"] is None
    for _ in range(20):
        await team.wait(MINUTE)
    assert await rung(team) == [("anna", "seller", "signal"), (DESK, "desk", "unavailable")]
    assert await reasons(team, "unavailable") == ["Anna, who had been notified, has left; the next person is notified."]


async def test_no_mail_leaves_for_somebody_who_left_before_anything_else_is_done(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.hear(person("anna", **LEFT))
    await team.send_mail()
    assert team.mail.received == []
    email = await team.email()
    assert (email["state"], email["reason"]) == ("cancelled", "left")


async def test_what_was_already_passed_on_stays_where_it_is(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.wait(HOUR + MINUTE)
    before = await rung(team)
    await changes(team, person("anna", **LEFT))
    assert await rung(team) == before, "Ben is asked by now"


@pytest.mark.parametrize("preference", [ContactPreference.DISPUTE, ContactPreference.DO_NOT_CALL])
async def test_what_no_clock_runs_for_is_passed_on_too(team: Escalation, preference: ContactPreference) -> None:
    await taken(team)
    await happens(team, ContactPreferenceChanged(preference=preference))
    await changes(team, person("anna", **LEFT))
    assert (await rung(team))[-1] == ("carla", "manager", "unavailable")


async def test_what_was_talked_about_is_passed_on_too(team: Escalation) -> None:
    await taken(team)
    await presses(team, CustomerReachedLogged, "anna")
    assert (await open_episode(team))["deadline_at"] is None
    await changes(team, person("anna", **LEFT))
    assert (await rung(team))[-1] == ("carla", "manager", "unavailable")


async def test_an_appointment_goes_along_with_whoever_takes_over(team: Escalation) -> None:
    await taken(team)
    agreed = await team.now() + timedelta(days=2)
    await presses(team, AppointmentLogged, "anna", at=agreed)
    await changes(team, person("anna", **LEFT))
    asked = await open_episode(team)
    assert (asked["responsible"], asked["deadline_for"], asked["appointment_at"]) == ("carla", "answer", agreed)
    await team.wait(2 * HOUR + MINUTE)
    assert (await open_episode(team))["responsible"] == "dora", "it goes on from step to step"
    await team.acknowledge("dora")
    theirs = await open_episode(team)
    assert (theirs["deadline_at"], theirs["deadline_for"]) == (agreed, "appointment")


async def test_an_offer_to_somebody_who_left_is_withdrawn_and_one_of_somebody_who_left_too(team: Escalation) -> None:
    await taken(team)
    until = await team.now() + 4 * HOUR
    assert await presses(team, HandOverPressed, "anna", to="ben", until=until) == []
    await changes(team, person("ben", **LEFT))
    episode = await open_episode(team)
    assert (episode["acknowledged_by"], episode["offered_to"]) == ("anna", None)
    assert await reasons(team, "offer_withdrawn") == ["Ben has left; the hand-over is withdrawn."]
    assert await presses(team, HandOverPressed, "anna", to="dora", until=until) == []
    await changes(team, person("anna", **LEFT))
    episode = await open_episode(team)
    assert (episode["responsible"], episode["offered_to"]) == ("carla", None)
    states = {row["recipient"]: row["state"] for row in await mails(team)}
    assert states == {"anna": "cancelled", "ben": "cancelled", "dora": "cancelled", "carla": "pending"}


async def mails(team: Escalation) -> list[dict[str, object]]:
    return [row for row in await team.rows("escalation.deliveries", "recipient") if row["channel"] == "email"]


async def test_an_absence_told_while_they_have_it_passes_it_on(team: Escalation) -> None:
    await taken(team)
    await changes(team, is_away(await team.now()))
    assert await rung(team) == [("anna", "seller", "signal"), ("ben", "backup", "unavailable")]
    (words,) = await reasons(team, "unavailable")
    assert words.startswith("Anna, who had acknowledged it, is away until")


async def test_an_absence_ahead_cuts_the_pause_at_its_start_and_it_rings_then(team: Escalation) -> None:
    await taken(team)
    now = await team.now()
    assert await presses(team, SnoozePressed, "anna", until=now + 2 * DAY) == []
    await changes(team, is_away(now, starts=1))
    begins = datetime.combine(now.date() + DAY, datetime.min.time(), tzinfo=UTC)
    assert (await open_episode(team))["deadline_at"] == begins
    await team.wait(begins - now + MINUTE)
    assert [who for who, *_ in await rung(team)] == ["anna", "ben"]


async def test_a_pause_or_an_appointment_into_the_own_absence_is_refused_and_names_the_day(team: Escalation) -> None:
    now = await team.now()
    await changes(team, is_away(now, starts=1))
    await taken(team)
    (episode,) = await team.episodes()
    refusable: tuple[tuple[Any, dict[str, Any]], ...] = (
        (SnoozePressed, {"until": now + 2 * DAY}),
        (AppointmentLogged, {"at": now + 2 * DAY}),
    )
    for kind, says in refusable:
        report = await team.hear(button(kind, episode["episode_id"], "anna", **says))
        (refused,) = report.rejected
        day = now.date() + DAY
        assert (refused.code, refused.reason) == (
            "away_then",
            f"you are away as of {day.day} {day:%B}. Choose an earlier time, or hand this over.",
        )
    assert await presses(team, SnoozePressed, "anna", until=now + 2 * HOUR) == []


async def test_when_an_absence_begins_what_no_clock_runs_for_is_passed_on(team: Escalation) -> None:
    now = await team.now()
    await changes(team, is_away(now, starts=1))
    await taken(team)
    await presses(team, CustomerReachedLogged, "anna")
    await team.wait(timedelta(hours=12))
    assert [who for who, *_ in await rung(team)] == ["anna"]
    await team.wait(timedelta(hours=12))
    assert (await rung(team))[-1] == ("ben", "backup", "unavailable")


async def test_whoever_is_away_shorter_than_the_bound_keeps_it_and_the_clock_waits(team: Escalation) -> None:
    await happens(team, contact_made("answered", case="case-9"))
    await watch(team)
    await team.acknowledge("anna")
    before = (await open_episode(team))["deadline_at"]
    assert isinstance(before, datetime)
    now = await team.now()
    await changes(team, is_away(now, days=0))
    episode = await open_episode(team)
    assert episode["acknowledged_by"] == "anna"
    tomorrow = datetime.combine(now.date() + DAY, datetime.min.time(), tzinfo=UTC)
    assert isinstance(episode["deadline_at"], datetime)
    assert episode["deadline_at"] > max(before, tomorrow)
    await changes(team, is_away(now, days=9))
    assert (await rung(team))[-1] == ("ben", "backup", "unavailable"), "and passes it on once it is longer"


async def watch(team: Escalation) -> None:
    """Something that can wait for days."""
    await happens(team, case_opened("case-9"))
    await happens(team, case_reopened("case-9"))
    assert (await open_episode(team))["severity"] == "watch"


async def test_who_takes_it_while_away_is_there(team: Escalation) -> None:
    await happens(team, refund_requested())
    await changes(team, is_away(await team.now()))
    assert (await open_episode(team))["responsible"] == "ben"
    assert await presses(team, AcknowledgePressed, "anna") == []
    await team.wait(2 * MINUTE)
    assert (await open_episode(team))["acknowledged_by"] == "anna"


async def test_an_address_told_later_lets_the_mail_go(team: Escalation) -> None:
    alone = {"email": None, "backup": None, "manager": None}
    await changes(team, person("anna", **alone))
    await changes(team, person("desk", email=None))
    await happens(team, refund_requested())
    assert (await team.email())["state"] == "skipped"
    await changes(team, person("anna", **alone | {"email": "anna@new.example"}))
    await team.send_mail()
    assert [mail["To"] for mail in team.mail.received] == ["anna@new.example"]


async def test_an_address_that_is_gone_leaves_it_to_somebody_who_can_be_reached(team: Escalation) -> None:
    await happens(team, refund_requested())
    await changes(team, person("anna", manager="carla", backup="ben", email=None))
    assert [who for who, *_ in await rung(team)] == ["anna", "ben"]


async def test_other_hours_change_nothing_of_what_was_told(team: Escalation) -> None:
    await happens(team, refund_requested())
    before = await open_episode(team)
    await changes(team, person("anna", manager="carla", backup="ben", zone="Asia/Tokyo", working_hours=()))
    assert await open_episode(team) == before


async def test_what_somebody_gave_them_meanwhile_is_looked_at_once_more(team: Escalation) -> None:
    """Whoever rang Anna read the directory before she left, and committed after."""
    await happens(team, refund_requested())
    await team.pool.execute("update escalation.salespeople set active = false where salesperson_id = 'anna'")
    await team.hear(person("anna", **LEFT))
    await team.pool.execute("delete from shared.timers where type = 'escalation.timer.person_changed'")
    await team.pool.execute("update escalation.salespeople set active = false where salesperson_id = 'anna'")
    await team.wait(timedelta(seconds=61))
    assert [who for who, *_ in await rung(team)] == ["anna"], "nothing changed of an inactive person"
    await team.hear(person("anna", manager="carla", backup="ben"))
    await team.hear(person("anna", **LEFT))
    await team.pool.execute("delete from shared.timers where type = 'escalation.timer.person_changed'")
    await team.wait(timedelta(seconds=61))
    assert (await open_episode(team))["responsible"] == "carla"


async def test_a_desk_that_stands_in_for_an_unknown_seller_keeps_it_under_another_address(
    escalation: Escalation,
) -> None:
    await escalation.hear(person(DESK), order_placed(sold_by="ghost", amount_minor=50_000))
    await happens(escalation, refund_requested())
    await escalation.wait(16 * MINUTE)
    assert await rung(escalation) == [(DESK, "desk", "signal")]
    before = await open_episode(escalation)
    await changes(escalation, person(DESK, email="desk@new.example"))
    assert await open_episode(escalation) == before
