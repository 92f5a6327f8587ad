"""A pool of connections that keeps none whose set-up broke off. Start at `Connections`.

The library keeps the tunnel of a proxy through which encryption failed, for ever and as if in use, until all places of
the pool are taken; and it leaves the socket open of an attempt that is cancelled while encryption begins.
"""

from typing import Any, cast

import httpcore2


class Connections(httpcore2.AsyncConnectionPool):
    """The pool."""

    def create_connection(self, origin: httpcore2.Origin) -> httpcore2.AsyncConnectionInterface:
        """A new connection to this origin, without waiting for it."""
        return cast(httpcore2.AsyncConnectionInterface, _ClosedIfBroken(super().create_connection(origin)))


class _ClosedIfBroken:
    """A connection that is closed when a request breaks off. It serves one request at a time, so no other suffers."""

    def __init__(self, connection: httpcore2.AsyncConnectionInterface) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def handle_async_request(self, request: httpcore2.Request) -> httpcore2.Response:
        """Send a request, and return the response once its head is there."""
        opened = _Opened(request.extensions.get("trace"))
        request.extensions = {**request.extensions, "trace": opened}
        is_broken = True
        try:
            response = await self._connection.handle_async_request(request)
            is_broken = False
        except httpcore2.ConnectionNotAvailable:  # another request has it
            is_broken = False
            raise
        finally:
            if is_broken:
                await self._connection.aclose()
                await opened.aclose()
        return response


class _Opened:
    """Notes the stream that the library opens for a request."""

    def __init__(self, trace: Any) -> None:
        self._trace = trace
        self._stream: httpcore2.AsyncNetworkStream | None = None

    async def __call__(self, step: str, about: dict[str, Any]) -> None:
        if step == "connection.connect_tcp.complete":
            self._stream = about["return_value"]
        if self._trace is not None:
            await self._trace(step, about)

    async def aclose(self) -> None:
        """Close it, if it was opened."""
        if self._stream is not None:
            await self._stream.aclose()
