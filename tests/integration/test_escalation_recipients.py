"""The recipients of alerts: the seller, their successor, and the desk while the seller is unknown."""

from datetime import date, timedelta
from typing import Any

import pytest

from shared.contracts.orders_inbound import SalespersonChanged
from shared.contracts.people_parts import Successor
from shared.inputs import Input
from tests.builders import (
    cancellation_requested,
    case_closed,
    case_reassigned,
    case_reopened,
    minutes,
    order_placed,
    refund_requested,
    sale_corrected,
    salesperson_changed,
)
from tests.escalation import DESK, Escalation, dead_end, reported
from tests.services import FIRST_DAY

QUARTER = timedelta(minutes=15)
YESTERDAY = FIRST_DAY - timedelta(days=1)


def person(id: str, *, at_minute: int = 0, **changes: Any) -> Input:
    fact: SalespersonChanged = salesperson_changed(**{"name": id.title(), "email": f"{id}@sales.example"} | changes)
    return reported(fact, subject=id, at=minutes(at_minute))


def left(id: str, *, to: str | None = None, since: date = YESTERDAY, manager: str | None = None) -> Input:
    successor = Successor(salesperson=to, since=since) if to else None
    return person(id, active=False, successor=successor, manager=manager, at_minute=10)


async def test_the_seller_is_notified_with_the_reason(escalation: Escalation) -> None:
    await escalation.receive(person("anna"), order_placed(), refund_requested())
    (alert,) = await escalation.alerts()
    assert (alert["recipient"], alert["because"]) == ("anna", "seller")
    assert alert["why_you"] == "You sold order 4711 on 4 May."
    (episode,) = await escalation.episodes()
    assert (episode["salesperson"], episode["responsible"]) == ("anna", "anna")


async def test_known_people_are_found_in_the_batch_that_first_refers_to_them(escalation: Escalation) -> None:
    await escalation.receive(
        person("cleo"), person("ben", manager="cleo", active=False), person("anna"), order_placed()
    )
    await escalation.receive(left("anna", manager="ben"), refund_requested())
    assert await escalation.alerted() == [("cleo", "manager")]


async def test_the_recipient_is_chosen_at_the_alert_and_not_at_the_sale(escalation: Escalation) -> None:
    await escalation.receive(person("anna"), person("ben"), order_placed(), refund_requested())
    await escalation.receive(left("anna", to="ben"))
    await escalation.receive(cancellation_requested())
    assert await escalation.alerted() == [("anna", "seller"), ("ben", "successor")]
    (episode,) = await escalation.episodes()
    assert (episode["salesperson"], episode["responsible"]) == ("anna", "ben")


async def test_an_order_without_a_seller_is_the_desks_at_once(escalation: Escalation) -> None:
    await escalation.receive(person(DESK), order_placed(sold_by=None), refund_requested())
    assert await escalation.alerted() == [(DESK, "no_seller")]


async def test_a_desk_without_an_address_gets_the_inbox_only(escalation: Escalation) -> None:
    await escalation.receive(person(DESK, email=None), order_placed(sold_by=None), refund_requested())
    assert await escalation.alerted() == [(DESK, "no_seller")]
    assert await escalation.deliveries() == {("inbox", "sent"): 1, ("email", "skipped"): 1}
    await escalation.send_mail()
    assert escalation.mail.received == []


async def test_a_seller_without_an_address_gets_the_inbox_only(escalation: Escalation) -> None:
    await escalation.receive(person("anna", email=None), order_placed(), refund_requested())
    assert await escalation.deliveries() == {("inbox", "sent"): 1, ("email", "skipped"): 1}


async def test_an_alert_waits_for_an_unknown_seller_and_goes_out_on_arrival(escalation: Escalation) -> None:
    await escalation.receive(order_placed(), refund_requested())
    await escalation.wait(timedelta(minutes=5))
    assert await escalation.alerts() == []
    (episode,) = await escalation.episodes()
    assert (episode["responsible"], episode["rang"]) == (None, True)

    await escalation.receive(person("anna"))
    await escalation.fire()
    assert await escalation.alerted() == [("anna", "seller")]
    assert await escalation.timers() == ["escalation.timer.episode_due"], "no search is left"


