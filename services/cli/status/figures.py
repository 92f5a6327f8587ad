"""The figures of `handoff status`, for every service and for the episodes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Queue:
    """How many wait, and how long the oldest has waited (for timers: how long the most overdue has been due)."""

    count: int
    oldest_seconds: float


@dataclass(frozen=True, slots=True)
class Stuck:
    """Messages on a channel blocked by trouble that does not end by itself, and the result of the last attempt."""

    reason: str
    count: int
    channel: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A process's own status over HTTP. `ready` is None if its port is unknown and nothing was queried.

    `lag` has the unread records by topic; None for a missing topic.
    """

    ready: bool | None
    reasons: Sequence[str] = ()
    notes: Sequence[str] = ()
    version: str | None = None
    lag: Mapping[str, int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stored:
    """What a service's database has. `tables` are its revisions by schema, `processes` those of this service that are
    connected, by the revisions that they know. `refused_over_http` are dead letters whose publisher had the answer, and
    which need no one here."""

    tables: Mapping[str, str | None]
    processes: Sequence[str]
    outbox: Queue
    waiting_facts: Queue
    dead_letters: Queue
    refused_over_http: Queue
    set_aside: Queue
    timers_overdue: Queue


@dataclass(frozen=True, slots=True)
class Episodes:
    """The episodes at risk, and the open deliveries. `exhausted`: everyone was notified and nobody responded.

    `deliveries_delayed` are those pending on channels that are not blocked, `deliveries_broken_off` those that broke
    off again and again, and may have arrived.
    """

    open: int
    unanswered: int
    exhausted: int
    nobody_to_ask: int
    waiting_signals: Queue
    deliveries_pending: Queue
    deliveries_held: int
    deliveries_unknown: int
    deliveries_stuck: Sequence[Stuck] = ()
    deliveries_delayed: Queue = Queue(0, 0.0)
    deliveries_broken_off: int = 0


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """One service. Without `stored` its database cannot be read, and `unreadable` is the reason."""

    service: str
    wanted: Mapping[str, str]
    answer: Answer
    stored: Stored | None
    unreadable: str | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """The whole status. `needs` are the required actions, empty while all is well."""

    version: str
    services: Sequence[ServiceStatus]
    episodes: Episodes | None
    needs: Sequence[str] = ()
