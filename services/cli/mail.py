"""`handoff mail`: the e-mails that `handoff up` keeps instead of delivering them. Start at mail."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from deploy.local.stored_mail import StoredMail, found, messages
from services.cli.installation import DEFAULT_DATA, Data
from services.cli.terminal import LINES, AsJson, console, print_json, printable, stop_with

_PIPE_WIDTH = 200


def mail(
    which: Annotated[str, typer.Argument(metavar="MESSAGE", help="Number or Message-ID of the message to show.")] = "",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """List the e-mails sent under `handoff up`, which keeps them locally and delivers none, or show one."""
    folder = (data or DEFAULT_DATA) / "mail"
    if not folder.is_dir():
        raise stop_with(
            f"{folder} does not exist: `handoff up` has not run with that data folder. "
            "Name another one with --data or HANDOFF_DATA."
        )
    stored = messages(folder)
    if not which:
        _list(stored, folder, as_json=as_json)
        return
    wanted = found(stored, which)
    if wanted is None:
        raise stop_with(f"No message {which!r} in {folder}: `handoff mail` lists them.")
    if as_json:
        print_json(wanted)
        return
    terminal = console(_PIPE_WIDTH)
    terminal.print(Text.assemble(("To       ", "bold"), printable(", ".join(wanted.recipients))))
    terminal.print(Text.assemble(("Subject  ", "bold"), printable(wanted.subject), "\n"))
    terminal.print(printable(wanted.text, kept=LINES), markup=False, highlight=False, soft_wrap=True)


def _list(stored: list[StoredMail], folder: Path, *, as_json: bool) -> None:
    if as_json:
        print_json(stored)
    elif not stored:
        print(f"No mail in {folder}.")
    else:
        console(_PIPE_WIDTH).print(_table(stored))


def _table(stored: list[StoredMail]) -> Table:
    table = Table("", "received (UTC)", box=None, pad_edge=False)
    for heading in ("to", "subject", "Message-ID"):
        table.add_column(heading, overflow="fold")
    for each in stored:
        received = each.received_at.strftime("%Y-%m-%d %H:%M:%S")
        texts = (", ".join(each.recipients), each.subject, each.message_id)
        table.add_row(str(each.number), received, *(Text(printable(text)) for text in texts))
    return table
