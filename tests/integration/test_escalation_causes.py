"""Stories about what puts a sale at risk and what ends the risk: failures that could be swallowed,
and alerts without reason.
"""

from dataclasses import replace
from datetime import timedelta

from services.escalation.domain.own_facts import OWN_FACTS, ClosePressed, CustomerReachedLogged
from services.escalation.handlers import handling
from shared.contracts.people_parts import Day, WorkingHours
from shared.contracts.support_inbound import Courtesy, Direction
from shared.transaction import InputProcessor
from tests.builders import (
    case_opened,
    case_reassigned,
    case_reopened,
    case_resolved,
    contact_made,
    order_placed,
    refund_requested,
    response_overdue,
    salesperson_changed,
    seller_requested,
)
from tests.escalation import DESK, NO_LIMIT, Escalation, dead_end, reported
from tests.team import MINUTE, happens, open_episode, presses, rung


async def test_an_alert_does_not_outlive_its_cause(team: Escalation) -> None:
    """Held overnight with its cause gone in the evening: no alert follows in the morning, nor months later."""
    hours = WorkingHours(days=tuple(Day), start="05:30", end="05:31")
    for one in ("anna", DESK):
        await team.receive(reported(salesperson_changed(one.title(), working_hours=(hours,), zone="UTC"), subject=one))
    await happens(team, dead_end())
    assert (await team.deliveries())["email", "held"] == 1
    await happens(team, contact_made("answered"), minutes=5)
    assert [row["result"] for row in await team.episodes()] == ["cause_gone"]
    assert await team.deliveries() == {("inbox", "sent"): 1, ("email", "cancelled"): 1}
    await team.wait(timedelta(days=90))
    await team.send_mail()
    assert team.mail.received == []
    assert len(await team.alerts()) == 1


