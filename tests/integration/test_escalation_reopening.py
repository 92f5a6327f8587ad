"""A close that is undone: who may do it and for how long, and that the episode continues as before,
despite events in between.
"""

from typing import Any

from services.escalation.domain.own_facts import (
    AppointmentLogged,
    ClosePressed,
    HandOverAcceptPressed,
    HandOverPressed,
    ReopenPressed,
    SeenPressed,
)
from shared.contracts.support import ContactPreferenceChanged
from shared.contracts.support_inbound import ContactPreference, Direction, RefundKind
from tests.builders import contact_made, refund_requested, refund_withdrawn
from tests.escalation import Escalation, button
from tests.team import HOUR, MINUTE, happens, open_episode, person, presses, rung

SAVED: dict[str, Any] = {"result": "saved", "reason": "problem_solved"}


async def closes(team: Escalation, by: str = "anna") -> None:
    assert await presses(team, ClosePressed, by, **SAVED) == []


async def reopens(team: Escalation, by: str = "anna", *, episode: dict[str, Any] | None = None) -> list[str]:
    """The refusals of an undo, of the only episode unless one is named."""
    if episode is None:
        (episode,) = await team.episodes()
    report = await team.receive(button(ReopenPressed, episode["episode_id"], by))
    return [rejection.code for rejection in report.rejected]


