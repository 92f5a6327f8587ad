"""One event's turn: what a handler is given, and how it leaves effects behind in the name of that event."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, TypeVar

from services.escalation.domain.account_state import AccountState
from services.escalation.domain.book import Book
from services.escalation.domain.entities import Signal
from shared.contracts.envelope import Envelope, Fact
from shared.transaction import Transaction

D = TypeVar("D", bound=Fact, covariant=True)


@dataclass(frozen=True, slots=True)
class Turn(Generic[D]):
    """An event with the transaction and the book it is decided on."""

    tx: Transaction
    book: Book
    event: Envelope[D]

    @property
    def fact(self) -> D:
        return self.event.data

    @property
    def account_id(self) -> str:
        return self.event.subject

    @property
    def state(self) -> AccountState:
        """Everything kept of the account that the event is about."""
        return self.book.state(self.account_id)

    @property
    def now(self) -> datetime:
        return self.tx.now

    def publish(self, fact: Fact, *, at: datetime | None = None, discriminator: object = "") -> None:
        """Publish a fact about the account, at `now` unless it happened at another time."""
        self.tx.publish(fact, cause=self.event, time=at or self.tx.now, discriminator=discriminator)

    def explain(self, rule: str, words: str, **about: Any) -> None:
        """Keep one step of the reasoning; `about` are further members of a Decision."""
        self.book.explain(self.event, rule, words, self.tx.now, **about)

    def reject(self, code: str, reason: str) -> None:
        """Refuse the event: it changes nothing, and ends as a dead letter or an answer with this reason."""
        self.tx.reject(self.event, code, reason)

    def of_signal(self, signal: Signal) -> "Turn[Fact]":
        """The same turn, its effects the signal's own though another event brought them about."""
        own = {
            "id": str(signal.signal_id),
            "source": "handoff/escalation/signals",
            "type": "escalation.signal_matched",
            "traceparent": signal.traceparent,
        }
        return replace(self, event=self.event.model_copy(update=own))
