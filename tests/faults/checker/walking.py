"""What escalation must make of what it heard: an implementation of its rules of its own. Start at `Account.hear`.

Of each account the events are taken in the order in which escalation's journal has them; what they say comes from the
history alone. Each fact is remembered; then the signals kept are compared with those that all facts amount to (see
findings): what is new is raised, what is there no more is withdrawn, what a later fact ended is cleared. A signal made
of silence is raised when its timer fires.

A signal belongs to the order it names, else to the one its case names; as long as that order has not come it waits,
until a timer ends the wait. Then, and where nothing is named, it belongs to the account's latest order sold at or
before it, of equal instants the one with the highest id; one that somebody sold within two years goes before those that
nobody sold. With no such order it waits without end, and matches when one comes, or when its case turns out to name
one. What waits is matched in the order of event times. A match is final. All signals of an order are one episode (see
rescuing), until none stands: then it is over, and the next begins another.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from tests.faults.checker.endings import Finding
from tests.faults.checker.evidence import Row, Told, instant
from tests.faults.checker.facts import Fact, derived, facts_of, lines_of
from tests.faults.checker.findings import findings
from tests.faults.checker.rescuing import REQUESTS, SEVERITIES, Desk, Episode, Signal, Sought

_ANSWERS = ("response_due", "response_overdue")
_SAME_TRY = timedelta(minutes=10)
_REMEMBERED = timedelta(days=730)
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Account:
    """One account as escalation must see it. `corrected` and `moved` are when a seller or an owner was last told."""

    id: str
    desk: Desk
    orders: dict[str, Told] = field(default_factory=dict)
    sellers: dict[str, str | None] = field(default_factory=dict)
    corrected: dict[str, datetime] = field(default_factory=dict)
    inherits: dict[str, str] = field(default_factory=dict)
    amounts: dict[str, int] = field(default_factory=dict)
    changed: dict[str, datetime] = field(default_factory=dict)
    owner: tuple[datetime, str] | None = None
    case_orders: dict[str, str | None] = field(default_factory=dict)
    facts: dict[UUID, Fact] = field(default_factory=dict)
    signals: dict[UUID, Signal] = field(default_factory=dict)
    open: dict[str, Episode] = field(default_factory=dict)
    closed: dict[str, list[Episode]] = field(default_factory=dict)
    now: datetime = _NEVER

    def episodes(self) -> list[Episode]:
        return [*self.open.values(), *(one for many in self.closed.values() for one in many)]

    def episode(self, id: UUID) -> Episode | None:
        return next((one for one in self.episodes() if one.id == id), None)

    def hear(self, event: Told, row: Row) -> None:
        """A fact that orders or support published."""
        order = str(event.data.get("order"))
        if event.kind in ("order_delivered", "order_changed") and event.data.get("lines") and order in self.orders:
            lines = lines_of(self.orders[order])
            self.facts.setdefault(lines.id, lines)
        self._take_over(event)
        for fact in facts_of(event, row):
            self._note(fact)
        if event.kind == "order_changed" and "amount_minor" in event.data and order in self.orders:
            self._change_amount(order, event)

    def seller(self, order: str) -> str | None:
        """Whoever sold it, or sold what it renews."""
        while order in self.inherits:
            order = self.inherits[order]
        return self.sellers.get(order)

    def _change_amount(self, order: str, event: Told) -> None:
        """The latest amount counts; it may make an open episode graver, which rings."""
        if event.at < self.changed.get(order, event.at):
            return
        self.amounts[order], self.changed[order] = event.data["amount_minor"], event.at
        episode = self.open.get(order)
        signal = self._weightiest(episode) if episode is not None else None
        if episode is None or signal is None:
            return
        currency = self.orders[order].data["currency"]
        grave = self.desk.severity(self._standing(episode), self.amounts[order], currency)
        if SEVERITIES.index(grave) > SEVERITIES.index(episode.severity):
            episode.severity = grave
            self.desk.tell("severity_raised", episode, signal.id)
            nobody_acts = not episode.rang or episode.reached or episode.exhausted_at is not None
            self._ring(episode, signal, "signal" if nobody_acts or signal.kind in REQUESTS else "severity")

    def _take_over(self, event: Told) -> None:
        order = str(event.data.get("order"))
        if event.kind == "order_placed" and order not in self.orders:
            self.orders[order] = event
            self.sellers[order] = event.data.get("sold_by")
            self.amounts[order] = event.data["amount_minor"]
            if "sold_by" not in event.data and "renews" in event.data:
                self.inherits[order] = event.data["renews"]
            for signal in self._waiting():
                self._match(signal)
        elif event.kind == "case_opened":
            self._open_case(str(event.data["case"]), event.data.get("order"))
        elif event.kind == "sale_corrected" and order in self.orders:
            if event.at >= self.corrected.get(order, event.at):
                self.sellers[order], self.corrected[order] = event.data.get("sold_by"), event.at
                self.inherits.pop(order, None)
        elif event.kind == "account_reassigned" and (self.owner is None or event.at >= self.owner[0]):
            self.owner = event.at, event.data["salesperson"]

    def _open_case(self, case: str, order: str | None) -> None:
        if self.case_orders.get(case) is not None:
            return
        self.case_orders[case] = order
        for signal in self._waiting() if order else ():
            if signal.case == case and signal.names is None:
                signal.names, signal.awaits = order, True
                self._match(signal)

    def _note(self, fact: Fact) -> None:
        """First for whoever took an episode, then for the signals, then it may ring again."""
        if fact.id in self.facts:
            return
        self.facts[fact.id] = fact
        contact = fact.kind in ("contact", "customer_reached")
        for episode in self._concerned(fact) if contact else ():
            self._follow(episode, fact)
        self._compare(fact)
        for episode in self._concerned(fact) if contact else ():
            since = episode.taken_at or episode.exhausted_at
            tries = fact.inbound and since is not None and fact.at > since and not self._informs(episode)
            if tries and not self._proves(episode, fact):
                self._ring(episode, self._weightiest(episode), "contact")

    def _concerned(self, fact: Fact) -> list[Episode]:
        names = (fact.order, self.case_orders.get(fact.case or ""))
        named = next((name for name in names if name in self.orders), None)
        return sorted((one for one in self.open.values() if named in (None, one.order)), key=lambda one: one.id)

    def _proves(self, episode: Episode, fact: Fact) -> bool:
        late = episode.taken_at is not None and fact.at > episode.taken_at
        return late and fact.data.get("agent") == episode.taken_by and fact.two_way

    def _follow(self, episode: Episode, fact: Fact) -> None:
        if episode.taken_at is None or fact.at <= episode.taken_at or fact.data.get("agent") != episode.taken_by:
            return
        if fact.two_way:
            if not episode.reached:
                episode.reached, episode.deadline_at, episode.deadline_for = True, None, None
                self.desk.tell("customer_reached", episode)
        elif fact.tried and not self._tried_before(episode, fact):
            episode.attempts += 1
            counts = episode.attempts <= self.desk.policy["acknowledgement"]["attempts"]
            if counts and episode.deadline_for == "redeem" and episode.deadline_at is not None:
                later = self.now + self.desk.time_for("acknowledgement", "attempt_extends")
                episode.deadline_at = max(episode.deadline_at, later)

    def _tried_before(self, episode: Episode, fact: Fact) -> bool:
        """Whether it is the try that somebody told already: by the same person, about the same order, minutes apart."""
        others = [one for one in self.facts.values() if one.tried and one.id != fact.id]
        taken_at = episode.taken_at or self.now
        mine = [one for one in others if one.at > taken_at and one.data.get("agent") == episode.taken_by]
        return any(abs(one.at - fact.at) <= _SAME_TRY and episode in self._concerned(one) for one in mine)

    def findings(self) -> list[Finding]:
        policy = self.desk.policy
        return findings(self.id, self.facts.values(), {**policy["signals"], "statuses": policy["statuses"]})

    def _compare(self, fact: Fact) -> None:
        found = self.findings()
        by_id = {one.id: one for one in found if not one.expected or one.at <= self.now}
        standing = [one for one in self.signals.values() if one.ended is None]
        leaving = [one for one in standing if one.id not in by_id or by_id[one.id].cleared is not None]
        for one in found:
            moved = any(one.about == (old.kind, old.case, old.names) and one.at <= old.at for old in leaving)
            if (moved or not one.expected) and one.stands(self.now) and not self._kept(one):
                self._admit(one, leaving)
        for signal in standing:
            now = by_id.get(signal.id)
            if now is None:
                self._end(signal, "withdrawn", fact.at)
            elif now.cleared is not None:
                self._end(signal, "cleared", now.cleared.at)
            else:
                signal.at = now.at
        for finding in found:
            if any(again.id == fact.id for again in finding.again):
                self._ask_again(fact, finding)

    def _ask_again(self, fact: Fact, finding: Finding) -> None:
        """A request once more: it rings where it says what no other of them said."""
        signal = self.signals.get(finding.id)
        episode = self.open.get(signal.order or "") if signal is not None and signal.ended is None else None
        if signal is None or episode is None or episode.id != signal.episode:
            return
        others = [one.said for one in (finding.cause, *finding.again) if one.id != fact.id]
        if any(value not in [said.get(name) for said in others] for name, value in fact.said.items()):
            self._ring(episode, signal, "contact")

    def _kept(self, finding: Finding) -> bool:
        """One that ended may come back: a fact told late takes from another what ended it."""
        known = self.signals.get(finding.id)
        return known is not None and known.ended is None

    def silence_ended(self, kind: str, case: str | None, order: str | None, until: datetime) -> None:
        """What was silent is raised; a warning is over, and what it warned of is raised before."""
        silent = [one for one in self.findings() if one.silence]
        mine = [one for one in silent if (one.kind, one.cause.case, one.cause.order) == (kind, case, order)]
        if kind in _ANSWERS:
            matters = {one.about[1:] for one in mine}
            mine = [one for one in silent if one.kind in _ANSWERS and one.about[1:] in matters]
        passed = {one.id for one in mine if one.passes is not None and one.passes <= until}
        leaving = [one for one in self.signals.values() if one.ended is None and one.id in passed]
        for one in mine:
            if one.at <= until and one.stands(self.now) and not self._kept(one):
                self._admit(one, leaving)
        for one in mine:
            signal = self.signals.get(one.id)
            if signal is not None and signal.ended is None and one.passes is not None and one.passes <= until:
                self._end(signal, "cleared", one.passes)

    def _admit(self, finding: Finding, leaving: Sequence[Signal]) -> None:
        """Raise a signal; those that are leaving are not counted with it, and it is no news in place of one."""
        names, cause = finding.names, finding.cause
        awaits = names is not None and names not in self.orders
        data = cause.data if finding.kind == cause.kind else {}
        signal = Signal(finding.id, self.id, finding.kind, finding.at, cause.id, cause.case, names, awaits, data)
        self.signals[finding.id] = signal
        self._match(signal, leaving)

    def stop_waiting(self, id: UUID) -> None:
        """The order that a signal names was waited for long enough."""
        signal = self.signals[id]
        if signal.order is None and signal.ended is None:
            signal.awaits = False
            self._match(signal)

    def _waiting(self) -> list[Signal]:
        waiting = [one for one in self.signals.values() if one.order is None and one.ended is None]
        return sorted(waiting, key=lambda one: (one.at, one.id))

    def _match(self, signal: Signal, leaving: Sequence[Signal] = ()) -> None:
        if signal.names in self.orders:
            signal.order = signal.names
        elif not signal.awaits:
            sold = [(sold_at(order), id) for id, order in self.orders.items() if sold_at(order) <= signal.at]
            made = [(at, id) for at, id in sold if self.seller(id) and at >= signal.at - _REMEMBERED]
            signal.order = max(made or sold)[1] if sold else None
        if signal.order is not None:
            signal.awaits = False
            self._join(signal, signal.order, leaving)

    def _join(self, signal: Signal, order: str, leaving: Sequence[Signal]) -> None:
        episode, before = self.open.get(order), self.closed.get(order, [])
        is_new = episode is None
        if episode is None:
            follows = before[-1].id if before else None
            id = derived("episode", order, signal.id, *([follows] if follows else []))
            episode = self.open[order] = Episode(id, self.id, order, follows)
        signal.episode = episode.id
        self.desk.tell("episode_raised" if is_new else "episode_signalled", episode, signal.id)
        self.desk.decide("signal", episode, signal.id)
        currency = self.orders[order].data["currency"]
        lasting = [one for one in self._standing(episode) if one not in leaving]
        grave = self.desk.severity(lasting, self.amounts[order], currency)
        rose = is_new or SEVERITIES.index(grave) > SEVERITIES.index(episode.severity)
        if rose:
            episode.severity = grave
            if not is_new:
                self.desk.tell("severity_raised", episode, signal.id)
        moved = any((old.episode, old.kind, old.case) == (episode.id, signal.kind, signal.case) for old in leaving)
        nobody_acts = episode.reached or episode.exhausted_at is not None
        quiet = self.desk.informs(signal) and not self._informs(episode)
        if quiet and episode.responsible is not None:
            return
        if quiet:
            self._find(episode, self.desk.sought(episode, signal.id, "signal", self.now, rings=False))
        elif not episode.rang or ((nobody_acts or signal.kind in REQUESTS) and (rose or not moved)):
            self._ring(episode, signal, "signal")
        elif rose:
            self._ring(episode, signal, "severity")
        elif episode.responsible is None:
            self._find(episode, self.desk.sought(episode, signal.id, "signal", self.now, rings=False))

    def _standing(self, episode: Episode) -> list[Signal]:
        return [one for one in self.signals.values() if one.episode == episode.id and one.ended is None]

    def _weightiest(self, episode: Episode) -> Signal | None:
        def weight(one: Signal) -> tuple[bool, bool, int, datetime, UUID]:
            asks = not self.desk.informs(one)
            return asks, one.kind in REQUESTS, self.desk.rank(one.kind), one.at, one.id

        return max(self._standing(episode), key=weight, default=None)

    def _informs(self, episode: Episode) -> bool:
        """Whether all that is left of it is for information."""
        return all(self.desk.informs(one) for one in self._standing(episode))

    def _ring(self, episode: Episode, signal: Signal | None, cause: str) -> None:
        if signal is not None:
            signal.rang = True
            sought = self.desk.sought(episode, signal.id, cause, self.now)
            if not self._informs(episode):
                episode.ask_anew(cause)
            self._find(episode, sought)

    def _find(self, episode: Episode, sought: Sought) -> None:
        owner = self.owner[1] if self.owner else None
        episode.informs = self._informs(episode)
        self.desk.find(episode, sought, (self.seller(episode.order), owner), self.now)

    def look_again(self, episode: Episode | None, sought: Sought) -> None:
        """The seller is looked for once more."""
        if episode is None:
            return
        self.desk.looks[sought] -= 1
        episode.seeking = [one for one in episode.seeking if one != sought]
        quiet = self.desk.informs(self.signals[sought.signal]) and not self._informs(episode)
        rang_since = sought.rings and sought.rung not in (None, len(episode.rings))
        quiet = not self._informs(episode) and (quiet or rang_since)
        if episode.closed_at is None and episode.taken_at is None and not quiet:
            self._find(episode, sought)

    def time_is_up(self, episode: Episode | None) -> None:
        """Nobody answered, or whoever took it did not reach the customer."""
        if episode is None or episode.closed_at or episode.deadline_at is None or episode.deadline_at > self.now:
            return
        unredeemed = episode.deadline_for == "redeem"
        if unredeemed:
            self.desk.tell("acknowledgement_expired", episode)
        self._ring(episode, self._weightiest(episode), "unredeemed" if unredeemed else "step")

    def person_changed(self, person: str) -> None:
        """Whoever left has nothing any more: the next is asked, or shown what nobody was asked about."""
        if self.desk.directory.works(person):
            return
        for episode in sorted(self.open.values(), key=lambda one: one.id):
            if episode.responsible != person:
                continue
            if episode.rang and episode.exhausted_at is None:
                self._ring(episode, self._weightiest(episode), "unavailable")
            elif (signal := self._weightiest(episode)) is not None:
                self._find(episode, self.desk.sought(episode, signal.id, "signal", self.now, rings=False))

    def take(self, episode: Episode | None, by: str, calls_before: int) -> None:
        if episode is None:
            return
        if episode.taken_at is not None:
            if episode.taken_by != by:
                self.desk.wrongs.append(f"{by} pressed for episode {episode.id}, and was not told who has it")
            return
        episode.taken_at, episode.taken_by, episode.responsible = self.now, by, by
        episode.attempts, episode.reached, episode.repeats, episode.exhausted_at = 0, False, 0, None
        alone = self.desk.time_for("acknowledgement", "redeem_within", episode.severity)
        call, longest = (self.desk.time_for("acknowledgement", name) for name in ("call_takes", "longest_queue"))
        episode.deadline_at = self.now + alone + min(calls_before * call, longest)
        episode.deadline_for = "redeem"
        self.desk.tell("episode_acknowledged", episode)

    def _end(self, signal: Signal, how: str, at: datetime) -> None:
        signal.ended, signal.ended_at, signal.awaits = how, at, False
        episode = self.open.get(signal.order or "")
        if episode is None or episode.id != signal.episode:
            return
        self.desk.tell(f"signal_{how}", episode, signal.id)
        self.desk.decide(how, episode, signal.id)
        if not self._standing(episode):
            episode.closed_at, episode.deadline_at, episode.deadline_for = self.now, None, None
            self.closed.setdefault(episode.order, []).append(self.open.pop(episode.order))
            self.desk.tell("episode_closed", episode)
            self.desk.decide("closed", episode)
        elif episode.rang and self._informs(episode):
            episode.ask_nobody(self.now)


def sold_at(order: Told) -> datetime:
    return instant(order.data["sold_at"])
