"""`handoff policy`: look at the policy, check a changed document, see what it changes, publish it."""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from services.cli.databases import spine_of, with_pool
from services.cli.run import ServiceName
from services.cli.terminal import LINES, printable, stop_with
from services.escalation.app import known_policies, publish_policy
from services.escalation.domain.own_facts import PolicyPublishing
from services.escalation.domain.policy.document import read, schema
from services.escalation.domain.policy.errors import PolicyErrors
from services.escalation.domain.policy.model import Policy
from services.escalation.domain.policy.versions import BEGINNING, Change, Policies, PolicyVersion, difference
from shared.database import Pool
from shared.transaction import Refused

app = typer.Typer(help="The policy: show, check, diff, publish, history.", no_args_is_help=True)

Document = Annotated[Path, typer.Argument(metavar="FILE", help="A policy's document, as TOML.")]


@app.command()
def check(file: Document) -> None:
    """Say what is wrong with a document, line by line; publishes nothing and needs no database."""
    _policy_in(file, _text_of(file))
    print(f"{printable(file)}: this is a policy")


@app.command()
def show(
    version: Annotated[int | None, typer.Argument(help="The latest unless given.")] = None,
    ships: Annotated[bool, typer.Option("--shipped", help="The one that ships with this release instead.")] = False,
    as_schema: Annotated[bool, typer.Option("--schema", help="The JSON Schema of a document instead.")] = False,
) -> None:
    """Print a version's document, to be changed and published again."""
    if as_schema:
        print(json.dumps(schema(), indent=2))
        return
    policies = Policies.shipped() if ships else _policies()
    found = policies.latest if version is None else _version(policies, version)
    print(printable(found.text, kept=LINES).removesuffix("\n"))


@app.command()
def diff(
    old: Annotated[str | None, typer.Argument(help="A version's number or a file; the one before the latest.")] = None,
    new: Annotated[str | None, typer.Argument(help="As OLD; the latest. A file alone is compared with that.")] = None,
) -> None:
    """List the values that differ between two versions, or between a version and a file."""
    policies = _policies()
    latest = policies.latest
    if old is None:
        changes = difference(_version(policies, max(1, latest.version - 1)).policy, latest.policy)
    elif new is None and not old.isdecimal():
        changes = difference(latest.policy, _compared(policies, old))
    else:
        changes = difference(_compared(policies, old), latest.policy if new is None else _compared(policies, new))
    if not changes:
        print("No value differs.")
        return
    Console(highlight=False).print(_table_of_changes(changes))


@app.command()
def publish(
    file: Document,
    summary: Annotated[str, typer.Option(help="What changes and why, in one line.")],
    by: Annotated[str, typer.Option(help="The id of the active salesperson who publishes it.")],
    onto: Annotated[
        int | None, typer.Option(min=1, help="The version it was made of: refused unless the latest.")
    ] = None,
) -> None:
    """Make a document the next version: it counts for whatever happens from now on."""
    text = _text_of(file)
    _policy_in(file, text)
    try:
        fact = PolicyPublishing(document=text, by=by, summary=summary, onto=onto)
    except ValidationError as error:
        fields = ", ".join(f"--{fault['loc'][0]}" for fault in error.errors())
        raise stop_with(f"{fields}: must be one line of at most 500 characters, an id of at most 200.") from None
    try:
        published, replaced = with_pool(ServiceName.ESCALATION, lambda pool: _publish(pool, fact))
    except Refused as refused:
        raise stop_with(printable(f"Not published: {refused.rejected[0].reason}", kept=LINES)) from None
    print(f"Version {published.version} counts since {_instant(published.since)}.")
    told = f"version {replaced.version}, published by {replaced.published_by}: {replaced.summary}"
    print(f"It replaces {printable(told)}")
    print(f"handoff policy diff {replaced.version} {published.version} lists what differs.")


@app.command()
def history() -> None:
    """List all versions, the latest first."""
    table = _table("version", "since", "by", "summary")
    for one in reversed(_policies().versions):
        cells = (str(one.version), _instant(one.since), one.published_by, one.summary)
        table.add_row(*map(_cell, cells))
    Console(highlight=False).print(table)


async def _publish(pool: Pool, fact: PolicyPublishing) -> tuple[PolicyVersion, PolicyVersion]:
    """The version it became, and the one before it."""
    async with spine_of(pool, ServiceName.ESCALATION) as spine:
        published = await publish_policy(spine, fact)
    return published, _version(await known_policies(pool), published.version - 1)


def _policies() -> Policies:
    return with_pool(ServiceName.ESCALATION, known_policies)


def _compared(policies: Policies, place: str) -> Policy:
    """The policy of a version's number or of a file."""
    if place.isdecimal():
        return _version(policies, int(place)).policy
    return _policy_in(Path(place), _text_of(Path(place)))


def _version(policies: Policies, version: int) -> PolicyVersion:
    found = policies.numbered(version)
    if found is None:
        raise stop_with(f"There is no version {version}: the latest is {policies.latest.version}.")
    return found


def _text_of(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except OSError as error:
        raise stop_with(f"{printable(file)} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise stop_with(f"{printable(file)}: line {line}: this is no UTF-8 text.") from None


def _policy_in(file: Path, text: str) -> Policy:
    try:
        return read(text)
    except PolicyErrors as errors:
        lines = (printable(f"{file}: {error}") for error in errors.errors)
        raise stop_with("\n".join(lines)) from None


def _table_of_changes(changes: list[Change]) -> Table:
    table = _table("value", "before", "after")
    for change in changes:
        table.add_row(_cell(change.path), _cell(change.before), _cell(change.after))
    return table


def _table(*names: str) -> Table:
    """A table that breaks what is too long for it, and leaves nothing out."""
    return Table(*(Column(name, overflow="fold") for name in names))


def _cell(text: str | None) -> Text:
    """What others wrote, without markup."""
    return Text(printable(text or ""))


def _instant(at: datetime) -> str:
    return "the beginning" if at == BEGINNING else f"{at:%Y-%m-%d %H:%M:%S} UTC"
