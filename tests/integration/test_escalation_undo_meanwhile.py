"""A close that is undone: the effects of contacts, people and time while it was closed."""

from datetime import timedelta
from typing import Any

from services.escalation.domain.own_facts import AttemptLogged, ClosePressed, ReopenPressed
from shared.contracts.support_inbound import Direction
from tests.builders import contact_made, refund_requested
from tests.escalation import DESK, Escalation, button
from tests.team import HOUR, MINUTE, happens, open_episode, person, presses, rung

SAVED: dict[str, Any] = {"result": "saved", "reason": "problem_solved"}


async def closes(team: Escalation, by: str = "anna") -> None:
    assert await presses(team, ClosePressed, by, **SAVED) == []


async def reopens(team: Escalation, by: str = "anna") -> None:
    (episode,) = await team.episodes()
    assert (await team.receive(button(ReopenPressed, episode["episode_id"], by))).rejected == []


async def tries(team: Escalation, **later: float) -> None:
    await happens(team, contact_made("unanswered", direction=Direction.OUTBOUND, agent="anna", case=None), **later)


async def test_repeated_undos_by_another_person_do_not_renew_the_time_to_respond(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.wait(HOUR + MINUTE)
    before = await open_episode(team)
    assert (before["responsible"], before["deadline_for"]) == ("ben", "answer")
    for _ in range(3):
        await team.wait(5 * MINUTE)
        await closes(team, "anna")
        await reopens(team, "anna")
        after = await open_episode(team)
        paused = after["deadline_at"] - before["deadline_at"]  # type: ignore[operator]
        assert timedelta(0) <= paused < MINUTE
        assert (await rung(team))[-1] == ("ben", "backup", "signal"), "the message was withdrawn"


async def test_an_attempt_reported_while_it_is_closed_counts(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    await team.move_clock(HOUR)
    await presses(team, AttemptLogged, "anna")
    before = await open_episode(team)
    await team.move_clock(HOUR)
    await closes(team)
    await tries(team, seconds=10)
    await team.move_clock(MINUTE)
    await reopens(team)
    after = await open_episode(team)
    assert (before["attempts"], after["attempts"]) == (1, 2)
    assert after["deadline_at"] > before["deadline_at"]  # type: ignore[operator]


async def test_after_an_undo_the_next_attempt_counts(team: Escalation) -> None:
    """An attempt reported while it was closed counts once, and a later one again."""
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    await team.move_clock(MINUTE)
    await closes(team)
    await tries(team)
    await team.move_clock(9 * MINUTE)
    await reopens(team)
    assert (await open_episode(team))["attempts"] == 1
    await team.move_clock(2 * MINUTE)
    await presses(team, AttemptLogged, "anna")
    assert (await open_episode(team))["attempts"] == 2


async def test_a_contact_while_it_was_closed_raises_an_alert_once_it_is_open(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    await team.move_clock(MINUTE)
    await closes(team)
    await team.move_clock(MINUTE)
    await happens(team, contact_made("voicemail", case=None))
    assert len(await rung(team)) == 1
    await team.move_clock(MINUTE)
    await reopens(team)
    assert (await rung(team))[-1] == ("anna", "seller", "contact")
    assert (await open_episode(team))["acknowledged_by"] is None


async def test_a_contact_answered_before_the_undo_raises_no_alert(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    await team.move_clock(MINUTE)
    await closes(team)
    await happens(team, contact_made("voicemail", case=None), seconds=10)
    await happens(team, contact_made("answered", direction=Direction.OUTBOUND, agent="anna", case=None), seconds=20)
    await team.move_clock(MINUTE)
    await reopens(team)
    assert len(await rung(team)) == 1
    assert (await open_episode(team))["reached_at"] is not None


async def test_an_exhausted_episode_does_not_stay_with_a_person_who_left_while_it_was_closed(
    team: Escalation,
) -> None:
    await happens(team, refund_requested())
    for _ in range(60):
        await team.wait(4 * HOUR)
    before = await open_episode(team)
    assert (before["exhausted_at"] is not None, before["responsible"]) == (True, DESK)
    await closes(team)
    await team.receive(person(DESK, active=False))
    await team.fire()
    await reopens(team)
    after = await open_episode(team)
    assert (after["exhausted_at"], after["responsible"]) == (before["exhausted_at"], "anna")
