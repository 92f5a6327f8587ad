"""What words need to know of a signal: `Risk`."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.escalation.domain.stakes import Amount
from shared.contracts.escalation import SignalKind
from shared.contracts.support_inbound import RefundKind

_NO_ID = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Risk:
    """A signal as a reader is told of it.

    `asked` is the amount that a refund request names or a refund paid, `more_than_order` that it exceeds the order's,
    `executed` that the money asked back has been paid since. A late delivery is `expected_on` a day of the customer's
    calendar, where one was told that is not over. What was promised or expected, `about`, is quoted, where that is
    known.

    Two kinds have two causes: an order is `unmoved` where it stalled because nobody moves it, not because a
    confirmation is missing; a dead end is a contact `unanswered` in time, or one that ended without help.
    """

    kind: SignalKind
    at: datetime
    signal_id: UUID = _NO_ID
    asked: Amount | None = None
    refund_kind: RefundKind | None = None
    more_than_order: bool = False
    executed: bool = False
    unmoved: bool = False
    unanswered: bool = False
    expected_on: date | None = None
    about: str | None = None

    @property
    def amount_minor(self) -> int | None:
        return self.asked.minor if self.asked else None

    @property
    def currency(self) -> str | None:
        return self.asked.currency if self.asked else None
