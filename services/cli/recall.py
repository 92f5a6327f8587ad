"""`handoff recall`: who should have been alerted, against who was. Start at `recall`."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from services.cli.databases import Unreadable, reading
from services.cli.installation import Data, EscalationDatabase, ServiceName, database_of, enter
from services.cli.journal import OF_ACCOUNTS, SHARED, JournalRows, NotPossible, checked, progress_bar
from services.cli.moments import moment_of
from services.cli.run import read_settings
from services.cli.terminal import AsJson, console, counted, print_json, printable, stop_with
from services.escalation.domain.installation import Installation
from services.escalation.domain.policy.versions import BEGINNING
from services.escalation.domain.rules_version import RULES_VERSION
from services.escalation.domain.words import SIGNAL_LABELS
from services.escalation.replaying.causes import WORDS, Cause
from services.escalation.replaying.recall import Difference, Recall, RecallTerms, StoredAlert
from services.escalation.store.journal import inputs_by_subject, journal_span
from services.escalation.store.policies import load
from services.escalation.store.recall import alerts_of, unread
from shared.database import Connection

_WIDTH = 100
_UNEXPLAINED = 3
_METRIC = "handoff_recall_unexplained"


@dataclass(frozen=True, slots=True)
class Result:
    """A finished recall of the signals from `since` until `until`; `unreadable` inputs have another release's form."""

    since: datetime
    until: datetime
    unreadable: int
    recall: Recall


def recall(
    since: Annotated[
        str | None,
        typer.Option(
            metavar="WHEN",
            help="Only signals since this time, with its zone: 2026-05-04T09:30Z. Default: the last change of rules.",
        ),
    ] = None,
    textfile: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help=f"Also write the metric {_METRIC}, for the textfile collector of a node exporter."
        ),
    ] = None,
    as_json: AsJson = False,
    data: Data = None,
    escalation: EscalationDatabase = None,
) -> None:
    """Show who should have been alerted and was not, or did not respond, each with the cause.

    Replays the inputs of escalation's journal under the versions of the policy that counted, and compares the alerts
    with the stored ones. It changes nothing and notifies no one. Ends with status 3 if a difference is unexplained.
    """
    start = None if since is None else moment_of(since)
    enter(data, escalation=escalation)
    try:
        with progress_bar() as progress:
            result = asyncio.run(_read(database_of(ServiceName.ESCALATION), start, progress))
    except (NotPossible, Unreadable) as error:
        raise stop_with(str(error)) from None
    if textfile is not None:
        _write(textfile, result)
    if as_json:
        print_json(_as_json(result))
    else:
        _print(result)
    if result.recall.causes[Cause.UNEXPLAINED]:
        raise typer.Exit(_UNEXPLAINED)


async def _read(url: str, start: datetime | None, progress: Callable[[int, int], None]) -> Result:
    settings: Any = read_settings(ServiceName.ESCALATION)
    installation = Installation(desk=settings.desk, max_alert_age=settings.max_alert_age)
    async with reading("escalation", url) as connection:
        return await _run(connection, installation, start, progress)


async def _run(
    connection: Connection, installation: Installation, start: datetime | None, progress: Callable[[int, int], None]
) -> Result:
    span = checked(await journal_span(connection, RULES_VERSION), start)
    trusted = span.older_rules_until or BEGINNING
    since, total = max(start or trusted, span.first), sum(span.inputs.values()) - span.erased
    found = Recall(RecallTerms(await load(connection), installation, since, span.last, trusted))
    gone = await unread(connection, since, span.last)
    found.add_unread(dead_letters=gone.dead_letters, erased=gone.erased)
    rows = JournalRows(lambda done: progress(done, total))
    shared = [one async for records in inputs_by_subject(connection, SHARED) for one in rows.inputs(records)]
    found.replay_directory(sorted(shared, key=lambda one: one.place))
    async for records in inputs_by_subject(connection, OF_ACCOUNTS):
        if inputs := rows.inputs(records):
            alerts = await alerts_of(connection, inputs[0].event.subject)
            stored = {
                row["alert_id"]: StoredAlert(row["recipient"], tuple(zip(row["states"], row["lists"], strict=True)))
                for row in alerts
            }
            is_whole = not span.is_trimmed and inputs[0].event.subject not in gone.erased_accounts
            found.compare(found.replay(inputs), stored, is_whole=is_whole)
    return Result(since, span.last, rows.unreadable, found)


def _print(result: Result) -> None:
    found = result.recall
    print(f"Signals from {result.since:%Y-%m-%d %H:%M} to {result.until:%Y-%m-%d %H:%M} UTC.")
    print(f"{counted(found.expected, 'alert')} expected, {found.responded:,} with a response.")
    if result.unreadable:
        print(f"{counted(result.unreadable, 'input')} of another release could not be read.")
    table = Table("cause", "alerts", "in words")
    for cause in Cause:
        if found.causes[cause]:
            table.add_row(cause.value, f"{found.causes[cause]:,}", WORDS[cause])
    if table.row_count:
        console(_WIDTH).print(table)
    for one in found.unexplained:
        print(_line(one))


def _line(one: Difference) -> str:
    order = f"order {printable(one.order_id)}" if one.order_id is not None else "an unknown order"
    person = f", {printable(one.person)}" if one.person is not None else ""
    return f"Unexplained: {SIGNAL_LABELS[one.kind]}, {order}{person}, {one.at:%Y-%m-%d %H:%M} UTC."


def _as_json(result: Result) -> dict[str, Any]:
    found = result.recall
    return {
        "since": result.since,
        "until": result.until,
        "unreadable": result.unreadable,
        "expected": found.expected,
        "responded": found.responded,
        "causes": {cause.value: found.causes[cause] for cause in Cause},
        "unexplained": [
            {"account": one.account_id, "order": one.order_id, "signal": one.kind, "at": one.at, "person": one.person}
            for one in found.unexplained
        ],
    }


def _write(textfile: Path, result: Result) -> None:
    """Write the metric beside the file first: a collector must never read half of it."""
    text = (
        f"# HELP {_METRIC} Alerts that should have been raised and were not, without a known cause.\n"
        f"# TYPE {_METRIC} gauge\n{_METRIC} {result.recall.causes[Cause.UNEXPLAINED]}\n"
    )
    beside = textfile.with_suffix(f"{textfile.suffix}.new")
    try:
        beside.write_text(text, "utf-8")
        beside.replace(textfile)
    except OSError as error:
        raise stop_with(f"--textfile: {printable(textfile)} cannot be written: {error.strerror}.") from None
