"""Sends requests to push services, in bounded time and to nothing else. Start at `PushClient`.

Nothing here writes an endpoint, a key or a signature anywhere: with them, anyone can show messages to a person.
"""

import asyncio
import re
import ssl
from collections.abc import Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import httpcore2

from services.escalation.channels.channel import Ended, Trouble
from services.escalation.channels.web_push.answers import MAY_PASS, ended_by
from services.escalation.channels.web_push.connections import Connections
from services.escalation.channels.web_push.network import CheckedNetwork, PrivateAddress, Resolve, resolve
from services.escalation.channels.web_push.places import NoPlace, Places
from services.escalation.channels.web_push.services import Endpoint, NotAPushService, PushServices
from services.escalation.domain.delivery_facts import Attempt
from services.escalation.domain.push_reasons import (
    CANNOT_ENCRYPT,
    CANNOT_ENCRYPT_TO_PROXY,
    HAS_PRIVATE_ADDRESS,
    IS_NOT_TRUSTED,
    PROXY_IS_NOT_TRUSTED,
    PROXY_REFUSES,
)
from shared.addresses import fault_of
from shared.tls import error_within, trusting

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 10.0
WHOLE_SECONDS = 20.0
"""The longest that an attempt takes, with connecting, sending and the answer."""
_CROWDED = "too many messages to this push service are under way"
_LONGEST_ANSWER_OCTETS = 1_024
_MOST_CONNECTIONS = 100
_MOST_TO_ONE_SERVICE = 20
_PLACE_SECONDS = 2.0
_KEPT_CONNECTIONS = 20
_KEPT_SECONDS = 15.0
_STATUS = re.compile(r"[0-9]{3}\b")
_FAULTS = (
    OSError,
    httpcore2.TimeoutException,
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.ProxyError,
)


class PushClient:
    """Sends to the services listed, and follows no redirect. One pool of connections serves all of them.

    Only some of the connections are for one service. If they are all in use for some time, because the service is slow,
    further messages to it are put off, and the others go on.

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
        self._has_proxy = proxy is not None
        self._places = Places(_MOST_TO_ONE_SERVICE, wait_seconds=_PLACE_SECONDS)
        plain = httpcore2.AnyIOBackend()
        self._pool = Connections(
            ssl_context=trusting(ca_file, "PUSH_CA_FILE"),
            proxy=_proxy(proxy, ca_file) if proxy else None,
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
        progress = _Progress(is_at_proxy=self._has_proxy)
        try:
            async with self._places.taken(endpoint.origin), asyncio.timeout(self._whole_seconds):
                await self._exchange(endpoint, body, headers, progress)
        except (NoPlace, httpcore2.PoolTimeout):
            return Ended(Attempt.PUT_OFF, _CROWDED, Trouble.CROWDED)
        except _FAULTS as error:
            return progress.ended or _failed(error, progress)
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
                    "pool": _PLACE_SECONDS,
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

    def __init__(self, *, is_at_proxy: bool) -> None:
        self.is_at_proxy = is_at_proxy
        self.is_sent = False
        self.ended: Ended | None = None

    async def __call__(self, step: str, about: Mapping[str, Any]) -> None:
        if step == "proxy.start_tls.started":  # the proxy has connected; from here on the push service answers
            self.is_at_proxy = False
        if step.endswith(".send_request_headers.started") and about["request"].method == b"POST":
            self.is_sent = True  # not yet when a proxy is asked to connect


def _proxy(url: str, ca_file: Path | None) -> httpcore2.Proxy:
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
    context = trusting(ca_file, "PUSH_CA_FILE") if parts.scheme == "https" else None
    return httpcore2.Proxy(place, auth=auth, ssl_context=context)


def _failed(error: Exception, progress: _Progress) -> Ended:
    """The result of an attempt without an answer. No text of an error is kept: it may quote what was sent."""
    named = type(error).__name__
    if isinstance(error, httpcore2.LocalProtocolError):
        return Ended(Attempt.REFUSED, f"the request cannot be composed ({named})", Trouble.COMPOSING)
    if progress.is_sent:
        return Ended(Attempt.UNKNOWN, f"the connection to the push service broke ({named})", Trouble.BROKEN_OFF)
    if isinstance(error, PrivateAddress):
        return Ended(Attempt.PUT_OFF, HAS_PRIVATE_ADDRESS, Trouble.SERVER)
    if isinstance(error, httpcore2.ProxyError):
        return _refused_by_proxy(error)
    trust = error_within(error, ssl.SSLCertVerificationError)
    if trust is not None:
        distrusted = PROXY_IS_NOT_TRUSTED if progress.is_at_proxy else IS_NOT_TRUSTED
        return Ended(Attempt.PUT_OFF, f"{distrusted} ({trust.verify_message})", Trouble.CERTIFICATE)
    encrypting = error_within(error, ssl.SSLError)
    if encrypting is not None:
        unencrypted = CANNOT_ENCRYPT_TO_PROXY if progress.is_at_proxy else CANNOT_ENCRYPT
        return Ended(Attempt.PUT_OFF, f"{unencrypted} ({encrypting.reason})", Trouble.NO_ENCRYPTION)
    silent = "the proxy of PUSH_PROXY" if progress.is_at_proxy else "the push service"
    return Ended(Attempt.PUT_OFF, f"{silent} does not answer ({named})", Trouble.NO_ANSWER)


def _refused_by_proxy(error: httpcore2.ProxyError) -> Ended:
    """The result of an answer of the proxy other than success: its text begins with the status. Trouble on its way to
    the push service may pass; what concerns the login or the request stays until an operator changes something."""
    found = _STATUS.match(str(error))
    status = int(found[0]) if found is not None else None
    said = "" if status is None else f" with {status}"
    if status is not None and (status >= 500 or status in MAY_PASS):
        return Ended(Attempt.PUT_OFF, f"the proxy of PUSH_PROXY reached no push service{said}", Trouble.NO_ANSWER)
    return Ended(Attempt.PUT_OFF, f"{PROXY_REFUSES}{said}", Trouble.SERVER)
