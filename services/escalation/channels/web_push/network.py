"""Connects to push services and to nothing else: it resolves a name itself, and connects to exactly the address that it
checked. Start at `CheckedNetwork`.

A name that its owner later points into our network would otherwise make this service a way in (DNS rebinding).
"""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TypeAlias

import httpcore2

from services.escalation.channels.web_push.services import PushServices

Address: TypeAlias = IPv4Address | IPv6Address
Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[Address]]]

_MOST_ADDRESSES = 4
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_TRANSLATED = IPv6Network("64:ff9b::/96")


class PrivateAddress(httpcore2.ConnectError):
    """A name has an address inside a private network, or one that is no host's; it carries neither."""


class CheckedNetwork(httpcore2.AsyncNetworkBackend):
    """Opens connections to the public addresses of allowed hosts, and to listed origins wherever they are."""

    def __init__(self, services: PushServices, resolve: Resolve, through: httpcore2.AsyncNetworkBackend) -> None:
        self._services = services
        self._resolve = resolve
        self._through = through

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to one of the host's addresses, all within the time given. TLS still checks the host's name."""
        until = time.monotonic() + (timeout or 0.0)
        addresses = await self._addresses(host, port, timeout)
        failure: httpcore2.ConnectError | httpcore2.ConnectTimeout | None = None
        for tried, address in enumerate(addresses):
            share = max(0.0, until - time.monotonic()) / (len(addresses) - tried) if timeout else None
            try:
                return await self._through.connect_tcp(str(address), port, share, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore2.ConnectError("the name has no address")

    async def sleep(self, seconds: float) -> None:
        """Wait; the pool's way to do so."""
        await self._through.sleep(seconds)

    async def _addresses(self, host: str, port: int, timeout: float | None) -> Sequence[Address]:
        try:
            async with asyncio.timeout(timeout):
                found = await self._resolve(host, port)
        except TimeoutError:
            raise httpcore2.ConnectTimeout("the name was not resolved in time") from None
        except (OSError, UnicodeError):
            raise httpcore2.ConnectError("the name cannot be resolved") from None
        if not self._services.is_listed(host, port) and not all(map(is_public, found)):
            raise PrivateAddress("the name has a private address")
        return found[:_MOST_ADDRESSES]


async def resolve(host: str, port: int) -> Sequence[Address]:
    """The addresses of a name, in the order in which the system would try them. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ip_address(address[0]) for *_, address in found if isinstance(address[0], str)]


def is_public(address: Address) -> bool:
    """Whether it is the address of one host on the public internet, also where IPv6 wraps an address of IPv4."""
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast and not address.is_reserved
    if address in _TRANSLATED:  # by NAT64 (RFC 6052), which also leads into the network of the translator
        return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
    wraps = address.ipv4_mapped or address.sixtofour or address.teredo
    return wraps is None and address.is_global and address in _GLOBAL_UNICAST
