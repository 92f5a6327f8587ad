"""The checker passes an undisturbed run of the real services, and reports exactly the promises that
each damage breaks.
"""

import asyncio
import copy
import json
import re
import shutil
import sys
import tempfile
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import time

import asyncpg
import pytest

from deploy.local.processes import PROJECT
from tests.databases import Databases
from tests.faults.checker.conservation import the_whole_history_was_reported
from tests.faults.checker.evidence import Evidence, Restore
from tests.faults.checker.promises import CHECKS, counted, judge, verdict
from tests.faults.checker.publishing import (
    each_account_is_taken_in_its_topic_order,
    topics_have_each_account_in_the_outbox_order,
)
from tests.faults.checker.reading import read_run
from tests.faults.damages import DAMAGES, Damage, Spoil, spoilt
from tests.faults.damages.outcomes import a_mail_comes_twice, a_mail_is_of_no_alert
from tests.faults.damages.streams import a_record_comes_from_nowhere, two_facts_were_taken_in_the_wrong_order
from tests.faults.drafts import SPAN, SUPPORT
from tests.faults.history import AHEAD, CLOSED, Event, generate
from tests.faults.rescues import NEVER_CALLED, with_rescues
from tests.faults.undisturbed import Undisturbed
from tests.stories import company_at_work

SEED = 8
EVERY_KIND = {
    *("contact_dead_ended", "contact_repeated", "case_stuck", "case_bounced", "case_reopened", "response_due"),
    "response_overdue",
    *("satisfaction_low", "refund_requested", "cancellation_requested", "order_stalled", "promise_missed"),
    *("outcome_denied", "delivery_late", "order_cancelled", "refund_paid", "gone_quiet", "seller_requested"),
}
UNDISTURBED = ("mails_again", "attempts_in_doubt", "restores")


@pytest.fixture(scope="module")
async def undisturbed(kafka: str, databases: Databases) -> AsyncIterator[Undisturbed]:
    """A small history, published to the real services."""
    folder = Path(tempfile.mkdtemp(prefix="handoff-tests-"))
    try:
        async with company_at_work(kafka, databases, f"t{uuid.uuid4().hex[:10]}.", folder) as company:
            run = Undisturbed(company, databases, folder)
            ends_at = datetime.now(UTC) + AHEAD
            history = generate(SEED, accounts=24, events=600, now=ends_at, closed=CLOSED)
            *others, last = with_rescues(history, ends_at)
            await run.publish_all([*others, _soon_due(ends_at), last], SEED)
            yield run
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _soon_due(ends_at: datetime) -> Event:
    """An answer that is due long after the history: in random histories a warning rarely comes in time."""
    began = ends_at - SPAN + timedelta(seconds=5)
    promise = {"due_at": ends_at.isoformat()}
    kind, time = "support.inbound.response_promised", began.isoformat(timespec="microseconds")
    return Event("kafka", SUPPORT, "helpdesk", f"{NEVER_CALLED}-promise", kind, NEVER_CALLED, time, promise)


@pytest.fixture(scope="module")
async def evidence(undisturbed: Undisturbed) -> Evidence:
    """The evidence of the undisturbed run."""
    return await read_run(undisturbed.folder)


async def test_an_undisturbed_run_keeps_every_promise(evidence: Evidence) -> None:
    findings = judge(evidence)
    assert "\n".join(str(one) for one in findings if one.violations or one.unjudged) == ""
    assert verdict(findings) == "pass"


@pytest.mark.parametrize("account", ["all", NEVER_CALLED])
async def test_the_final_state_is_that_of_all_facts_reported_at_once(evidence: Evidence, account: str) -> None:
    run = copy.deepcopy(evidence)
    run.world = {**run.world, "judged_in_the_end": account if account == "all" else [account, *CLOSED]}
    findings = judge(run)
    assert "\n".join(str(one) for one in findings if one.violations or one.unjudged) == ""


@pytest.mark.parametrize(
    ("file", "status", "said"),
    [
        pytest.param("restores.jsonl", 0, "pass", id="pass"),
        pytest.param("mail.jsonl", 1, "violated", id="violated"),
        pytest.param("world.json", 2, "cannot judge", id="cannot judge"),
    ],
)
async def test_the_exit_status_gives_the_verdict(
    undisturbed: Undisturbed, tmp_path: Path, file: str, status: int, said: str
) -> None:
    for name in ("world.json", "history.jsonl", "accepted.jsonl", "mail.jsonl"):
        shutil.copy(undisturbed.folder / name, tmp_path / name)
    shutil.copytree(undisturbed.folder / "push", tmp_path / "push")
    (tmp_path / file).write_text("")
    found, verdict_said, broken = await _judged(tmp_path)
    assert (found, verdict_said) == (status, said), broken


