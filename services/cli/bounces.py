"""`handoff bounces`: mail that was accepted and came back. Wire `handoff bounces read` to the mailbox of MAIL_FROM."""

import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from services.cli.installation import Data, EscalationDatabase, ServiceName, enter
from services.cli.terminal import AsJson

if TYPE_CHECKING:
    from services.escalation.channels.bounces import Bounce
    from services.escalation.store.bounce_notices import Failing
    from shared.database import Pool

T = TypeVar("T")

app = typer.Typer(help="Read delivery reports, and list or clear addresses that bounce.", no_args_is_help=True)

TRY_LATER = 75
"""What mail programs take as "keep the message and try again" (EX_TEMPFAIL of sysexits.h)."""


@app.command()
def read(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            exists=True,
            dir_okay=False,
            readable=True,
            metavar="FILE",
            help="Messages, one per file. Default: standard input.",
        ),
    ] = None,
    escalation: EscalationDatabase = None,
    data: Data = None,
) -> None:
    """Read delivery reports. The address is marked as failing, and the person's manager is notified once.

    Other messages are ignored, so a mail program can pipe a whole mailbox here. The exit status is 75 if the database
    does not answer: the mail program then keeps the message.
    """
    enter(data, escalation=escalation)
    for name, content in _messages(files or []):
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
        print(f"{printable(one.salesperson_id)}  since {one.since:%Y-%m-%d %H:%M:%S}  {printable(one.because)}")


@app.command()
def clear(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="A salesperson's ID.")],
    escalation: EscalationDatabase = None,
    data: Data = None,
) -> None:
    """Clear the mark on an address that works again. A new address clears it automatically."""
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
    print(f"{printable(person)}: mark cleared")


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
    from services.escalation.store.bounce_notices import failing_people

    async with pool.acquire() as connection:
        return await failing_people(connection)


def _with_pool(action: "Callable[[Pool], Awaitable[T]]") -> T:
    from services.cli.databases import with_pool

    return with_pool(ServiceName.ESCALATION, action)
