"""An episode as it must be: its severity, its alerts with their causes, its acknowledger, and their deadline.

A refund request of a kind without a play is for information. Alone it is sent once to the first person on the ladder,
and no deadline runs; beside another signal it raises no alert.

Other episodes raise an alert for the first signal, when severity rises, when a refund or cancellation is requested,
for a new signal after the customer was reached, and when the customer contacts us again after an acknowledgement. These
alerts go to the responsible person. If no one responds in time, notify a person who has since taken the last person's
place, else the next on the ladder. After the desk, notify the desk again a few times. After that the episode is
exhausted, and any new trouble starts again with the first person on the ladder.

An acknowledger must reach the customer in time. A person who leaves passes on their episodes; an acknowledged one goes
to the other people at the step notified last. In these histories everyone is at work, and customers may be called, at
any time.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tests.faults.checker.evidence import Row, instant, payload
from tests.faults.checker.recipients import Directory, Ladder, LadderStep, came_instead, next_on

SEVERITIES = ("watch", "high", "critical")
REQUESTS = ("refund_requested", "cancellation_requested")
_BAD_CONTACTS = ("contact_dead_ended", "contact_repeated", "gone_quiet")
_NO_TROUBLE = {"order_cancelled", "refund_paid", "response_due"}
_UPWARD = ("step", "unredeemed", "not_mine", "unavailable")
_SELLER_WAIT = timedelta(minutes=15)


@dataclass(slots=True)
class Signal:
    """`order` is None while it waits for one; `ended` is None while it stands, else "cleared" or "withdrawn". `data` is
    that of the fact that it began with, with the amount reported last. `before`: the same signal as it had ended."""

    id: UUID
    account: str
    kind: str
    at: datetime
    fact: UUID
    case: str | None
    names: str | None
    awaits: bool
    data: Mapping[str, Any]
    order: str | None = None
    episode: UUID | None = None
    ended: str | None = None
    ended_at: datetime | None = None
    rang: bool = False
    before: "Signal | None" = None

    @property
    def was_merged(self) -> bool:
        """Whether it is a request that counted as the repetition of an earlier one until a late fact separated them."""
        before = self.before
        ended = before is not None and before.ended == "withdrawn" and before.episode == self.episode
        return ended and self.kind in REQUESTS


@dataclass(frozen=True, slots=True)
class Ring:
    """An alert that must exist: the nth of its episode, for a signal and a cause, to this rung of the ladder."""

    episode: UUID
    number: int
    signal: UUID
    cause: str
    severity: str
    at: datetime
    rung: LadderStep


@dataclass(frozen=True, slots=True)
class Sought:
    """An alert, or the choice of a responsible person, that waits until the seller is known. `had_it` is the
    acknowledger before it, `rung` the number of earlier alerts."""

    episode: UUID
    signal: UUID
    rings: bool
    cause: str
    until: datetime
    had_it: str | None = None
    rung: int | None = None


@dataclass(slots=True)
class Episode:
    """All open risk on one order."""

    id: UUID
    account: str
    order: str
    follows: UUID | None
    severity: str = "watch"
    rang: bool = False
    informs: bool = False
    rings: list[Ring] = field(default_factory=list)
    step: str | None = None
    responsible: str | None = None
    repeats: int = 0
    deadline_at: datetime | None = None
    deadline_for: str | None = None
    taken_at: datetime | None = None
    taken_by: str | None = None
    attempts: int = 0
    reached: bool = False
    exhausted_at: datetime | None = None
    closed_at: datetime | None = None
    seeking: list[Sought] = field(default_factory=list)
    quieted: list[datetime] = field(default_factory=list)

    def ask_nobody(self, now: datetime) -> None:
        """Only signals for information are left: the episode has no deadline and no acknowledger any more."""
        self.quieted.append(now)
        self.step, self.repeats, self.exhausted_at, self.rang = None, 0, None, False
        self.attempts, self.reached = 0, False
        self.deadline_at = self.deadline_for = self.taken_at = self.taken_by = None

    def ask_anew(self, cause: str) -> None:
        if self.exhausted_at is not None and cause not in _UPWARD:
            self.step, self.repeats, self.exhausted_at = None, 0, None
        self.rang, self.reached, self.attempts = True, False, 0
        self.deadline_at = self.deadline_for = self.taken_at = self.taken_by = None


@dataclass(slots=True)
class Desk:
    """Shared by all accounts of a run: the policy, the people, the alerts found, and the events and decisions required.

    If the rules allow several rungs (a seller who leaves in the meantime), the alert found chooses among them. `looks`
    counts the timers, set or fired, that wait for a late seller: they show whether the seller was known at a moment.
    """

    policy: Mapping[str, Any]
    directory: Directory
    alerts: Mapping[tuple[UUID, int], Row]
    looks: Counter["Sought"]
    published: list[tuple[str, UUID, UUID | None]] = field(default_factory=list)
    decided: list[tuple[str, UUID, UUID | None]] = field(default_factory=list)
    wrongs: list[str] = field(default_factory=list)

    def publish(self, kind: str, episode: Episode, signal: UUID | None = None) -> None:
        self.published.append((kind, episode.id, signal))

    def decide(self, rule: str, episode: Episode, signal: UUID | None = None) -> None:
        self.decided.append((rule, episode.id, signal))

    def informs(self, signal: Signal) -> bool:
        """Whether the signal is for information: a refund request of a kind without a play."""
        kind = signal.data.get("kind", "dissatisfaction")
        return signal.kind == "refund_requested" and kind not in self.policy["plays"]["refund_kinds"]

    def severity(self, signals: Sequence[Signal], amount: int, currency: str) -> str:
        """The severity of the most severe signal, one level more for each of three rises. Signals for information count
        only alone."""
        asking = [signal for signal in signals if not self.informs(signal)]
        if not asking:
            return SEVERITIES[0]
        rises, kinds = self.policy["rises"], {signal.kind for signal in asking}
        level = max(self.rank(signal.kind) for signal in asking)
        stakes = Counter[str]()
        for signal in asking:
            asked = signal.data.get("amount_minor") if signal.kind == "refund_requested" else None
            stakes[(signal.data.get("currency") or currency) if asked else currency] += asked or amount
        stakes[currency] = min(stakes[currency], amount)
        large = rises["large_amount"]
        level += any(known in large and stake >= large[known] for known, stake in stakes.items())
        level += len(kinds - _NO_TROUBLE) >= rises["many_signals"]
        level += rises["request_after_bad_contact"] and bool(kinds & set(REQUESTS) and kinds & set(_BAD_CONTACTS))
        return SEVERITIES[min(level, 2)]

    def rank(self, kind: str) -> int:
        return SEVERITIES.index(self.policy["signals"][kind]["severity"])

    def time_for(self, *path: str) -> timedelta:
        value: Any = self.policy
        for name in path:
            value = value[name]
        return timedelta(seconds=value)

    def find(self, episode: Episode, sought: Sought, sale: tuple[str | None, str | None], now: datetime) -> None:
        """Raise the alert, choose a responsible person, or wait for the seller."""
        seller, assigned = sale
        ladders: list[Ladder | None] = [*self.directory.ladders(seller, assigned, now)]
        if self.directory.comes_late(seller):
            late = self.directory.desk_instead() if now >= sought.until else None
            ladders += [late] if late is not None or self.looks[sought] else []
        choices = {self._choice(episode, ladder, sought) for ladder in ladders if ladder is not None}
        found = self.alerts.get((episode.id, len(episode.rings) + 1))
        if not sought.rings:
            episode.responsible = next(iter(choices))[1].person if choices and None not in ladders else None
        elif found is not None and found["raised_at"] == now and found["signal_id"] == sought.signal:
            rung = LadderStep(found["step"], found["recipient"], found["because"])
            fitting = [choice for choice in choices if choice[1] == rung]
            if not fitting:
                self.wrongs.append(f"alert {found['alert_id']} is for {rung} instead of one of {choices}")
            causes = {cause for cause, _ in fitting or choices} - {"exhausted"}
            self._ring(episode, sought, now, min(causes, default=sought.cause), rung)
        elif None in ladders:
            episode.seeking.append(sought)
            if sought.cause == "unavailable":
                episode.responsible = None
        elif choices and all(cause == "exhausted" for cause, _ in choices):
            self._exhaust(episode, now)
        else:
            self._ring(episode, sought, now, *min(choices, key=str))

    def _choice(self, episode: Episode, ladder: Ladder, sought: Sought) -> tuple[str, LadderStep]:
        if sought.cause not in _UPWARD and (episode.step or sought.had_it):
            rung = self._same(episode, ladder, sought.had_it) or next_on(ladder, None)
        elif episode.step is None:
            rung = next_on(ladder, None)
        else:
            before = {ring.rung.person for ring in episode.rings}
            if sought.cause == "unavailable" and sought.had_it is not None:
                before = {sought.had_it}
            rung = next(came_instead(ladder, episode.step, before), None) or next_on(ladder, episode.step)
        if rung is not None:
            return sought.cause, rung
        last = LadderStep(ladder[-1].step, ladder[-1].person, ladder[-1].because)
        again = episode.repeats < self.policy["ladder"]["repeats"]["times"]
        return ("repeat" if again else "exhausted"), last

    def _same(self, episode: Episode, ladder: Ladder, had_it: str | None) -> LadderStep | None:
        """The responsible person; or the previous acknowledger if the ladder has changed and does not list them any
        more."""
        own = [one for one in ladder if one.person == episode.responsible]
        if not own and had_it is not None and self.directory.works(had_it):
            return LadderStep("colleague", had_it, "took_it")
        return next((one for one in own if one.stands), None)

    def _ring(self, episode: Episode, sought: Sought, now: datetime, cause: str, rung: LadderStep) -> None:
        place = episode.step if rung.step == "colleague" else rung.step
        if cause == "repeat":
            first, longest = (self.time_for("ladder", "repeats", name) for name in ("first", "longest"))
            within = min(first * 2**episode.repeats, longest)
            episode.repeats += 1
        else:
            within = self.time_for("ladder", episode.severity, place or "seller")
        episode.responsible = rung.person
        if not episode.informs:
            episode.deadline_at, episode.deadline_for, episode.step = now + within, "answer", place
        number = len(episode.rings) + 1
        episode.rings.append(Ring(episode.id, number, sought.signal, cause, episode.severity, now, rung))
        self.decide("rang", episode, sought.signal)
        self.publish("alert_raised", episode, sought.signal)

    def _exhaust(self, episode: Episode, now: datetime) -> None:
        episode.exhausted_at, episode.deadline_at, episode.deadline_for = now, None, None
        self.publish("episode_exhausted", episode)

    def sought(self, episode: Episode, signal: UUID, cause: str, now: datetime, *, rings: bool = True) -> Sought:
        return Sought(episode.id, signal, rings, cause, now + _SELLER_WAIT, episode.taken_by, len(episode.rings))


def sought_of(row: Row) -> Sought:
    """The search that a timer stands for, whether it is set or has fired."""
    said = payload(row)
    until = instant(said["until"])
    about = UUID(said["episode"]), UUID(said["signal"])
    return Sought(*about, said["rings"], said["cause"], until, said.get("had_it"), said.get("rung"))
