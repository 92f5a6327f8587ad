"""The HTTP server of a process, in its own event loop. Processes without pages still serve health and metrics."""

import asyncio
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI
from sse_starlette.sse import AppStatus
from starlette.types import Message, Receive, Scope, Send

from shared.http.answers import RequestRefused, stopping, too_many_connections, two_lengths
from shared.http.connections import KEEP_ALIVE_SECONDS, Guard, guarded
from shared.http.operations import operations_app
from shared.logs import get_logger
from shared.role import Role
from shared.service import Health, Resources, Service

log = get_logger(__name__)

MAX_CONNECTIONS = 1_000
"""Further connections get 503, including open pages' event streams: a process keeps room for begun requests."""

_STOP_SECONDS = 3


@dataclass(frozen=True, slots=True)
class WebLimits:
    """How many connections one address may have (0: any number), and the proxies that speak for other addresses."""

    connections_per_address: int = 200
    proxies: tuple[str, ...] = ("127.0.0.1",)


_LIMITS = WebLimits()


class PortTaken(RuntimeError):
    """Another process listens on the port. Carries the port and how to choose another."""


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals to the process, which stops its parts in order."""
        yield


class WebServer:
    """Serves a service's pages, or only health and metrics, as the role says."""

    def __init__(
        self, service: Service, resources: Resources, health: Health, role: Role, limits: WebLimits = _LIMITS
    ) -> None:
        pages = role.includes(Role.WEB)
        self._name = service.name
        self._app: FastAPI = (
            service.web(resources, health) if pages else operations_app(service.name, health, resources.metrics)
        )
        self._limits = limits
        self._guard: Guard | None = None
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self._stopping = False

    async def start(self, host: str, port: int, *, ended: Callable[[], None]) -> None:
        """Listen. Calls `ended` if serving ends before `stop` asks it to. Raises PortTaken."""
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            listener.close()
            raise PortTaken(
                f"port {port} of {host} is in use ({error.strerror}): stop the program that uses it, or set "
                f"{self._name.upper()}_PORT to another port"
            ) from None
        guard = self._guard = Guard(
            most=MAX_CONNECTIONS, per_address=self._limits.connections_per_address, proxies=self._limits.proxies
        )
        config = uvicorn.Config(
            self._within_limits,
            interface="asgi3",
            log_config=None,
            access_log=False,
            lifespan="on",
            http=guarded(guard),  # type: ignore[arg-type]  # a class or what makes its instances
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            forwarded_allow_ips=list(self._limits.proxies),
            timeout_graceful_shutdown=_STOP_SECONDS,
            server_header=False,
        )
        self._server = _Server(config)
        self._serving = asyncio.create_task(_serve(self._server, listener), name="web")
        self._serving.add_done_callback(lambda _: None if self._stopping else ended())

    async def _within_limits(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application unless there are too many connections; uvicorn's own limit sends no time to retry."""
        refused = self._refusal(scope) if scope["type"] == "http" else None
        if refused is not None:
            await refused.response()(scope, receive, send)
        else:
            await self._answer(scope, receive, send)

    def _refusal(self, scope: Scope) -> RequestRefused | None:
        names = {name for name, _ in scope["headers"]}
        if {b"content-length", b"transfer-encoding"} <= names:
            return two_lengths()
        assert self._server is not None
        assert self._guard is not None
        address = scope["client"][0] if scope["client"] else ""
        if len(self._server.server_state.connections) >= MAX_CONNECTIONS or self._guard.is_crowded(address):
            log.warning("refused a connection: this process has as many as it serves")
            return too_many_connections()
        return None

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application's response, or 503 when the time to stop is up: uvicorn would cancel it and send 500."""
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except asyncio.CancelledError:
            if begun or scope["type"] != "http":
                raise
            await stopping().response()(scope, receive, send)

    async def stop(self) -> None:
        """Finish requests in hand, for a bounded time."""
        self._stopping = True
        if self._server is not None and self._serving is not None:
            AppStatus.should_exit = True  # ends event streams at once; it would look for uvicorn's own signal handler
            self._server.should_exit = True
            await asyncio.wait({self._serving}, timeout=_STOP_SECONDS + 2)


async def _serve(server: _Server, listener: socket.socket) -> None:
    with suppress(SystemExit):  # uvicorn has logged why it cannot start; it must not end the process
        await server.serve([listener])
