"""`handoff backtest`: replays the journal under a policy from a file. Start at `backtest`."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from services.cli.backtest.printing import as_json_of, shown
from services.cli.backtest.reading import Result, run
from services.cli.databases import Unreadable, reading
from services.cli.installation import Data, EscalationDatabase, ServiceName, database_of, enter
from services.cli.journal import NotPossible, progress_bar
from services.cli.moments import moment_of
from services.cli.policy_files import policy_in, text_of
from services.cli.run import read_settings
from services.cli.terminal import AsJson, console, note, print_json, printable, stop_with
from services.escalation.domain.installation import Installation
from services.escalation.domain.policy.versions import BEGINNING, PolicyVersion
from services.escalation.replaying.expressions import Condition, ExpressionError, condition
from services.escalation.replaying.summary import numbers

_WIDTH = 100
_FAILED = 3


def backtest(
    policy: Annotated[Path, typer.Option("--policy", metavar="FILE", help="The policy to try, as TOML.")],
    since: Annotated[
        str | None,
        typer.Option(
            metavar="WHEN",
            help="Count from this time, with its zone: 2026-05-04T09:30Z. Default: the last change of rules.",
        ),
    ] = None,
    fail_if: Annotated[
        str | None,
        typer.Option(
            metavar="CONDITION",
            help="End with status 3 if it holds: first_notifications.p95 > 8. --json prints all names.",
        ),
    ] = None,
    as_json: AsJson = False,
    data: Data = None,
    escalation: EscalationDatabase = None,
) -> None:
    """Show what another policy would have done: notifications, signals, and losses that it would have caught.

    Replays the inputs of escalation's journal under the policy in force and under FILE. It changes nothing and
    notifies no one.
    """
    failing = _condition(fail_if)
    text = text_of(policy)
    candidate = PolicyVersion(1, BEGINNING, policy_in(policy, text), text, "backtest", printable(policy))
    start = None if since is None else moment_of(since)
    enter(data, escalation=escalation)
    url = database_of(ServiceName.ESCALATION)
    try:
        with progress_bar() as progress:
            result = asyncio.run(_read(url, candidate, start, progress))
    except (NotPossible, Unreadable) as error:
        raise stop_with(str(error)) from None
    if as_json:
        print_json(as_json_of(result))
    else:
        console(_WIDTH).print(shown(result, printable(policy)))
    _fail(failing, fail_if, result.figures)


async def _read(
    url: str, candidate: PolicyVersion, start: datetime | None, progress: Callable[[int, int], None]
) -> Result:
    settings: Any = read_settings(ServiceName.ESCALATION)
    installation = Installation(desk=settings.desk, max_alert_age=settings.max_alert_age)
    async with reading("escalation", url) as connection:
        return await run(connection, candidate, installation, start, progress)


def _condition(text: str | None) -> Condition | None:
    try:
        return None if text is None else condition(text)
    except ExpressionError as error:
        raise stop_with(f"--fail-if: {printable(error)}.") from None


def _fail(failing: Condition | None, text: str | None, figures: Mapping[str, Any]) -> None:
    """End with another status if the condition holds."""
    if failing is None:
        return
    try:
        holds = failing.holds(dict(numbers(figures)))
    except ExpressionError as error:
        raise stop_with(f"--fail-if: {printable(error)}.") from None
    if holds:
        note(f"--fail-if holds: {text}")
        raise typer.Exit(_FAILED)
