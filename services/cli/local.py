"""`handoff up` and `handoff mail`: everything on this machine, and the mail it caught. Start at up."""

import asyncio
import os
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from deploy.local.failures import StartError
from deploy.local.machine import Machine, Ports
from deploy.local.mail_sink import StoredMail, found, messages
from deploy.local.progress import TerminalProgress
from services.cli.terminal import LINES, console, printable, stop_with

app = typer.Typer()

Data = Annotated[Path, typer.Option(help="Folder that keeps all data between runs.", envvar="HANDOFF_DATA")]
DEFAULT_DATA = Path(".local")
_DEFAULTS = Ports()
_PIPE_WIDTH = 200


def _port(variable: str, what: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(envvar=variable, help=f"Port of {what} on 127.0.0.1.")
    return option


@app.command()
def up(
    data: Data = DEFAULT_DATA,
    kafka_port: Annotated[int, _port("KAFKA_PORT", "Kafka")] = _DEFAULTS.kafka,
    kafka_controller_port: Annotated[
        int, _port("KAFKA_CONTROLLER_PORT", "Kafka's controller")
    ] = _DEFAULTS.kafka_controller,
    postgres_port: Annotated[int, _port("POSTGRES_PORT", "Postgres")] = _DEFAULTS.postgres,
    smtp_port: Annotated[int, _port("SMTP_PORT", "the mail sink")] = _DEFAULTS.smtp,
    orders_port: Annotated[int, _port("ORDERS_PORT", "orders")] = _DEFAULTS.services["orders"],
    support_port: Annotated[int, _port("SUPPORT_PORT", "support")] = _DEFAULTS.services["support"],
    escalation_port: Annotated[int, _port("ESCALATION_PORT", "escalation")] = _DEFAULTS.services["escalation"],
) -> None:
    """Start Kafka, Postgres, a mail sink and the three services on this machine; Ctrl-C stops them.

    A server named in the environment by KAFKA_BOOTSTRAP_SERVERS, ORDERS_DATABASE_URL, SUPPORT_DATABASE_URL,
    ESCALATION_DATABASE_URL or SMTP_URL is used instead of one of our own.
    """
    services = {"orders": orders_port, "support": support_port, "escalation": escalation_port}
    ports = Ports(kafka_port, kafka_controller_port, postgres_port, smtp_port, services)
    run_until_stopped(_up(data, ports, Console()))


@app.command()
def mail(
    which: Annotated[str, typer.Argument(help="Number or Message-ID of the message to show.")] = "",
    data: Data = DEFAULT_DATA,
) -> None:
    """List the mail that the sink of `handoff up` caught, or show one message."""
    terminal = console(_PIPE_WIDTH)
    stored = messages(data / "mail")
    if not which:
        _list(terminal, stored, data)
        return
    wanted = found(stored, which)
    if wanted is None:
        raise stop_with(f"No message {which!r} in {data / 'mail'}: `handoff mail` lists them.")
    terminal.print(Text.assemble(("To       ", "bold"), printable(", ".join(wanted.recipients))))
    terminal.print(Text.assemble(("Subject  ", "bold"), printable(wanted.subject), "\n"))
    terminal.print(printable(wanted.text, kept=LINES), markup=False, highlight=False, soft_wrap=True)


def run_until_stopped(work: Coroutine[None, None, None]) -> None:
    """Runs it until it ends, or Ctrl-C, SIGTERM or a closed terminal cancels it. Exit 1: no start."""
    try:
        asyncio.run(_cancelled_by_signals(work))
    except (StartError, OSError) as failure:
        raise stop_with(f"✗ {failure}") from None
    except asyncio.CancelledError:
        return


async def _cancelled_by_signals(work: Coroutine[None, None, None]) -> None:
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)

    def stop() -> None:
        for number in _STOPPING:  # a second one ends this process at once, and its children with it
            loop.remove_signal_handler(number)
            signal.signal(number, lambda *_: os._exit(130))
        task.cancel()

    for number in _STOPPING:
        loop.add_signal_handler(number, stop)
    await task


_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def _up(data: Path, ports: Ports, console: Console) -> None:
    progress = TerminalProgress(console)
    machine = Machine(data, ports=ports, progress=progress)
    try:
        with progress.shown():
            await machine.start()
        console.print(f"\nRunning, data in {machine.folder}. Ctrl-C stops it.", highlight=False)
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        console.print("Stopping …")
        raise
    finally:
        await machine.stop()


def _list(terminal: Console, stored: list[StoredMail], data: Path) -> None:
    if not stored:
        terminal.print(f"No mail in {data / 'mail'}.")
        return
    table = Table("", "received (UTC)", box=None, pad_edge=False)
    for heading in ("to", "subject", "Message-ID"):
        table.add_column(heading, overflow="fold")
    for each in stored:
        received = each.received_at.strftime("%Y-%m-%d %H:%M:%S")
        told = (", ".join(each.recipients), each.subject, each.message_id)
        table.add_row(str(each.number), received, *(Text(printable(text)) for text in told))
    terminal.print(table)
