"""Changes while the ladder is climbed: a corrected seller, an absence, and the time after its end."""

from datetime import UTC, datetime, time, timedelta

import pytest

from services.escalation.domain.own_facts import NotMinePressed, SnoozePressed
from shared.contracts.envelope import Fact
from shared.contracts.orders import AccountReassigned
from shared.contracts.people_parts import Away, Successor
from tests.builders import case_reopened, contact_made, order_placed, refund_requested, sale_corrected
from tests.escalation import DESK, Escalation, dead_end
from tests.team import HOUR, MINUTE, happens, open_episode, person, presses, rung

DAY = timedelta(days=1)


async def test_a_seller_found_late_is_notified_before_the_ladder_goes_on(escalation: Escalation) -> None:
    await escalation.receive(
        person("anna", backup="carla"), person("ben", backup="carla"), person("carla"), person(DESK)
    )
    await escalation.receive(order_placed(amount_minor=50_000))
    await happens(escalation, refund_requested())
    await happens(escalation, sale_corrected("ben"))
    for _ in range(2):
        await escalation.wait(HOUR + MINUTE)
    assert await rung(escalation) == [
        ("anna", "seller", "signal"),
        ("ben", "seller", "step"),
        ("carla", "backup", "step"),
    ]


async def test_not_mine_passes_an_episode_to_the_accounts_current_owner(escalation: Escalation) -> None:
    await escalation.receive(
        person("anna", backup="carla"), person("ben"), person("carla"), person(DESK), order_placed()
    )
    await happens(escalation, refund_requested())
    today = (await escalation.now()).date()
    await happens(escalation, AccountReassigned(salesperson="ben", since=today - DAY))
    await presses(escalation, NotMinePressed, "anna")
    assert await rung(escalation) == [("anna", "seller", "signal"), ("ben", "seller", "not_mine")]


async def test_an_accounts_new_owner_is_notified_after_the_successor_of_a_person_who_left(
    escalation: Escalation,
) -> None:
    today = (await escalation.now()).date()
    left = person("anna", active=False, successor=Successor(salesperson="ben", since=today - DAY))
    await escalation.receive(left, person("ben", backup="dora"), person("carla"), person("dora"), person(DESK))
    await escalation.receive(order_placed(amount_minor=50_000))
    await happens(escalation, refund_requested())
    await happens(escalation, AccountReassigned(salesperson="carla", since=today - DAY))
    await escalation.wait(HOUR + MINUTE)
    assert [(who, step) for who, step, _ in await rung(escalation)] == [("ben", "successor"), ("carla", "seller")]


async def test_an_acknowledger_who_is_away_at_the_next_alert_is_skipped_with_a_reason(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    now = await team.now()
    await presses(team, SnoozePressed, "anna", until=now + 2 * DAY)
    away = Away(since=now.date() + DAY, until=now.date() + 9 * DAY)
    await team.receive(person("anna", backup="ben", manager="carla", away=(away,)))
    await team.fire()
    begins = datetime.combine(now.date() + DAY, time.min, tzinfo=UTC)
    assert (await open_episode(team))["deadline_at"] == begins, "the snooze ends when the absence begins"
    await team.wait(2 * DAY + MINUTE)
    assert await rung(team) == [("anna", "seller", "signal"), ("ben", "backup", "snooze_ended")]
    words = [row["words"] for row in await team.rows("escalation.decisions", "position") if row["rule"] == "skipped"]
    assert len(words) == 1
    assert words[0].startswith("Skipped the seller: Anna is away until")


@pytest.fixture
async def exhausted(escalation: Escalation) -> Escalation:
    """No one responded, all the way up the ladder and after every repeat."""
    await escalation.receive(person("anna"), person(DESK), order_placed(amount_minor=50_000))
    await happens(escalation, dead_end())
    for _ in range(12):
        await escalation.wait(9 * HOUR)
    assert (await open_episode(escalation))["exhausted_at"] is not None
    return escalation


@pytest.mark.parametrize(
    "fact", [case_reopened(), dead_end(), contact_made("unanswered")], ids=["a signal", "a dead end", "a contact"]
)
async def test_after_everyone_was_notified_any_new_trouble_starts_at_the_foot_of_the_ladder(
    exhausted: Escalation, fact: Fact
) -> None:
    before = len(await exhausted.alerts())
    await happens(exhausted, fact, minutes=1)
    assert [(who, step) for who, step, _ in (await rung(exhausted))[before:]] == [("anna", "seller")]
    episode = await open_episode(exhausted)
    assert (episode["step"], episode["repeats"], episode["exhausted_at"]) == ("seller", 0, None)
    for _ in range(12):
        await exhausted.wait(9 * HOUR)
    assert (await exhausted.published_types()).count("escalation.episode_exhausted") == 2


async def test_an_acknowledgement_after_the_end_of_the_ladder_expires_to_the_desk(exhausted: Escalation) -> None:
    await exhausted.acknowledge("anna")
    before = len(await exhausted.alerts())
    await exhausted.wait(DAY)
    assert [cause for *_, cause in (await rung(exhausted))[before:]][:1] == ["repeat"]
    assert (await open_episode(exhausted))["exhausted_at"] is None
