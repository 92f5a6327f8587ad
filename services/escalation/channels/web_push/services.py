"""The push services to which messages may be sent: browsers name an address, and anyone can write one. Start at
`PushServices`."""

import re
from dataclasses import dataclass, field
from typing import Self

DEFAULT_SERVICES = (
    "fcm.googleapis.com jmt17.google.com *.push.services.mozilla.com *.notify.windows.com *.push.apple.com"
)
"""Those of Chrome and browsers built on it, of Chromium, Firefox, Edge, and Safari."""
LONGEST_ADDRESS = 1_000
_HTTPS = 443
_NAME = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_HOST = re.compile(rf"(?P<wildcard>\*\.)?(?P<host>(?:{_NAME}\.)+[a-z](?:[a-z0-9-]*[a-z0-9])?)")
_ORIGIN = re.compile(r"https://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::(?P<port>[0-9]{1,5}))?/?")
_ADDRESS = re.compile(
    r"(?ai:https)://(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::(?P<port>[0-9]{1,5}))?(?P<target>/[!-\"$-\[\]-~]*)"
)
"""An address without user, password, fragment, backslash, blank, or anything but ASCII."""


class NotAPushService(ValueError):
    """An address is not one of an allowed push service; carries the reason, without the address."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address that may be sent to, in parts. `target` names the recipient, and is never printed."""

    host: str
    port: int
    target: str = field(repr=False)

    @property
    def origin(self) -> str:
        """Scheme, host and port, as RFC 6454 writes them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"https://{host}" if self.port == _HTTPS else f"https://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class PushServices:
    """Hosts, domains whose subdomains are hosts, and origins. Only the latter may have a private address or a port."""

    hosts: frozenset[str]
    domains: tuple[str, ...]
    origins: frozenset[tuple[str, int]]

    @classmethod
    def read(cls, text: str) -> Self:
        """The services of a list like `push.example.com *.example.org https://10.0.0.5:8443`. Raises ValueError."""
        hosts, domains, origins = set[str](), set[str](), set[tuple[str, int]]()
        for entry in text.split():
            if (origin := _ORIGIN.fullmatch(entry)) is not None and (port := _port(origin["port"])) is not None:
                origins.add((origin["host"].strip("[]"), port))
            elif (found := _HOST.fullmatch(entry)) is not None:
                (domains if found["wildcard"] else hosts).add(found["host"])
            else:
                raise ValueError(
                    f"PUSH_SERVICES: {entry!r} is neither a host (push.example.com, *.push.example.com) nor an origin "
                    "(https://push.example.com:8443), in lower case"
                )
        if not hosts and not domains and not origins:
            raise ValueError("PUSH_SERVICES names no push service")
        return cls(frozenset(hosts), tuple(sorted(f".{domain}" for domain in domains)), frozenset(origins))

    def check(self, address: str) -> Endpoint:
        """The endpoint at this address. Raises NotAPushService."""
        if len(address) > LONGEST_ADDRESS:
            raise NotAPushService(f"the address is longer than {LONGEST_ADDRESS:,} characters")
        found = _ADDRESS.fullmatch(address)
        port = _port(found["port"]) if found is not None else None
        if found is None or port is None:
            raise NotAPushService("the address is not a plain https:// address in ASCII")
        host = found["host"].strip("[]").lower()
        if not self.is_listed(host, port):
            if port != _HTTPS:
                raise NotAPushService("the address names a port")
            if host not in self.hosts and not host.endswith(self.domains):
                raise NotAPushService("the address is not of a push service in PUSH_SERVICES")
        return Endpoint(host, port, found["target"])

    def is_listed(self, host: str, port: int) -> bool:
        """Whether an operator named exactly this origin, so that its address may be a private one."""
        return (host, port) in self.origins


def _port(written: str | None) -> int | None:
    """The port as written, or that of HTTPS; None if there is no such port."""
    port = _HTTPS if written is None else int(written)
    return port if 0 < port < 65_536 else None
