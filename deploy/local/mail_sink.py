"""An SMTP server that keeps messages as files. Start at MailSink; stored_mail reads them."""

import asyncio
import itertools
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from deploy.local.ports import LOOPBACK, answers, require_free
from deploy.local.processes import PROJECT, Command
from deploy.local.progress import Progress
from deploy.local.server import Server

_MESSAGE_LIMIT_BYTES = 10_000_000


class MailSink(Server):
    """The sink as a child process."""

    name = "Mail"
    start_seconds = 20.0
    stop_seconds = 3.0

    def __init__(self, folder: Path, *, port: int, log: Path) -> None:
        self._folder = folder.absolute()
        self._port = port
        self._log = log.absolute()

    @property
    def url(self) -> str:
        """For `SMTP_URL`."""
        return f"smtp://{LOOPBACK}:{self._port}"

    async def start(self, progress: Progress | None = None) -> None:
        """Returns when the sink takes mail; raises StartError."""
        progress = progress or Progress()
        progress.begins("Mail", "starting")
        await require_free(self._port, "the mail sink", instead="choose another with --smtp-port")
        program = (sys.executable, "-m", "deploy.local.mail_sink", str(self._port), str(self._folder))
        await self._launch(Command(program, log=self._log, folder=PROJECT), self._serves)

    async def _serves(self) -> bool:
        return await answers(self._port)


class _Keep:
    """Writes each accepted message to a file of its own, whole or not at all."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # mail is for its reader only
        self._folder = folder
        self._numbers = itertools.count()

    async def handle_DATA(self, _server: object, _session: object, envelope: "_Envelope") -> str:  # noqa: N802
        name = f"{time.time_ns():020}-{next(self._numbers):06}"
        unfinished = self._folder / f"{name}.part"
        head = "".join(f"Delivered-To: {recipient}\r\n" for recipient in envelope.rcpt_tos)
        with unfinished.open("wb") as file:
            file.write(head.encode() + envelope.content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(self._folder / f"{name}.eml")
        return "250 Message kept"


@dataclass
class _Envelope:
    rcpt_tos: list[str]
    content: bytes


async def serve(port: int, folder: Path) -> None:
    """Takes mail until SIGTERM."""
    from aiosmtpd.smtp import SMTP  # noqa: PLC0415 - of the extra `local`

    keep = _Keep(folder)
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)

    def connection() -> asyncio.Protocol:
        smtp: asyncio.Protocol = SMTP(
            keep, hostname="localhost", enable_SMTPUTF8=True, data_size_limit=_MESSAGE_LIMIT_BYTES, loop=loop
        )
        return smtp

    server = await loop.create_server(connection, LOOPBACK, port)
    await stopped.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
