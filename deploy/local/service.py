"""One of our services as a child process, ready when its `/readyz` says so."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from deploy.local.ports import LOOPBACK, require_free
from deploy.local.processes import PROJECT, Command
from deploy.local.progress import Progress
from deploy.local.server import Server

_ANSWER_SECONDS = 2.0


class Service(Server):
    """A service and its port; stopped, killed or ended, it can be started again."""

    def __init__(
        self, name: str, program: tuple[str, ...], *, port: int, environment: Mapping[str, str], log: Path
    ) -> None:
        self.name = name
        self._port = port
        self._command = Command(program, log=log, environment=environment, folder=PROJECT)

    @property
    def url(self) -> str:
        """Its pages and its HTTP interface."""
        return f"http://{LOOPBACK}:{self._port}"

    async def start(self, progress: Progress | None = None) -> None:
        progress = progress or Progress()
        progress.begins(self.name, "starting")
        await require_free(self._port, self.name, instead=f"choose another with --{self.name}-port")
        await self._launch(self._command, self._is_ready)
        progress.ready(self.name, self.url)

    async def _is_ready(self) -> bool:
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                reader, writer = await asyncio.open_connection(LOOPBACK, self._port)
                try:
                    writer.write(b"GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n")
                    return b" 200 " in await reader.readline()
                finally:
                    writer.close()
        except OSError:
            return False
