"""After an upgrade earlier decisions are judged again by the new rules, without alerts."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from services.cli.main import app
from services.escalation.app import rejudge_account
from services.escalation.domain.own_facts import OWN_FACTS
from services.escalation.domain.rules_version import RULES_VERSION
from services.escalation.handlers import handling
from services.escalation.store.left_to_judge import left_to_judge
from shared.transaction import InputProcessor
from tests.builders import (
    ACCOUNT,
    ORDER,
    OTHER_ACCOUNT,
    case_closed,
    case_opened,
    case_reopened,
    contact_made,
    order_placed,
    refund_paid,
    refund_requested,
)
from tests.escalation import NO_LIMIT, Escalation, dead_end, escalation_on, reported
from tests.servers import MakeDatabase
from tests.team import happens, open_episode, rung

_FORGET_AMOUNTS = "update escalation.facts set amount_minor = null, currency = null"
_A_SIGNAL_OF_OLD = """
    insert into escalation.signals (signal_id, account_id, kind, at, seen_at, fact_id, policy_version, by_silence,
        episode_id, case_id)
    select $1, account_id, 'case_stuck', at, at, fact_id, 1, false, $2, case_id from escalation.facts
    where kind = 'case_opened'
"""
_FORGET_SIGNALS = "delete from escalation.signals where kind = 'contact_dead_ended'"


@pytest.fixture
async def troubled(team: Escalation) -> Escalation:
    """A refund of the whole order was requested, and Anna was notified."""
    await happens(team, refund_requested(case=None, order=ORDER), minutes=-5)
    return team


async def rejudge(team: Escalation, account: str = ACCOUNT) -> None:
    """As the command does: a new process, which has nothing of the account in memory."""
    await rejudge_account(InputProcessor(team.pool, "escalation", handling(NO_LIMIT), OWN_FACTS), account)


async def alerts_and_mails(team: Escalation) -> tuple[int, int]:
    return len(await team.alerts()), len(await team.rows("escalation.deliveries"))


async def test_a_signal_that_the_rules_no_longer_know_ends_with_a_reason(troubled: Escalation) -> None:
    await happens(troubled, case_opened(order=ORDER), minutes=-4)
    episode = await open_episode(troubled)
    await troubled.pool.execute(_A_SIGNAL_OF_OLD, uuid4(), episode["episode_id"])
    before = await alerts_and_mails(troubled)
    await rejudge(troubled)
    ended = [(row["ended"], row["ended_because"]) for row in await troubled.signals() if row["kind"] == "case_stuck"]
    assert ended == [("withdrawn", "rules_changed")]
    assert "escalation.signal_withdrawn" in await troubled.published_types()
    words = [row["words"] for row in await troubled.rows("escalation.decisions", "position")]
    assert words[-1] == "Case stuck no longer counts: the rules changed."
    assert await alerts_and_mails(troubled) == before


async def test_with_the_last_signal_its_episode_closes_by_itself(team: Escalation) -> None:
    await happens(team, refund_paid(amount_minor=100))
    await team.pool.execute("update escalation.facts set amount_minor = 0")
    await team.pool.execute("update shared.journal set body = null where type = 'orders.refund_paid'")
    await rejudge(team)
    (episode,) = await team.episodes()
    assert (episode["result"], episode["reason"], episode["closed_by"]) == ("cause_gone", "signals_cleared", None)


async def test_details_newly_remembered_are_read_from_the_journal(team: Escalation) -> None:
    """A fact from before amounts were remembered: the amount was zero, so it never was a signal."""
    await happens(team, refund_paid(amount_minor=0))
    await team.pool.execute(_FORGET_AMOUNTS)
    await rejudge(team)
    (fact,) = await team.rows("escalation.facts")
    assert (fact["amount_minor"], fact["currency"]) == (0, "EUR")
    assert await team.signals() == []


async def test_facts_newly_remembered_are_read_from_the_journal(team: Escalation) -> None:
    """A fact that the previous release did not use."""
    await happens(team, refund_requested(case=None, order=ORDER))
    before = await team.rows("escalation.facts")
    await team.pool.execute("delete from escalation.facts")
    await team.pool.execute(
        "insert into escalation.facts (fact_id, account_id, kind, at, courtesy)"
        " values (gen_random_uuid(), $1, 'case_closed', shared.app_now(), false)",
        ACCOUNT,
    )
    await rejudge(team)
    assert [row for row in await team.rows("escalation.facts") if row["kind"] == "refund_requested"] == before
    assert [row["ended"] for row in await team.signals()] == [None]


async def test_newly_found_signals_are_raised_without_an_alert(team: Escalation) -> None:
    await happens(team, dead_end(case=None, order=ORDER))
    await team.pool.execute("delete from escalation.deliveries")
    await team.pool.execute("delete from escalation.alerts")
    await team.pool.execute(_FORGET_SIGNALS)
    await team.pool.execute("delete from escalation.episodes")
    await rejudge(team)
    episode = await open_episode(team)
    assert (episode["responsible"], episode["rings"], episode["rang"]) == ("anna", 0, False)
    assert await rung(team) == []
    await happens(team, case_reopened(case=None))
    assert await rung(team) == [("anna", "seller", "signal")]


async def test_a_past_silence_is_raised_at_once_and_causes_no_later_alert(team: Escalation) -> None:
    at = await team.now() - timedelta(days=6)
    await team.receive(reported(contact_made("unanswered", case=None, order=ORDER), at=at))
    await team.pool.execute("delete from shared.timers")
    await rejudge(team)
    assert [row["kind"] for row in await team.signals()] == ["contact_dead_ended"]
    await team.wait(timedelta(hours=2))
    assert await rung(team) == []


async def test_a_silence_with_a_timer_still_raises_an_alert(team: Escalation) -> None:
    """It became due while nothing ran: an effect of the customer's trouble, and not of the new rules."""
    await happens(team, contact_made("unanswered", case=None, order=ORDER))
    await team.move_clock(timedelta(days=4))
    await rejudge(team)
    assert await team.signals() == []
    await team.wait(timedelta(minutes=5))
    assert await rung(team) == [("anna", "seller", "signal")]


