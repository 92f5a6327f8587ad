"""An account's episodes: their signals, alerts, acknowledgements and ends.

`rescuing` says who is notified, and when. Start at `Episodes.join`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID

from tests.faults.checker.facts import derived
from tests.faults.checker.rescuing import REQUESTS, SEVERITIES, Desk, Episode, Signal, Sought
from tests.faults.checker.sales import Sales

_ALWAYS = (*REQUESTS, "seller_requested")
"""Kinds of signals that notify even after an acknowledgement."""
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Episodes:
    """By order, open and closed. `signals` are the account's, `now` is the time of the last step."""

    account: str
    desk: Desk
    sales: Sales
    signals: dict[UUID, Signal] = field(default_factory=dict)
    open: dict[str, Episode] = field(default_factory=dict)
    closed: dict[str, list[Episode]] = field(default_factory=dict)
    now: datetime = _NEVER

    def all(self) -> list[Episode]:
        return [*self.open.values(), *(one for many in self.closed.values() for one in many)]

    def named(self, id: UUID) -> Episode | None:
        return next((one for one in self.all() if one.id == id), None)

    def join(self, signal: Signal, order: str, leaving: Sequence[Signal]) -> None:
        """A signal joins its order's open episode or opens one. Signals about to end do not count."""
        episode, before = self.open.get(order), self.closed.get(order, [])
        is_new = episode is None
        if episode is None:
            follows = before[-1].id if before else None
            id = derived("episode", order, signal.id, *([follows] if follows else []))
            episode = self.open[order] = Episode(id, self.account, order, follows)
        signal.episode = episode.id
        self.desk.publish("episode_raised" if is_new else "episode_signalled", episode, signal.id)
        self.desk.decide("signal", episode, signal.id)
        lasting = [one for one in self._standing(episode) if one not in leaving]
        grave = self.desk.severity(lasting, self.sales.amounts[order], self.sales.currency(order))
        rose = is_new or SEVERITIES.index(grave) > SEVERITIES.index(episode.severity)
        if rose:
            episode.severity = grave
            if not is_new:
                self.desk.publish("severity_raised", episode, signal.id)
        moved = any((old.episode, old.kind, old.case) == (episode.id, signal.kind, signal.case) for old in leaving)
        moved |= signal.was_merged
        nobody_acts = episode.reached or episode.exhausted_at is not None
        quiet = self.desk.informs(signal) and not self.informs(episode)
        if _waits(episode) or (quiet and episode.responsible is not None):
            return
        if quiet:
            self._find(episode, self.desk.sought(episode, signal.id, "signal", self.now, rings=False))
        elif not episode.rang or ((nobody_acts or signal.kind in _ALWAYS) and (rose or not moved)):
            self.ring(episode, signal, "signal")
        elif rose:
            self.ring(episode, signal, "severity")
        elif episode.responsible is None:
            self._find(episode, self.desk.sought(episode, signal.id, "signal", self.now, rings=False))

    def weigh_again(self, order: str) -> None:
        """A changed amount may raise the severity of an open episode, which raises an alert."""
        episode = self.open.get(order)
        signal = self.weightiest(episode) if episode is not None else None
        if episode is None or signal is None:
            return
        if self.rise(episode, signal):
            if _waits(episode):
                return
            nobody_acts = not episode.rang or episode.reached or episode.exhausted_at is not None
            self.ring(episode, signal, "signal" if nobody_acts or signal.kind in _ALWAYS else "severity")

    def rise(self, episode: Episode, signal: Signal) -> bool:
        """Assess the severity again after this signal or the order changed. Return whether it went up."""
        order = episode.order
        grave = self.desk.severity(self._standing(episode), self.sales.amounts[order], self.sales.currency(order))
        rose = SEVERITIES.index(grave) > SEVERITIES.index(episode.severity)
        if rose:
            episode.severity = grave
            self.desk.publish("severity_raised", episode, signal.id)
        return rose

    def _standing(self, episode: Episode) -> list[Signal]:
        return [one for one in self.signals.values() if one.episode == episode.id and one.ended is None]

    def weightiest(self, episode: Episode) -> Signal | None:
        def weight(one: Signal) -> tuple[bool, bool, int, datetime, UUID]:
            asks = not self.desk.informs(one)
            return asks, one.kind in REQUESTS, self.desk.rank(one.kind), one.at, one.id

        return max(self._standing(episode), key=weight, default=None)

    def informs(self, episode: Episode) -> bool:
        """Whether all its remaining signals are for information."""
        return all(self.desk.informs(one) for one in self._standing(episode))

    def ring(self, episode: Episode, signal: Signal | None, cause: str) -> None:
        if signal is not None:
            signal.rang = True
            sought = self.desk.sought(episode, signal.id, cause, self.now)
            if not self.informs(episode):
                episode.ask_anew(cause)
            self._find(episode, sought)

    def _find(self, episode: Episode, sought: Sought) -> None:
        owner = self.sales.owner[1] if self.sales.owner else None
        episode.informs = self.informs(episode)
        self.desk.find(episode, sought, (self.sales.seller(episode.order), owner), self.now)

    def look_again(self, episode: Episode | None, sought: Sought) -> None:
        """A timer looks for the seller again."""
        if episode is None:
            return
        self.desk.looks[sought] -= 1
        episode.seeking = [one for one in episode.seeking if one != sought]
        quiet = self.desk.informs(self.signals[sought.signal]) and not self.informs(episode)
        rang_since = sought.rings and sought.rung not in (None, len(episode.rings))
        quiet = not self.informs(episode) and (quiet or rang_since)
        if episode.closed_at is None and episode.taken_at is None and not quiet:
            instead = self.weightiest(episode) if self.signals[sought.signal].ended is not None else None
            self._find(episode, replace(sought, signal=instead.id) if instead is not None else sought)

    def time_is_up(self, episode: Episode | None) -> None:
        """No response in time, or the acknowledger did not reach the customer."""
        if episode is None or episode.closed_at or episode.deadline_at is None or episode.deadline_at > self.now:
            return
        unredeemed = episode.deadline_for == "redeem"
        if unredeemed:
            self.desk.publish("acknowledgement_expired", episode)
        self.ring(episode, self.weightiest(episode), "unredeemed" if unredeemed else "step")

    def person_changed(self, person: str) -> None:
        """Episodes of a person who left pass on: the next person is notified, or made responsible if there was no
        alert."""
        if self.desk.directory.works(person):
            return
        for episode in sorted(self.open.values(), key=lambda one: one.id):
            if episode.responsible != person:
                continue
            if episode.rang and episode.exhausted_at is None:
                self.ring(episode, self.weightiest(episode), "unavailable")
            elif (signal := self.weightiest(episode)) is not None:
                self._find(episode, self.desk.sought(episode, signal.id, "signal", self.now, rings=False))

    def take(self, episode: Episode | None, by: str, calls_before: int) -> None:
        if episode is None:
            return
        if episode.taken_at is not None:
            if episode.taken_by != by:
                self.desk.wrongs.append(
                    f"{by} acknowledged episode {episode.id}, and was not refused although another person has it"
                )
            return
        episode.taken_at, episode.taken_by, episode.responsible = self.now, by, by
        episode.attempts, episode.reached, episode.repeats, episode.exhausted_at = 0, False, 0, None
        alone = self.desk.time_for("acknowledgement", "redeem_within", episode.severity)
        call, longest = (self.desk.time_for("acknowledgement", name) for name in ("call_takes", "longest_queue"))
        episode.deadline_at = self.now + alone + min(calls_before * call, longest)
        episode.deadline_for = "redeem"
        self.desk.publish("episode_acknowledged", episode)

    def end(self, signal: Signal, how: str, at: datetime) -> None:
        signal.ended, signal.ended_at, signal.awaits = how, at, False
        episode = self.open.get(signal.order or "")
        if episode is None or episode.id != signal.episode:
            return
        self.desk.publish(f"signal_{how}", episode, signal.id)
        self.desk.decide(how, episode, signal.id)
        if not self._standing(episode):
            episode.closed_at, episode.deadline_at, episode.deadline_for = self.now, None, None
            self.closed.setdefault(episode.order, []).append(self.open.pop(episode.order))
            self.desk.publish("episode_closed", episode)
            self.desk.decide("closed", episode)
        elif episode.rang and self.informs(episode):
            episode.ask_nobody(self.now)


def _waits(episode: Episode) -> bool:
    """Whether a first alert waits for the seller; it also covers the signals that join until then."""
    return episode.rang and not episode.rings
