"""Who should have been alerted, against who was. Start at `Recall.replay`, then `Recall.compare`.

The journal is replayed under the versions of the policy that counted. It says which signals there were, by event time,
and whom the rules wanted to alert; the stored alerts say who was alerted.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.escalation.domain.calendar import company_calendar
from services.escalation.domain.deliveries import BESIDE_THE_LADDER
from services.escalation.domain.detections.detection import Detection
from services.escalation.domain.detections.thresholds import Thresholds
from services.escalation.domain.draft import Draft
from services.escalation.domain.entities import Alert, DeadlineFor, Episode, Signal, SignalEnd
from services.escalation.domain.installation import Installation
from services.escalation.domain.policy.signal_rules import Signals
from services.escalation.domain.policy.versions import Policies
from services.escalation.domain.signals.find import detections
from services.escalation.handlers.apply import Effects, write_all_but_decisions
from services.escalation.replaying.accounts import AccountReplay, Course
from services.escalation.replaying.causes import AWAITED_WORDS, WORDS, Awaited, Cause, first_of
from services.escalation.replaying.directory import replay_directory
from services.escalation.replaying.journaled import Journaled
from services.escalation.replaying.timeline import Timeline
from services.escalation.replaying.timers import Unfired
from services.escalation.replaying.trail import Noted, Trail
from shared.contracts.escalation import SignalKind

MOST_LISTED: Final = 200
"""At most so many unexplained differences are kept; their number is counted in full."""


@dataclass(frozen=True, slots=True)
class RecallTerms:
    """What is looked at: signals first known from `since` until `until`, under these versions. From `trusted_since` on
    the rules of this release decided."""

    policies: Policies
    installation: Installation
    since: datetime
    until: datetime
    trusted_since: datetime


@dataclass(frozen=True, slots=True)
class StoredAlert:
    """An alert as stored: its recipient, and the state and the list of each of its messages."""

    recipient: str
    messages: tuple[tuple[str, UUID | None], ...]

    @property
    def undelivered_because(self) -> Cause | None:
        """Why no message of it was sent, if so."""
        states = {state for state, _ in self.messages}
        if "sent" in states:
            return None
        if states <= {"skipped"}:
            return Cause.NO_CHANNEL
        return Cause.STORM if any(list_id is not None for _, list_id in self.messages) else None


@dataclass(frozen=True, slots=True)
class Difference:
    """A person who should have been alerted of a signal, and was not, or did not respond. `person` is None where nobody
    is known to look after the customer, `order_id` where the sale is not known. `awaited` is set if the cause is
    `WAITING`."""

    account_id: str
    order_id: str | None
    kind: SignalKind
    at: datetime
    person: str | None
    cause: Cause
    awaited: Awaited | None = None

    @property
    def words(self) -> str:
        """Why, in words."""
        return AWAITED_WORDS[self.awaited] if self.awaited is not None else WORDS[self.cause]


@dataclass(slots=True)
class Replayed:
    """One account after its replay."""

    replay: AccountReplay
    trail: Trail

    @property
    def episodes(self) -> Collection[UUID]:
        return self.replay.state.episodes.keys()


@dataclass(slots=True)
class Recall:
    """Looks at account after account, and keeps counts and what is unexplained. `expected` counts the alerts that there
    should have been, `responded` those with a response."""

    terms: RecallTerms
    expected: int = 0
    responded: int = 0
    causes: Counter[Cause] = field(default_factory=Counter)
    unexplained: list[Difference] = field(default_factory=list)
    _course: Course = field(init=False)
    _everything: Thresholds = field(init=False)

    def __post_init__(self) -> None:
        policy = self.terms.policies.latest.policy
        on = {kind.value: policy.signals.of(kind).model_copy(update={"enabled": True}) for kind in SignalKind}
        signals: Signals = policy.signals.model_copy(update=on)
        self._everything = Thresholds(signals, company_calendar(policy.company), policy.statuses)
        self._course = Course(Timeline(self.terms.policies), self.terms.installation, self.terms.until)

    def add_unread(self, *, dead_letters: int, erased: int) -> None:
        """Count inputs that nobody can be alerted about: their contents are not known to the rules."""
        self.expected += dead_letters + erased
        self.causes.update({Cause.DEAD_LETTERED: dead_letters, Cause.ERASED: erased})

    def replay_directory(self, shared: Sequence[Journaled]) -> None:
        """Replay what all accounts share, first."""
        terms = self.terms
        unfired = Unfired(terms.trusted_since)
        replay_directory(shared, self._course.timeline, terms.installation, terms.until, unfired)

    def replay(self, inputs: Sequence[Journaled]) -> Replayed:
        """Replay one account: all its inputs, in the order of their places."""
        trail = Trail()

        def write(effects: Effects, draft: Draft[Any]) -> None:
            write_all_but_decisions(effects, draft)
            trail.note(draft)

        self._course.write = write
        replay = AccountReplay(inputs[0].event.subject, self._course, Unfired(self.terms.trusted_since))
        replay.run(inputs)
        return Replayed(replay, trail)

    def compare(self, one: Replayed, stored: Mapping[UUID, StoredAlert], *, is_whole: bool = True) -> list[Difference]:
        """The differences of an account, each with its cause. `stored` are its alerts, by id.

        If its journal is not whole, the missing inputs may explain the rest.
        """
        found = [*self._of_signals(one, stored), *self._left_out(one)]
        if not is_whole:
            found = [replace(it, cause=Cause.ERASED) if it.cause is Cause.UNEXPLAINED else it for it in found]
        self.causes.update(difference.cause for difference in found)
        new = [difference for difference in found if difference.cause is Cause.UNEXPLAINED]
        self.unexplained += new[: MOST_LISTED - len(self.unexplained)]
        return found

    def _of_signals(self, one: Replayed, stored: Mapping[UUID, StoredAlert]) -> Iterator[Difference]:
        for signal in one.replay.state.signals.values():
            if signal.ended is SignalEnd.WITHDRAWN or signal.seen_at < self.terms.since:
                continue
            noted = one.trail.signals.get(signal.signal_id, Noted())
            for alert in noted.alerts:
                holding = self._of_alert(one, signal, alert, stored)
                yield from self._judged(one, signal, alert.recipient, holding, Awaited.RESPONSE)
            if not any(alert.recipient == noted.holder for alert in noted.alerts):
                awaited = Awaited.ORDER if signal.episode_id is None else Awaited.SELLER
                yield from self._judged(one, signal, noted.holder, self._not_wanted(noted, signal), awaited)

    def _judged(
        self, one: Replayed, signal: Signal, person: str | None, holding: set[Cause] | None, awaited: Awaited
    ) -> Iterator[Difference]:
        self.expected += 1
        if holding is None:
            self.responded += 1
            return
        if signal.seen_at < self.terms.trusted_since:
            holding.add(Cause.OLDER_RULES)
        episode = one.replay.state.episodes.get(signal.episode_id) if signal.episode_id is not None else None
        order_id = episode.order_id if episode is not None else signal.names_order
        cause = first_of(holding)
        waits_for = awaited if cause is Cause.WAITING else None
        yield Difference(signal.account_id, order_id, signal.kind, signal.at, person, cause, waits_for)

    def _of_alert(
        self, one: Replayed, signal: Signal, alert: Alert, stored: Mapping[UUID, StoredAlert]
    ) -> set[Cause] | None:
        """The causes that hold for an alert that the rules want; None if its recipient responded to it."""
        made, noted = stored.get(alert.alert_id), one.trail.signals[signal.signal_id]
        if made is None or made.recipient != alert.recipient:
            instead = noted.kept.get(made.recipient) if made is not None else None
            return {Cause.NO_CHANNEL} if instead is Cause.NO_CHANNEL else set()
        responded_at = one.trail.responses.get((alert.episode_id, alert.recipient))
        if responded_at is not None and responded_at >= alert.raised_at:
            return None
        episode = one.replay.state.episodes[alert.episode_id]
        holding = {Cause.NOT_ACKNOWLEDGED} | (noted.holding & {Cause.MUST_NOT_BE_CONTACTED})
        if made.undelivered_because is not None:
            holding.add(made.undelivered_because)
        if signal.ended is not None or (episode.closed_at is not None and episode.closed_by is None):
            holding.add(Cause.ENDED_FIRST)
        if self._is_due_later(one, episode, alert):
            holding.add(Cause.WAITING)
        return holding

    def _is_due_later(self, one: Replayed, episode: Episode, alert: Alert) -> bool:
        """Whether the time of the recipient still runs. The next person of the episode gets a new time: a missing
        response and a later alert to another person each end it."""
        if episode.deadline_for is not DeadlineFor.ANSWER or episode.deadline_at is None:
            return False
        missing_at = one.trail.missing.get((alert.episode_id, alert.recipient))
        later = (
            other
            for other in one.replay.alerts.values()
            if other.episode_id == alert.episode_id and other.ring > alert.ring and other.cause not in BESIDE_THE_LADDER
        )
        return (
            episode.deadline_at > self.terms.until
            and (missing_at is None or missing_at < alert.raised_at)
            and all(other.recipient == alert.recipient for other in later)
        )

    def _not_wanted(self, noted: Noted, signal: Signal) -> set[Cause]:
        """Why the rules did not want to alert the person who looks after the customer."""
        holding = noted.holding - {Cause.MUST_NOT_BE_CONTACTED}
        if noted.holder in noted.kept:
            holding.add(noted.kept[noted.holder])
        if signal.ended_at is not None and signal.ended_at <= signal.seen_at:
            holding.add(Cause.REPORTED_LATE)
        if signal.episode_id is None:
            holding.add(Cause.WAITING if signal.order_awaited_until is not None else Cause.NO_SALE)
        elif noted.holder is None:
            holding.add(Cause.SELLER_UNKNOWN)
        if signal.ended is not None:
            holding.add(Cause.ENDED_FIRST)
        return holding

    def _left_out(self, one: Replayed) -> Iterator[Difference]:
        """The signals that today's policy would find with every kind switched on, and that there never were."""
        state = one.replay.state
        for detection in detections(state.history, lambda _at: self._everything):
            known = state.signals.get(detection.signal_id)
            if (known is not None and known.ended is not SignalEnd.WITHDRAWN) or not self._counts(detection):
                continue
            self.expected += 1
            cause = first_of(self._why_left_out(detection))
            account, order = detection.cause.account_id, detection.names_order
            yield Difference(account, order, detection.kind, detection.at, None, cause)

    def _why_left_out(self, detection: Detection) -> set[Cause]:
        policies = self.terms.policies
        then, today = (one.policy.signals.of(detection.kind) for one in (policies.at(detection.at), policies.latest))
        holding = {Cause.REPORTED_LATE} if detection.cleared_by is not None else set()
        if not then.enabled:
            holding.add(Cause.SWITCHED_OFF)
        elif then != today:
            holding.add(Cause.BELOW_THRESHOLD)
        return holding

    def _counts(self, detection: Detection) -> bool:
        return self.terms.since <= detection.at <= self.terms.until and not detection.waits
