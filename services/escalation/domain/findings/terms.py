"""The terms a finding is made on: the thresholds in force when it began, and the company's working time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias

from services.escalation.domain.policy.model import Signals


class WorkingTime(Protocol):
    """When somebody answers customers."""

    def after(self, start: datetime, working: timedelta) -> datetime:
        """The instant when so much working time has passed since the start."""
        ...


@dataclass(frozen=True, slots=True)
class Terms:
    signals: Signals
    working: WorkingTime


TermsAt: TypeAlias = Callable[[datetime, str | None], Terms]
"""The terms in force at an instant, for an order that is named, or for none."""
