"""So many requests of one address within a while: whoever asks for sign-in links again and again waits."""

from collections import OrderedDict, deque
from ipaddress import IPv6Address, ip_address

MOST_LINKS = 30
"""So many links may be asked for from one address in a window: an office asks from one address in the morning."""
WINDOW_SECONDS = 900.0
_ADDRESSES = 10_000


class Ration:
    """What each address has taken lately. It remembers the addresses that came last, at most so many."""

    def __init__(self, most: int = MOST_LINKS, window_seconds: float = WINDOW_SECONDS) -> None:
        self._most = most
        self._window_seconds = window_seconds
        self._taken: OrderedDict[str, deque[float]] = OrderedDict()

    def take(self, address: str, now_seconds: float) -> float | None:
        """Take one; or how many seconds it is until there is one again, and nothing is taken."""
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
    """An IPv6 address counts as its network: whoever has one has 2⁶⁴ addresses."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    return str(int(known) >> 64) if isinstance(known, IPv6Address) else address
