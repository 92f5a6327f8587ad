"""Closes idle connections to make room for others, so that clients without requests block nobody.

A connection is idle from its beginning, or from the end of a response, until the next request's headers have arrived. A
connection whose client does not read its response is closed too. Start at `Guard`; uvicorn gets `guarded(guard)` as its
protocol.
"""

import asyncio
import socket
import sys
from collections import Counter
from collections.abc import Callable, Collection
from contextlib import suppress
from fcntl import ioctl
from functools import partial
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from termios import TIOCOUTQ
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from shared.logs import get_logger

log = get_logger(__name__)

HEAD_SECONDS = 10.0
"""The time within which the headers of a new connection's first request must arrive."""
KEEP_ALIVE_SECONDS = 20
"""The time that a connection is kept after a response, until all headers of another request have arrived."""
_LAST_BYTES_SECONDS = 30.0
UNREAD_SECONDS = 30.0
"""The time that a response, or an event stream, may wait for its client to continue reading."""
_LEAST_BYTES = 8_192
"""The part of a response that must be received in that time, if more is left than the kernel buffers."""

MAX_WAITING = 250
"""Beyond this number of waiting connections the longest waiting one is closed. A browser's waits for milliseconds."""


class Guard:
    """The connections of one server. `most` is their maximum, `per_address` the maximum for one address (0: any number)
    that is not among the proxies, which serve many clients."""

    def __init__(self, *, most: int, per_address: int = 0, proxies: Collection[str] = ()) -> None:
        self._most = most
        self._per_address = per_address
        self._proxies = [ip_network("::/0"), ip_network("0.0.0.0/0")] if "*" in proxies else _networks(proxies)
        self._waiting: dict[GuardedProtocol, asyncio.TimerHandle] = {}
        self._of_address: Counter[str] = Counter()

    def opened(self, connection: "GuardedProtocol") -> None:
        self._of_address[connection.address] += 1
        self._waits(connection, HEAD_SECONDS)
        if self.is_crowded(connection.address):
            self._close_longest_waiting(connection, of=connection.address)
        elif len(connection.connections) >= self._most or len(self._waiting) > MAX_WAITING:
            self._close_longest_waiting(connection)

    def closed(self, connection: "GuardedProtocol") -> None:
        self._begins(connection)
        self._of_address[connection.address] -= 1
        if self._of_address[connection.address] <= 0:
            del self._of_address[connection.address]

    def moved(self, connection: "GuardedProtocol") -> None:
        """Update whether a connection waits, after it received data or a response ended."""
        if connection.is_waiting() and connection not in self._waiting:
            self._waits(connection, KEEP_ALIVE_SECONDS)
        elif not connection.is_waiting():
            self._begins(connection)

    def is_crowded(self, address: str) -> bool:
        """Whether an address has more connections than allowed."""
        return 0 < self._per_address < self._of_address[address] and not self._is_proxy(address)

    def _is_proxy(self, address: str) -> bool:
        return any(ip_address(address) in network for network in self._proxies)

    def _waits(self, connection: "GuardedProtocol", seconds: float) -> None:
        self._waiting[connection] = connection.loop.call_later(seconds, connection.give_up)

    def _begins(self, connection: "GuardedProtocol") -> None:
        timer = self._waiting.pop(connection, None)
        if timer is not None:
            timer.cancel()

    def _close_longest_waiting(self, new: "GuardedProtocol", *, of: str | None = None) -> None:
        candidates = (one for one in self._waiting if one is not new and of in (None, one.address))
        longest = next(candidates, None)
        if longest is not None:
            log.warning("closed the longest waiting connection to make room")
            self._begins(longest)
            longest.give_up()


def _networks(proxies: Collection[str]) -> list[IPv4Network | IPv6Network]:
    return [ip_network(one, strict=False) for one in proxies]


class GuardedProtocol(H11Protocol):
    """uvicorn's connection, registered with a guard that knows whether it waits."""

    def __init__(self, *arguments: Any, guard: Guard, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._guard = guard
        self._unread: asyncio.TimerHandle | None = None
        self.address = ""

    def is_waiting(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def give_up(self) -> None:
        """Close the connection; a response in transit may still arrive for a while."""
        self.transport.close()
        self.loop.call_later(_LAST_BYTES_SECONDS, self.transport.abort)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.address = self.client[0] if self.client else ""
        _end_unread(transport.get_extra_info("socket"))
        self._guard.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._reads_on()
        self._guard.closed(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._guard.moved(self)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._guard.moved(self)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._look_later()

    def resume_writing(self) -> None:
        self._reads_on()
        super().resume_writing()

    def _look_later(self) -> None:
        self._unread = self.loop.call_later(UNREAD_SECONDS, self._look, self._left_bytes())

    def _look(self, before: int) -> None:
        """Check progress: nothing is written while writing pauses, so fewer remaining bytes were read by the client."""
        if before - self._left_bytes() < _LEAST_BYTES:
            log.warning("closed a connection whose client does not read its response")
            self.transport.abort()
        else:
            self._look_later()

    def _left_bytes(self) -> int:
        """The bytes that the client has not received; the kernel takes more only when much of its buffer is sent."""
        return self.transport.get_write_buffer_size() + _in_the_kernel(self.transport.get_extra_info("socket"))

    def _reads_on(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None


def _in_the_kernel(connection: socket.socket) -> int:
    """The bytes in the kernel: sent but not acknowledged, or not sent yet."""
    with suppress(OSError):
        return int.from_bytes(ioctl(connection.fileno(), TIOCOUTQ, bytes(4)), sys.byteorder)
    return 0


def _end_unread(connection: socket.socket) -> None:
    """Make the kernel end a connection with unread bytes after that time: those of an event stream are few, and never
    wait here."""
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(UNREAD_SECONDS * 1000))


def guarded(guard: Guard) -> Callable[..., GuardedProtocol]:
    """The factory of connection protocols, for uvicorn's setting `http`."""
    return partial(GuardedProtocol, guard=guard)
