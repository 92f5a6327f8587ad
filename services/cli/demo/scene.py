"""What can happen in a story: each verb publishes a fact over Kafka, tells it, or waits for what it must cause."""

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from services.cli.demo.cast import Buyer, Seller
from services.cli.demo.observing import NotAsTold, Observer, State, until
from services.cli.demo.telling import Ring, Teller
from shared.contracts.envelope import Envelope, Fact, envelope
from shared.contracts.orders_inbound import Line, OrderPlaced
from shared.contracts.support_inbound import ContactChannel, ContactMade, ContactResult, Direction, RefundRequested
from shared.messaging.publisher import Publisher, new_traceparent


@dataclass
class Stage:
    """What all stories of a run share. `run` is in every id, because data is kept between runs."""

    publisher: Publisher
    observer: Observer
    teller: Teller
    run: str
    published: int = 0

    async def publish(
        self, fact: Fact, *, source: str, subject: str, at: datetime | None = None, copies: int = 1
    ) -> Envelope[Fact]:
        """Returns when the broker has every copy on disk."""
        self.published += 1
        event: Envelope[Fact] = envelope(
            fact,
            id=f"{self.run}-{self.published:02}",
            source=f"demo/{source}",
            subject=subject,
            time=at or datetime.now(UTC),
            traceparent=new_traceparent(),
        )
        await self.publisher.publish([event] * copies)
        return event


@dataclass
class Scene:
    """One story under way, about one buyer and one order that no earlier run knows."""

    stage: Stage
    buyer: Buyer
    number: int
    rings: list[Ring] = field(default_factory=list)
    failure_event: Envelope[Fact] | None = None
    _cause_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    _cause_clock: float = 0.0

    @property
    def account(self) -> str:
        return f"{self.buyer.id}-{self.stage.run}"

    @property
    def order(self) -> str:
        return f"47{self.number:02}-{self.stage.run}"

    async def directory(self, seller: Seller, fact: Fact, what: str) -> None:
        """The people's directory tells something about a salesperson."""
        await self.stage.teller.event("", "directory", what)
        await self.stage.publish(fact, source="directory", subject=seller.id)

    async def sale(self, by: Seller, product: str, amount_minor: int, *, on: datetime, told: str) -> None:
        """The shop tells of a sale, whenever it was."""
        fact = OrderPlaced(
            order=self.order,
            lines=(Line(product=product, amount_minor=amount_minor),),
            amount_minor=amount_minor,
            currency="EUR",
            sold_by=by.id,
            sold_at=on,
            customer=self.buyer.as_customer(),
        )
        await self._happens(fact, on, system="shop", told=told)

    async def call(self, result: ContactResult, told: str, *, minutes_ago: float = 0, words: str | None = None) -> None:
        """The customer calls support, with this result."""
        fact = ContactMade(
            direction=Direction.INBOUND,
            channel=ContactChannel.PHONE,
            by=self.buyer.as_caller(),
            result=result,
            words=words,
        )
        await self._happens(fact, _ago(minutes=minutes_ago), system="telephony", told=told, words=words)

    async def refund_request(self, amount_minor: int, told: str, *, words: str, copies: int = 1) -> None:
        """The customer wants the money back."""
        fact = RefundRequested(amount_minor=amount_minor, currency="EUR", words=words, by=self.buyer.as_caller())
        await self._happens(fact, _ago(), system="help desk", told=told, words=words, copies=copies)

    async def alert(self, to: Seller, *, because: str = "seller", says: str | None = None) -> None:
        """What has just been published rings once more, for this person and no other, and the mail arrives."""
        number = len(self.rings) + 1
        expected = f"alert {number} to {to.id} as {because}, sent by mail"
        rung = await until(self._state, lambda state: len(state.alerts) >= number, expected=expected)
        alert_ms = (time.perf_counter() - self._cause_clock) * 1000
        mailed = await until(
            self._state, lambda state: state.alerts[number - 1].mail_state == "sent", expected=expected
        )
        noted_ms = (time.perf_counter() - self._cause_clock) * 1000
        alert = mailed.alerts[number - 1]
        _require(
            len(rung.alerts) == number and (alert.recipient, alert.because) == (to.id, because), expected, str(mailed)
        )
        wanted = self.order if says is None else says
        _require(wanted in alert.why_you, f"a reason with the words “{wanted}”", alert.why_you)
        mail = await self.stage.observer.mail_of(alert)
        mail_ms = (mail.received_at - self._cause_at) / timedelta(milliseconds=1) if mail else noted_ms
        ring = Ring(alert, alert_ms, mail_ms, mail.subject if mail else None)
        self.rings.append(ring)
        self.stage.teller.ring(ring)

    async def wait_for_order(self) -> None:
        """The last fact became a signal that waits for its order, and nobody is alerted."""
        state = await until(self._state, lambda state: state.signals > 0, expected="a signal that waits for its order")
        _require((state.waiting, state.alerts) == (1, ()), "a waiting signal and no alert", str(state))
        self.stage.teller.aside("No sale of theirs is known yet. The signal waits; nobody is alerted.")

    async def settled_records(self, before: Counter[str], *, applied: int, duplicate: int) -> None:
        """Support has settled so many records more, and told of each applied one once."""
        expected = Counter({"applied": applied, "duplicate": duplicate})

        async def settled() -> Counter[str]:
            return await self.stage.observer.support_ledger() - before

        seen = await until(settled, lambda seen: seen.total() >= expected.total(), expected=_outcomes(expected))
        _require(seen == expected, _outcomes(expected), _outcomes(seen))
        told = await self.stage.observer.published_by_support(self.account)
        _require(told == applied, f"{applied} events published by support", f"{told}")
        self.stage.teller.aside(f"Support's ledger: {_outcomes(seen)}.")

    async def end(self, *, signals: int) -> None:
        """One episode holds all the signals, and nobody was alerted but as told."""
        expected = f"1 episode, {_counted(signals, 'signal')}, {_counted(len(self.rings), 'alert')}"
        state = await self._state()
        seen = (state.episodes, state.signals, state.waiting, len(state.alerts))
        _require(seen == (1, signals, 0, len(self.rings)), expected, str(state))
        self.stage.teller.as_told(f"As told: {expected}.")

    async def _happens(
        self, fact: Fact, at: datetime, *, system: str, told: str, words: str | None = None, copies: int = 1
    ) -> None:
        await self.stage.teller.event(_when(at), system, told, words)
        self._cause_at, self._cause_clock = datetime.now(UTC), time.perf_counter()
        source = system.replace(" ", "-")
        event = await self.stage.publish(fact, source=source, subject=self.account, at=at, copies=copies)
        if system != "shop":
            self.failure_event = event

    async def _state(self) -> State:
        return await self.stage.observer.state(self.account)


def _require(holds: bool, expected: str, seen: str) -> None:
    if not holds:
        raise NotAsTold(expected, seen)


def _ago(*, minutes: float = 0) -> datetime:
    return datetime.now(UTC) - timedelta(minutes=minutes)


def _when(at: datetime) -> str:
    age = datetime.now(UTC) - at
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
