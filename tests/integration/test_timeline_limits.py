"""What a timeline leaves out: the oldest of very many entries, and entries about other salespeople."""

from datetime import timedelta

import pytest

from services.escalation.domain.own_facts import ClosePressed
from services.escalation.store import timeline
from tests.builders import ACCOUNT, minutes, order_placed, refund_requested, salesperson_changed
from tests.escalation import Escalation, button, dead_end, reported

BOTH = ("annas", "bens")


@pytest.fixture
async def two_sellers(escalation: Escalation) -> Escalation:
    """One customer, two sales at risk: Anna's, then Ben's."""
    await escalation.receive(salesperson_changed(), reported(salesperson_changed("Ben Okafor"), subject="ben"))
    await escalation.receive(order_placed("annas"), refund_requested(case=None, order="annas"))
    await escalation.move_clock(timedelta(minutes=1))
    await escalation.receive(order_placed("bens", sold_by="ben"), refund_requested(case=None, order="bens"))
    return escalation


async def test_the_newest_of_very_many_entries_are_listed(
    two_sellers: Escalation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline, "LIMIT", 2)
    await two_sellers.receive(*(reported(dead_end(), at=minutes(n)) for n in range(1, 6)))
    assert [fact.at for fact in await timeline.facts_of(two_sellers.pool, ACCOUNT)] == [minutes(4), minutes(5)]
    actions = await timeline.actions_on(two_sellers.pool, ACCOUNT)
    assert [(action.what, action.order) for action in actions] == [("episode raised", "bens"), ("alert raised", "bens")]


async def test_a_salesperson_reads_only_sellers_reports_about_their_own_orders(two_sellers: Escalation) -> None:
    say = "insert into escalation.facts (fact_id, account_id, kind, at, order_id, agent, number, courtesy) values "
    values = ", ".join(
        f"(gen_random_uuid(), '{ACCOUNT}', 'outcome_said', now(), '{one}', 'x', 0, false)" for one in BOTH
    )
    await two_sellers.pool.execute(say + values)
    assert {one.order for one in await timeline.answers_of(two_sellers.pool, ACCOUNT)} == set(BOTH)
    orders = await timeline.orders_of(two_sellers.pool, ACCOUNT, "anna")
    assert {one.order for one in await timeline.answers_of(two_sellers.pool, ACCOUNT, orders=orders)} == {"annas"}


async def test_the_last_holder_of_a_closed_episode_is_no_longer_responsible(two_sellers: Escalation) -> None:
    assert await timeline.is_responsible(two_sellers.pool, ACCOUNT, "anna")
    (annas, _) = sorted(await two_sellers.episodes(), key=lambda row: str(row["order_id"]))
    await two_sellers.receive(button(ClosePressed, annas["episode_id"], "anna", result="lost", reason="price"))
    assert not await timeline.is_responsible(two_sellers.pool, ACCOUNT, "anna")
    assert await timeline.is_responsible(two_sellers.pool, ACCOUNT, "ben")
