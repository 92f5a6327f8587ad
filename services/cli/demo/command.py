"""`handoff demo`: starts everything in a folder of its own, plays the stories, and keeps running. Start at demo."""

import asyncio
import logging
import os
import secrets
import shlex
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deploy.local.machine import SERVICES, Machine, Ports
from deploy.local.ports import answers, free_ports
from deploy.local.progress import TerminalProgress
from services.cli.demo.browsing import sign_in_link
from services.cli.demo.cast import INES, JONAS
from services.cli.demo.clock import demo_clock
from services.cli.demo.narration import PIPE_WIDTH, Narrator
from services.cli.demo.observing import observing
from services.cli.demo.scene import Stage
from services.cli.demo.stories import LATER_STORIES, STORIES, Played, play
from services.cli.installation import DEFAULT_DATA as UP_DATA
from services.cli.local import run_until_stopped
from services.cli.run import from_environment
from services.cli.terminal import console
from shared.messaging.publisher import Publisher
from shared.settings import KafkaSettings

_USUAL = Ports()
_USUAL_PORTS = {
    "KAFKA_PORT": _USUAL.kafka,
    "KAFKA_CONTROLLER_PORT": _USUAL.kafka_controller,
    "POSTGRES_PORT": _USUAL.postgres,
    "SMTP_PORT": _USUAL.smtp,
    "PUSH_PORT": _USUAL.push,
} | {f"{name.upper()}_PORT": port for name, port in _USUAL.services.items()}


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="End after the stories. Exit status 0 if all ended as expected.")
    ] = False,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Folder that keeps the demo's data between runs. Default: `demo` in that of `handoff up`.",
        ),
    ] = None,
) -> None:
    """Start everything on this machine, separate from `handoff up`, and play short stories. Ctrl-C stops it."""
    performance = Performance(data or folder_of_demo(os.environ), console(PIPE_WIDTH))
    run_until_stopped(performance.give(then_end=once))
    raise typer.Exit(0 if performance.went_well else 1)


class Performance:
    """One run of the demo; `went_well` once every story ended as expected and every service stopped in order."""

    def __init__(self, data: Path, console: Console) -> None:
        self.went_well = False
        self._data = data
        self._console = console
        self._narrator = Narrator(console)
        self._progress = TerminalProgress(console)

    async def give(self, *, then_end: bool) -> None:
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # PublishError tells it in words
        began = time.monotonic()
        self._narrator.opening()
        machine = Machine(self._data, ports=await ports_of_demo(os.environ), progress=self._progress)
        services = []
        try:
            with self._progress.shown():
                await machine.start()
            services = [machine.service(name) for name in SERVICES]
            played = await self._play(machine)
            self._narrator.summary([one.ended for one in played], timedelta(seconds=time.monotonic() - began))
            self.went_well = all(one.ended.failure is None for one in played)
            self._narrator.hints(await self._hints(machine, played, staying=not then_end))
            if not then_end:
                await asyncio.Event().wait()
        finally:
            self._narrator.stopping()
            await machine.stop()
            statuses = {service.name: await service.ended() for service in services}
            self._report_end(statuses)

    async def _play(self, machine: Machine) -> list[Played]:
        address = machine.environment["KAFKA_BOOTSTRAP_SERVERS"]
        kafka = from_environment(partial(KafkaSettings, kafka_bootstrap_servers=address))
        async with (
            observing(machine.environment, machine.mail_folder) as observer,
            demo_clock(machine.environment) as clock,
            Publisher(kafka.cluster()) as publisher,
        ):
            stage = Stage(publisher, observer, self._narrator, clock, machine.environment, run=secrets.token_hex(3))
            if _databases_are_given():
                played = await play(stage, stories=STORIES)
                self._narrator.remark(
                    "Skipped the stories that move the clock: these databases are not the demo's own."
                )
                return played
            return await play(stage, stories=STORIES + LATER_STORIES)

    async def _hints(self, machine: Machine, played: Sequence[Played], *, staying: bool) -> list[tuple[str, str]]:
        data = shlex.quote(str(self._data))
        hints = []
        traced = [one.event_id for one in played if one.ended.failure is None and one.event_id]
        if traced:
            hints.append(("Trace", f"{_handoff()} trace {traced[0]} --directory {data}/traces"))
        if staying and len(played) > len(STORIES):
            order = played[len(STORIES)].order
            hints.append(("Explain", f"{_handoff()} explain --order {order} --data {data}"))
        if machine.mail_folder.is_dir():
            hints.append(("Mail", f"{_handoff()} mail --data {data}"))
        if staying:
            hints.append(("Status", f"{_handoff()} status --data {data}"))
            hints.append(("Inbox", await sign_in_link(machine.environment, JONAS)))
            hints.append(
                (
                    "",
                    f"One-time link for {JONAS.name}. Others, such as his manager ({INES.email}), can request "
                    "their own.",
                )
            )
            hints.append(("Stop", f"Ctrl-C; the data stays in {data}"))
        return hints

    def _report_end(self, statuses: dict[str, int]) -> None:
        unclean = [f"{name} (exit status {status})" for name, status in statuses.items() if status != 0]
        if unclean:
            self.went_well = False
            self._narrator.remark(f"These services did not stop cleanly: {', '.join(unclean)}. See {self._data}/logs.")
        else:
            self._narrator.remark("Everything has stopped.")


def _databases_are_given() -> bool:
    """Whether they are used for more than this demo: their clock is not ours to move."""
    return any(os.environ.get(f"{name.upper()}_DATABASE_URL") for name in SERVICES)


def folder_of_demo(given: Mapping[str, str]) -> Path:
    """A folder of the demo's own, in that of `handoff up`."""
    return Path(given.get("HANDOFF_DATA") or UP_DATA) / "demo"


async def ports_of_demo(given: Mapping[str, str]) -> Ports:
    """The ports that the variables of `handoff up` name, and the usual ones; if one of these is taken (perhaps
    `handoff up` runs), free ones instead. Raises typer.BadParameter."""
    named = {variable: _port(variable, given[variable]) for variable in _USUAL_PORTS if given.get(variable)}
    others = {variable: port for variable, port in _USUAL_PORTS.items() if variable not in named}
    if any([await answers(port) for port in others.values()]):
        others = dict(zip(others, free_ports(len(others)), strict=True))
    port = others | named
    services = {name: port[f"{name.upper()}_PORT"] for name in SERVICES}
    return Ports(
        kafka=port["KAFKA_PORT"],
        kafka_controller=port["KAFKA_CONTROLLER_PORT"],
        postgres=port["POSTGRES_PORT"],
        smtp=port["SMTP_PORT"],
        services=services,
        push=port["PUSH_PORT"],
    )


def _port(variable: str, text: str) -> int:
    if not text.isdecimal():
        raise typer.BadParameter(f"{variable} must be a number, not {text!r}.")
    return int(text)


def _handoff() -> str:
    """This command as it can be typed here."""
    if shutil.which("handoff"):
        return "handoff"
    program = Path(sys.argv[0]).absolute()
    return os.path.relpath(program) if program.name == "handoff" else f"{sys.executable} -m services.cli"
