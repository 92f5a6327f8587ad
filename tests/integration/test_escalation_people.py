"""Stories about changes of a person: episodes of a person who left or is away pass on at once."""

from datetime import UTC, datetime, timedelta

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
from tests.escalation import DESK, Escalation
from tests.team import HOUR, MINUTE, happens, open_episode, person, presses, rung

DAY = timedelta(days=1)
LEFT = {"manager": "carla", "active": False}


async def changes(team: Escalation, change: Input) -> None:
    """The directory reports a change of a person, and its effects are complete."""
    await team.receive(change)
    await team.fire()


def is_away(now: datetime, *, days: int = 9, starts: int = 0) -> Input:
    """Anna is absent from this many days from now."""
    away = Away(since=now.date() + starts * DAY, until=now.date() + days * DAY)
    return person("anna", manager="carla", backup="ben", away=(away,))


async def reasons(team: Escalation, rule: str) -> list[str]:
    return [row["words"] for row in await team.rows("escalation.decisions", "position") if row["rule"] == rule]


async def taken(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.acknowledge("anna")


async def test_an_acknowledgers_episode_goes_to_the_successor_at_once_when_they_leave(team: Escalation) -> None:
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


async def test_a_notified_person_who_leaves_gets_no_more_alerts_and_no_email(team: Escalation) -> None:
    await happens(team, refund_requested())
    await changes(team, person("anna", **LEFT))
    assert [who for who, *_ in await rung(team)] == ["anna", "carla"]
    await team.send_mail()
    assert [mail["To"] for mail in team.mail.received] == ["carla@sales.example"]


async def test_an_episode_of_a_person_who_left_passes_on_once_during_the_wait_for_its_seller(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.receive(sale_corrected("zoe"))
    await changes(team, person("anna", **LEFT))
    assert (await open_episode(team))["responsible"] is None
    for _ in range(20):
        await team.wait(MINUTE)
    assert await rung(team) == [("anna", "seller", "signal"), (DESK, "desk", "unavailable")]
    assert await reasons(team, "unavailable") == ["Anna, who had been notified, has left; the next person is notified."]


async def test_no_email_is_sent_to_a_person_who_left_before_their_work_passes_on(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.receive(person("anna", **LEFT))
    await team.send_mail()
    assert team.mail.received == []
    email = await team.email()
    assert (email["state"], email["reason"]) == ("cancelled", "left")


async def test_an_episode_that_already_passed_on_stays_with_its_holder(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.wait(HOUR + MINUTE)
    before = await rung(team)
    await changes(team, person("anna", **LEFT))
    assert await rung(team) == before, "Ben has been notified by now"


@pytest.mark.parametrize("preference", [ContactPreference.DISPUTE, ContactPreference.DO_NOT_CALL])
async def test_episodes_without_a_deadline_pass_on_too(team: Escalation, preference: ContactPreference) -> None:
    await taken(team)
    await happens(team, ContactPreferenceChanged(preference=preference))
    await changes(team, person("anna", **LEFT))
    assert (await rung(team))[-1] == ("carla", "manager", "unavailable")


async def test_episodes_after_a_talk_pass_on_too(team: Escalation) -> None:
    await taken(team)
    await presses(team, CustomerReachedLogged, "anna")
    assert (await open_episode(team))["deadline_at"] is None
    await changes(team, person("anna", **LEFT))
    assert (await rung(team))[-1] == ("carla", "manager", "unavailable")


async def test_an_appointment_moves_to_the_new_holder(team: Escalation) -> None:
    await taken(team)
    agreed = await team.now() + timedelta(days=2)
    await presses(team, AppointmentLogged, "anna", at=agreed)
    await changes(team, person("anna", **LEFT))
    asked = await open_episode(team)
    assert (asked["responsible"], asked["deadline_for"], asked["appointment_at"]) == ("carla", "answer", agreed)
    await team.wait(2 * HOUR + MINUTE)
    assert (await open_episode(team))["responsible"] == "dora", "it stays from step to step"
    await team.acknowledge("dora")
    theirs = await open_episode(team)
    assert (theirs["deadline_at"], theirs["deadline_for"]) == (agreed, "appointment")


async def test_an_offer_is_withdrawn_when_its_recipient_or_its_giver_leaves(team: Escalation) -> None:
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


async def test_an_absence_reported_while_a_person_has_an_episode_passes_it_on(team: Escalation) -> None:
    await taken(team)
    await changes(team, is_away(await team.now()))
    assert await rung(team) == [("anna", "seller", "signal"), ("ben", "backup", "unavailable")]
    (words,) = await reasons(team, "unavailable")
    assert words.startswith("Anna, who had acknowledged it, is away until")


async def test_a_future_absence_ends_a_snooze_at_its_start_with_an_alert(team: Escalation) -> None:
    await taken(team)
    now = await team.now()
    assert await presses(team, SnoozePressed, "anna", until=now + 2 * DAY) == []
    await changes(team, is_away(now, starts=1))
    begins = datetime.combine(now.date() + DAY, datetime.min.time(), tzinfo=UTC)
    assert (await open_episode(team))["deadline_at"] == begins
    await team.wait(begins - now + MINUTE)
    assert [who for who, *_ in await rung(team)] == ["anna", "ben"]


async def test_episodes_without_a_deadline_pass_on_when_an_absence_begins(team: Escalation) -> None:
    now = await team.now()
    await changes(team, is_away(now, starts=1))
    await taken(team)
    await presses(team, CustomerReachedLogged, "anna")
    await team.wait(timedelta(hours=12))
    assert [who for who, *_ in await rung(team)] == ["anna"]
    await team.wait(timedelta(hours=12))
    assert (await rung(team))[-1] == ("ben", "backup", "unavailable")


async def test_an_episode_stays_and_its_deadline_waits_during_a_short_absence(team: Escalation) -> None:
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
    """A signal that can wait for days."""
    await happens(team, case_opened("case-9"))
    await happens(team, case_reopened("case-9"))
    assert (await open_episode(team))["severity"] == "watch"


async def test_a_person_who_acknowledges_during_an_absence_counts_as_present(team: Escalation) -> None:
    await happens(team, refund_requested())
    await changes(team, is_away(await team.now()))
    assert (await open_episode(team))["responsible"] == "ben"
    assert await presses(team, AcknowledgePressed, "anna") == []
    await team.wait(2 * MINUTE)
    assert (await open_episode(team))["acknowledged_by"] == "anna"


async def test_an_address_reported_later_lets_the_email_be_sent(team: Escalation) -> None:
    alone = {"email": None, "backup": None, "manager": None}
    await changes(team, person("anna", **alone))
    await changes(team, person("desk", email=None))
    await happens(team, refund_requested())
    assert (await team.email())["state"] == "skipped"
    await changes(team, person("anna", **alone | {"email": "anna@new.example"}))
    await team.send_mail()
    assert [mail["To"] for mail in team.mail.received] == ["anna@new.example"]


async def test_an_episode_passes_to_a_reachable_person_when_an_address_is_removed(team: Escalation) -> None:
    await happens(team, refund_requested())
    await changes(team, person("anna", manager="carla", backup="ben", email=None))
    assert [who for who, *_ in await rung(team)] == ["anna", "ben"]


async def test_other_working_hours_change_no_alert_already_sent(team: Escalation) -> None:
    await happens(team, refund_requested())
    before = await open_episode(team)
    await changes(team, person("anna", manager="carla", backup="ben", zone="Asia/Tokyo", working_hours=()))
    assert await open_episode(team) == before


async def test_work_given_to_a_person_while_they_leave_is_checked_once_more(team: Escalation) -> None:
    """The transaction that notified Anna read the directory before she left, and committed afterwards."""
    await happens(team, refund_requested())
    await team.pool.execute("update escalation.salespeople set active = false where salesperson_id = 'anna'")
    await team.receive(person("anna", **LEFT))
    await team.pool.execute("delete from shared.timers where type = 'escalation.timer.person_changed'")
    await team.pool.execute("update escalation.salespeople set active = false where salesperson_id = 'anna'")
    await team.wait(timedelta(seconds=61))
    assert [who for who, *_ in await rung(team)] == ["anna"], "nothing changed about an inactive person"
    await team.receive(person("anna", manager="carla", backup="ben"))
    await team.receive(person("anna", **LEFT))
    await team.pool.execute("delete from shared.timers where type = 'escalation.timer.person_changed'")
    await team.wait(timedelta(seconds=61))
    assert (await open_episode(team))["responsible"] == "carla"


async def test_a_desk_that_stands_in_for_an_unknown_seller_keeps_it_under_another_address(
    escalation: Escalation,
) -> None:
    await escalation.receive(person(DESK), order_placed(sold_by="ghost", amount_minor=50_000))
    await happens(escalation, refund_requested())
    await escalation.wait(16 * MINUTE)
    assert await rung(escalation) == [(DESK, "desk", "signal")]
    before = await open_episode(escalation)
    await changes(escalation, person(DESK, email="desk@new.example"))
    assert await open_episode(escalation) == before
