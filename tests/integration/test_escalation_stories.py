"""Known failures of others, told as stories: what would be swallowed, ring for nothing, or be taken for a rescue."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.escalation.domain.own_facts import (
    AttemptLogged,
    ClosePressed,
    CustomerReachedLogged,
    EpisodeButton,
    HandOverAcceptPressed,
    HandOverPressed,
    NotMinePressed,
    SnoozePressed,
)
from shared.contracts.envelope import Fact
from shared.contracts.orders_inbound import Away, Day, WorkingHours
from shared.contracts.support_inbound import Courtesy, Direction
from shared.inputs import Input
from shared.runtime import fire_all
from tests.builders import (
    case_opened,
    case_reopened,
    case_resolved,
    contact_made,
    order_placed,
    refund_requested,
    salesperson_changed,
)
from tests.escalation import DESK, Escalation, button, dead_end, pressed, told

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def team(escalation: Escalation) -> Escalation:
    """Anna sold it; Ben is her backup, Carla leads both, Dora leads Carla."""
    await escalation.hear(
        person("anna", manager="carla", backup="ben"),
        person("ben", manager="carla"),
        person("carla", manager="dora"),
        person("dora"),
        person(DESK),
        order_placed(amount_minor=50_000),
    )
    return escalation


def person(id: str, **changes: object) -> Input:
    known = {"email": f"{id}@sales.example", "zone": "UTC"}
    return told(salesperson_changed(id.title(), **(known | changes)), subject=id)


async def happens(team: Escalation, fact: Fact, **later: float) -> None:
    """A fact at the clock's own time, or so much later."""
    now: datetime = await team.pool.fetchval("select shared.app_now()")
    await team.hear(told(fact, at=now + timedelta(**later)))


async def presses(team: Escalation, kind: type[EpisodeButton], by: str, **says: Any) -> list[str]:
    (episode,) = [row for row in await team.episodes() if row["closed_at"] is None]
    report = await team.hear(button(kind, episode["episode_id"], by, **says))
    return [rejection.code for rejection in report.rejected]


async def rung(team: Escalation) -> list[tuple[str, str, str]]:
    return [(row["recipient"], row["step"], row["cause"]) for row in await team.alerts()]


async def open_episode(team: Escalation) -> dict[str, object]:
    (row,) = [row for row in await team.episodes() if row["closed_at"] is None]
    return row


async def test_nobody_answers_and_the_ladder_is_climbed_to_the_desk_and_its_repeats(team: Escalation) -> None:
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
    assert len(await team.alerts()) == 11, "exhausted, it is shown and rings no more"


async def test_who_is_away_is_skipped_and_the_reason_is_kept(team: Escalation) -> None:
    today = datetime.now(UTC).date()
    away = Away(since=today, until=today + timedelta(days=5))
    await team.hear(told(salesperson_changed("Ben", zone="UTC", away=(away,)), subject="ben", at=datetime.now(UTC)))
    await happens(team, refund_requested())
    await team.wait(HOUR + MINUTE)
    assert [who for who, *_ in await rung(team)] == ["anna", "carla"]
    skipped = [row["words"] for row in await team.rows("escalation.decisions", "position") if row["rule"] == "skipped"]
    assert len(skipped) == 1
    assert skipped[0].startswith("The backup is passed over: Ben is away until")


