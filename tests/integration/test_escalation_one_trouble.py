"""Stories in which one trouble counts once: what an end refers to, whose turn it is, one conversation,
repetitions, no answer needed.
"""

from datetime import timedelta
from typing import Any

import pytest

from services.escalation.domain.own_facts import ClosePressed
from shared.contracts import support
from shared.contracts.support_inbound import ContactChannel, ContactReference, Direction, Intent, WaitingFor
from tests.builders import (
    CASE,
    ORDER,
    answer_not_needed,
    cancellation_requested,
    cancellation_withdrawn,
    case_closed,
    case_opened,
    case_resolved,
    case_status_changed,
    contact_made,
    input_of,
    order_placed,
    refund_requested,
    refund_withdrawn,
    response_overdue,
)
from tests.escalation import Escalation, dead_end, told
from tests.services import published_id
from tests.team import happens, open_episode, presses, rung

REMINDED: dict[str, Any] = {"direction": Direction.OUTBOUND, "channel": ContactChannel.EMAIL}


async def standing(team: Escalation) -> list[tuple[str, str | None]]:
    return [(row["kind"], row["case_id"]) for row in await team.signals() if row["ended"] is None]


async def decided(team: Escalation, rule: str) -> int:
    return sum(row["rule"] == rule for row in await team.rows("escalation.decisions"))


async def test_winning_one_of_two_disputes_on_an_order_leaves_the_other_open(team: Escalation) -> None:
    for case in ("dp1", "dp2"):
        await happens(team, refund_requested(case, order=ORDER))
    await happens(team, refund_withdrawn("dp1", order=ORDER), minutes=1)
    assert await standing(team) == [("refund_requested", "dp2")]
    assert (await open_episode(team))["order_id"] == ORDER
    await happens(team, refund_withdrawn(None, order=ORDER), minutes=2)
    assert [row["result"] for row in await team.episodes()] == ["cause_gone"]


async def test_a_cancellation_withdrawn_for_one_case_leaves_another_cases_request(team: Escalation) -> None:
    await happens(team, cancellation_requested("k1", order=ORDER))
    await happens(team, cancellation_requested("k2", order=ORDER))
    await happens(team, cancellation_withdrawn("k1", order=ORDER), minutes=1)
    assert await standing(team) == [("cancellation_requested", "k2")]
    await happens(team, cancellation_withdrawn(None), minutes=2)
    assert await standing(team) == []


async def test_an_answer_overdue_in_the_minute_its_case_closes_is_no_trouble(team: Escalation) -> None:
    await happens(team, case_opened())
    at = await team.now() + timedelta(minutes=5)
    await team.hear_one_by_one(told(response_overdue(), at=at), told(case_closed(), at=at))
    assert await standing(team) == []
    assert [row["result"] for row in await team.episodes()] == ["cause_gone"]
    await happens(team, response_overdue(), minutes=6)
    assert await standing(team) == []


@pytest.mark.parametrize("waiting", ["waiting for customer", "Pending", "ON_HOLD"])
async def test_a_case_that_waits_for_the_customer_is_not_stuck(team: Escalation, waiting: str) -> None:
    await happens(team, case_opened(status="open"))
    await happens(team, contact_made("unanswered", channel=ContactChannel.EMAIL))
    await happens(team, case_status_changed(waiting))
    await team.wait(timedelta(days=10))
    assert await team.signals() == []
    await team.wait(timedelta(days=5))
    assert "case_stuck" in [kind for kind, _ in await standing(team)]


async def test_a_case_is_stuck_again_once_the_customer_has_written(team: Escalation) -> None:
    await happens(team, case_opened())
    await happens(team, case_status_changed("whatever").model_copy(update={"waiting_for": WaitingFor.CUSTOMER}))
    await happens(team, contact_made("answered"), minutes=1)
    await team.wait(timedelta(days=7))
    assert await standing(team) == [("case_stuck", CASE)]


async def test_a_late_report_that_it_was_the_customers_turn_ends_the_signal(team: Escalation) -> None:
    await happens(team, case_opened())
    now = await team.now()
    await team.wait(timedelta(days=7))
    assert await standing(team) == [("case_stuck", CASE)]
    await team.hear(told(case_status_changed("pending"), at=now))
    assert await standing(team) == []
    await team.wait(timedelta(days=8))
    assert await standing(team) == [("case_stuck", CASE)]


async def test_three_lines_of_one_chat_are_one_contact(team: Escalation) -> None:
    await happens(team, case_opened())
    for seconds, words in ((20, "Hi"), (40, "Are you there?"), (60, "My machine does not start")):
        chat = contact_made("answered", channel=ContactChannel.CHAT, agent="agent-1", words=words)
        await happens(team, chat, seconds=seconds)
    assert await team.signals() == []
    for minutes in (5, 10):
        await happens(team, contact_made("answered"), minutes=minutes)
    assert await standing(team) == [("contact_repeated", CASE)]


