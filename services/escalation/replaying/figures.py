"""The figures of one replay: notifications a day, signals, and what was notified before which outcome."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from math import ceil
from typing import Final
from zoneinfo import ZoneInfo

from services.escalation.domain.entities import Alert
from services.escalation.replaying.accounts import AccountReplay
from services.escalation.replaying.outcomes import Ending, Outcome
from shared.contracts.escalation import RingCause, SignalKind


class Sort(StrEnum):
    """Sorts of notifications: the first of a trouble, a later step of the escalation path, or a reminder."""

    FIRST = "first_notifications"
    LATER = "later_steps"
    REMINDER = "reminders"


SORTS: Final[Mapping[RingCause, Sort]] = {
    RingCause.SIGNAL: Sort.FIRST,
    RingCause.SEVERITY: Sort.FIRST,
    RingCause.CONTACT: Sort.FIRST,
    RingCause.STEP: Sort.LATER,
    RingCause.UNREDEEMED: Sort.LATER,
    RingCause.NOT_MINE: Sort.LATER,
    RingCause.UNAVAILABLE: Sort.LATER,
    RingCause.REPEAT: Sort.LATER,
}
"""Every other cause is a reminder, or asks a colleague."""


@dataclass(frozen=True, slots=True)
class NotifiedEpisode:
    """An episode with a notification: from its first notification until it was closed."""

    episode_id: str
    order_id: str
    account_id: str
    kind: SignalKind
    since: datetime
    until: datetime | None

    def overlaps(self, other: "NotifiedEpisode") -> bool:
        """Whether both are of one order and were open at one time."""
        ends_before = self.until is not None and self.until < other.since
        begins_after = other.until is not None and other.until < self.since
        return self.order_id == other.order_id and not ends_before and not begins_after


@dataclass(slots=True)
class Figures:
    """The counts of one replay since an instant. `per_day` counts the notifications of a person on a day of the
    company, by sort; `on_outcomes` the first ones, by the outcome of the order."""

    since: datetime
    zone: ZoneInfo
    per_day: dict[Sort, Counter[tuple[str, date]]] = field(default_factory=lambda: {one: Counter() for one in Sort})
    signals: Counter[SignalKind] = field(default_factory=Counter)
    episodes: int = 0
    on_outcomes: Counter[Ending] = field(default_factory=Counter)
    without_outcome: int = 0

    def add(self, replay: AccountReplay, outcomes: Mapping[str, Outcome]) -> list[NotifiedEpisode]:
        """Add an account that was replayed. Return its episodes with a notification."""
        self.signals.update(one.kind for one in replay.state.signals.values() if one.seen_at >= self.since)
        self.episodes += sum(one.raised_at >= self.since for one in replay.state.episodes.values())
        first: dict[str, Alert] = {}
        for alert in replay.alerts.values():
            if alert.raised_at < self.since:
                continue
            sort = SORTS.get(alert.cause, Sort.REMINDER)
            day = alert.raised_at.astimezone(self.zone).date()
            self.per_day[sort][alert.recipient, day] += 1
            if sort is Sort.FIRST:
                self._count_outcome(outcomes.get(replay.state.episodes[alert.episode_id].order_id))
                known = first.setdefault(str(alert.episode_id), alert)
                first[str(alert.episode_id)] = min(known, alert, key=lambda one: one.raised_at)
        return [_notified(replay, alert) for alert in first.values()]

    def _count_outcome(self, outcome: Outcome | None) -> None:
        if outcome is None:
            self.without_outcome += 1
        else:
            self.on_outcomes[outcome.ending] += 1


def _notified(replay: AccountReplay, alert: Alert) -> NotifiedEpisode:
    episode, kind = replay.state.episodes[alert.episode_id], replay.state.signals[alert.signal_id].kind
    return NotifiedEpisode(
        str(alert.episode_id), episode.order_id, episode.account_id, kind, alert.raised_at, episode.closed_at
    )


@dataclass(frozen=True, slots=True)
class Spread:
    """The distribution of counts; all zero without any."""

    median: float = 0
    p95: float = 0
    max: float = 0
    total: float = 0

    @classmethod
    def of(cls, counts: Sequence[float]) -> "Spread":
        """By the nearest rank: each figure is one of the counts."""
        if not counts:
            return cls()
        ordered = sorted(counts)
        return cls(_rank(ordered, 0.5), _rank(ordered, 0.95), ordered[-1], sum(ordered))


def _rank(ordered: Sequence[float], part: float) -> float:
    return ordered[max(0, ceil(part * len(ordered)) - 1)]


def spreads(
    counts: Mapping[tuple[str, date], int], days: Iterable[tuple[str, date]], desk: str
) -> tuple[Spread, Spread]:
    """A day's count of one person, among salespeople and for the desk.

    `days` are the days of a person on which any of the compared replays notified them, so both are spread over the same
    days.
    """
    own, of_desk = list[float](), list[float]()
    for one in days:
        (of_desk if one[0] == desk else own).append(counts.get(one, 0))
    return Spread.of(own), Spread.of(of_desk)


def hours(span: timedelta) -> float:
    """A span in hours, to a tenth."""
    return round(span.total_seconds() / 3600, 1)