async def test_an_acknowledgement_that_is_not_redeemed_expires_and_the_ladder_goes_on(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    await team.wait(4 * HOUR + MINUTE)
    assert await rung(team) == [("anna", "seller", "signal"), ("ben", "backup", "unredeemed")]
    assert (await open_episode(team))["acknowledged_by"] is None
    assert "escalation.acknowledgement_expired" in await team.published_types()


async def test_a_voicemail_is_no_rescue(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    await happens(team, contact_made("voicemail", direction=Direction.OUTBOUND, agent="anna", case=None), minutes=30)
    assert (await open_episode(team))["reached_at"] is None
    assert (await open_episode(team))["attempts"] == 1
    await team.wait(6 * HOUR + MINUTE)
    assert (await rung(team))[-1] == ("ben", "backup", "unredeemed")


async def test_a_conversation_told_by_telephony_redeems_the_acknowledgement(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    await happens(team, contact_made("answered", direction=Direction.OUTBOUND, agent="anna", case=None), minutes=30)
    assert (await open_episode(team))["reached_at"] is not None
    await team.wait(timedelta(days=9))
    assert len(await team.alerts()) == 1
    assert "escalation.customer_reached" in await team.published_types()


async def test_a_proof_that_is_told_late_still_counts(team: Escalation) -> None:
    """What is unread is no silence: the clock of the proof waits for the backlog."""
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    await team.read_everything()
    await team.move_clock(5 * HOUR)
    await team.fire()
    assert (await open_episode(team))["acknowledged_by"] == "anna"
    await happens(team, contact_made("answered", direction=Direction.OUTBOUND, agent="anna", case=None), hours=-4)
    await team.wait(HOUR)
    assert (await open_episode(team))["acknowledged_by"] == "anna"


async def test_three_attempts_win_time_and_a_fourth_none(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    deadlines = []
    for _ in range(4):
        await team.wait(3 * HOUR / 2)
        await presses(team, AttemptLogged, "anna")
        deadlines.append((await open_episode(team))["deadline_at"])
    assert deadlines[0] < deadlines[1] < deadlines[2]  # type: ignore[operator]
    assert deadlines[2] == deadlines[3]


async def test_an_acknowledged_alert_does_not_swallow_a_new_failure(team: Escalation) -> None:
    await happens(team, case_reopened())
    await team.acknowledge("anna")
    await happens(team, dead_end(), minutes=5)
    assert len(await team.alerts()) == 2
    assert (await open_episode(team))["acknowledged_by"] is None


async def test_an_alert_does_not_outlive_its_cause(team: Escalation) -> None:
    """Held over the night, its cause gone in the evening: nothing rings in the morning, nor months later."""
    hours = WorkingHours(days=tuple(Day), start="05:30", end="05:31")
    await team.hear(told(salesperson_changed("Anna", working_hours=(hours,), zone="UTC"), subject="anna"))
    await happens(team, dead_end())
    assert (await team.deliveries())["email", "held"] == 1
    await happens(team, contact_made("answered"), minutes=5)
    assert [row["result"] for row in await team.episodes()] == ["cause_gone"]
    assert await team.deliveries() == {("inbox", "sent"): 1, ("email", "cancelled"): 1}
    await team.wait(timedelta(days=90))
    await team.send_mail()
    assert team.mail.received == []
    assert len(await team.alerts()) == 1


async def test_after_it_was_closed_a_signal_opens_a_new_episode_that_follows_the_old(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    assert await presses(team, ClosePressed, "anna", result="lost", reason="bad_weather") == ["unknown_reason"]
    assert await presses(team, ClosePressed, "anna", result="lost", reason="price") == []
    await happens(team, dead_end(), minutes=5)
    old, new = sorted(await team.episodes(), key=lambda row: row["raised_at"])
    assert new["follows"] == old["episode_id"]
    assert [who for who, *_ in await rung(team)] == ["anna", "anna"]


async def test_not_mine_closes_nothing_and_goes_up_the_ladder(team: Escalation) -> None:
    await happens(team, refund_requested())
    await presses(team, NotMinePressed, "anna")
    assert await rung(team) == [("anna", "seller", "signal"), ("ben", "backup", "not_mine")]
    assert await presses(team, NotMinePressed, "anna") == [], "pressed again it changes nothing"
    assert len(await team.alerts()) == 2


async def test_who_was_asked_before_may_still_take_it(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.wait(HOUR + MINUTE)
    assert [who for who, *_ in await rung(team)] == ["anna", "ben"]
    await team.acknowledge("anna")
    episode = await open_episode(team)
    assert (episode["acknowledged_by"], episode["responsible"]) == ("anna", "anna")
    assert (await team.deliveries())["email", "pending"] == 0


async def test_acknowledging_between_two_steps_with_two_workers_asks_nobody_else(team: Escalation) -> None:
    await happens(team, refund_requested())
    (episode,) = await team.episodes()
    await team.move_clock(HOUR + MINUTE)
    await team.read_everything()
    await asyncio.gather(fire_all(team.spine), team.hear(pressed(episode["episode_id"], "anna")), fire_all(team.spine))
    taken = await open_episode(team)
    assert taken["acknowledged_by"] == "anna"
    assert len(await team.alerts()) <= 2, "one step at most, and then nobody"
    await team.wait(HOUR)
    assert len(await team.alerts()) <= 2
    assert (await team.deliveries())["email", "pending"] == 0


async def test_a_hand_over_leaves_the_giver_responsible_until_it_is_accepted(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    until = datetime.now(UTC) + 3 * HOUR
    await presses(team, HandOverPressed, "anna", to="dora", until=until)
    assert (await open_episode(team))["acknowledged_by"] == "anna"
    assert await presses(team, HandOverAcceptPressed, "ben") == ["episode_of_another"]
    await presses(team, HandOverAcceptPressed, "dora")
    assert (await open_episode(team))["acknowledged_by"] == "dora"
    await team.wait(5 * HOUR)
    assert (await rung(team))[-1][0] == "ben", "Dora did not reach the customer either"


async def test_a_hand_over_that_nobody_accepts_lapses_and_the_givers_clock_has_run_on(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    await presses(team, HandOverPressed, "anna", to="dora", until=datetime.now(UTC) + HOUR)
    await team.wait(2 * HOUR)
    assert (await open_episode(team))["offered_to"] is None
    await team.wait(3 * HOUR)
    assert (await rung(team))[-1] == ("ben", "backup", "unredeemed")


async def test_a_pause_ends_with_a_ring_for_the_same_person(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    await presses(team, SnoozePressed, "anna", until=datetime.now(UTC) + 20 * HOUR)
    await team.wait(19 * HOUR)
    assert len(await team.alerts()) == 1
    await team.wait(2 * HOUR)
    assert (await rung(team))[-1] == ("anna", "seller", "snooze_ended")


async def test_a_thanks_reopens_nothing(team: Escalation) -> None:
    await happens(team, case_opened())
    await happens(team, case_resolved(), minutes=1)
    await happens(team, case_reopened().model_copy(update={"courtesy": Courtesy.THANKS}), minutes=2)
    await happens(team, contact_made("unanswered", courtesy=Courtesy.AUTOMATIC_REPLY), minutes=3)
    await team.wait(timedelta(days=2))
    assert await team.signals() == []


async def test_the_seller_who_is_their_own_manager_is_asked_once(escalation: Escalation) -> None:
    await escalation.hear(person("anna", manager="anna"), person(DESK), order_placed(amount_minor=50_000))
    await happens(escalation, refund_requested())
    await escalation.wait(HOUR + MINUTE)
    assert [(who, step) for who, step, _ in await rung(escalation)] == [("anna", "seller"), (DESK, "desk")]


async def test_a_holiday_and_a_clock_change_inside_a_deadline_are_no_working_time(escalation: Escalation) -> None:
    """Asked on Thursday 24 December 2026, 17:00: Christmas, a weekend, and then 28 December from 09:00 on."""
    hours = WorkingHours(days=tuple(Day)[:5], start="09:00", end="17:30")
    anna = person("anna", working_hours=(hours,), zone="Europe/Berlin", country="DE")
    await escalation.hear(anna, person(DESK), order_placed(amount_minor=50_000))
    now: datetime = await escalation.pool.fetchval("select shared.app_now()")
    asked_at = datetime(2026, 12, 24, 16, tzinfo=UTC)
    await escalation.move_clock(asked_at - now)
    await happens(escalation, refund_requested())
    deadline = (await open_episode(escalation))["deadline_at"]
    assert isinstance(deadline, datetime)
    assert abs(deadline - datetime(2026, 12, 28, 8, 30, tzinfo=UTC)) < MINUTE


async def test_a_customer_whom_nobody_called_back_is_noticed_by_the_silence(team: Escalation) -> None:
    await happens(team, contact_made("unanswered", case=None))
    assert await team.signals() == []
    await team.wait(timedelta(days=5))
    assert "contact_dead_ended" in [row["kind"] for row in await team.signals()]
    assert (await rung(team))[0][0] == "anna"


async def test_a_silence_that_was_none_is_withdrawn_when_the_call_back_is_told_late(team: Escalation) -> None:
    now: datetime = await team.pool.fetchval("select shared.app_now()")
    await happens(team, contact_made("unanswered", case=None))
    await team.wait(timedelta(days=5))
    called_back = contact_made("answered", direction=Direction.OUTBOUND, case=None)
    await team.hear(told(called_back, at=now + 2 * MINUTE))
    assert [row["ended"] for row in await team.signals() if row["kind"] == "contact_dead_ended"] == ["withdrawn"]
    assert [row["result"] for row in await team.episodes()] == ["cause_gone"]
    assert "escalation.signal_withdrawn" in await team.published_types()


async def test_solving_the_case_clears_neither_a_dead_end_nor_a_refund_request(team: Escalation) -> None:
    await happens(team, case_opened(order="4711"))
    await happens(team, dead_end(), minutes=1)
    await happens(team, refund_requested(), minutes=2)
    await happens(team, case_resolved(), minutes=3)
    assert [row["ended"] for row in await team.signals()] == [None, None]


async def test_logging_that_the_customer_was_reached_redeems_and_ends_the_dead_end(team: Escalation) -> None:
    await happens(team, dead_end())
    await team.acknowledge("anna")
    await team.move_clock(MINUTE)
    assert await presses(team, CustomerReachedLogged, "anna") == []
    assert [row["result"] for row in await team.episodes()] == ["cause_gone"]
    assert {"escalation.customer_reached", "escalation.signal_cleared"} <= set(await team.published_types())


async def test_severity_rises_with_its_cause_told_and_never_falls(team: Escalation) -> None:
    await happens(team, dead_end())
    assert (await open_episode(team))["severity"] == "high"
    await happens(team, refund_requested(), minutes=1)
    assert (await open_episode(team))["severity"] == "critical"
    await happens(team, contact_made("answered"), minutes=2)
    assert (await open_episode(team))["severity"] == "critical"
    assert (await team.published_types()).count("escalation.severity_raised") == 1


async def test_the_successor_from_a_day_on_hears_of_it_after_the_seller_left(team: Escalation) -> None:
    left = {"active": False, "successor": {"salesperson": "ben", "since": date(2026, 1, 1)}}
    await team.hear(told(salesperson_changed("Anna", zone="UTC").model_copy(update={}), subject="anna"))
    await team.hear(person("anna", manager="carla", **left))
    await happens(team, refund_requested())
    assert (await rung(team))[0][:2] == ("ben", "successor")
