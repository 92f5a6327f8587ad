"""Stories in which one trouble counts once: repeated requests, a goodbye that needs no answer, a wish to leave."""

from datetime import timedelta
from typing import Any

import pytest

from services.escalation.domain.own_facts import ClosePressed
from shared.contracts import support
from shared.contracts.support_inbound import ContactChannel, ContactReference, Direction, Intent
from tests.builders import (
    CASE,
    ORDER,
    answer_not_needed,
    case_opened,
    case_resolved,
    contact_made,
    input_of,
    refund_requested,
)
from tests.escalation import Escalation, dead_end, reported
from tests.services import published_id
from tests.team import happens, open_episode, presses, rung


async def standing(team: Escalation) -> list[tuple[str, str | None]]:
    return [(row["kind"], row["case_id"]) for row in await team.signals() if row["ended"] is None]


async def decided(team: Escalation, rule: str) -> int:
    return sum(row["rule"] == rule for row in await team.rows("escalation.decisions"))


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
    received = input_of(goodbye, id="c-9", source="desk.example", at=await team.now())
    published = support.ContactMade(**dict(goodbye))
    await team.receive(
        input_of(published, id=published_id(received), source="handoff/support", at=await team.now()),
        reported(case_resolved(), at=await team.now()),
    )
    await team.wait(timedelta(days=5))
    assert await standing(team) == [("contact_dead_ended", CASE)]
    contact = None if by_case else ContactReference(source="desk.example", id="c-9")
    await happens(team, answer_not_needed("goodbye", CASE if by_case else None, contact=contact))
    assert await standing(team) == []
    (signal,) = await team.signals()
    assert (signal["ended"], signal["ended_because"]) == ("withdrawn", "answer_not_needed")
    assert [row["result"] for row in await team.episodes()] == ["cause_gone"]


async def test_a_talk_with_the_wish_to_leave_keeps_the_episode_that_it_would_clear(
    team: Escalation,
) -> None:
    await happens(team, dead_end(case=None))
    before = await open_episode(team)
    talk = contact_made(
        "answered",
        case=None,
        direction=Direction.OUTBOUND,
        agent="support-7",
        intent=Intent.LEAVING,
        words="I am about to take my business elsewhere.",
    )
    await happens(team, talk, minutes=1)
    (signal,) = [row for row in await team.signals() if row["ended"] is None]
    assert (signal["kind"], signal["case_id"], signal["words"]) == ("cancellation_requested", None, talk.words)
    (after,) = await team.episodes()
    assert (after["episode_id"], after["closed_at"]) == (before["episode_id"], None)
