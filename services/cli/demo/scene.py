"""The events of stories: each verb publishes a fact over Kafka, prints it, or waits for its expected effect."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from services.cli.demo.browsing import ListedDuty, listed_duties, sign_in_link
from services.cli.demo.cast import Buyer, Seller
from services.cli.demo.clock import DemoClock
from services.cli.demo.narration import Narrator, TimedAlert
from services.cli.demo.observing import NotAsExpected, Observer, State, until
from shared.contracts.envelope import Envelope, Fact, envelope
from shared.contracts.order_parts import Line, Promise
from shared.contracts.orders_inbound import OrderPlaced, PromiseKept, RefundPaid
from shared.contracts.support_inbound import ContactChannel, ContactMade, ContactResult, Direction, RefundRequested
from shared.messaging.publisher import Publisher, new_traceparent


@dataclass
class Stage:
    """What all stories of a run share. `run` is in every id, because data is kept between runs.

    `addresses` are those of the machine, by the names of the environment variables.
    """

    publisher: Publisher
    observer: Observer
    narrator: Narrator
    clock: DemoClock
    addresses: Mapping[str, str]
    run: str
    published: int = 0

    async def publish(
        self, fact: Fact, *, source: str, subject: str, at: datetime | None = None, copies: int = 1
    ) -> Envelope[Fact]:
        """Returns when the broker has every copy on disk."""
        event = self.event(fact, source=source, subject=subject, at=at)
        await self.publisher.publish([event] * copies)
        return event

    def event(self, fact: Fact, *, source: str, subject: str, at: datetime | None = None) -> Envelope[Fact]:
        """A fact under the run's next id; by default it happens now."""
        self.published += 1
        event: Envelope[Fact] = envelope(
            fact,
            id=f"{self.run}-{self.published:02}",
            source=f"demo/{source}",
            subject=subject,
            time=at or self.clock.now(),
            traceparent=new_traceparent(),
        )
        return event


