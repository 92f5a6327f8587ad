"""Stories of refund requests: the amount at stake, and requests for information."""

import re
from datetime import timedelta

import pytest

from services.escalation.app import publish_policy
from services.escalation.domain.own_facts import (
    AcknowledgePressed,
    ClosePressed,
    CustomerReachedLogged,
    NotMinePressed,
    PolicySubmitted,
    SeenPressed,
)
from services.escalation.domain.policy.document import shipped_text
from shared.contracts.escalation import EpisodeResult
from shared.contracts.order_parts import Customer
from tests.builders import (
    ORDER,
    cancellation_requested,
    cancellation_withdrawn,
    case_reopened,
    contact_made,
    order_placed,
    refund_paid,
    refund_requested,
    refund_withdrawn,
)
from tests.escalation import Escalation, dead_end
from tests.team import HOUR, happens, open_episode, presses, rung

DAY = timedelta(days=1)


@pytest.fixture
async def large(team: Escalation) -> Escalation:
    """Anna sold an order of EUR 20,000.00 as well."""
    await team.receive(order_placed("large", amount_minor=2_000_000))
    return team


async def mailed(team: Escalation) -> list[tuple[str, str]]:
    """Each e-mail by recipient, once everything due was sent."""
    await team.send_mail()
    return [(message["To"], message["Subject"]) for message in team.mail.received]


async def body(team: Escalation) -> str:
    plain = team.mail.received[-1].get_body(("plain",))
    assert plain is not None
    return str(plain.get_content())


async def test_a_request_that_names_no_amount_is_for_the_whole_order(large: Escalation) -> None:
    await happens(large, refund_requested(case=None, order="large", amount_minor=0))
    assert (await open_episode(large))["severity"] == "critical"
    await mailed(large)
    text = await body(large)
    assert "Credit without approval: up to €500.00" in text
    assert "€0.00" not in text


async def test_an_executed_request_is_closed_by_a_person(team: Escalation) -> None:
    await happens(team, refund_requested(case=None, order=ORDER, amount_minor=5_000))
    await happens(team, refund_paid(amount_minor=2_000))
    await happens(team, refund_paid(amount_minor=3_000))
    episode = await open_episode(team)
    await mailed(team)
    assert "Your refund has been paid." in await body(team)
    assert "Credit" not in await body(team)
    assert await presses(team, ClosePressed, "anna", result=EpisodeResult.LOST, reason="service") == []
    (closed,) = await team.episodes()
    assert (closed["episode_id"], closed["result"]) == (episode["episode_id"], "lost")


@pytest.mark.parametrize(
    ("phone", "numbers"),
    [
        pytest.param("030 901820 / 0171 5551234", ["tel:030901820", "tel:01715551234"], id="two numbers"),
        pytest.param("ask Ms Weiss", [], id="nothing to dial"),
    ],
)
async def test_email_and_page_have_the_same_numbers(team: Escalation, phone: str, numbers: list[str]) -> None:
    await team.receive(order_placed("called", customer=Customer(name="Petra Weiss", phone=phone)))
    await happens(team, refund_requested(case=None, order="called"))
    await mailed(team)
    page = team.mail.received[-1].get_body(("html",))
    assert page is not None
    assert re.findall(r'href="(tel:[^"]*)"', page.get_content()) == numbers
    assert phone.split(" / ")[0] in await body(team)


# Requests for information.


@pytest.fixture
async def informed(team: Escalation) -> Escalation:
    """A chargeback on the order, and nothing else."""
    await happens(team, refund_requested(case=None, order=ORDER, kind="chargeback"))
    return team


async def test_an_episode_for_information_is_emailed_once_and_requires_nothing(informed: Escalation) -> None:
    episode = await open_episode(informed)
    assert (episode["severity"], episode["responsible"]) == ("watch", "anna")
    assert (episode["deadline_at"], episode["rang"], episode["step"]) == (None, False, None)
    assert await informed.timers() == []
    ((to, subject),) = await mailed(informed)
    assert to == "anna@sales.example"
    assert subject.startswith("For information: Petra Weiss, chargeback")
    text = await body(informed)
    assert "Mark as seen in Handoff: " in text
    for absent in ("call until", "Call ", "Acknowledge by", "You may offer", "Acknowledge", "E-mail "):
        assert absent not in text
    await informed.wait(10 * DAY)
    assert len(await mailed(informed)) == 1
    assert await rung(informed) == [("anna", "seller", "signal")]


async def test_each_request_for_information_is_emailed_once(informed: Escalation) -> None:
    await happens(informed, refund_requested(case=None, order=ORDER, kind="fraud"))
    assert await rung(informed) == [("anna", "seller", "signal")] * 2
    assert (await open_episode(informed))["deadline_at"] is None


