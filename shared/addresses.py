"""Server addresses with a user and a password, as written in the environment. Start at `fault_of`."""

from urllib.parse import urlsplit

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1", ""})


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
