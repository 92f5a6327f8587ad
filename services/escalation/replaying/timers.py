"""The timers of a replay: set anew by its decisions, and fired when the service fired them, else when they fall due."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import TypeAlias
from uuid import UUID

from services.escalation.replaying.journaled import LAST, Journaled, Place
from shared.contracts.envelope import Envelope, Fact
from shared.timers import TimerSetting, fired_event

NextHurry: TypeAlias = Callable[[str, datetime], datetime | None]
"""When the timers that await this lock key are hurried next, after an instant."""

_LATE = timedelta(milliseconds=250)
"""A timer that only the replay fires is as late as the service's: it looks for due timers four times a second."""
_Key: TypeAlias = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Fired:
    """A timer that fired: its event, at a place of the replay."""

    place: Place
    event: Envelope[Fact]


@dataclass(frozen=True, slots=True)
class _Firing:
    """Where a timer is going to fire, and for which due time; `event` is the journal's."""

    place: Place
    due_at: datetime
    event: Envelope[Fact] | None = None


@dataclass(slots=True)
class Unfired:
    """The timers that the service set and never fired, by id and due time: it cancelled or moved them first, because it
    was behind, or the journal ends. The value is when it did so; None: never.

    `trusted_since` is from when the replay decides as the service did, so that its timers are the service's.
    """

    trusted_since: datetime
    let_go: dict[tuple[UUID, datetime], datetime | None] = field(default_factory=dict)


@dataclass(slots=True)
class Timers:
    """Pending timers by id. `fired` are the journal's, by type, subject and body.

    The journal knows when each timer of the service fired, which is later than its due time. A timer with the same due
    time fires then, with the same batch. One that the service never fired waits until the service let go of it. Any
    other timer, which only the other policy sets, fires at its due time.
    """

    fired: Mapping[_Key, Mapping[datetime, Journaled]]
    next_hurry: NextHurry
    unfired: Unfired
    is_as_it_was: bool = True
    """Whether this is the replay of what the service did: it notes in `unfired` what others look up."""
    pending: dict[UUID, TimerSetting] = field(default_factory=dict)
    _firings: dict[UUID, _Firing] = field(default_factory=dict)
    _queue: list[tuple[Place, UUID]] = field(default_factory=list)
    _ids: set[str] = field(default_factory=set)

    @property
    def next_now(self) -> datetime | None:
        """When the next timer fires."""
        while self._queue:
            place, id = self._queue[0]
            firing = self._firings.get(id)
            if firing is not None and firing.place == place:
                return place.now
            heappop(self._queue)
        return None

    def claim(self, now: datetime) -> list[Fired]:
        """Take the timers that fire at this instant."""
        claimed = list[Fired]()
        while self.next_now == now:
            _, id = heappop(self._queue)
            setting, firing = self.pending.pop(id), self._firings.pop(id)
            event = firing.event or _event(setting, firing.due_at)
            if event.id not in self._ids:  # an event counts once
                self._ids.add(event.id)
                claimed.append(Fired(firing.place, event))
        return claimed

    def set(self, setting: TimerSetting, now: datetime) -> None:
        """Keep a timer that a batch of this instant set. The latest decision counts, as it does in the database."""
        known = self.pending.get(setting.id)
        if known is not None:
            self._let_go(known, now)
            setting = replace(setting, traceparent=known.traceparent)
        self.pending[setting.id] = setting
        firing = self._firing(setting, now)
        if firing is None:
            self._firings.pop(setting.id, None)
            return
        self._firings[setting.id] = firing
        heappush(self._queue, (firing.place, setting.id))

    def cancel(self, id: UUID, now: datetime) -> None:
        known = self.pending.pop(id, None)
        if known is not None:
            self._let_go(known, now)
        self._firings.pop(id, None)

    def _let_go(self, setting: TimerSetting, now: datetime) -> None:
        """Note that the service did not fire this timer."""
        if self.is_as_it_was and setting.id not in self._firings:
            self.unfired.let_go[setting.id, setting.due_at] = now

    def _firing(self, setting: TimerSetting, now: datetime) -> _Firing | None:
        """Where a timer fires; None: nowhere, as far as the journal goes."""
        due_at = setting.due_at
        known = self._in_journal(setting, now)
        if known is not None:
            return _Firing(known.place, known.event.time, known.event)
        if self.is_as_it_was and due_at >= self.unfired.trusted_since:
            self.unfired.let_go[setting.id, due_at] = None
            return None
        let_go = self.unfired.let_go.get((setting.id, due_at), due_at)
        if let_go is None:
            return None
        hurried_at = self.next_hurry(setting.awaits, now) if setting.awaits is not None else None
        due_at = due_at if hurried_at is None else min(due_at, hurried_at)
        at = max(due_at, now, let_go if hurried_at is None else due_at) + _LATE
        return _Firing(Place(at, LAST), due_at)

    def _in_journal(self, setting: TimerSetting, now: datetime) -> Journaled | None:
        """The same timer in the journal: with the same due time, or hurried since."""
        fired = self.fired.get((setting.fact.type, setting.subject, setting.body), {})
        same = fired.get(setting.due_at)
        if same is not None and same.place.now > now:
            return same
        if setting.awaits is None:
            return None
        hurried = (one for at, one in sorted(fired.items()) if at < setting.due_at and one.place.now > now)
        return next(hurried, None)


def _event(setting: TimerSetting, due_at: datetime) -> Envelope[Fact]:
    """The event of a timer that only the replay fires."""
    return fired_event(setting.id, setting.fact, setting.subject, due_at, "escalation", setting.traceparent)


def by_timer(inputs: Iterable[Journaled]) -> Mapping[_Key, Mapping[datetime, Journaled]]:
    """The timers among these inputs that a replay sets itself, by what identifies them and by their due time."""
    found: dict[_Key, dict[datetime, Journaled]] = defaultdict(dict)
    for one in inputs:
        if one.is_made_anew:
            fact = one.event.data
            found[fact.type, one.event.subject, fact.model_dump_json()][one.event.time] = one
    return found