async def test_seen_closes_an_episode_as_informed(informed: Escalation) -> None:
    assert await presses(informed, SeenPressed, "anna") == []
    (episode,) = await informed.episodes()
    assert (episode["result"], episode["reason"], episode["closed_by"]) == ("informed", "seen", "anna")
    assert (await informed.published_types())[-1] == "escalation.episode_closed"


async def test_an_episode_for_information_has_only_the_button_seen(informed: Escalation) -> None:
    for kind in (AcknowledgePressed, NotMinePressed):
        assert await presses(informed, kind, "anna") == ["for_information"]
    assert await presses(informed, ClosePressed, "anna", result=EpisodeResult.LOST, reason="price") == [
        "for_information"
    ]
    assert await presses(informed, SeenPressed, "carla") == ["episode_of_another"]


async def test_other_episodes_cannot_be_closed_as_seen(team: Escalation) -> None:
    await happens(team, refund_requested(case=None, order=ORDER))
    assert await presses(team, SeenPressed, "anna") == ["not_for_information"]
    informing = {"result": EpisodeResult.INFORMED, "reason": "seen"}
    assert await presses(team, ClosePressed, "anna", **informing) == ["not_for_information"]


async def test_a_real_signal_beside_it_takes_over_and_raises_the_first_alert(informed: Escalation) -> None:
    await happens(informed, case_reopened(case=None))
    episode = await open_episode(informed)
    assert (episode["deadline_for"], episode["step"], episode["rang"]) == ("answer", "seller", True)
    assert await rung(informed) == [("anna", "seller", "signal")] * 2
    assert await presses(informed, AcknowledgePressed, "anna") == []
    assert (await open_episode(informed))["deadline_for"] == "redeem"


async def test_information_beside_a_real_signal_raises_no_alert_and_keeps_the_acknowledger(team: Escalation) -> None:
    await happens(team, dead_end(case=None, order=ORDER))
    await presses(team, AcknowledgePressed, "anna")
    before = await open_episode(team)
    await happens(team, refund_requested(case=None, order=ORDER, kind="chargeback"))
    after = await open_episode(team)
    kept = ("severity", "acknowledged_by", "deadline_at", "deadline_for", "rings")
    assert [after[name] for name in kept] == [before[name] for name in kept]


async def test_nothing_is_due_once_only_information_is_left(team: Escalation) -> None:
    await happens(team, dead_end(case=None, order=ORDER), minutes=-5)
    await happens(team, refund_requested(case=None, order=ORDER, kind="chargeback"), minutes=-4)
    await presses(team, AcknowledgePressed, "anna")
    await presses(team, CustomerReachedLogged, "anna")
    episode = await open_episode(team)
    assert (episode["deadline_at"], episode["acknowledged_by"], episode["rang"]) == (None, None, False)
    assert episode["responsible"] == "anna"
    assert "escalation.timer.episode_due" not in await team.timers()
    await happens(team, contact_made("unanswered", case=None))
    assert len(await team.alerts()) == 1
    assert await presses(team, SeenPressed, "anna") == []


async def test_the_ladder_ends_once_only_information_is_left(team: Escalation) -> None:
    await happens(team, cancellation_requested(case=None, order=ORDER), minutes=-5)
    await happens(team, refund_requested(case=None, order=ORDER, kind="chargeback"), minutes=-4)
    await team.wait(2 * HOUR)
    before = await rung(team)
    assert before[-1][1] == "backup"
    await happens(team, cancellation_withdrawn(case=None, order=ORDER))
    await team.wait(10 * DAY)
    assert await rung(team) == before
    assert (await open_episode(team))["exhausted_at"] is None


async def test_a_withdrawn_request_closes_by_itself(informed: Escalation) -> None:
    await happens(informed, refund_withdrawn(case=None, order=ORDER), minutes=1)
    (episode,) = await informed.episodes()
    assert (episode["result"], episode["reason"]) == ("cause_gone", "signals_cleared")


async def test_a_policy_that_makes_its_kind_informational_ends_the_ladder(team: Escalation) -> None:
    """At the deadline that was set before the change."""
    await happens(team, refund_requested(case=None, order=ORDER))
    document = shipped_text().replace('refund_kinds = ["dissatisfaction"]', 'refund_kinds = ["fraud"]')
    await publish_policy(team.processor, PolicySubmitted(document=document, by="anna", summary="We do not call"))
    await team.wait(10 * DAY)
    episode = await open_episode(team)
    assert await rung(team) == [("anna", "seller", "signal")]
    assert (episode["deadline_at"], episode["exhausted_at"], episode["rang"]) == (None, None, False)