async def test_a_signal_after_a_close_opens_a_new_episode_that_follows_the_old(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    assert await presses(team, ClosePressed, "anna", result="lost", reason="bad_weather") == ["unknown_reason"]
    assert await presses(team, ClosePressed, "anna", result="lost", reason="price") == []
    await happens(team, dead_end(), minutes=5)
    old, new = sorted(await team.episodes(), key=lambda row: row["raised_at"])
    assert new["follows"] == old["episode_id"]
    assert [who for who, *_ in await rung(team)] == ["anna", "anna"]


async def test_a_refused_close_changes_nothing(team: Escalation) -> None:
    """The request is not marked as closed either: otherwise a repetition of it would count as another one."""
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    before = await team.rows("escalation.facts")
    assert await presses(team, ClosePressed, "anna", result="lost", reason="bad_weather") == ["unknown_reason"]
    assert await team.rows("escalation.facts") == before


async def test_a_thank_you_reopens_nothing(team: Escalation) -> None:
    await happens(team, case_opened())
    await happens(team, case_resolved(), minutes=1)
    await happens(team, case_reopened().model_copy(update={"courtesy": Courtesy.THANKS}), minutes=2)
    await happens(team, contact_made("unanswered", courtesy=Courtesy.AUTOMATIC_REPLY), minutes=3)
    await team.wait(timedelta(days=2))
    assert await team.signals() == []


async def test_a_missing_call_back_is_noticed_by_the_silence(team: Escalation) -> None:
    await happens(team, contact_made("unanswered", case=None))
    assert await team.signals() == []
    await team.wait(timedelta(days=5))
    assert "contact_dead_ended" in [row["kind"] for row in await team.signals()]
    assert (await rung(team))[0][0] == "anna"


async def test_a_silence_is_withdrawn_when_the_call_back_is_reported_late(team: Escalation) -> None:
    now = await team.now()
    await happens(team, contact_made("unanswered", case=None))
    await team.wait(timedelta(days=5))
    called_back = contact_made("answered", direction=Direction.OUTBOUND, case=None)
    await team.receive(reported(called_back, at=now + 2 * MINUTE))
    assert [row["ended"] for row in await team.signals() if row["kind"] == "contact_dead_ended"] == ["withdrawn"]
    assert [row["result"] for row in await team.episodes()] == ["cause_gone"]
    assert "escalation.signal_withdrawn" in await team.published_types()


async def test_a_signal_returns_when_a_late_fact_assigns_it_to_another_order(team: Escalation) -> None:
    """A talk about the one order had settled the signal; then the case turns out to belong to the other order."""
    await team.receive(order_placed("4712"))
    await happens(team, dead_end(case="case-9"))
    await team.acknowledge("anna")
    await team.move_clock(MINUTE)
    (settled,) = await team.episodes()
    await presses(team, CustomerReachedLogged, "anna")
    assert [row["result"] for row in await team.episodes()] == ["cause_gone"]
    other = {"4711", "4712"} - {settled["order_id"]}
    await happens(team, case_opened("case-9", order=other.pop()), minutes=-2)
    assert (await open_episode(team))["episode_id"] != settled["episode_id"]
    (signal,) = await team.rows("escalation.signals")
    assert signal["ended"] is None


async def test_solving_the_case_clears_neither_a_dead_end_nor_a_refund_request(team: Escalation) -> None:
    await happens(team, case_opened(order="4711"))
    await happens(team, dead_end(), minutes=1)
    await happens(team, refund_requested(), minutes=2)
    await happens(team, case_resolved(), minutes=3)
    assert [row["ended"] for row in await team.signals()] == [None, None]


async def test_severity_rises_with_its_cause_stated_and_never_falls(team: Escalation) -> None:
    await happens(team, dead_end())
    assert (await open_episode(team))["severity"] == "high"
    await happens(team, refund_requested(), minutes=1)
    assert (await open_episode(team))["severity"] == "critical"
    await happens(team, contact_made("answered"), minutes=2)
    assert (await open_episode(team))["severity"] == "critical"
    assert (await team.published_types()).count("escalation.severity_raised") == 1


async def test_ten_signals_make_one_episode_with_ten_causes(team: Escalation) -> None:
    for minute in range(5):
        await happens(team, dead_end(case=f"k-{minute}"), minutes=minute)
        await happens(team, case_reopened(f"k-{minute}"), minutes=minute)
    assert [len(kinds) for _, kinds in await team.matches()] == [10]


async def test_an_acknowledger_is_notified_again_only_when_a_signal_raises_the_severity(
    team: Escalation,
) -> None:
    await happens(team, case_reopened())
    await team.acknowledge("anna")
    await happens(team, case_reassigned(3))
    assert len(await team.alerts()) == 1, "the severity is the same: shown, without an alert"
    await happens(team, response_overdue())
    assert (await rung(team))[-1] == ("anna", "seller", "severity")
    assert (await open_episode(team))["acknowledged_by"] is None


async def test_an_agent_alerts_the_seller_by_hand_until_the_customer_was_called(team: Escalation) -> None:
    await happens(team, seller_requested(words="Please let the person call me who sold it to me."))
    assert await rung(team) == [("anna", "seller", "signal")]
    await happens(team, seller_requested(), minutes=1)
    assert len(await team.alerts()) == 1, "asked twice is one request"
    await team.acknowledge("anna")
    await happens(team, contact_made("answered", direction="outbound", agent="anna"), minutes=2)
    assert [row["ended"] for row in await team.signals()] == ["cleared"]


async def test_an_agent_alerts_the_seller_who_has_the_episode_already(team: Escalation) -> None:
    await happens(team, refund_requested(case="another"))
    await team.acknowledge("anna")
    await happens(team, seller_requested())
    assert await rung(team) == [("anna", "seller", "signal")] * 2


async def test_a_silence_found_after_a_long_outage_raises_no_alert(team: Escalation) -> None:
    young_enough = timedelta(days=3)
    installation = replace(NO_LIMIT, max_alert_age=young_enough)
    late = replace(team, processor=InputProcessor(team.pool, "escalation", handling(installation), OWN_FACTS))
    await happens(late, contact_made("unanswered", case=None))
    await late.wait(young_enough * 3)
    assert "contact_dead_ended" in [row["kind"] for row in await late.signals()]
    assert (await open_episode(late))["rang"] is False
    assert await late.alerts() == []
