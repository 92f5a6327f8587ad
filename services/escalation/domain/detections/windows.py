"""Stretches of time, by which scopes say when the facts happened that signals began with."""

from dataclasses import dataclass
from datetime import UTC, datetime

ALWAYS = datetime.min.replace(tzinfo=UTC)
NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """Both ends are included."""

    since: datetime = ALWAYS
    until: datetime = NEVER

    def holds(self, at: datetime) -> bool:
        return self.since <= at <= self.until

    def and_also(self, other: "Window") -> "Window":
        """What is in both."""
        return Window(max(self.since, other.since), min(self.until, other.until))

    def and_up_to(self, other: "Window") -> "Window":
        """What is in one of them, and what lies between."""
        return Window(min(self.since, other.since), max(self.until, other.until))


def up_to(one: Window | None, other: Window | None) -> Window | None:
    """What is in one of them, and what lies between; None is no time."""
    return one.and_up_to(other) if one is not None and other is not None else one or other


ANY = Window()
NO_TIME = Window(NEVER, ALWAYS)
