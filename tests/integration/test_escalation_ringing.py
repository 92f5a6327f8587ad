"""When a signal raises an alert, what an acknowledgement stops, and what raises another alert afterwards."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.contracts.envelope import Fact
from shared.inputs import Outcome
from tests.builders import (
    ACCOUNT,
    cancellation_requested,
    case_reopened,
    order_placed,
    refund_requested,
    salesperson_changed,
)
from tests.escalation import NO_LIMIT, Escalation, dead_end, escalation_on, pressed, reported
from tests.servers import MakeDatabase

OLD = timedelta(days=3, minutes=1)
YOUNG = timedelta(days=2, hours=23)


@pytest.fixture
async def sold(escalation: Escalation) -> Escalation:
    await escalation.receive(salesperson_changed(), order_placed())
    return escalation


@pytest.fixture
async def forgetful(database: MakeDatabase) -> AsyncIterator[Escalation]:
    """An account with a sale, where signals older than three days raise no alert."""
    installation = replace(NO_LIMIT, max_alert_age=timedelta(days=3))
    async with escalation_on(await database("escalation"), installation) as service:
        await service.receive(salesperson_changed(), order_placed())
        yield service


async def test_signals_in_one_batch_raise_the_same_alerts_as_one_by_one(sold: Escalation) -> None:
    await sold.receive(dead_end(), refund_requested(), case_reopened(), cancellation_requested())
    assert len(await sold.alerts()) == 3


@pytest.mark.parametrize("again", [dead_end(), refund_requested()], ids=lambda fact: fact.type)
async def test_a_repeated_contact_raises_another_alert_and_clears_the_acknowledgement(
    sold: Escalation, again: Fact
) -> None:
    await sold.receive(case_reopened())
    await sold.acknowledge()
    (episode,) = await sold.episodes()
    assert episode["acknowledged_by"] == "anna"

    await sold.receive(reported(again, at=await sold.now() + timedelta(seconds=1)))
    (episode,) = await sold.episodes()
    assert (episode["acknowledged_by"], episode["acknowledged_at"]) == (None, None)
    assert len(await sold.alerts()) == 2
    await sold.acknowledge()
    assert [event.type for event in await sold.published()].count("escalation.episode_acknowledged") == 2


async def test_acknowledging_cancels_pending_deliveries_in_the_same_transaction(sold: Escalation) -> None:
    await sold.receive(dead_end(), refund_requested())
    assert (await sold.deliveries())["email", "pending"] == 2
    await sold.acknowledge()
    assert await sold.deliveries() == {("inbox", "sent"): 2, ("email", "cancelled"): 2}
    await sold.send_mail()
    assert sold.mail.received == []


async def test_an_acknowledgement_and_the_next_signal_in_one_batch_keep_the_new_alert(sold: Escalation) -> None:
    await sold.receive(dead_end())
    (episode,) = await sold.episodes()
    await sold.receive(pressed(episode["episode_id"], "anna"), refund_requested())
    assert await sold.deliveries() == {("inbox", "sent"): 2, ("email", "cancelled"): 1, ("email", "pending"): 1}


async def test_acknowledging_twice_counts_once(sold: Escalation) -> None:
    await sold.receive(dead_end())
    await sold.acknowledge()
    (first,) = await sold.episodes()
    report = await sold.acknowledge()
    assert report.outcomes == [Outcome.APPLIED]
    assert await sold.episodes() == [first]
    assert [event.type for event in await sold.published()].count("escalation.episode_acknowledged") == 1


async def test_no_one_can_acknowledge_another_persons_episode(sold: Escalation) -> None:
    await sold.receive(dead_end())
    report = await sold.acknowledge("mallory")
    assert report.outcomes == [Outcome.DEAD_LETTERED]
    assert await sold.dead_letter_codes() == ["episode_of_another"]
    (episode,) = await sold.episodes()
    assert episode["acknowledged_at"] is None
    assert (await sold.deliveries())["email", "pending"] == 1


async def test_no_one_can_acknowledge_an_episode_through_another_account(sold: Escalation) -> None:
    await sold.receive(dead_end())
    (episode,) = await sold.episodes()
    report = await sold.press(episode["episode_id"], "anna", account="c-99")
    assert report.outcomes == [Outcome.DEAD_LETTERED]
    assert await sold.dead_letter_codes() == ["episode_not_open"]


async def test_a_signal_that_is_too_old_changes_state_without_an_alert(forgetful: Escalation) -> None:
    await forgetful.receive(reported(refund_requested(), at=await forgetful.now() - OLD))
    assert await forgetful.matches() == [("4711", ["refund_requested"])]
    (episode,) = await forgetful.episodes()
    assert (episode["responsible"], episode["rang"]) == ("anna", False), "it is in the seller's inbox"
    assert await forgetful.alerts() == []


async def test_the_first_recent_signal_raises_an_episodes_first_alert(forgetful: Escalation) -> None:
    now = await forgetful.now()
    await forgetful.receive_one_by_one(reported(refund_requested(), at=now - OLD), reported(dead_end(), at=now - OLD))
    await forgetful.receive_one_by_one(
        reported(dead_end(), at=now - YOUNG), reported(dead_end(case=None), at=now - YOUNG)
    )
    assert await forgetful.alerted() == [("anna", "seller")]
    (alert,) = await forgetful.alerts()
    young = [row["signal_id"] for row in await forgetful.signals() if row["at"] == now - YOUNG]
    assert alert["signal_id"] in young


async def test_the_age_of_a_signal_is_fixed_when_first_seen(forgetful: Escalation) -> None:
    await forgetful.receive(reported(refund_requested(), at=await forgetful.now() - YOUNG, subject="c-99"))
    await forgetful.move_clock(timedelta(days=30))
    await forgetful.receive(reported(order_placed("late"), subject="c-99"))
    assert await forgetful.alerted() == [("anna", "seller")]


async def test_each_account_has_episodes_of_its_own(sold: Escalation) -> None:
    await sold.receive(
        reported(order_placed("other"), subject="c-99"), reported(dead_end(), subject="c-99"), dead_end()
    )
    await sold.acknowledge(account="c-99")
    taken = {row["account_id"]: row["acknowledged_by"] for row in await sold.episodes()}
    assert taken == {"c-99": "anna", ACCOUNT: None}
    assert (await sold.deliveries())["email", "pending"] == 1
