"""The data of a signal for its words: `Risk`."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.escalation.domain.stakes import Amount
from shared.contracts.escalation import SignalKind
from shared.contracts.support_inbound import RefundKind

_NO_ID = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Risk:
    """A signal, as shown to a reader.

    `requested` is the amount of a refund, requested or paid. `more_than_order` tells that it exceeds the order's
    amount; `executed`, that the requested money has been paid since; `insisted`, that the customer insists on what they
    requested. `expected_on` is the day of a late delivery in the customer's calendar, if one was reported and is not
    over. `about` is the promise or expected outcome, quoted, if known. `contacts` is the number of contacts that made
    repeated contacts a signal, `due_at` the time at which an answer that is due soon is due.

    Two kinds have two causes. A stalled order is `unmoved` if nobody moves it, rather than lacking a confirmation. A
    dead end is a contact `unanswered` in time, or one that ended without help.

    `alike` is the number of later signals of its kind that were counted and not read.
    """

    kind: SignalKind
    at: datetime
    signal_id: UUID = _NO_ID
    requested: Amount | None = None
    refund_kind: RefundKind | None = None
    more_than_order: bool = False
    executed: bool = False
    unmoved: bool = False
    unanswered: bool = False
    expected_on: date | None = None
    about: str | None = None
    contacts: int | None = None
    due_at: datetime | None = None
    alike: int = 0
    insisted: bool = False

    @property
    def amount_minor(self) -> int | None:
        return self.requested.minor if self.requested else None

    @property
    def currency(self) -> str | None:
        return self.requested.currency if self.requested else None