async def test_the_history_covers_every_kind(evidence: Evidence) -> None:
    reported = {event.kind for event in evidence.history} | {event.via for event in evidence.history}
    assert reported >= {"order_placed", "order_cancelled", "case_opened", "case_reassigned", "contact_made", "http"}
    assert {event.bad for event in evidence.history} >= {None, "invalid_json", "id_reused"}
    signals = evidence.rows("escalation", "escalation.signals")
    assert {row["episode_id"] is None for row in signals} == {True, False}
    assert {row["ended"] for row in signals} == {None, "cleared", "withdrawn"}
    assert {row["kind"] for row in signals} >= EVERY_KIND
    alerts = evidence.rows("escalation", "escalation.alerts")
    assert {row["because"] for row in alerts} >= {"seller", "successor", "manager", "no_seller", "nobody_answered"}
    assert {row["cause"] for row in alerts} >= {"signal", "severity", "contact", "step", "unredeemed", "repeat"}
    assert {row["step"] for row in alerts} == {"seller", "successor", "backup", "manager", "upper_manager", "desk"}
    assert all(number > 0 for name, number in counted(evidence).items() if name not in UNDISTURBED)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
async def test_damage_breaks_exactly_its_promises(evidence: Evidence, damage: Damage) -> None:
    findings = judge(spoilt(evidence, damage))
    assert {one.promise for one in findings if one.violations} == damage.breaks
    assert verdict(findings) == "violated"


async def test_every_promise_has_a_damage_that_breaks_it() -> None:
    judged = {check.__name__ for check in CHECKS} - {the_whole_history_was_reported.__name__}
    assert judged == {promise for damage in DAMAGES for promise in damage.breaks}


async def test_a_history_not_fully_published_cannot_be_judged(evidence: Evidence) -> None:
    run = copy.deepcopy(evidence)
    run.history.append(replace(run.history[0], id="untold", at=run.history[0].at + timedelta(days=1)))
    assert verdict(judge(run)) == "cannot judge"


@pytest.mark.parametrize("spoil", [a_mail_comes_twice, a_mail_is_of_no_alert, a_record_comes_from_nowhere])
async def test_differences_between_a_backup_and_its_restore_are_excused(evidence: Evidence, spoil: Spoil) -> None:
    run = copy.deepcopy(evidence)
    spoil(run)
    run.restores.append(Restore("escalation", time() - 3600, time()))
    assert verdict(judge(run)) == "pass"
    run.restores[0] = Restore("escalation", time() - 7200, time() - 3600)
    assert verdict(judge(run)) == "violated"


async def test_records_of_a_deleted_topic_do_not_count_for_the_order_of_the_recreated_one(
    evidence: Evidence,
) -> None:
    run = copy.deepcopy(evidence)
    two_facts_were_taken_in_the_wrong_order(run)
    assert list(each_account_is_taken_in_its_topic_order(run))
    offsets = run.rows("escalation", "shared.offsets")
    of_sales = [row for row in offsets if run.logical(row["topic"]) == "orders.sales.v1"]
    for row in of_sales:
        row["begun_at"] = datetime.max.replace(tzinfo=UTC)
    assert list(each_account_is_taken_in_its_topic_order(run)) == []
    for row in of_sales:
        row["begun_at"] = datetime.min.replace(tzinfo=UTC)
    assert list(each_account_is_taken_in_its_topic_order(run))


async def test_what_was_being_sent_at_a_deletion_comes_first_on_the_recreated_topic(evidence: Evidence) -> None:
    run = copy.deepcopy(evidence)
    topic = run.topics["orders.sales.v1"]
    last = {record.key: record for record in topic}
    keys = Counter(record.key for record in topic)
    topic[:0] = [record for key, record in last.items() if keys[key] > 1]
    assert list(topics_have_each_account_in_the_outbox_order(run))
    for row in run.rows("escalation", "shared.offsets"):
        if run.logical(row["topic"]) == "orders.sales.v1":
            row["begun_at"] = datetime.min.replace(tzinfo=UTC)
    assert list(topics_have_each_account_in_the_outbox_order(run)) == []


async def test_blocking_sessions_are_reported(undisturbed: Undisturbed) -> None:
    url = json.loads((undisturbed.folder / "world.json").read_text())["databases"]["orders"]
    holder, waiter = await asyncpg.connect(url), await asyncpg.connect(url)
    async with holder.transaction():
        await holder.execute("select pg_advisory_xact_lock(1)")
        waiting = asyncio.create_task(waiter.execute("select pg_advisory_xact_lock(1)"))
        await asyncio.sleep(6)
        hindrances = (await read_run(undisturbed.folder)).databases["orders"].hindrances
    assert [re.sub(r"since.*|session \d+ ", "", one).strip() for one in sorted(hindrances)] == [
        "() is idle in transaction",
        "waits for a advisory lock",
    ]
    await asyncio.gather(waiting, return_exceptions=True)
    await asyncio.gather(holder.close(), waiter.close())


async def _judged(folder: Path) -> tuple[int | None, str, str]:
    command = (sys.executable, "-m", "tests.faults.checker", str(folder))
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe, cwd=PROJECT)
    printed, broken = await asyncio.wait_for(process.communicate(), 30)
    return process.returncode, json.loads(printed)["verdict"], broken.decode()
