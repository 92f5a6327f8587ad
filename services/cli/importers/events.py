"""Makes events from imported rows: their ids follow from their content, and they are in publishing order.

Start at `imported`, then `in_order`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.contracts import strict_json
from shared.contracts.envelope import Envelope, Fact, envelope
from shared.ids import derived


@dataclass(frozen=True, slots=True)
class Imported:
    """An event and the line of the file that it stands for."""

    line: int
    event: Envelope[Fact]


@dataclass(frozen=True, slots=True)
class Import:
    """The result of a file: the events to publish, in order.

    `skipped` counts rows without a caller, if the file has callers; `merged` counts repeated facts, equal in type,
    account, case, time and content: they are one event.
    """

    events: Sequence[Envelope[Fact]]
    rows: int
    skipped: int | None = None
    merged: int = 0


def imported(fact: Fact, *, source: str, subject: str, time: datetime, line: int, case: str | None = None) -> Imported:
    """A fact of a file as an event; its id is a UUIDv5 over type, account, case, time and data."""
    data = strict_json.canonical(fact.model_dump(mode="json", exclude_none=True)).decode()
    id = derived(fact.type, subject, case or "", time.isoformat(), data)
    return Imported(line, envelope(fact, id=str(id), source=source, subject=subject, time=time))


def in_order(found: Iterable[Imported]) -> list[Envelope[Fact]]:
    """By time, then line, then the order given; of equal events only the first."""
    first_of: dict[str, Envelope[Fact]] = {}
    for one in sorted(found, key=lambda one: (one.event.time, one.line)):
        first_of.setdefault(one.event.id, one.event)
    return list(first_of.values())
