"""`handoff bounces`: e-mail that bounced. MAIL_FROM's mail program pipes each message to `handoff bounces read`."""

import re
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from services.cli.installation import Data, EscalationDatabase, ServiceName, enter
from services.cli.terminal import AsJson

if TYPE_CHECKING:
    from services.escalation.channels.bounces import Bounce
    from services.escalation.store.upward_notices import Failing
    from shared.database import Pool

T = TypeVar("T")

app = typer.Typer(help="Read delivery reports, and list or clear addresses that bounce.", no_args_is_help=True)

TRY_LATER = 75
"""The exit status by which a mail program keeps the message and tries again (EX_TEMPFAIL of sysexits.h)."""
_NEXT_MESSAGE = re.compile(rb"\n\r?\nFrom \S+ .*\d{4}\r?\n[!-9;-~]+:")
"""The line that separates the messages of a mailbox file (RFC 4155), between a blank line and a header."""


@app.command()
def read(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            exists=True,
            dir_okay=False,
            readable=True,
            metavar="FILE",
            help="One message per file. Default: one message on standard input.",
        ),
    ] = None,
    escalation: EscalationDatabase = None,
    data: Data = None,
) -> None:
    """Read delivery reports. The address is marked as failing, and the person's manager is notified once.

    Messages that are not delivery reports are ignored, so a mail program can pipe every incoming message to this
    command, one at a time. The exit status is 75 if the database does not respond: the mail program then keeps the
    message.
    """
    enter(data, escalation=escalation)
    for name, content in _messages(files or []):
        if _NEXT_MESSAGE.search(content):
            _note_others(name)
        bounce = _bounce(name, content)
        if bounce is not None:
            _record(name, bounce)


@app.command("list")
def list_people(escalation: EscalationDatabase = None, data: Data = None, as_json: AsJson = False) -> None:
    """List people whose e-mail bounces, since when, and why."""
    from services.cli.terminal import printable

    enter(data, escalation=escalation)
    found = _with_pool(_failing)
    if as_json:
        import json

        rows = [{"person": one.salesperson_id, "since": one.since.isoformat(), "reason": one.because} for one in found]
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    elif not found:
        print("No address is known to bounce.")
    for one in () if as_json else found:
        print(f"{printable(one.salesperson_id)}  since {one.since:%Y-%m-%d %H:%M:%S} UTC  {printable(one.because)}")


@app.command()
def clear(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="A salesperson's ID.")],
    escalation: EscalationDatabase = None,
    data: Data = None,
) -> None:
    """Re-enable an address that works again. A new address is enabled automatically."""
    from services.cli.databases import processor_of
    from services.cli.terminal import printable, stop_with
    from services.escalation.channels.operating import clear_address

    enter(data, escalation=escalation)

    async def cleared(pool: "Pool") -> bool:
        marked = [one for one in await _failing(pool) if one.salesperson_id == person]
        async with processor_of(pool, ServiceName.ESCALATION) as processor:
            for one in marked:
                await clear_address(processor, person, one.since)
        return bool(marked)

    if not _with_pool(cleared):
        raise stop_with(
            f"No e-mail to {printable(person)} is known to bounce; `handoff bounces list` lists those that do."
        )
    print(f"{printable(person)}: address enabled again")


def _messages(files: Sequence[Path]) -> Iterator[tuple[str, bytes]]:
    from services.cli.terminal import stop_with
    from services.escalation.channels.bounces import LONGEST

    if not files:
        yield "standard input", sys.stdin.buffer.read(LONGEST)
    for file in files:
        try:
            with file.open("rb") as opened:
                content = opened.read(LONGEST)
        except OSError as error:
            raise stop_with(f"{file} cannot be read ({type(error).__name__}).") from None
        yield str(file), content


def _note_others(name: str) -> None:
    from services.cli.terminal import note

    note(f"{name}: only the first message is read, but there are several. Give one message per file, or pipe each one.")


def _bounce(name: str, content: bytes) -> "Bounce | None":
    from services.escalation.channels.bounces import NotReadable, bounce_of

    try:
        return bounce_of(content)
    except NotReadable as why:
        print(f"{name}: ignored: {why}")
        return None


def _record(name: str, bounce: "Bounce") -> None:
    from services.cli.databases import processor_of
    from services.cli.terminal import printable
    from services.escalation.channels.operating import record_bounce

    async def recorded(pool: "Pool") -> list[str]:
        async with processor_of(pool, ServiceName.ESCALATION) as processor:
            return await record_bounce(processor, bounce)

    try:
        people = _with_pool(recorded)
    except typer.Exit:
        raise typer.Exit(TRY_LATER) from None
    if people:
        print(f"{name}: e-mail to {', '.join(map(printable, people))} bounced ({bounce.status})")
    else:
        print(f"{name}: ignored: not a report about a message from this installation")


async def _failing(pool: "Pool") -> "Sequence[Failing]":
    from services.escalation.store.upward_notices import failing_people

    async with pool.acquire() as connection:
        return await failing_people(connection)


def _with_pool(action: "Callable[[Pool], Awaitable[T]]") -> T:
    from services.cli.databases import with_pool

    return with_pool(ServiceName.ESCALATION, action)
