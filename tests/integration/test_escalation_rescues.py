"""Stories about what the acknowledger owes: proofs, attempts, snoozes, hand-overs."""

from datetime import timedelta

from services.escalation.domain.own_facts import (
    AcknowledgePressed,
    AttemptLogged,
    CustomerReachedLogged,
    HandOverAcceptPressed,
    HandOverPressed,
    SnoozePressed,
)
from shared.contracts.support_inbound import Direction
from tests.builders import case_opened, contact_made, order_placed, refund_requested
from tests.escalation import Escalation, dead_end
from tests.team import HOUR, MINUTE, happens, open_episode, presses, rung


async def test_an_unredeemed_acknowledgement_expires_and_the_ladder_goes_on(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    await team.wait(4 * HOUR + MINUTE)
    assert await rung(team) == [("anna", "seller", "signal"), ("ben", "backup", "unredeemed")]
    assert (await open_episode(team))["acknowledged_by"] is None
    assert "escalation.acknowledgement_expired" in await team.published_types()


async def test_a_conversation_reported_by_telephony_redeems_the_acknowledgement(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    await happens(team, contact_made("answered", direction=Direction.OUTBOUND, agent="anna", case=None), minutes=30)
    assert (await open_episode(team))["reached_at"] is not None
    await team.wait(timedelta(days=9))
    assert len(await team.alerts()) == 1
    assert "escalation.customer_reached" in await team.published_types()


async def test_a_talk_about_an_unknown_order_redeems_the_episode_of_the_latest_order(team: Escalation) -> None:
    """The help desk's case names an unknown order. After the wait its signal went to the order we know."""
    await happens(team, case_opened(order="A-999"))
    await happens(team, refund_requested())
    await team.wait(16 * MINUTE)
    await team.acknowledge("anna")
    await happens(team, contact_made("voicemail", direction=Direction.OUTBOUND, agent="anna"), minutes=1)
    assert (await open_episode(team))["attempts"] == 1
    await happens(team, contact_made("answered", direction=Direction.OUTBOUND, agent="anna"), minutes=2)
    assert (await open_episode(team))["reached_at"] is not None
    await team.wait(5 * HOUR)
    assert (await open_episode(team))["acknowledged_by"] == "anna"
    assert len(await team.alerts()) == 1


async def test_a_repeated_contact_about_an_unknown_order_raises_an_alert(team: Escalation) -> None:
    await happens(team, refund_requested(order="4711"))
    await team.acknowledge("anna")
    await happens(team, contact_made("unanswered", case=None, order="A-999"), minutes=1)
    assert (await rung(team))[-1] == ("anna", "seller", "contact")


async def test_a_proof_reported_late_still_counts(team: Escalation) -> None:
    """Unread records are no silence: the deadline of the proof waits for the backlog."""
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    await team.read_everything()
    await team.move_clock(5 * HOUR)
    await team.fire()
    assert (await open_episode(team))["acknowledged_by"] == "anna"
    await happens(team, contact_made("answered", direction=Direction.OUTBOUND, agent="anna", case=None), hours=-4)
    await team.wait(HOUR)
    assert (await open_episode(team))["acknowledged_by"] == "anna"


async def test_a_call_reported_by_telephony_and_logged_by_its_caller_is_one_attempt(team: Escalation) -> None:
    """In either order of arrival; the next call is another attempt."""
    call = contact_made("unanswered", direction=Direction.OUTBOUND, agent="anna", case=None)
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    await team.move_clock(30 * MINUTE)
    await happens(team, call)
    await team.move_clock(2 * MINUTE)
    await presses(team, AttemptLogged, "anna")
    assert (await open_episode(team))["attempts"] == 1
    await team.move_clock(HOUR)
    await presses(team, AttemptLogged, "anna")
    await happens(team, call, minutes=-3)
    assert (await open_episode(team))["attempts"] == 2
    await happens(team, contact_made("voicemail", direction=Direction.OUTBOUND, agent="anna", case=None), minutes=20)
    assert (await open_episode(team))["attempts"] == 3


async def test_an_attempt_about_another_order_does_not_count(team: Escalation) -> None:
    await team.receive(order_placed("4710"))
    await happens(team, refund_requested(order="4711"))
    await team.acknowledge("anna")
    for order in ("4710", "4711"):
        attempt = contact_made("unanswered", direction=Direction.OUTBOUND, agent="anna", case=None, order=order)
        await happens(team, attempt, minutes=1)
    assert (await open_episode(team))["attempts"] == 1


async def test_a_hand_over_leaves_the_giver_responsible_until_it_is_accepted(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    until = await team.now() + 3 * HOUR
    await presses(team, HandOverPressed, "anna", to="dora", until=until)
    assert (await open_episode(team))["acknowledged_by"] == "anna"
    assert await presses(team, HandOverAcceptPressed, "ben") == ["episode_of_another"]
    await presses(team, HandOverAcceptPressed, "dora")
    assert (await open_episode(team))["acknowledged_by"] == "dora"
    await team.wait(5 * HOUR)
    assert (await rung(team))[-1][0] == "ben", "Dora did not reach the customer either"


async def test_an_unaccepted_hand_over_lapses_and_the_givers_deadline_has_run_on(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    await presses(team, HandOverPressed, "anna", to="dora", until=await team.now() + HOUR)
    await team.wait(2 * HOUR)
    assert (await open_episode(team))["offered_to"] is None
    await team.wait(3 * HOUR)
    assert (await rung(team))[-1] == ("ben", "backup", "unredeemed")


async def test_an_offer_that_lapses_late_does_not_mistake_a_backlog_for_silence(team: Escalation) -> None:
    """The deadline of the proof has passed as well, and the proof is among the unread records."""
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    await presses(team, HandOverPressed, "anna", to="dora", until=await team.now() + HOUR)
    await team.read_everything()
    await team.move_clock(5 * HOUR)
    await team.fire()
    episode = await open_episode(team)
    assert (episode["offered_to"], episode["acknowledged_by"]) == (None, "anna")
    await happens(team, contact_made("answered", direction=Direction.OUTBOUND, agent="anna", case=None), hours=-4)
    await team.wait(HOUR)
    assert (await open_episode(team))["acknowledged_by"] == "anna"


async def test_a_snooze_ends_with_an_alert_for_the_same_person(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    await presses(team, SnoozePressed, "anna", until=await team.now() + 20 * HOUR)
    await team.wait(19 * HOUR)
    assert len(await team.alerts()) == 1
    await team.wait(2 * HOUR)
    assert (await rung(team))[-1] == ("anna", "seller", "snooze_ended")


async def test_logging_that_the_customer_was_reached_redeems_and_ends_the_dead_end(team: Escalation) -> None:
    await happens(team, dead_end())
    await team.acknowledge("anna")
    await team.move_clock(MINUTE)
    assert await presses(team, CustomerReachedLogged, "anna") == []
    assert [row["result"] for row in await team.episodes()] == ["cause_gone"]
    assert {"escalation.customer_reached", "escalation.signal_cleared"} <= set(await team.published_types())


async def test_an_unanswered_contact_after_an_acknowledgement_raises_another_alert(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    await happens(team, contact_made("answered", agent="anna", case=None), minutes=5)
    assert len(await team.alerts()) == 1, "the acknowledger answered"
    await happens(team, contact_made("unanswered", case=None), minutes=6)
    assert (await rung(team))[-1] == ("anna", "seller", "contact")
    assert (await open_episode(team))["acknowledged_by"] is None


async def test_a_press_on_an_earlier_state_is_refused_and_one_on_the_current_state_counts(team: Escalation) -> None:
    await happens(team, refund_requested())
    shown = (await open_episode(team))["changed_at"]
    await happens(team, dead_end(), minutes=1)
    assert await presses(team, AcknowledgePressed, "anna", as_of=shown) == ["changed_since"]
    assert (await open_episode(team))["acknowledged_by"] is None
    assert await presses(team, AcknowledgePressed, "anna", as_of=(await open_episode(team))["changed_at"]) == []
    assert (await open_episode(team))["acknowledged_by"] == "anna"
