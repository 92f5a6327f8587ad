"""`handoff backtest` as an operator uses it, on the journal of a real service."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

from typer.testing import CliRunner, Result

from services.cli.main import app
from services.escalation.domain.own_facts import AttemptLogged, ClosePressed
from services.escalation.domain.policy.document import shipped_text
from tests.builders import contact_made, order_placed, refund_paid, refund_requested
from tests.escalation import button, escalation_on, reported
from tests.servers import MakeDatabase
from tests.team import person

QUICKER = shipped_text().replace('answer_within = "4h"', 'answer_within = "2h"')


async def test_a_policy_is_tried_on_the_journal_without_a_trace(database: MakeDatabase, tmp_path: Path) -> None:
    url, document = await database("escalation"), tmp_path / "policy.toml"
    async with escalation_on(url) as team:
        await team.receive(person("anna"), person("desk"))
        await team.receive(reported(order_placed()), reported(contact_made()))
        await team.wait(timedelta(hours=3))
        await team.receive(reported(refund_requested(), at=await team.now()))
        await team.wait(timedelta(minutes=1))
        await team.acknowledge()
        (episode,) = await team.episodes()
        await team.receive(button(AttemptLogged, episode["episode_id"], "anna"))
        await team.wait(timedelta(hours=9))
        await team.receive(reported(refund_paid(), at=await team.now()))
        (episode,) = await team.episodes()
        await team.receive(button(ClosePressed, episode["episode_id"], "anna", result="lost", reason="price"))
        alerts = await team.alerts()

        async def run(*arguments: str, policy: str = QUICKER) -> Result:
            document.write_text(policy, "utf-8")
            environment = {"ESCALATION_DATABASE_URL": url, "MAX_ALERT_AGE": "0", "COLUMNS": "120"}
            all_of = ["backtest", "--policy", str(document), *arguments]
            return await asyncio.to_thread(CliRunner().invoke, app, all_of, env=environment)

        result = await run("--json")
        assert result.exit_code == 0, result.output
        printed = json.loads(result.stdout)
        exact = {"is_exact": True, "alerts_stored": len(alerts), "alerts_replayed": len(alerts)}
        assert printed["as_the_service_did"] == exact
        assert [(one["path"], one["before"], one["after"]) for one in printed["changes"]] == [
            ("signals.contact_dead_ended.answer_within", "4h", "2h")
        ]
        assert printed["losses"]["n"] == 1
        assert printed["candidate"]["signals"]["contact_dead_ended"] == 1
        printed = await run("--fail-if", "episodes >= 1 and losses.neither == 0")
        assert printed.exit_code == 3
        assert "These outcomes happened under the policy in force" in printed.output
        assert (await run("--fail-if", "first_notifications.p95 > 90")).exit_code == 0
        unknown = await run("--fail-if", "first_notification.p95 > 8")
        assert (unknown.exit_code, "did you mean first_notifications.p95?" in unknown.output) == (1, True)
        broken = await run(policy=QUICKER.replace('severity = "high"', 'severity = "hihg"', 1))
        assert (broken.exit_code, ": line " in broken.output) == (1, True)
        assert (await team.alerts(), (await run("--since", "2099-01-01T00:00Z")).exit_code) == (alerts, 1)
        lost = alerts[0]["alert_id"]
        assert (await team.alerts(), await _recalled(url, tmp_path)) == (alerts, (0, [], "0"))
        await team.pool.execute("delete from escalation.deliveries where alert_id = $1", lost)
        await team.pool.execute("delete from escalation.alerts where alert_id = $1", lost)
        named = [("contact_dead_ended", "anna")]
        assert await _recalled(url, tmp_path) == (3, named, "1")


async def _recalled(url: str, folder: Path) -> tuple[int, list[tuple[str, str]], str]:
    """The exit status of `handoff recall`, what it cannot explain, and its metric."""
    textfile = folder / "recall.prom"
    arguments, environment = ["recall", "--json", "--textfile", str(textfile)], {"ESCALATION_DATABASE_URL": url}
    result = await asyncio.to_thread(CliRunner().invoke, app, arguments, env=environment | {"MAX_ALERT_AGE": "0"})
    unexplained = json.loads(result.stdout)["unexplained"]
    metric = textfile.read_text("utf-8").split()[-1]
    return result.exit_code, [(one["signal"], one["person"]) for one in unexplained], metric
