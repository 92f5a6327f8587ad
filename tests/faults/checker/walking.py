"""An independent implementation of escalation's rules. Start at `Account.receive`.

Events of an account are replayed in the order of escalation's journal; their content comes from the history alone. Each
fact is remembered. Then the stored signals are compared with the detections from all facts (see `findings`): new
detections are raised, missing ones withdrawn, ended ones cleared. A signal made of silence is raised when its timer
fires.

A signal belongs to the order it names, else to the one its case names. While that order is unknown the signal waits,
until a timer ends the wait. After that, or if no order is named, it belongs to the account's latest order sold at or
before it, ties by the highest id; orders that a person sold within the two years before it come first. Without an order
a signal waits indefinitely, and matches once an order arrives or its case names one. Waiting signals are matched in the
order of event times. A match is final.

All signals of an order form one episode (see `ringing`) until none stands. Then the episode closes, and the next signal
opens another.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from tests.faults.checker.evidence import Reported, Row
from tests.faults.checker.facts import Fact, facts_of, lines_of
from tests.faults.checker.finding import Finding
from tests.faults.checker.findings import findings
from tests.faults.checker.rescuing import Desk, Episode, Signal
from tests.faults.checker.ringing import Episodes
from tests.faults.checker.sales import Sales

_ANSWERS = ("response_due", "response_overdue")
_SAME_TRY = timedelta(minutes=10)


class Account:
    """One account in the state that escalation must have."""

    def __init__(self, id: str, desk: Desk) -> None:
        self.id = id
        self.desk = desk
        self.sales = Sales()
        self.episodes = Episodes(id, desk, self.sales)
        self.signals = self.episodes.signals
        self.case_orders = dict[str, str | None]()
        self.facts = dict[UUID, Fact]()

    def receive(self, event: Reported, row: Row) -> None:
        """A fact that orders or support published."""
        order, known = str(event.data.get("order")), self.sales.orders
        if event.kind in ("order_delivered", "order_changed") and event.data.get("lines") and order in known:
            lines = lines_of(known[order])
            self.facts.setdefault(lines.id, lines)
        self._take_over(event)
        self._note(facts_of(event, row))
        changes = event.kind == "order_changed" and "amount_minor" in event.data and order in known
        if changes and self.sales.change_amount(order, event):
            self.episodes.weigh_again(order)

    def _take_over(self, event: Reported) -> None:
        if event.kind == "case_opened":
            self._open_case(str(event.data["case"]), event.data.get("order"))
        elif self.sales.take_over(event):
            for signal in self._waiting():
                self._match(signal)

    def _open_case(self, case: str, order: str | None) -> None:
        if self.case_orders.get(case) is not None:
            return
        self.case_orders[case] = order
        for signal in self._waiting() if order else ():
            if signal.case == case and signal.names is None:
                signal.names, signal.awaits = order, True
                self._match(signal)

    def _note(self, reported: Iterable[Fact]) -> None:
        """Facts count first for the acknowledger, then once for the signals; then a contact may raise another alert."""
        facts = [fact for fact in reported if fact.id not in self.facts]
        self.facts |= {fact.id: fact for fact in facts}
        contact = next((fact for fact in facts if fact.kind in ("contact", "customer_reached")), None)
        if contact is not None:
            for episode in self._concerned(contact):
                self._follow(episode, contact)
        if facts:
            self._compare(facts[0])
        if contact is not None:
            self._ring_on_contact(contact)

    def _ring_on_contact(self, contact: Fact) -> None:
        for episode in self._concerned(contact):
            since = episode.taken_at or episode.exhausted_at
            tries = contact.inbound and since is not None and contact.at > since and not self.episodes.informs(episode)
            if tries and not self._proves(episode, contact):
                self.episodes.ring(episode, self.episodes.weightiest(episode), "contact")

    def _concerned(self, fact: Fact) -> list[Episode]:
        names = (fact.order, self.case_orders.get(fact.case or ""))
        named = next((name for name in names if name in self.sales.orders), None)
        concerned = [one for one in self.episodes.open.values() if named in (None, one.order)]
        return sorted(concerned, key=lambda one: one.id)

    def _proves(self, episode: Episode, fact: Fact) -> bool:
        late = episode.taken_at is not None and fact.at > episode.taken_at
        return late and fact.data.get("agent") == episode.taken_by and fact.two_way

    def _follow(self, episode: Episode, fact: Fact) -> None:
        if episode.taken_at is None or fact.at <= episode.taken_at or fact.data.get("agent") != episode.taken_by:
            return
        if fact.two_way:
            if not episode.reached:
                episode.reached, episode.deadline_at, episode.deadline_for = True, None, None
                self.desk.publish("customer_reached", episode)
        elif fact.tried and not self._tried_before(episode, fact):
            episode.attempts += 1
            counts = episode.attempts <= self.desk.policy["acknowledgement"]["attempts"]
            if counts and episode.deadline_for == "redeem" and episode.deadline_at is not None:
                later = self.episodes.now + self.desk.time_for("acknowledgement", "attempt_extends")
                episode.deadline_at = max(episode.deadline_at, later)

    def _tried_before(self, episode: Episode, fact: Fact) -> bool:
        """Whether the attempt was reported before: by the same person, about the same order, at most minutes apart."""
        others = [one for one in self.facts.values() if one.tried and one.id != fact.id]
        taken_at = episode.taken_at or self.episodes.now
        mine = [one for one in others if one.at > taken_at and one.data.get("agent") == episode.taken_by]
        return any(abs(one.at - fact.at) <= _SAME_TRY and episode in self._concerned(one) for one in mine)

    def findings(self) -> list[Finding]:
        policy = self.desk.policy
        return findings(self.id, self.facts.values(), {**policy["signals"], "statuses": policy["statuses"]})

    def _compare(self, fact: Fact) -> None:
        found = self.findings()
        due = [one for one in found if not one.expected or one.at <= self.episodes.now or self._was_due(one)]
        by_id = {one.id: one for one in due}
        standing = [one for one in self.signals.values() if one.ended is None]
        leaving = [one for one in standing if one.id not in by_id or by_id[one.id].cleared is not None]
        for one in found:
            moved = any(one.about == (old.kind, old.case, old.names) and one.at <= old.at for old in leaving)
            if (moved or not one.expected) and one.stands(self.episodes.now) and not self._kept(one):
                self._admit(one, leaving)
        for signal in standing:
            now = by_id.get(signal.id)
            if now is None:
                self.episodes.end(signal, "withdrawn", fact.at)
            elif now.cleared is not None:
                self.episodes.end(signal, "cleared", now.cleared.at)
            else:
                signal.at, signal.data = now.at, now.says
        for finding in found:
            if any(again.id == fact.id for again in finding.again):
                self._ask_again(fact, finding)

    def _ask_again(self, fact: Fact, finding: Finding) -> None:
        """A repeated request raises an alert, and perhaps the severity, if it states something that no other of its
        requests states."""
        signal = self.signals.get(finding.id)
        episode = self.episodes.open.get(signal.order or "") if signal is not None and signal.ended is None else None
        if signal is None or episode is None or episode.id != signal.episode:
            return
        others = [one.said for one in (finding.cause, *finding.again) if one.id != fact.id]
        if any(value not in [said.get(name) for said in others] for name, value in fact.said.items()):
            self.episodes.rise(episode, signal)
            self.episodes.ring(episode, signal, "contact")

    def _was_due(self, finding: Finding) -> bool:
        """Whether a silence was already too long: moving the clock back does not shorten it."""
        known = self.signals.get(finding.id)
        return known is not None and known.ended is None and finding.at <= known.at

    def _kept(self, finding: Finding) -> bool:
        """Whether the signal is stored and stands. One that ended may return when a late fact changes its end."""
        known = self.signals.get(finding.id)
        return known is not None and known.ended is None

    def silence_ended(self, kind: str, case: str | None, order: str | None, until: datetime) -> None:
        """Raise the silences that are too long, and end the warnings that passed; overdue answers are raised first."""
        silent = [one for one in self.findings() if one.silence]
        mine = [one for one in silent if (one.kind, one.cause.case, one.cause.order) == (kind, case, order)]
        if kind in _ANSWERS:
            matters = {one.about[1:] for one in mine}
            mine = [one for one in silent if one.kind in _ANSWERS and one.about[1:] in matters]
        passed = {one.id for one in mine if one.passes is not None and one.passes <= until}
        leaving = [one for one in self.signals.values() if one.ended is None and one.id in passed]
        for one in mine:
            if one.at <= until and one.stands(self.episodes.now) and not self._kept(one):
                self._admit(one, leaving)
        for one in mine:
            signal = self.signals.get(one.id)
            if signal is not None and signal.ended is None and one.passes is not None and one.passes <= until:
                self.episodes.end(signal, "cleared", one.passes)

    def _admit(self, finding: Finding, leaving: Sequence[Signal]) -> None:
        """Raise a signal. Signals about to end do not count, and it raises no alert in place of one of them."""
        names, cause = finding.names, finding.cause
        awaits = names is not None and names not in self.sales.orders
        about = (cause.id, cause.case, names, awaits, finding.says)
        signal = Signal(finding.id, self.id, finding.kind, finding.at, *about, before=self.signals.get(finding.id))
        self.signals[finding.id] = signal
        self._match(signal, leaving)

    def stop_waiting(self, id: UUID) -> None:
        """The wait for the order that a signal names is over."""
        signal = self.signals[id]
        if signal.order is None and signal.ended is None:
            signal.awaits = False
            self._match(signal)

    def _waiting(self) -> list[Signal]:
        waiting = [one for one in self.signals.values() if one.order is None and one.ended is None]
        return sorted(waiting, key=lambda one: (one.at, one.id))

    def _match(self, signal: Signal, leaving: Sequence[Signal] = ()) -> None:
        if signal.names in self.sales.orders:
            signal.order = signal.names
        elif not signal.awaits:
            signal.order = self.sales.last_before(signal.at)
        if signal.order is not None:
            signal.awaits = False
            self.episodes.join(signal, signal.order, leaving)
