"""A draft is an event of a history without an id: its content, its place in the history, and when it happened."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

ORDERS = "orders.inbound.v1"
SUPPORT = "support.inbound.v1"
SPAN = timedelta(minutes=80)
"""The time that a history's events span. It ends at the `now` that the history is made for."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An event without an id. `rank` (0 to 1) is its place in the history, `aged` (0 to 1) when it happened."""

    topic: str
    kind: str
    subject: str
    data: Mapping[str, Any]
    rank: float
    aged: float
    bad: str | None = None
    only_kafka: bool = False
    spoils: "Draft | None" = None

    @property
    def type(self) -> str:
        return f"{self.topic.removesuffix('.v1')}.{self.kind}"


def draft(
    chance: random.Random, topic: str, kind: str, account: str, data: Mapping[str, Any], *, early: float = 0.0
) -> Draft:
    """Somewhere in the history, with probability `early` in its first part. One in five is
    published long after it happened."""
    rank = chance.random() * (0.3 if chance.random() < early else 1.0)
    aged = rank * chance.random() if chance.random() < 1 / 5 else rank
    only_kafka = kind in _LATEST_COUNTS
    return Draft(topic, kind, account, data, rank, aged, only_kafka=only_kafka)


_LATEST_COUNTS = ("account_reassigned", "sale_corrected", "contact_preference_changed")
"""Only the latest of these counts. If two came by different ways, chance would decide which one is known first."""
