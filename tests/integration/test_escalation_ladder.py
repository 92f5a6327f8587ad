"""Stories about who is notified and who is next: from the seller up to the desk, in their own working time."""

import asyncio
import re
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from services.escalation.app import publish_policy
from services.escalation.domain.own_facts import AcknowledgePressed, NotMinePressed, PolicySubmitted
from services.escalation.domain.policy.document import shipped_text
from shared.contracts.people_parts import Away, Day, WorkingHours
from shared.rounds import fire_all
from tests.builders import order_placed, refund_requested, response_overdue, salesperson_changed
from tests.escalation import DESK, Escalation, button, dead_end, pressed, reported
from tests.team import HOUR, MINUTE, happens, open_episode, person, presses, rung


async def test_without_a_response_the_ladder_is_climbed_to_the_desk_and_its_repeats(team: Escalation) -> None:
    await happens(team, refund_requested())
    for _ in range(6):
        await team.wait(2 * HOUR + MINUTE)
    steps = [(who, step) for who, step, _ in await rung(team)]
    assert steps[:5] == [
        ("anna", "seller"),
        ("ben", "backup"),
        ("carla", "manager"),
        ("dora", "upper_manager"),
        (DESK, "desk"),
    ]
    for _ in range(12):
        await team.wait(8 * HOUR + MINUTE)
    assert [cause for *_, cause in await rung(team)].count("repeat") == 6
    assert (await open_episode(team))["exhausted_at"] is not None
    assert (await team.published_types()).count("escalation.episode_exhausted") == 1
    await team.wait(timedelta(days=30))
    assert len(await team.alerts()) == 11, "once exhausted, it is shown and raises no more alerts"


async def test_an_absent_person_is_skipped_and_the_reason_is_kept(team: Escalation) -> None:
    now = await team.now()
    away = Away(since=now.date(), until=now.date() + timedelta(days=5))
    await team.receive(reported(salesperson_changed("Ben", zone="UTC", away=(away,)), subject="ben", at=now))
    await happens(team, refund_requested())
    await team.wait(HOUR + MINUTE)
    assert [who for who, *_ in await rung(team)] == ["anna", "carla"]
    (skipped,) = await skips(team)
    assert skipped.startswith("Skipped the backup: Ben is away until")


async def test_not_mine_closes_nothing_and_goes_up_the_ladder(team: Escalation) -> None:
    await happens(team, refund_requested())
    await presses(team, NotMinePressed, "anna")
    assert await rung(team) == [("anna", "seller", "signal"), ("ben", "backup", "not_mine")]
    assert await presses(team, NotMinePressed, "anna") == ["asked_of_another"], "it is not hers to pass on any more"
    assert len(await team.alerts()) == 2


async def test_the_desk_is_notified_again_at_once_and_then_after_pauses_that_double(
    escalation: Escalation,
) -> None:
    await escalation.receive(person(DESK), order_placed(sold_by=None, amount_minor=100_000))
    await happens(escalation, refund_requested())
    asked = [await escalation.now()]
    for _ in range(6):
        asked.append((await open_episode(escalation))["deadline_at"])  # type: ignore[arg-type]
        await escalation.wait(asked[-1] - await escalation.now() + MINUTE / 60)
        assert (await rung(escalation))[-1] == (DESK, "desk", "repeat")
    minutes = [round((later - earlier) / MINUTE) for earlier, later in pairwise(asked)]
    assert minutes == [60, 30, 60, 120, 240, 480], "at once after its own time"
    await escalation.wait(8 * HOUR + MINUTE)
    assert (await open_episode(escalation))["exhausted_at"] is not None


