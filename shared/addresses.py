"""Addresses as written in the environment: of servers, with a user and a password (`fault_of`), and of sites."""

import re
from urllib.parse import urlsplit

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1", ""})
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_SITE = re.compile(rf"https?://(?P<any>\*\.)?(?P<host>{_LABEL}(\.{_LABEL})*)(:(?P<port>[0-9]{{1,5}}))?", re.IGNORECASE)
_MOST_PORTS = 65_535


def fault_of(variable: str, url: str) -> str | None:
    """The fault in the form of an address, without any part of the address; None if there is none.

    An unescaped `/`, `#`, `?` or `@` ends a password too early: the rest of it would count as the server's name.
    """
    if _is_readable(url):
        return None
    return (
        f"{variable} cannot be read as an address. In its user and password `@`, `/`, `#`, `?`, `:`, `[` and `]` must "
        "be percent-encoded (`@` as %40, `/` as %2F, `#` as %23, `?` as %3F, `:` as %3A); its port must be a number."
    )


def place_of(url: str) -> str:
    """The server and the path of an address, without user and password."""
    if not _is_readable(url):
        return "an unreadable address"
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2] + parts.path


def is_on_this_machine(servers: str) -> bool:
    """Whether every server of a list like `db-1:5432,db-2` is this machine; so is a socket's folder, without a name."""
    return all(_host(server) in _LOOPBACK for server in servers.split(","))


def servers_of(url: str) -> str:
    """The servers of an address, separated by commas, without user and password."""
    return urlsplit(url).netloc.rpartition("@")[2]


def checked_site(text: str) -> str:
    """A site (scheme, host, port) without the slash at its end, or empty. Raises ValueError for more than that."""
    site = text.strip().rstrip("/")
    if site and (not _is_site(site) or "*" in site):
        raise ValueError("must be the address of a site, like https://support.example.com, without a path")
    return site


def sites_in(text: str) -> tuple[str, ...]:
    """The sites of a list, in lower case."""
    return tuple(text.replace(",", " ").lower().split())


def checked_sites(text: str) -> str:
    """A list of sites, separated by commas; `*.` stands for all hosts of a domain. Raises ValueError."""
    for number, site in enumerate(sites_in(text), start=1):
        if not _is_site(site):
            raise ValueError(
                f"entry {number} is not the address of a site. Expected addresses such as https://desk.example.com or "
                "https://*.example.com, separated by commas: scheme and host, with a port if it is not the usual one, "
                "and no path"
            )
    return text


def _is_site(text: str) -> bool:
    """Whether a text is scheme, host and port. A wildcard needs a domain of two labels, or it would be anyone's."""
    found = _SITE.fullmatch(text)
    if found is None or int(found["port"] or 1) not in range(1, _MOST_PORTS + 1):
        return False
    return not found["any"] or "." in found["host"]


def _host(server: str) -> str:
    server = server.strip()
    return server[1:].partition("]")[0] if server.startswith("[") else server.partition(":")[0]


def _is_readable(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    login, _, servers = parts.netloc.rpartition("@")
    unescaped = "@" in login or "#" in url or "@" in parts.path + parts.query
    return not unescaped and all(map(_has_usable_port, servers.split(",")))


def _has_usable_port(server: str) -> bool:
    _, colon, port = server.rpartition("]")[2].rpartition(":")
    return not (colon and port) or (port.isascii() and port.isdecimal())