async def test_a_severity_is_corrected_downwards_too(troubled: Escalation) -> None:
    await troubled.pool.execute("update escalation.episodes set severity = 'critical'")
    before, clock = await alerts_and_mails(troubled), (await open_episode(troubled))["deadline_at"]
    await rejudge(troubled)
    episode = await open_episode(troubled)
    assert (episode["severity"], episode["deadline_at"]) == ("high", clock)
    assert await alerts_and_mails(troubled) == before


async def test_the_ladder_of_an_episode_now_for_information_ends(troubled: Escalation) -> None:
    await troubled.pool.execute("update escalation.signals set refund_kind = 'chargeback'")
    await rejudge(troubled)
    episode = await open_episode(troubled)
    assert (episode["deadline_at"], episode["rang"], episode["responsible"]) == (None, False, "anna")
    await troubled.wait(timedelta(days=10))
    assert len(await rung(troubled)) == 1


async def test_nothing_changes_under_the_same_rules(troubled: Escalation) -> None:
    await troubled.receive(order_placed("o-2"), reported(case_opened(order="o-2")), dead_end(), case_closed())
    tables = ("signals", "episodes", "alerts", "deliveries", "facts", "decisions")
    before = [await troubled.rows(f"escalation.{name}") for name in tables]
    await rejudge(troubled)
    assert [await troubled.rows(f"escalation.{name}") for name in tables] == before


async def test_decisions_carry_the_version_of_the_rules(troubled: Escalation) -> None:
    assert {row["rules_version"] for row in await troubled.rows("escalation.decisions")} == {RULES_VERSION}
    assert {row["rules_version"] for row in await troubled.rows("shared.journal")} == {RULES_VERSION}


@pytest.fixture
async def two(team: Escalation) -> Escalation:
    """Two customers with trouble."""
    await team.receive(reported(order_placed("other"), subject=OTHER_ACCOUNT))
    for account in (ACCOUNT, OTHER_ACCOUNT):
        await team.receive(reported(dead_end(case=None), subject=account))
    return team


async def judged(team: Escalation) -> list[str]:
    rows = await team.rows("shared.journal", "position")
    return [row["subject"] for row in rows if row["type"] == "escalation.rejudging.rules_changed"]


async def test_each_account_is_judged_once_and_another_run_goes_on_where_the_first_ended(two: Escalation) -> None:
    await rejudge(two)
    assert await left_to_judge(two.pool, "", RULES_VERSION, limit=10) == ([OTHER_ACCOUNT], OTHER_ACCOUNT)
    for account in (ACCOUNT, OTHER_ACCOUNT):
        await rejudge(two, account)
    assert await judged(two) == [ACCOUNT, OTHER_ACCOUNT]
    assert await left_to_judge(two.pool, OTHER_ACCOUNT, RULES_VERSION, limit=10) == ([], None)


async def test_newer_rules_judge_all_accounts_again(two: Escalation) -> None:
    await rejudge(two)
    accounts, _ = await left_to_judge(two.pool, "", RULES_VERSION + 1, limit=10)
    assert accounts == [ACCOUNT, OTHER_ACCOUNT]


async def test_the_command_counts_the_judged_accounts_and_finds_none_the_second_time(database: MakeDatabase) -> None:
    url = await database("escalation")
    async with escalation_on(url) as service:
        for account in (ACCOUNT, OTHER_ACCOUNT):
            await service.receive(reported(dead_end(case=None), subject=account))

    async def run() -> str:
        environment = {"ESCALATION_DATABASE_URL": url}
        result = await asyncio.to_thread(CliRunner().invoke, app, ["rejudge"], env=environment)
        assert result.exit_code == 0, result.output
        return result.output

    assert await run() == f"Rules {RULES_VERSION}: 2 accounts judged.\n"
    assert await run() == f"Rules {RULES_VERSION}: 0 accounts judged.\n"
