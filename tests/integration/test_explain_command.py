"""`handoff explain` on a real database: the whole chain of an episode in words, in order of time."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
import typer
from typer.testing import CliRunner, Result

from services.cli.explain import explain
from services.escalation.app import publish_policy
from services.escalation.domain.own_facts import ClosePressed, PolicySubmitted, ReopenPressed
from services.escalation.domain.policy.document import shipped_text
from shared.contracts.support_inbound import Person
from tests.builders import (
    ORDER,
    case_opened,
    case_reopened,
    contact_made,
    minutes,
    order_placed,
    refund_requested,
    refund_withdrawn,
    salesperson_changed,
)
from tests.escalation import Escalation, button, escalation_on, reported
from tests.large_accounts import copy_latest
from tests.servers import MakeDatabase


@dataclass(frozen=True)
class Site:
    """Escalation, and the URL of its database for a command."""

    escalation: Escalation
    url: str

    async def explain(self, *arguments: str) -> Result:
        app = typer.Typer()
        app.command()(explain)
        given = [*arguments, "--escalation-database", self.url]
        return await asyncio.to_thread(CliRunner().invoke, app, given)

    async def lines(self, *arguments: str) -> list[str]:
        result = await self.explain(*arguments)
        assert result.exit_code == 0, result.output
        return [" ".join(line.split()) for line in result.output.splitlines()]


@pytest.fixture
async def site(database: MakeDatabase) -> AsyncIterator[Site]:
    url = await database("escalation")
    async with escalation_on(url) as escalation:
        yield Site(escalation, url)


async def _sold(site: Site) -> None:
    await site.escalation.receive_one_by_one(
        reported(salesperson_changed("Desk", email="desk@sales.example"), subject="desk"),
        reported(salesperson_changed("Mona Lang", email="mona@sales.example"), subject="mona"),
        reported(salesperson_changed(manager="mona"), at=minutes(1)),
        order_placed(),
    )


async def _failed(site: Site, at: datetime, id: str | None = None) -> None:
    fact = contact_made("dead_end", case=None, words="It is still cold.", by=Person(name="Petra Weiss"))
    await site.escalation.receive(reported(fact, at=at, id=id))


async def test_the_whole_chain_is_printed_in_order_with_policy_lines_and_the_next_step(site: Site) -> None:
    await _sold(site)
    await _failed(site, minutes(10), id="call-1")
    await site.escalation.acknowledge()
    await site.escalation.wait(timedelta(hours=2))

    lines = await site.lines(ORDER, "--order", "--events")

    chain = (
        "reported Order 4711 placed.",
        "reported Phone call from the customer, ended without help.",
        "event call-1",
        "signal Dead end on order 4711.",
        "policy 1: signals.contact_dead_ended.answer_within = 4h",
        "severity Severity critical: dead end, large amount.",
        "rises.large_amount.EUR = 1000000",
        "notified Notified anna (seller) of a signal; acknowledgement due by",
        "policy 1: ladder.critical.seller = 15m",
        "acknowledged anna acknowledged it and has until",
        "policy 1: acknowledgement.redeem_within.critical = 1h",
        "delivery To anna: shown in the inbox; e-mail cancelled (acknowledged).",
        "expired anna did not reach the customer in time, so the episode is released.",
        "skipped Skipped the backup: Anna Berg has no backup.",
        "notified Notified mona (manager) because the acknowledger did not reach the",
        "now open, severity critical",
        "with mona, not acknowledged",
        "next Then the sales desk (desk) is notified.",
    )
    places = [next((place for place, line in enumerate(lines) if words in line), -1) for words in chain]
    assert [words for words, place in zip(chain, places, strict=True) if place < 0] == []
    assert places == sorted(places)


async def test_a_customers_own_words_and_names_are_shown_only_on_demand(site: Site) -> None:
    await _sold(site)
    await _failed(site, minutes(10))
    await site.escalation.receive(
        reported(case_opened(order=ORDER), at=minutes(11)), reported(case_reopened(), at=minutes(12))
    )

    plain = await site.explain(ORDER, "--order")
    as_json = await site.explain(ORDER, "--order", "--json")
    whole = await site.explain(ORDER, "--order", "--words")

    for personal in ("It is still cold.", "Petra", "Weiss", "901820", "petra@customer.example"):
        assert personal not in plain.output + as_json.output
    assert "“It is still cold.”" in whole.output
    assert "(Petra Weiss)" in whole.output


async def test_customers_words_do_not_control_the_terminal(site: Site) -> None:
    await _sold(site)
    evil = "\x1b[2J\x1b]0;owned\x07\x9b31m\r\nrefund   approved\u202e"
    await site.escalation.receive(reported(refund_requested(case=None, words=evil), at=minutes(5)))
    whole = (await site.explain(ORDER, "--order", "--words")).output
    assert "owned" in whole
    assert not set(whole) & set("\x1b\x07\x9b\r\u202e")
    assert not [line for line in whole.splitlines() if line.startswith("refund   approved")]


async def test_the_ends_of_a_signal_and_its_episode_are_printed(site: Site) -> None:
    await _sold(site)
    await site.escalation.receive(reported(refund_requested(case=None), at=minutes(5)))
    await site.escalation.receive(reported(refund_withdrawn(case=None), at=minutes(9)))

    lines = await site.lines(ORDER, "--order")

    assert any("settled Refund requested: settled by “refund withdrawn”." in line for line in lines)
    assert any("now Closed as cause gone" in line for line in lines)
    assert "risks none" in lines
    assert "next A new signal would open a new episode." in lines


async def test_an_undone_close_is_printed_with_the_time_limit_of_an_undo(site: Site) -> None:
    await _sold(site)
    await site.escalation.receive(reported(refund_requested(case=None), at=minutes(5)))
    (episode,) = await site.escalation.episodes()
    closing = {"result": "saved", "reason": "problem_solved"}
    await site.escalation.receive(button(ClosePressed, episode["episode_id"], "anna", **closing))
    (ahead,) = [line for line in await site.lines(ORDER, "--order") if line.startswith("next ")]
    assert ahead.startswith("next anna can undo that until ")
    await site.escalation.receive(button(ReopenPressed, episode["episode_id"], "anna"))
    lines = await site.lines(ORDER, "--order")
    assert any("reopened anna undid the close; the episode is open again as it was." in line for line in lines)
    assert not any("can undo" in line for line in lines)


async def test_counted_contacts_are_printed_although_none_decided_alone(site: Site) -> None:
    await _sold(site)
    for minute in (10, 20, 30):
        await site.escalation.receive(reported(contact_made("answered", by=None), at=minutes(minute)))

    lines = await site.lines(ORDER, "--order")

    assert sum("reported Phone call from the customer, answered." in line for line in lines) == 3
    assert "signals.contact_repeated.contacts = 3 signals.contact_repeated.within = 7d" in " ".join(lines)


async def test_a_decision_keeps_the_value_of_the_version_it_was_made_under(site: Site) -> None:
    await _sold(site)
    await _failed(site, minutes(10))
    changed = shipped_text().replace('seller = "15m"', 'seller = "20m"')
    await publish_policy(site.escalation.processor, PolicySubmitted(document=changed, by="anna", summary="More time"))
    await site.escalation.receive(reported(refund_requested(case=None), at=minutes(20)))

    lines = await site.lines(ORDER, "--order")

    assert "policy 1: ladder.critical.seller = 15m" in lines
    assert "policy 2: ladder.critical.seller = 20m" in lines


async def test_a_signal_that_waited_for_its_sale_says_so(site: Site) -> None:
    await _failed(site, minutes(10))
    await _sold(site)

    lines = await site.lines(ORDER, "--order")

    waits = [
        line for line in lines if "waiting Dead end: waiting, because no order of this account is known yet." in line
    ]
    assert len(waits) == 1


async def test_an_erased_fact_is_printed_without_its_words(site: Site) -> None:
    await _sold(site)
    await _failed(site, minutes(10), id="call-1")
    await site.escalation.pool.execute("update shared.journal set body = null where event_id = 'call-1'")

    lines = await site.lines(ORDER, "--order", "--words")

    assert any("reported Erased at the customer's request." in line for line in lines)


async def test_an_ids_prefix_is_enough_while_it_is_unique(site: Site) -> None:
    await _sold(site)
    await _failed(site, minutes(10))
    ((episode,),) = [list(row.values())[:1] for row in await site.escalation.episodes()]

    by_beginning = await site.explain(str(episode)[:8].upper())
    unknown = await site.explain("ffffffff-0000")
    no_order = await site.explain("4712", "--order")

    assert str(episode) in by_beginning.output
    assert (unknown.exit_code, no_order.exit_code) == (1, 1)
    assert "No episode begins with ffffffff-0000" in unknown.output
    assert "Order 4712 has no episode" in no_order.output


async def test_of_a_long_history_both_ends_are_printed_and_the_number_of_steps_between(site: Site) -> None:
    await _sold(site)
    await _failed(site, minutes(10), id="call-1")
    await copy_latest(site.escalation.pool, "support.contact_dead_ended", 300)

    lines = await site.lines(ORDER, "--order", "--events")
    whole = await site.lines(ORDER, "--order", "--events", "--all")
    as_json = json.loads("".join(await site.lines(ORDER, "--order", "--json")))

    steps, shown = len(as_json["steps"]), 200
    assert steps > 600
    (gap,) = [place for place, line in enumerate(lines) if "left out here" in line]
    assert lines[gap] == f"… {steps - shown:,} steps left out here: --all prints every step."
    assert lines[:gap] == whole[:gap]
    assert lines[gap + 2 :] == whole[gap + 2 - len(lines) :]
    assert sum(line.startswith("event call-1") for line in whole) >= 300


async def test_machines_get_the_same_as_json(site: Site) -> None:
    await _sold(site)
    await _failed(site, minutes(10), id="call-1")

    found = json.loads("".join(await site.lines(ORDER, "--order", "--json")))

    assert found["episode"]["order_id"] == ORDER
    assert [step["what"] for step in found["steps"]] == ["told", "told", "signal", "severity", "rang", "delivery"]
    assert found["steps"][4]["policy"] == [{"path": "ladder.critical.seller", "value": "15m"}]
    assert found["now"]["next"] == "Then the manager (mona) is notified."