async def test_an_undone_close_restores_signal_holder_and_remaining_time(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    before = await open_episode(team)
    await closes(team)
    await team.wait(8 * MINUTE)
    assert await reopens(team) == []
    after = await open_episode(team)
    paused = after["deadline_at"] - before["deadline_at"]  # type: ignore[operator]
    assert 8 * MINUTE <= paused < 9 * MINUTE
    moved = {"changed_at", "deadline_at"}
    assert {name: value for name, value in after.items() if name not in moved} == {
        name: value for name, value in before.items() if name not in moved
    }
    assert [signal["ended"] for signal in await team.signals()] == [None]
    assert len(await team.alerts()) == 1, "the person who undid it needs no message"
    assert (await team.published_types())[-4:] == [
        *("escalation.episode_closed", "escalation.save_window_closed"),
        *("escalation.episode_reopened", "escalation.save_window_opened"),
    ]
    (words,) = [row["words"] for row in await team.rows("escalation.decisions") if row["rule"] == "reopened"]
    assert words == "anna undid the close; the episode is open again as it was."


async def test_a_reopened_episodes_deadline_runs_on_and_it_can_be_closed_again(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    await closes(team)
    assert await reopens(team) == []
    await team.wait(4 * HOUR + MINUTE)
    assert (await rung(team))[-1] == ("ben", "backup", "unredeemed")
    assert await presses(team, ClosePressed, "ben", **SAVED) == []
    assert await reopens(team, "ben") == []
    assert await presses(team, ClosePressed, "ben", result="lost", reason="price") == []
    (episode,) = await team.episodes()
    assert episode["result"] == "lost"
    assert (await team.published_types()).count("escalation.episode_closed") == 3


async def test_a_closer_who_has_left_cannot_undo_it(team: Escalation) -> None:
    await happens(team, refund_requested())
    await closes(team)
    await team.receive(person("anna", active=False))
    assert await reopens(team) == ["not_active"]


async def test_an_undo_is_refused_once_the_order_has_a_newer_episode(team: Escalation) -> None:
    await happens(team, refund_requested())
    await closes(team)
    (first,) = await team.episodes()
    await happens(team, refund_requested(words="Again: my money."), minutes=1)
    assert await reopens(team, episode=first) == ["newer_episode"]
    await closes(team)
    assert await reopens(team, episode=first) == ["newer_episode"], "and it stays closed when the newer one is over"
    (second,) = [row for row in await team.episodes() if row["follows"] is not None]
    assert await reopens(team, episode=second) == []
    assert (await open_episode(team))["follows"] == first["episode_id"]


async def test_a_request_restored_by_an_undo_is_the_same_when_repeated(team: Escalation) -> None:
    await happens(team, refund_requested())
    await closes(team)
    assert await reopens(team) == []
    await happens(team, refund_requested(), minutes=5)
    assert len(await team.signals()) == 1
    assert len(await team.episodes()) == 1
    await closes(team)
    await happens(team, refund_requested(), minutes=6)
    assert len(await team.episodes()) == 2, "after a final close it is another one"


async def test_signals_that_ended_in_between_stay_ended(team: Escalation) -> None:
    await happens(team, refund_requested())
    await closes(team)
    await happens(team, refund_withdrawn(), minutes=1)
    assert await reopens(team) == ["nothing_at_risk"]


async def test_a_talk_reported_while_it_is_closed_counts(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    await closes(team)
    await happens(team, contact_made("answered", direction=Direction.OUTBOUND, agent="anna", case=None), minutes=1)
    assert await reopens(team) == []
    episode = await open_episode(team)
    assert (episode["reached_at"] is not None, episode["deadline_at"]) == (True, None)
    assert (await team.published_types())[-2:] == ["escalation.customer_reached", "escalation.save_window_opened"]


async def test_an_appointment_keeps_its_time(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    at = await team.now() + 5 * MINUTE
    assert await presses(team, AppointmentLogged, "anna", at=at) == []
    await closes(team)
    await team.wait(7 * MINUTE)
    assert await reopens(team) == []
    assert (await open_episode(team))["deadline_at"] == at
    await team.fire()
    assert (await open_episode(team))["deadline_for"] == "redeem", "its time has passed in between"


async def test_an_offered_hand_over_must_be_offered_again(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    assert await presses(team, HandOverPressed, "anna", to="ben", until=await team.now() + HOUR) == []
    await closes(team)
    assert await reopens(team) == []
    assert await presses(team, HandOverAcceptPressed, "ben") == ["episode_of_another"]
    assert await presses(team, HandOverPressed, "anna", to="ben", until=await team.now() + HOUR) == []
    assert await presses(team, HandOverAcceptPressed, "ben") == []


async def test_no_talk_is_due_if_the_customer_must_no_longer_be_contacted(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    await closes(team)
    await happens(team, ContactPreferenceChanged(preference=ContactPreference.DISPUTE), minutes=1)
    assert await reopens(team) == []
    assert (await open_episode(team))["deadline_at"] is None


async def test_a_responsible_person_other_than_the_closer_is_notified_again(team: Escalation) -> None:
    """Closing cancels messages that have not been sent."""
    await happens(team, refund_requested())
    await team.wait(HOUR + MINUTE)
    assert (await open_episode(team))["responsible"] == "ben"
    await closes(team, "anna")
    assert await reopens(team, "anna") == []
    assert (await rung(team))[-1] == ("ben", "backup", "signal")
    episode = await open_episode(team)
    assert (episode["responsible"], episode["deadline_for"]) == ("ben", "answer")


async def test_undoing_a_close_of_the_previous_release_sets_a_deadline(team: Escalation) -> None:
    """The previous release keeps nothing of the running deadline: the time to reach the customer starts again."""
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    await closes(team)
    await team.pool.execute(
        "update escalation.episodes set stopped_deadline_at = null, stopped_deadline_for = null;"
        "delete from escalation.account_versions"
    )
    assert await reopens(team) == []
    assert (await open_episode(team))["deadline_for"] == "redeem"


async def test_seen_can_be_undone(team: Escalation) -> None:
    await happens(team, refund_requested(kind=RefundKind.CHARGEBACK))
    assert await presses(team, SeenPressed, "anna") == []
    assert await reopens(team) == []
    episode = await open_episode(team)
    assert (episode["acknowledged_at"], episode["deadline_at"]) == (None, None)


async def test_one_press_applied_twice_reopens_it_once(team: Escalation) -> None:
    await happens(team, refund_requested())
    await closes(team)
    (episode,) = await team.episodes()
    undo = button(ReopenPressed, episode["episode_id"], "anna")
    for _ in range(2):
        assert (await team.receive(undo)).rejected == []
    assert (await team.published_types()).count("escalation.episode_reopened") == 1