async def test_a_request_reported_three_times_is_one(team: Escalation) -> None:
    for _ in range(3):
        await happens(team, refund_requested("rf1", order=ORDER, amount_minor=1_000))
    assert await standing(team) == [("refund_requested", "rf1")]
    assert [who for who, *_ in await rung(team)] == ["anna"]
    assert (await open_episode(team))["severity"] == "high"
    await team.acknowledge("anna")
    await happens(team, refund_requested("rf1", order=ORDER, amount_minor=1_000, words=None))
    assert (await open_episode(team))["acknowledged_by"] == "anna"
    assert await decided(team, "told_again") == 3


@pytest.mark.parametrize("other", [{"words": "Now I want it back at once."}, {"amount_minor": 2_000}])
async def test_a_repeated_request_with_changes_is_updated_and_raises_an_alert(
    team: Escalation, other: dict[str, Any]
) -> None:
    await happens(team, refund_requested("rf1", amount_minor=1_000))
    await team.acknowledge("anna")
    await happens(team, refund_requested("rf1", **({"amount_minor": 1_000} | other)), minutes=1)
    (signal,) = await team.signals()
    assert {name: signal[name] for name in other} == other
    assert [(who, cause) for who, _, cause in await rung(team)] == [("anna", "signal"), ("anna", "contact")]
    assert (await open_episode(team))["acknowledged_by"] is None
    assert await decided(team, "asked_again") == 1


async def test_a_request_repeated_after_a_talk_or_a_close_is_another(team: Escalation) -> None:
    await happens(team, refund_requested("rf1"))
    await happens(team, contact_made("answered", "rf1"), minutes=1)
    await happens(team, refund_requested("rf1"), minutes=2)
    assert len(await standing(team)) == 2
    await team.acknowledge("anna")
    assert await presses(team, ClosePressed, "anna", result="lost", reason="price") == []
    await happens(team, refund_requested("rf1"), minutes=3)
    assert [row["closed_at"] is None for row in sorted(await team.episodes(), key=lambda row: row["raised_at"])] == [
        False,
        True,
    ]


@pytest.mark.parametrize("by_case", [True, False])
async def test_a_goodbye_may_later_be_reported_as_needing_no_answer(team: Escalation, by_case: bool) -> None:
    await happens(team, case_opened())
    goodbye = contact_made("unanswered", channel=ContactChannel.CHAT, words="ok, bye then")
    heard = input_of(goodbye, id="c-9", source="desk.example", at=await team.now())
    published = support.ContactMade(**dict(goodbye))
    await team.hear(
        input_of(published, id=published_id(heard), source="handoff/support", at=await team.now()),
        told(case_resolved(), at=await team.now()),
    )
    await team.wait(timedelta(days=5))
    assert await standing(team) == [("contact_dead_ended", CASE)]
    contact = None if by_case else ContactReference(source="desk.example", id="c-9")
    await happens(team, answer_not_needed("goodbye", CASE if by_case else None, contact=contact))
    assert await standing(team) == []
    (signal,) = await team.signals()
    assert (signal["ended"], signal["ended_because"]) == ("withdrawn", "answer_not_needed")
    assert [row["result"] for row in await team.episodes()] == ["cause_gone"]


async def test_closing_a_case_as_spam_withdraws_its_signals(team: Escalation) -> None:
    await happens(team, case_opened())
    await happens(team, dead_end())
    await happens(team, refund_requested())
    await happens(team, dead_end(case=None))
    await happens(team, case_closed(reason="spam"), minutes=1)
    assert await standing(team) == [("contact_dead_ended", None)]


async def test_a_test_raises_nothing(team: Escalation) -> None:
    await happens(team, dead_end(test=True))
    await happens(team, refund_requested(test=True))
    assert await team.signals() == []
    assert await team.rows("escalation.facts") == []


async def test_a_wish_to_leave_during_a_call_is_a_cancellation_request(team: Escalation) -> None:
    words = "I am about to take my business elsewhere."
    await happens(team, contact_made("answered", intent=Intent.LEAVING, words=words))
    (signal,) = await team.signals()
    assert (signal["kind"], signal["words"]) == ("cancellation_requested", words)
    assert [who for who, *_ in await rung(team)] == ["anna"]


async def test_an_order_without_progress_is_stalled_a_week_after_the_sale(team: Escalation) -> None:
    now = await team.now()
    sale = order_placed("4712", sold_at=now, delivery_due_at=now + timedelta(days=30))
    await team.hear(told(sale, at=now))
    await team.wait(timedelta(days=6))
    assert await team.signals() == []
    await team.wait(timedelta(days=2))
    assert [(row["kind"], row["names_order"]) for row in await team.signals()] == [("order_stalled", "4712")]


async def test_a_talk_with_the_wish_to_leave_keeps_the_episode_that_it_would_clear(
    team: Escalation,
) -> None:
    await happens(team, dead_end(case=None))
    before = await open_episode(team)
    talk = contact_made("answered", case=None, direction=Direction.OUTBOUND, agent="support-7", intent=Intent.LEAVING)
    await happens(team, talk, minutes=1)
    assert await standing(team) == [("cancellation_requested", None)]
    (after,) = await team.episodes()
    assert (after["episode_id"], after["closed_at"]) == (before["episode_id"], None)
