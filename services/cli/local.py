"""`handoff up`: everything on this machine. Start at up."""

import asyncio
import os
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deploy.local.failures import StartError
from deploy.local.machine import Machine, Ports
from deploy.local.progress import TerminalProgress
from services.cli.installation import DEFAULT_DATA, MAIL, ServiceName, check_address, database_variable
from services.cli.terminal import stop_with

Folder = Annotated[
    Path, typer.Option(envvar="HANDOFF_DATA", metavar="FOLDER", help="Folder that keeps all data between runs.")
]
_DEFAULTS = Ports()


def _port(variable: str, what: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(
        envvar=variable, metavar="PORT", help=f"Port of {what} on 127.0.0.1."
    )
    return option


def up(
    data: Folder = DEFAULT_DATA,
    kafka_port: Annotated[int, _port("KAFKA_PORT", "Kafka")] = _DEFAULTS.kafka,
    kafka_controller_port: Annotated[
        int, _port("KAFKA_CONTROLLER_PORT", "Kafka's controller")
    ] = _DEFAULTS.kafka_controller,
    postgres_port: Annotated[int, _port("POSTGRES_PORT", "Postgres")] = _DEFAULTS.postgres,
    smtp_port: Annotated[int, _port("SMTP_PORT", "the mail sink")] = _DEFAULTS.smtp,
    push_port: Annotated[int, _port("PUSH_PORT", "the push service")] = _DEFAULTS.push,
    orders_port: Annotated[int, _port("ORDERS_PORT", "orders")] = _DEFAULTS.services["orders"],
    support_port: Annotated[int, _port("SUPPORT_PORT", "support")] = _DEFAULTS.services["support"],
    escalation_port: Annotated[int, _port("ESCALATION_PORT", "escalation")] = _DEFAULTS.services["escalation"],
) -> None:
    """Start Kafka, Postgres, test servers for mail and push, and the services on this machine; Ctrl-C stops them.

    A server named in the environment by KAFKA_BOOTSTRAP_SERVERS, ORDERS_DATABASE_URL, SUPPORT_DATABASE_URL,
    ESCALATION_DATABASE_URL, SMTP_URL or PUSH_SERVICES is used instead of one of our own.
    """
    for variable in (MAIL, *map(database_variable, ServiceName)):
        check_address(variable, os.environ.get(variable, ""))
    services = {"orders": orders_port, "support": support_port, "escalation": escalation_port}
    ports = Ports(kafka_port, kafka_controller_port, postgres_port, smtp_port, services, push_port)
    run_until_stopped(_up(data, ports, Console()))


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
        console.print(
            f"Inbox: {machine.environment['INBOX_URL']} (sign-in links arrive in `handoff mail`). "
            "`handoff status` shows whether all is well.",
            highlight=False,
        )
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        console.print("Stopping …")
        await machine.stop()
        console.print("Everything has stopped.")
        raise
    finally:
        await machine.stop()
