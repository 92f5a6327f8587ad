"""Windows: spans of time in which scopes look for the first facts of signals."""

from dataclasses import dataclass
from datetime import UTC, datetime

START_OF_TIME = datetime.min.replace(tzinfo=UTC)
END_OF_TIME = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """Both ends are included."""

    since: datetime = START_OF_TIME
    until: datetime = END_OF_TIME

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
NO_TIME = Window(END_OF_TIME, START_OF_TIME)
