"""How much is done in one transaction: less after one that took too long, more again after quick ones."""

from dataclasses import dataclass, field

from shared.database import TRANSACTION_SECONDS

_QUICK_SECONDS = TRANSACTION_SECONDS / 4
"""Twice as much then takes half of the time allowed."""


@dataclass(slots=True)
class Portion:
    """So many at a time, `most` at first."""

    most: int
    size: int = field(init=False)

    def __post_init__(self) -> None:
        self.size = self.most

    def halve(self, tried: int | None = None) -> bool:
        """So many were tried and took too long; False where it was one, and less cannot be done."""
        tried = self.size if tried is None else tried
        self.size = max(1, tried // 2)
        return tried > 1

    def grow(self, seconds: float) -> None:
        """What was tried took so long."""
        if seconds < _QUICK_SECONDS:
            self.size = min(self.most, 2 * self.size)