async def test_a_desk_that_presses_not_mine_is_notified_again_after_each_pause_only(
    escalation: Escalation,
) -> None:
    await escalation.receive(person(DESK), order_placed(sold_by=None))
    await happens(escalation, refund_requested())
    for rings, pause in ((1, HOUR / 2), (2, HOUR), (3, 2 * HOUR)):
        assert await presses(escalation, NotMinePressed, DESK) == []
        assert len(await escalation.alerts()) == rings, "no one is further up"
        assert (await escalation.deliveries())["email", "pending"] == 0
        await escalation.wait(pause + MINUTE)
    assert [cause for *_, cause in await rung(escalation)] == ["signal", "repeat", "repeat", "repeat"]


async def test_not_mine_after_the_desk_was_notified_returns_to_the_desk_at_once(team: Escalation) -> None:
    await happens(team, refund_requested())
    for _ in range(4):
        await team.wait(2 * HOUR + MINUTE)
    assert (await rung(team))[-1][0] == DESK
    await team.acknowledge("anna")
    await presses(team, NotMinePressed, "anna")
    assert (await rung(team))[-1] == (DESK, "desk", "repeat")


async def test_the_second_to_acknowledge_learns_who_was_first_and_changes_nothing(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.wait(HOUR + MINUTE)
    await team.acknowledge("ben")
    (taken,) = await team.episodes()
    for kind in (AcknowledgePressed, NotMinePressed):
        report = await team.receive(button(kind, taken["episode_id"], "anna"))
        assert [one.reason for one in report.rejected] == ["Ben has already acknowledged this; reload the page."]
    assert await team.episodes() == [taken]
    assert await presses(team, AcknowledgePressed, "ben") == [], "the acknowledger may press again"


async def test_a_person_notified_before_may_still_acknowledge(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.wait(HOUR + MINUTE)
    assert [who for who, *_ in await rung(team)] == ["anna", "ben"]
    await team.acknowledge("anna")
    episode = await open_episode(team)
    assert (episode["acknowledged_by"], episode["responsible"]) == ("anna", "anna")
    assert (await team.deliveries())["email", "pending"] == 0


async def test_acknowledging_between_two_steps_with_two_workers_notifies_no_one_else(team: Escalation) -> None:
    await happens(team, refund_requested())
    (episode,) = await team.episodes()
    await team.move_clock(HOUR + MINUTE)
    await team.read_everything()
    await asyncio.gather(
        fire_all(team.processor), team.receive(pressed(episode["episode_id"], "anna")), fire_all(team.processor)
    )
    taken = await open_episode(team)
    assert taken["acknowledged_by"] == "anna"
    assert len(await team.alerts()) <= 2, "one step at most, and then no one else"
    await team.wait(HOUR)
    assert len(await team.alerts()) <= 2
    assert (await team.deliveries())["email", "pending"] == 0


async def test_a_holiday_and_a_clock_change_inside_a_deadline_are_no_working_time(escalation: Escalation) -> None:
    """Notified on Thursday 24 December 2026, 17:00: Christmas and a weekend follow, and time counts again
    from 28 December, 09:00."""
    hours = WorkingHours(days=tuple(Day)[:5], start="09:00", end="17:30")
    anna = person("anna", working_hours=(hours,), zone="Europe/Berlin", country="DE")
    desk = person(DESK, working_hours=(hours,), zone="Europe/Berlin", country="DE")
    await escalation.receive(anna, desk, order_placed(amount_minor=50_000))
    now = await escalation.now()
    asked_at = datetime(2026, 12, 24, 16, tzinfo=UTC)
    await escalation.move_clock(asked_at - now)
    await happens(escalation, refund_requested())
    deadline = (await open_episode(escalation))["deadline_at"]
    assert isinstance(deadline, datetime)
    assert abs(deadline - datetime(2026, 12, 28, 8, 30, tzinfo=UTC)) < MINUTE


async def test_an_alert_on_the_last_evening_before_an_absence_does_not_wait_for_its_end(
    escalation: Escalation,
) -> None:
    """Friday 4 December 2026, 18:30: Anna's next working day is the first of two weeks of absence."""
    hours = WorkingHours(days=tuple(Day)[:5], start="09:00", end="17:00")
    away = Away(since=date(2026, 12, 7), until=date(2026, 12, 18))
    anna = person("anna", working_hours=(hours,), away=(away,), backup="ben")
    at_work = order_placed(amount_minor=50_000)
    ben, desk = person("ben", working_hours=(hours,)), person(DESK, working_hours=(hours,))
    await escalation.receive(anna, ben, desk, at_work)
    await escalation.move_clock(datetime(2026, 12, 4, 18, 30, tzinfo=UTC) - await escalation.now())
    await happens(escalation, refund_requested())
    assert await rung(escalation) == [("ben", "backup", "signal")]
    (skipped,) = await skips(escalation)
    assert skipped == "Skipped the seller: Anna is away until 18 December."
    assert (await open_episode(escalation))["deadline_at"] == datetime(2026, 12, 7, 10, tzinfo=UTC)


async def test_a_critical_alert_notifies_people_who_accept_off_hours_once_the_customer_may_be_called(
    escalation: Escalation,
) -> None:
    """On a Saturday at 06:00 in Berlin: the customer may be called from 08:00 on, and the sellers work from Monday."""
    hours = WorkingHours(days=(Day.MONDAY,), start="09:00", end="17:00")
    accepts = person("anna", working_hours=(hours,), rings_off_hours=True)
    sleeps = person("ben", working_hours=(hours,))
    by_ben = reported(order_placed("other", sold_by="ben"), subject="c-99")
    await escalation.receive(accepts, sleeps, person(DESK, working_hours=(hours,)), order_placed(), by_ben)
    now = await escalation.now()
    saturday = datetime(2026, 12, 5, 5, tzinfo=UTC)
    await escalation.move_clock(saturday - now)
    await escalation.receive(
        reported(refund_requested(), at=saturday), reported(refund_requested(), at=saturday, subject="c-99")
    )
    assert {row["severity"] for row in await escalation.episodes()} == {"critical"}
    mails = [row for row in await escalation.rows("escalation.deliveries") if row["state"] == "held"]
    rings_at = {row["recipient"]: row["try_at"] for row in mails}
    assert rings_at == {"anna": saturday + 2 * HOUR, "ben": datetime(2026, 12, 7, 9, tzinfo=UTC)}


async def test_a_team_in_observe_mode_sees_its_episodes_without_alerts(team: Escalation) -> None:
    await set_mode(team, "observe")
    await happens(team, refund_requested())
    await team.wait(timedelta(days=3))
    assert await rung(team) == []
    assert (await open_episode(team))["responsible"] == "anna", "it is in the seller's inbox"


async def test_an_observed_episode_raises_an_alert_at_the_next_signal_once_the_team_takes_part(
    team: Escalation,
) -> None:
    await set_mode(team, "observe")
    await happens(team, dead_end())
    await set_mode(team, "on")
    await happens(team, response_overdue(), minutes=1)
    assert await rung(team) == [("anna", "seller", "signal")]


async def test_a_team_sent_back_to_observing_keeps_its_earlier_alerts_in_the_inbox(team: Escalation) -> None:
    await happens(team, dead_end())
    await set_mode(team, "observe")
    await team.wait(2 * HOUR)
    assert len(await team.alerts()) == 1
    episode = await open_episode(team)
    assert (episode["responsible"], episode["deadline_at"]) == ("anna", None)
    await set_mode(team, "on")
    await happens(team, response_overdue(), minutes=1)
    assert [who for who, *_ in await rung(team)] == ["anna", "anna"]


async def set_mode(team: Escalation, mode: str) -> None:
    """From now on Carla's team takes part in this mode."""
    document = re.sub(r"(?m)^# modes = .*$", f'modes = {{ carla = "{mode}" }}', shipped_text())
    await publish_policy(
        team.processor, PolicySubmitted(document=document, by="carla", summary=f"Carla's team: {mode}")
    )


async def skips(team: Escalation) -> list[str]:
    """The people skipped, with the reasons."""
    return [row["words"] for row in await team.rows("escalation.decisions", "position") if row["rule"] == "skipped"]