@dataclass
class Scene:
    """One story under way, about one buyer and one order that no earlier run knows."""

    stage: Stage
    buyer: Buyer
    number: int
    alerts: list[TimedAlert] = field(default_factory=list)
    failure_event: Envelope[Fact] | None = None
    note: str | None = None
    _decided: Counter[tuple[str, str | None]] = field(default_factory=Counter)
    _cause_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    _cause_clock: float = 0.0

    @property
    def account(self) -> str:
        return f"{self.buyer.id}-{self.stage.run}"

    @property
    def order(self) -> str:
        return f"47{self.number:02}-{self.stage.run}"

    def ago(self, **span: float) -> datetime:
        """The time this long before the services' current time."""
        return self.stage.clock.now() - timedelta(**span)

    async def directory(self, seller: Seller, fact: Fact, what: str) -> None:
        """The people's directory reports a fact about a salesperson."""
        await self.stage.narrator.event("", "directory", what)
        await self.stage.publish(fact, source="directory", subject=seller.id)

    async def sale(
        self,
        by: Seller,
        product: str,
        amount_minor: int,
        *,
        on: datetime,
        line: str,
        promises: tuple[Promise, ...] = (),
        segment: str | None = None,
    ) -> None:
        """The shop reports a sale, of any time."""
        fact = OrderPlaced(
            order=self.order,
            lines=(Line(product=product, amount_minor=amount_minor),),
            amount_minor=amount_minor,
            currency="EUR",
            sold_by=by.id,
            sold_at=on,
            customer=self.buyer.as_customer(self.ago()),
            promises=promises,
            segment=segment,
        )
        await self._happens(fact, on, system="shop", line=line)

    async def call(self, result: ContactResult, line: str, *, minutes_ago: float = 0, words: str | None = None) -> None:
        """The customer calls support, with this result."""
        fact = ContactMade(
            direction=Direction.INBOUND,
            channel=ContactChannel.PHONE,
            by=self.buyer.as_caller(),
            result=result,
            words=words,
        )
        await self._happens(fact, self.ago(minutes=minutes_ago), system="telephony", line=line, words=words)

    async def refund_request(
        self, amount_minor: int, line: str, *, words: str, reason_code: str | None = None, copies: int = 1
    ) -> None:
        """The customer wants the money back."""
        fact = RefundRequested(
            amount_minor=amount_minor, currency="EUR", words=words, reason_code=reason_code, by=self.buyer.as_caller()
        )
        await self._happens(fact, self.ago(), system="help desk", line=line, words=words, copies=copies)

    async def refund_paid(self, amount_minor: int, line: str) -> None:
        """Accounting pays the money back."""
        fact = RefundPaid(order=self.order, amount_minor=amount_minor, currency="EUR")
        await self._happens(fact, self.ago(), system="billing", line=line)

    async def voicemail(self, by: Seller, line: str) -> None:
        """A salesperson calls the customer and reaches a machine."""
        fact = ContactMade(
            direction=Direction.OUTBOUND, channel=ContactChannel.PHONE, agent=by.id, result=ContactResult.VOICEMAIL
        )
        await self._happens(fact, self.ago(), system="telephony", line=line)

    async def promise_kept(self, promise: str, line: str) -> None:
        """The proof that a promise was kept."""
        fact = PromiseKept(order=self.order, promise=promise)
        await self._happens(fact, self.ago(), system="planner", line=line)

    async def duties(self, of: Seller, *quoted: str) -> None:
        """The page of this person lists a duty of this order for each quote, and no other of it."""

        async def listed() -> list[ListedDuty]:
            link = await sign_in_link(self.stage.addresses, of)
            found = await asyncio.to_thread(listed_duties, link)
            return [duty for duty in found if self.order in duty.text]

        def fits(found: list[ListedDuty]) -> bool:
            return len(found) == len(quoted) and all(any(one in duty.text for duty in found) for one in quoted)

        expected = f"duties of order {self.order} on the page of {of.id}: {', '.join(quoted) or 'none'}"
        for duty in await until(listed, fits, expected=expected):
            self.stage.narrator.aside(f"On {of.name.split()[0]}'s page: {duty.line}")

    async def no_alert(self) -> None:
        """Check that nobody was alerted, because there was no reason."""
        state = await self._state()
        _require((state.episodes, state.alerts) == (0, ()), "no episode and no alert", str(state))
        self.note = "no one: the promises were kept in time"
        self.stage.narrator.as_expected("As expected: the follow-ups are done, and no alert.")

    def starts(self) -> None:
        """Start the measurement of the next alert now."""
        self._cause_at, self._cause_clock = datetime.now(UTC), time.perf_counter()

    async def time_passes(self, line: str, **by: float) -> None:
        """The services' clock is moved ahead, and the story says so."""
        await self.stage.narrator.event("", "clock", f"{line} (The demo moves the services' clock ahead.)")
        self.starts()
        await self.stage.clock.move(timedelta(**by))

    async def decided(self, rule: str, who: Seller | None = None, *, says: str = "") -> None:
        """Wait until escalation has decided by this rule, about this person, once more than shown so far."""
        self._decided[key := (rule, who.id if who else None)] += 1

        async def made() -> list[str]:
            decisions = await self.stage.observer.decisions(self.account)
            return [one.words for one in decisions if one.rule == rule and (who is None or one.who == who.id)]

        number = self._decided[key]
        times = "once" if number == 1 else f"{number} times"
        expected = f"decision “{rule.replace('_', ' ')}” {times}" + (f" about {who.id}" if who else "")
        sentence = (await until(made, lambda made: len(made) >= number, expected=expected))[number - 1]
        _require(says in sentence, f"the words “{says}”", sentence)
        self.stage.narrator.aside(sentence)

    async def alert(self, to: Seller, *, because: str = "seller", says: str | None = None) -> None:
        """Wait until the last fact notifies this person, and no other, once more, and the mail arrives."""
        number = len(self.alerts) + 1
        expected = f"alert {number} to {to.id} as {because}, sent by mail"
        alerted = await until(self._state, lambda state: len(state.alerts) >= number, expected=expected)
        alert_ms = (time.perf_counter() - self._cause_clock) * 1000
        mailed = await until(
            self._state, lambda state: state.alerts[number - 1].mail_state == "sent", expected=expected
        )
        noted_ms = (time.perf_counter() - self._cause_clock) * 1000
        alert = mailed.alerts[number - 1]
        _require(
            len(alerted.alerts) == number and (alert.recipient, alert.because) == (to.id, because),
            expected,
            str(mailed),
        )
        wanted = self.order if says is None else says
        _require(wanted in alert.why_you, f"a reason with the words “{wanted}”", alert.why_you)
        mail = await self.stage.observer.mail_of(alert)
        mail_ms = (mail.received_at - self._cause_at) / timedelta(milliseconds=1) if mail else noted_ms
        timed = TimedAlert(alert, alert_ms, mail_ms, mail.subject if mail else None)
        self.alerts.append(timed)
        self.stage.narrator.alert(timed)

    async def wait_for_order(self) -> None:
        """The last fact became a signal that waits for its order, and nobody is alerted."""
        state = await until(self._state, lambda state: state.signals > 0, expected="a signal that waits for its order")
        _require((state.waiting, state.alerts) == (1, ()), "a waiting signal and no alert", str(state))
        self.stage.narrator.aside("No sale to this customer is known yet. The signal waits, and no one is notified.")

    async def settled_records(self, before: Counter[str], *, applied: int, duplicate: int) -> None:
        """Support has settled this many more records of publishers, and published each applied one once."""
        expected = Counter({"applied": applied, "duplicate": duplicate})

        async def settled() -> Counter[str]:
            return await self.stage.observer.support_ledger() - before

        seen = await until(settled, lambda seen: seen.total() >= expected.total(), expected=_outcomes(expected))
        _require(seen == expected, _outcomes(expected), _outcomes(seen))
        published = await self.stage.observer.published_by_support(self.account)
        _require(published == applied, f"{applied} events published by support", f"{published}")
        self.stage.narrator.aside(f"Support's ledger: {_outcomes(seen)}.")

    async def end(self, *, signals: int, episodes: int = 1) -> None:
        """Check that the episodes have all the signals, and that there were no other alerts than shown."""
        counts = (episodes, "episode"), (signals, "signal"), (len(self.alerts), "alert")
        expected = ", ".join(_counted(*count) for count in counts)
        state = await self._state()
        seen = (state.episodes, state.signals, state.waiting, len(state.alerts))
        _require(seen == (episodes, signals, 0, len(self.alerts)), expected, str(state))
        self.stage.narrator.as_expected(f"As expected: {expected}.")

    async def _happens(
        self, fact: Fact, at: datetime, *, system: str, line: str, words: str | None = None, copies: int = 1
    ) -> None:
        await self.stage.narrator.event(_when(at, self.ago()), system, line, words)
        self.starts()
        source = system.replace(" ", "-")
        event = await self.stage.publish(fact, source=source, subject=self.account, at=at, copies=copies)
        if system != "shop":
            self.failure_event = event

    async def _state(self) -> State:
        return await self.stage.observer.state(self.account)


def _require(holds: bool, expected: str, seen: str) -> None:
    if not holds:
        raise NotAsExpected(expected, seen)


def _when(at: datetime, now: datetime) -> str:
    age = now - at
    if age < timedelta(minutes=1):
        return "now"
    if age < timedelta(hours=1):
        return f"{round(age / timedelta(minutes=1))} min ago"
    if age < timedelta(days=1):
        return f"{round(age / timedelta(hours=1))} h ago"
    return f"{at.day} {at:%B}"


def _outcomes(counts: Counter[str]) -> str:
    return f"{counts['applied']} applied, {_counted(counts['duplicate'], 'duplicate')}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
