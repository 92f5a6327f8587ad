"""`handoff policy`: look at the policy, check a changed document, see what it changes, publish it."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from services.cli.databases import processor_of, with_pool
from services.cli.installation import Data, EscalationDatabase, ServiceName, enter
from services.cli.policy_files import policy_in, text_of
from services.cli.terminal import LINES, AsJson, print_json, printable, stop_with
from services.escalation.domain.own_facts import PolicySubmitted
from services.escalation.domain.policy.document import schema
from services.escalation.domain.policy.model import Policy
from services.escalation.domain.policy.versions import BEGINNING, Change, Policies, PolicyVersion, difference
from services.escalation.store.policies import load
from shared.database import Pool

app = typer.Typer(help="Show, check, compare and publish policies.", no_args_is_help=True)

Document = Annotated[Path, typer.Argument(metavar="FILE", help="A policy document, as TOML.")]


@app.command()
def check(file: Document) -> None:
    """Check a document and list its errors by line. Publishes nothing and needs no database."""
    policy_in(file, text_of(file))
    print(f"{printable(file)}: policy is valid")


@app.command()
def show(
    version: Annotated[int | None, typer.Argument(metavar="VERSION", help="Default: the latest.")] = None,
    ships: Annotated[
        bool, typer.Option("--shipped", help="Print the policy that ships with this release instead.")
    ] = False,
    as_schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of a document instead.")] = False,
    data: Data = None,
    escalation: EscalationDatabase = None,
) -> None:
    """Print a version's document, to edit and publish."""
    if as_schema:
        print_json(schema())
        return
    if not ships:
        enter(data, escalation=escalation)
    policies = Policies.shipped() if ships else _policies()
    found = policies.latest if version is None else _version(policies, version)
    print(printable(found.text, kept=LINES).removesuffix("\n"))


@app.command()
def diff(
    old: Annotated[
        str | None,
        typer.Argument(metavar="OLD", help="A version number or a file. Default: the version before the latest."),
    ] = None,
    new: Annotated[
        str | None,
        typer.Argument(metavar="NEW", help="As OLD. Default: the latest. A file alone is compared with the latest."),
    ] = None,
    data: Data = None,
    escalation: EscalationDatabase = None,
    as_json: AsJson = False,
) -> None:
    """List the values that differ between two versions, or between a version and a file."""
    enter(data, escalation=escalation)
    policies = _policies()
    latest = policies.latest
    if old is None:
        changes = difference(_version(policies, max(1, latest.version - 1)).policy, latest.policy)
    elif new is None and not old.isdecimal():
        changes = difference(latest.policy, _compared(policies, old))
    else:
        changes = difference(_compared(policies, old), latest.policy if new is None else _compared(policies, new))
    if as_json:
        print_json(changes)
        return
    if not changes:
        print("No differences.")
        return
    Console(highlight=False).print(_table_of_changes(changes))


@app.command()
def publish(
    file: Document,
    summary: Annotated[str, typer.Option(metavar="TEXT", help="What changes and why, in one line.")],
    by: Annotated[str, typer.Option(metavar="PERSON", help="The ID of the active salesperson who publishes it.")],
    onto: Annotated[
        int | None,
        typer.Option(min=1, metavar="VERSION", help="The version it is based on. Refused unless it is the latest."),
    ] = None,
    data: Data = None,
    escalation: EscalationDatabase = None,
) -> None:
    """Publish a document as the next version. It applies from now on."""
    text = text_of(file)
    policy_in(file, text)
    try:
        fact = PolicySubmitted(document=text, by=by, summary=summary, onto=onto)
    except ValidationError as error:
        fields = ", ".join(f"--{fault['loc'][0]}" for fault in error.errors())
        raise stop_with(f"{fields}: must be one line of at most 500 characters (for an ID, at most 200).") from None
    enter(data, escalation=escalation)
    from shared.transaction import Refused

    try:
        published, replaced = with_pool(ServiceName.ESCALATION, lambda pool: _publish(pool, fact))
    except Refused as refused:
        raise stop_with(printable(f"Not published: {refused.rejected[0].reason}", kept=LINES)) from None
    print(f"Version {published.version} applies from {_instant(published.since)}.")
    before = f"version {replaced.version}, published by {replaced.published_by}: {replaced.summary}"
    print(f"It replaces {printable(before)}")
    print(f"handoff policy diff {replaced.version} {published.version} lists the differences.")


@app.command()
def history(data: Data = None, escalation: EscalationDatabase = None, as_json: AsJson = False) -> None:
    """List all versions, latest first."""
    enter(data, escalation=escalation)
    versions = list(reversed(_policies().versions))
    if as_json:
        print_json([_as_json(one) for one in versions])
        return
    table = _table("version", "since", "by", "summary")
    for one in versions:
        cells = (str(one.version), _instant(one.since), one.published_by, one.summary)
        table.add_row(*map(_cell, cells))
    Console(highlight=False).print(table)


async def _publish(pool: Pool, fact: PolicySubmitted) -> tuple[PolicyVersion, PolicyVersion]:
    """The version it became, and the one before it."""
    from services.escalation.app import publish_policy

    async with processor_of(pool, ServiceName.ESCALATION) as processor:
        published = await publish_policy(processor, fact)
    return published, _version(await _known(pool), published.version - 1)


def _policies() -> Policies:
    return with_pool(ServiceName.ESCALATION, _known)


async def _known(pool: Pool) -> Policies:
    async with pool.acquire() as connection:
        return await load(connection)


def _as_json(one: PolicyVersion) -> dict[str, Any]:
    since = None if one.since == BEGINNING else one.since
    return {"version": one.version, "since": since, "by": one.published_by, "summary": one.summary}


def _compared(policies: Policies, place: str) -> Policy:
    """The policy of a version's number or of a file."""
    if place.isdecimal():
        return _version(policies, int(place)).policy
    return policy_in(Path(place), text_of(Path(place)))


def _version(policies: Policies, version: int) -> PolicyVersion:
    found = policies.numbered(version)
    if found is None:
        raise stop_with(f"There is no version {version}; the latest is {policies.latest.version}.")
    return found


def _table_of_changes(changes: list[Change]) -> Table:
    table = _table("value", "before", "after")
    for change in changes:
        table.add_row(_cell(change.path), _cell(change.before), _cell(change.after))
    return table


def _table(*names: str) -> Table:
    """A table that wraps long values and leaves nothing out."""
    return Table(*(Column(name, overflow="fold") for name in names))


def _cell(text: str | None) -> Text:
    """Foreign text, without markup."""
    return Text(printable(text or ""))


def _instant(at: datetime) -> str:
    return "the beginning" if at == BEGINNING else f"{at:%Y-%m-%d %H:%M:%S} UTC"
