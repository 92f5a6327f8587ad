"""The size of a transaction: smaller after one that took too long, larger again after quick ones."""

from dataclasses import dataclass, field

from shared.database import TRANSACTION_SECONDS

_QUICK_SECONDS = TRANSACTION_SECONDS / 4
"""Below this time a portion may be doubled: twice as much takes half of the time allowed."""


@dataclass(slots=True)
class Portion:
    """The number of items at a time, `most` at first."""

    most: int
    size: int = field(init=False)

    def __post_init__(self) -> None:
        self.size = self.most

    def halve(self, tried: int | None = None) -> bool:
        """Halve the portion after `tried` items took too long. Return False if it was one, which cannot be halved."""
        tried = self.size if tried is None else tried
        self.size = max(1, tried // 2)
        return tried > 1

    def grow(self, seconds: float) -> None:
        """Enlarge the portion if the last one was quick."""
        if seconds < _QUICK_SECONDS:
            self.size = min(self.most, 2 * self.size)
