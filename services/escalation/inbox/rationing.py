"""Limits the requests from one address within a window: for sign-in links, and presses on notifications."""

from collections import OrderedDict, deque
from ipaddress import IPv6Address, ip_address

MOST_LINKS = 30
"""The number of links that one address may request in a window; a whole office may share one address."""
WINDOW_SECONDS = 900.0
_ADDRESSES = 10_000


class Ration:
    """The recent requests of each address. It remembers a limited number of addresses, the latest ones."""

    def __init__(self, most: int = MOST_LINKS, window_seconds: float = WINDOW_SECONDS) -> None:
        self._most = most
        self._window_seconds = window_seconds
        self._taken: OrderedDict[str, deque[float]] = OrderedDict()

    def take(self, address: str, now_seconds: float) -> float | None:
        """Take one request. If none is left, take nothing and return the seconds until the next one."""
        key = network_of(address)
        taken = self._taken.setdefault(key, deque())
        self._taken.move_to_end(key)
        if len(self._taken) > _ADDRESSES:
            self._taken.popitem(last=False)
        while taken and taken[0] <= now_seconds - self._window_seconds:
            taken.popleft()
        if len(taken) >= self._most:
            return taken[0] + self._window_seconds - now_seconds
        taken.append(now_seconds)
        return None


def network_of(address: str) -> str:
    """The network of an IPv6 address, as its owner usually has 2⁶⁴ addresses; other addresses unchanged."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    return str(int(known) >> 64) if isinstance(known, IPv6Address) else address
