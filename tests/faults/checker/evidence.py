"""Everything that a run left behind: the published history, topics, tables, and the e-mails accepted."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeAlias
from uuid import UUID

Row: TypeAlias = dict[str, Any]
Place: TypeAlias = tuple[str, int]
"""A topic without the prefix, and a partition."""

SENDING_SECONDS = 30.0
"""The longest time to hand over one message. For that long a restored database may not know of a sent one."""


_ATTEMPTED = "escalation.delivery.attempted"


class CannotJudge(Exception):
    """The evidence does not suffice. The message says what is missing."""


@dataclass(frozen=True, slots=True)
class Reported:
    """A line of `history.jsonl`. `at` is its time, which no other event shares."""

    via: str
    topic: str
    source: str
    id: str
    type: str
    subject: str
    at: datetime
    data: Mapping[str, Any]
    bad: str | None

    @property
    def identity(self) -> tuple[str, str]:
        return self.source, self.id

    @property
    def kind(self) -> str:
        """The last part of the event's type."""
        return self.type.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Record:
    """A record of a topic. `source`, `id`, `at` and `type` are None if they are unreadable."""

    topic: str
    partition: int
    offset: int
    written_at: float
    key: str
    value: bytes | None
    source: str | None
    id: str | None
    type: str | None
    at: datetime | None

    @property
    def identity(self) -> tuple[str | None, str | None]:
        return self.source, self.id

    def __str__(self) -> str:
        return f"{self.topic}-{self.partition}@{self.offset} ({self.source} {self.id})"


@dataclass(slots=True)
class Database:
    """One snapshot of a service's tables by "schema.name", and the sessions that block others."""

    now: datetime
    tables: dict[str, list[Row]]
    hindrances: list[str] = field(default_factory=list)

    def journal(self, *kinds: str) -> list[Row]:
        """The journal's rows of these kinds, in the order of application."""
        rows = [row for row in self.tables["shared.journal"] if row["kind"] in kinds]
        return sorted(rows, key=lambda row: row["position"])


@dataclass(frozen=True, slots=True)
class Restore:
    service: str
    backup_at: float
    restored_at: float

    def covers(self, at: float) -> bool:
        """Whether something done at this time may be unknown to the restored database."""
        return self.backup_at - 2 <= at <= self.restored_at + SENDING_SECONDS + 5


@dataclass(slots=True)
class Evidence:
    """One run. `topics` are by name without the prefix, `committed` by service.

    `computed` caches what several promises are judged by; clear it after changing the evidence.

    Optional keys of `world`:
    - `clock_jumps`: the services' clocks jumped, so their instants are not comparable with others, and waits for a
      seller may have ended early
    - `mail_refuses_for_good`: deliveries may fail
    - `freeze_seconds`: the longest time that a process was frozen
    - `judged_in_the_end`: the accounts (or "all") judged only by their final state
    - `closed`: the accounts whose episodes people close, which makes later requests separate
    - `hot`: an account for which no other may wait longer than `others_within` seconds
    """

    world: Mapping[str, Any]
    history: list[Reported]
    accepted: list[Row]
    mail: list[Row]
    pushed: list[Row]
    restores: list[Restore]
    databases: dict[str, Database]
    topics: dict[str, list[Record]]
    committed: dict[str, dict[Place, int]]
    computed: dict[str, Any] = field(default_factory=dict)

    @property
    def desk(self) -> str:
        return str(self.world["desk"])

    @property
    def prefix(self) -> str:
        return str(self.world["prefix"])

    def listens(self, service: str) -> Sequence[str]:
        topics: Sequence[str] = self.world["listens"][service]
        return topics

    def inbound(self, service: str) -> Sequence[str]:
        """The topics of a service to which the publishers of the history write."""
        return [topic for topic in self.listens(service) if ".inbound." in topic]

    def rows(self, service: str, table: str) -> list[Row]:
        return self.databases[service].tables[table]

    def walks(self, account: str) -> bool:
        """Whether the account is replayed fact by fact, and not only judged by its final state."""
        judged_in_the_end = self.world.get("judged_in_the_end", ())
        return judged_in_the_end != "all" and account not in judged_in_the_end

    def reported(self) -> dict[datetime, Reported]:
        """Every event of the history by its time."""
        return {event.at: event for event in self.history}

    def attempts(self) -> Iterator[tuple[Mapping[str, Any], Row]]:
        """Each attempt to deliver, with its row of the journal. Other facts about deliveries and addresses are left
        out."""
        for row in self.databases["escalation"].journal("delivery"):
            if row["type"] == _ATTEMPTED:
                yield payload(row), row

    def first_attempts(self) -> dict[UUID, datetime]:
        """By delivery, when the first attempt was recorded."""
        return {UUID(one["delivery"]): row["at"] for one, row in self.attempts() if one["attempt"] == 1}

    def restores_of(self, service: str) -> list[Restore]:
        return [restore for restore in self.restores if restore.service == service]

    def logical(self, topic: str) -> str:
        return topic.removeprefix(self.prefix)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def payload(row: Row, column: str = "body") -> Mapping[str, Any]:
    """A column that holds JSON bytes."""
    value: Mapping[str, Any] = json.loads(row[column])
    return value


def header(row: Row, name: str) -> str:
    """A header of an outbox row."""
    headers: dict[str, str] = dict(json.loads(row["headers"]))
    return headers[name]
