"""Whether the person responsible for an episode has been notified of it, or will be."""

from datetime import datetime
from typing import Protocol

from services.escalation.domain.reader import Reader


class NotifiedRow(Protocol):
    """`cause` is the reason of the episode's latest alert, None without one; that alert is held until `held_until`."""

    @property
    def cause(self) -> str | None: ...
    @property
    def held_until(self) -> datetime | None: ...


def notified_words(name: str, row: NotifiedRow, reader: Reader) -> str:
    """ "Ben has been notified", "Ben will be notified at 8:00", or "Shown to Ben" while the team only observes."""
    if row.cause is None:
        return f"Shown to {name}"
    held = f"will be notified {reader.moment(row.held_until).at}" if row.held_until else "has been notified"
    return f"{name} {held}"
