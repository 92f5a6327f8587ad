"""The effects of a replayed batch: timers are kept for the replay, events are not published."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.escalation.replaying.timers import Timers
from shared.contracts.envelope import Envelope, Fact
from shared.timers import TimerSetting, timer_id


@dataclass(slots=True)
class BatchEffects:
    """Takes what `write_effects` writes. Within a batch the last setting of a timer counts, as in a transaction.

    `rejected` are refused events by source and id, with the code of each.
    """

    now: datetime
    observed: list[object] = field(default_factory=list)
    rejected: dict[tuple[str, str], str] = field(default_factory=dict)
    hurried: list[str] = field(default_factory=list)
    _set: dict[UUID, TimerSetting] = field(default_factory=dict)
    _cancelled: set[UUID] = field(default_factory=set)

    def publish(self, fact: Fact, *, cause: Envelope[Fact], time: datetime, discriminator: object) -> None:
        """A replay publishes nothing."""

    def set_timer(
        self,
        fact: Fact,
        *,
        cause: Envelope[Fact],
        due_at: datetime,
        awaits: str | None = None,
        made_of_silence: bool = False,
    ) -> None:
        body = fact.model_dump_json()
        id = timer_id(fact, cause.subject, body)
        self._cancelled.discard(id)
        self._set[id] = TimerSetting(id, fact, body, cause.subject, due_at, cause.traceparent, awaits, made_of_silence)

    def set_timer_of(self, subject: str, fact: Fact, *, due_at: datetime) -> None:
        """Set a timer of an account, as a transaction about a person does."""
        body = fact.model_dump_json()
        id = timer_id(fact, subject, body)
        self._set[id] = TimerSetting(id, fact, body, subject, due_at)

    def cancel_timer(self, fact: Fact, subject: str) -> None:
        id = timer_id(fact, subject)
        self._set.pop(id, None)
        self._cancelled.add(id)

    def hurry_timers(self, awaited: str) -> None:
        self.hurried.append(awaited)

    def reject(self, event: Envelope[Fact], code: str, _reason: str) -> None:
        self.rejected[event.source, event.id] = code

    def settings(self, about: str) -> Iterator[TimerSetting]:
        """The timers that the batch set, of accounts or of salespeople."""
        return (setting for setting in self._set.values() if setting.fact.about == about)

    def forget(self, about: str) -> None:
        """Forget the timers that the batch set, of accounts or of salespeople."""
        self._set = {id: one for id, one in self._set.items() if one.fact.about != about}

    def apply_to(self, timers: Timers, about: str) -> None:
        """Set and cancel the timers. Those of another kind of subject are not this replay's."""
        for setting in self.settings(about):
            timers.set(setting, self.now)
        for id in self._cancelled:
            timers.cancel(id, self.now)
