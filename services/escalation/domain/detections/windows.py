"""Windows: spans of time in which scopes look for the first facts of signals."""

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
        """The intersection of both."""
        return Window(max(self.since, other.since), min(self.until, other.until))

    def and_up_to(self, other: "Window") -> "Window":
        """The window that covers both and the time between them."""
        return Window(min(self.since, other.since), max(self.until, other.until))


def up_to(one: Window | None, other: Window | None) -> Window | None:
    """The window that covers both and the time between them; None is empty."""
    return one.and_up_to(other) if one is not None and other is not None else one or other


ANY = Window()
NO_TIME = Window(NEVER, ALWAYS)
