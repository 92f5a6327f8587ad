"""An input as the journal keeps it, with its place: the `now` of its decision, and its position."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from services.escalation.domain.deciding import SUBSCRIPTIONS
from services.escalation.domain.own_facts import OWN_FACTS
from shared.contracts.catalog import CATALOG
from shared.contracts.envelope import Envelope, Fact, envelope
from shared.inputs import InputKind

FACTS: Final[Mapping[str, type[Fact]]] = {
    **{type: fact for type, fact in CATALOG.items() if fact in SUBSCRIPTIONS},
    **OWN_FACTS,
}
"""The classes that escalation decides about, by wire type."""
LAST: Final = 2**63 - 1
"""The position of what the journal does not have: after everything of the same instant."""

_OF_THE_CLOCK = "escalation.timer."


class Place(NamedTuple):
    """Inputs with one `now` were decided in one batch, in the order of their positions."""

    now: datetime
    position: int


@dataclass(frozen=True, slots=True)
class Journaled:
    """One input. `body` is its data as JSON; timers are recognized by it."""

    place: Place
    kind: InputKind
    event: Envelope[Fact]
    body: bytes
    rules_version: int | None = None

    @property
    def is_made_anew(self) -> bool:
        """Whether it is a timer that a replay sets itself. A report about an address is a timer too, but what it
        reports happened in the world."""
        return self.kind is InputKind.TIMER and self.event.type.startswith(_OF_THE_CLOCK)


def journaled(row: Any) -> Journaled:
    """An input from its row. Raises pydantic's ValidationError for a body that this release cannot read, KeyError for a
    type that escalation decides nothing about."""
    fact = FACTS[row["type"]].model_validate_json(row["body"])
    event: Envelope[Fact] = envelope(
        fact,
        id=row["event_id"],
        source=row["source"],
        subject=row["subject"],
        time=row["at"],
        traceparent=row["traceparent"],
    )
    place = Place(row["decided_at"], row["position"])
    return Journaled(place, InputKind(row["kind"]), event, row["body"], row["rules_version"])
