"""A push service and the browsers behind it, on this machine: it keeps what they would show. Start at PushReceiver.

`handoff push list` shows the messages. For tests, messages of a subscription can meet every fault of push services.
"""

import asyncio
import secrets
import signal
import ssl
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.ports import LOOPBACK, answers, require_free
from deploy.local.processes import PROJECT, Command
from deploy.local.progress import Progress
from deploy.local.push_certificate import issued
from deploy.local.push_checks import Refused, content_of
from deploy.local.push_store import Behaviour, PushStore, Subscription
from deploy.local.server import Server

_REASONS = {
    201: "Created", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 410: "Gone", 413: "Content Too Large", 429: "Too Many Requests",
    503: "Service Unavailable",
}  # fmt: skip
_FAULTS = {
    Behaviour.REFUSE: 403, Behaviour.BUSY: 429, Behaviour.GONE: 410, Behaviour.UNAVAILABLE: 503,
}  # fmt: skip
_LONGEST_HEAD = 65_536
_LONGEST_BODY = 1_000_000


class PushReceiver(Server):
    """The receiver as a child process."""

    name = "Push"
    start_seconds = 20.0
    stop_seconds = 5.0

    def __init__(self, folder: Path, *, port: int, log: Path) -> None:
        self._folder = folder.absolute()
        self._port = port
        self._log = log.absolute()

    @property
    def origin(self) -> str:
        """For `PUSH_SERVICES`."""
        return origin_of(self._port)

    @property
    def authority(self) -> Path:
        """For `PUSH_CA_FILE`."""
        return issued(self._folder).authority

    async def start(self, progress: Progress | None = None) -> None:
        """Returns when the receiver takes messages; raises StartError."""
        progress = progress or Progress()
        progress.begins("Push", "starting")
        await require_free(self._port, "the push service", instead="choose another with --push-port")
        program = (sys.executable, "-m", "deploy.local.push_receiver", str(self._port), str(self._folder))
        await self._launch(Command(program, log=self._log, folder=PROJECT), self._serves)

    async def _serves(self) -> bool:
        return await answers(self._port)


class Receiving:
    """Answers requests. Another `clock` (seconds since 1970) than the machine's is for tests."""

    def __init__(self, store: PushStore, origin: str, *, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._origin = origin
        self._clock = clock

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer all requests of a connection."""
        try:
            with suppress(OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                while isinstance(answer := await self._answer(await _request(reader)), _Answer):
                    writer.write(answer.octets)
                    await writer.drain()
                if answer is Behaviour.HANG:
                    await reader.read()  # until the client gives up
                else:
                    writer.transport.abort()
        finally:
            writer.close()

    async def _answer(self, request: "_Request") -> "_Answer | Behaviour":
        """The answer to a request, or why there is none."""
        subscription = self._store.of_path(request.path)
        if request.method != "POST" or subscription is None:
            return _Answer(404 if request.method == "POST" else 405)
        match subscription.behaviour:
            case Behaviour.HANG:
                return Behaviour.HANG
            case Behaviour.SLOW:
                await asyncio.sleep(subscription.seconds)
            case Behaviour.REFUSE | Behaviour.BUSY | Behaviour.GONE | Behaviour.UNAVAILABLE as fault:
                pause = {"Retry-After": f"{subscription.seconds:.0f}"} if fault is Behaviour.BUSY else {}
                return _Answer(_FAULTS[fault], pause)
        try:
            self._take(subscription, request.headers, request.body)
        except Refused as refused:
            return _Answer(refused.status, text=str(refused))
        if subscription.behaviour is Behaviour.CUT:
            return Behaviour.CUT
        place = f"{self._origin}/message/{secrets.token_urlsafe(8)}"
        return _Answer(201, {"Location": place, "TTL": request.headers["ttl"]})

    def _take(self, subscription: Subscription, headers: Mapping[str, str], body: bytes) -> None:
        content = content_of(body, headers, subscription, origin=self._origin, now_seconds=self._clock())
        shown = {name: headers[name] for name in ("ttl", "urgency", "topic") if name in headers}
        self._store.keep(subscription, content, shown, answered=subscription.behaviour is not Behaviour.CUT)


def origin_of(port: int) -> str:
    """The origin of a receiver on this port."""
    return f"https://{LOOPBACK}:{port}"


async def listening(receiving: Receiving, folder: Path, port: int) -> asyncio.Server:
    """A server with the certificate of this folder."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(issued(folder).server)
    return await asyncio.start_server(receiving.serve, LOOPBACK, port, ssl=context, limit=_LONGEST_HEAD)


async def serve(port: int, folder: Path) -> None:
    """Takes messages until SIGTERM."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    store = PushStore(folder)
    server = await listening(Receiving(store, origin_of(port)), folder, port)
    store.announce(origin_of(port))
    await stopped.wait()
    server.close()


@dataclass(frozen=True)
class _Request:
    """A request, its headers by lower-case name."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str = ""

    @property
    def octets(self) -> bytes:
        """As it goes over the wire."""
        lines = {**self.headers, "Content-Length": str(len(self.text.encode())), "Content-Type": "text/plain"}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"HTTP/1.1 {self.status} {_REASONS[self.status]}\r\n{head}\r\n{self.text}".encode()


async def _request(reader: asyncio.StreamReader) -> _Request:
    head = await reader.readuntil(b"\r\n\r\n")
    line, *fields = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, path, _ = line.split(" ")
    headers = {name.strip().lower(): value.strip() for name, _, value in (one.partition(":") for one in fields)}
    length = int(headers.get("content-length", "0"))
    return _Request(method, path, headers, await reader.readexactly(min(length, _LONGEST_BODY)))


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
