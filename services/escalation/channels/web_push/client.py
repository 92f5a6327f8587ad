"""Sends requests to push services, in bounded time and to nothing else. Start at `PushClient`.

Nothing here writes an endpoint, a key or a signature anywhere: with them, anyone can show messages to a person.
"""

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import httpcore2

from services.escalation.channels.channel import Ended, Trouble
from services.escalation.channels.web_push.answers import ended_by
from services.escalation.channels.web_push.network import CheckedNetwork, PrivateAddress, Resolve, resolve
from services.escalation.channels.web_push.services import Endpoint, NotAPushService, PushServices
from services.escalation.domain.own_facts import Attempt
from services.escalation.domain.push_reasons import (
    CANNOT_ENCRYPT,
    HAS_PRIVATE_ADDRESS,
    IS_NOT_TRUSTED,
    PROXY_REFUSES,
)
from shared.addresses import fault_of
from shared.tls import trusting

E = TypeVar("E", bound=BaseException)

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 10.0
WHOLE_SECONDS = 20.0
"""The longest that an attempt takes, with waiting for a free connection, connecting, sending and the answer."""
_LONGEST_ANSWER_OCTETS = 1_024
_MOST_CONNECTIONS = 20
_KEPT_CONNECTIONS = 10
_KEPT_SECONDS = 15.0
_FAULTS = (
    OSError,
    httpcore2.TimeoutException,
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.ProxyError,
)


class PushClient:
    """Sends to the services listed, and follows no redirect. One pool of connections serves all of them.

    Without a proxy, a name must have public addresses only, unless its origin is listed. A proxy (`http://` or
    `https://`, only the one given here) resolves names by itself: then only the list of services protects its network.
    """

    def __init__(
        self,
        services: PushServices,
        *,
        ca_file: Path | None = None,
        proxy: str | None = None,
        resolve: Resolve = resolve,
        whole_seconds: float = WHOLE_SECONDS,
    ) -> None:
        self._services = services
        self._whole_seconds = whole_seconds
        context = trusting(ca_file, "PUSH_CA_FILE")
        plain = httpcore2.AnyIOBackend()
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=context,
            proxy=_proxy(proxy) if proxy else None,
            max_connections=_MOST_CONNECTIONS,
            max_keepalive_connections=_KEPT_CONNECTIONS,
            keepalive_expiry=_KEPT_SECONDS,
            network_backend=plain if proxy else CheckedNetwork(services, resolve, plain),
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pool.aclose()

    async def post(self, address: str, body: bytes, headers: Mapping[str, str]) -> Ended:
        """Send once. An attempt that breaks off after its request began to go out has an unknown outcome."""
        try:
            endpoint = self._services.check(address)
        except NotAPushService as error:
            return Ended(Attempt.REFUSED, str(error), Trouble.ADDRESS)
        progress = _Progress()
        try:
            async with asyncio.timeout(self._whole_seconds):
                await self._exchange(endpoint, body, headers, progress)
        except _FAULTS as error:
            return progress.ended or _failed(error, is_sent=progress.is_sent)
        assert progress.ended is not None
        return progress.ended

    async def _exchange(
        self, endpoint: Endpoint, body: bytes, headers: Mapping[str, str], progress: "_Progress"
    ) -> None:
        sent = [(name.encode(), value.encode()) for name, value in headers.items()]
        async with self._pool.stream(
            "POST",
            httpcore2.URL(
                scheme=b"https", host=endpoint.host.encode(), port=endpoint.port, target=endpoint.target.encode()
            ),
            headers=[(b"Host", endpoint.origin.removeprefix("https://").encode()), *sent],
            content=body,
            extensions={
                "timeout": {
                    "pool": self._whole_seconds / 2,
                    "connect": CONNECT_SECONDS,
                    "write": CONNECT_SECONDS,
                    "read": ANSWER_SECONDS,
                },
                "trace": progress,
            },
        ) as response:
            progress.ended = ended_by(response.status, response.headers)
            left = _LONGEST_ANSWER_OCTETS
            async with aclosing(response.aiter_stream()) as chunks:  # a connection whose answer is read serves again
                async for chunk in chunks:
                    left -= len(chunk)
                    if left < 0:
                        break


class _Progress:
    """How far an attempt has come; the client library calls it at each step."""

    def __init__(self) -> None:
        self.is_sent = False
        self.ended: Ended | None = None

    async def __call__(self, step: str, about: Mapping[str, Any]) -> None:
        if step.endswith(".send_request_headers.started") and about["request"].method == b"POST":
            self.is_sent = True  # not yet when a proxy is asked to connect


def _proxy(url: str) -> httpcore2.Proxy:
    """The proxy at this address, with user and password where it wants them. Raises ValueError."""
    fault = fault_of("PUSH_PROXY", url)
    if fault is not None:
        raise ValueError(fault)
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("PUSH_PROXY must look like http://user:password@host:port or https://host:port")
    auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    port = parts.port or (443 if parts.scheme == "https" else 80)
    place = httpcore2.URL(scheme=parts.scheme, host=parts.hostname, port=port, target="/")
    context = ssl.create_default_context() if parts.scheme == "https" else None
    return httpcore2.Proxy(place, auth=auth, ssl_context=context)


def _failed(error: Exception, *, is_sent: bool) -> Ended:
    """The result of an attempt without an answer. No text of an error is kept: it may quote what was sent."""
    named = type(error).__name__
    if isinstance(error, httpcore2.LocalProtocolError):
        return Ended(Attempt.REFUSED, f"the request cannot be composed ({named})", Trouble.COMPOSING)
    if is_sent:
        return Ended(Attempt.UNKNOWN, f"the connection to the push service broke ({named})", Trouble.BROKEN_OFF)
    if isinstance(error, PrivateAddress):
        return Ended(Attempt.PUT_OFF, HAS_PRIVATE_ADDRESS, Trouble.SERVER)
    if isinstance(error, httpcore2.ProxyError):
        return Ended(Attempt.PUT_OFF, PROXY_REFUSES, Trouble.SERVER)
    trust = _within(error, ssl.SSLCertVerificationError)
    if trust is not None:
        return Ended(Attempt.PUT_OFF, f"{IS_NOT_TRUSTED} ({trust.verify_message})", Trouble.CERTIFICATE)
    encrypting = _within(error, ssl.SSLError)
    if encrypting is not None:
        return Ended(Attempt.PUT_OFF, f"{CANNOT_ENCRYPT} ({encrypting.reason})", Trouble.NO_ENCRYPTION)
    return Ended(Attempt.PUT_OFF, f"the push service does not answer ({named})", Trouble.NO_ANSWER)


def _within(error: BaseException | None, kind: type[E]) -> E | None:
    """The error of this kind among an error and its causes."""
    while error is not None and not isinstance(error, kind):
        error = error.__cause__ or error.__context__
    return error