@pytest.mark.parametrize("comes", [True, False], ids=["the seller comes", "the desk stands in"])
async def test_signals_that_wait_for_the_same_seller_raise_one_alert(escalation: Escalation, comes: bool) -> None:
    await escalation.receive(person(DESK), order_placed(), dead_end(), refund_requested(), cancellation_requested())
    assert await escalation.alerts() == []
    if comes:
        await escalation.receive(person("anna"))
    else:
        await escalation.wait(QUARTER)
    await escalation.fire()
    assert await escalation.alerted() == [("anna", "seller") if comes else (DESK, "seller_unknown")]
    (episode,) = await escalation.episodes()
    assert episode["rings"] == 1
    assert episode["severity"] == "critical"


async def test_an_alert_that_waited_for_a_seller_is_the_first_even_after_a_rise_in_severity(
    escalation: Escalation,
) -> None:
    """Not an alert about a rise in severity: the seller knows nothing of the time before it."""
    await escalation.receive(order_placed(), dead_end())
    await escalation.receive(case_reassigned(3), case_reopened())
    (episode,) = await escalation.episodes()
    assert (episode["severity"], episode["rings"]) == ("critical", 0)
    sought = [timer for timer in await escalation.timers() if timer.endswith("recipient_sought")]
    assert len(sought) == 1
    await escalation.receive(person("anna"))
    await escalation.fire()
    (alert,) = await escalation.alerts()
    assert (alert["cause"], alert["severity"]) == ("signal", "critical")


async def test_an_alert_that_waited_for_a_seller_is_about_a_standing_signal(escalation: Escalation) -> None:
    await escalation.receive(order_placed(), case_reassigned(3))
    await escalation.receive(refund_requested(case=None))
    await escalation.receive(case_closed())
    await escalation.receive(person("anna"))
    await escalation.fire()
    (alert,) = await escalation.alerts()
    (standing,) = [signal for signal in await escalation.signals() if signal["ended"] is None]
    assert (standing["kind"], alert["signal_id"]) == ("refund_requested", standing["signal_id"])


async def test_an_episode_of_an_unknown_seller_goes_to_the_desk(escalation: Escalation) -> None:
    await escalation.receive(person(DESK), order_placed(), refund_requested())
    for _ in range(14):
        await escalation.wait(timedelta(minutes=1))
    assert await escalation.alerts() == []
    await escalation.wait(timedelta(minutes=1))
    assert await escalation.alerted() == [(DESK, "seller_unknown")]
    (alert,) = await escalation.alerts()
    assert "is not in the directory" in alert["why_you"]
    await escalation.receive(person("anna"))
    await escalation.fire()
    assert len(await escalation.alerts()) == 1


async def test_the_wait_for_an_unknown_seller_lasts_while_input_is_unread(escalation: Escalation) -> None:
    await escalation.receive(order_placed(), refund_requested())
    await escalation.read_everything()
    for _ in range(20):
        await escalation.move_clock(timedelta(minutes=1))
        await escalation.fire()
    assert await escalation.alerts() == []
    await escalation.receive(person("anna"))
    await escalation.fire()
    assert await escalation.alerted() == [("anna", "seller")], "the awaited record came out of the backlog"


async def test_a_seller_who_arrives_during_the_decision_is_not_missed(escalation: Escalation) -> None:
    """Neither transaction has seen the other's write, the person or the timer: the timer looks again each minute."""
    await escalation.receive(order_placed())
    await escalation.receive(refund_requested())
    await escalation.pool.execute(
        "update shared.timers set awaits = null"
    )  # as if the timer had been hurried too early
    await escalation.receive(person("anna"))
    await escalation.fire()
    assert await escalation.alerts() == []
    await escalation.move_clock(timedelta(minutes=1))
    await escalation.fire()
    assert await escalation.alerted() == [("anna", "seller")]


async def test_an_older_fact_about_a_person_changes_nothing(escalation: Escalation) -> None:
    await escalation.receive_one_by_one(person("anna", at_minute=5), person("anna", at_minute=1, active=False))
    await escalation.receive(order_placed(), refund_requested())
    assert await escalation.alerted() == [("anna", "seller")]


async def test_a_corrected_sale_decides_later_recipients(escalation: Escalation) -> None:
    await escalation.receive(person("anna"), person("ben"), order_placed(), refund_requested())
    await escalation.receive(reported(sale_corrected("ben"), at=minutes(5)))
    await escalation.receive(reported(sale_corrected("anna"), at=minutes(4)))
    await escalation.receive(cancellation_requested())
    assert await escalation.alerted() == [("anna", "seller"), ("ben", "seller")]
    assert (await escalation.alerts())[-1]["why_you"] == "You sold order 4711 on 4 May."
