"""What a case is about, what has been done about it, and what the agent is to do. Start at `Matter.of`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.support.domain import Case
from shared.contracts.envelope import Envelope, Fact
from shared.contracts.escalation import SaveWindowClosed, SaveWindowEnd, SaveWindowOpened
from shared.contracts.orders_inbound import OrderCancelled, RefundPaid
from shared.contracts.support_inbound import (
    CancellationRequested,
    CancellationWithdrawn,
    CaseOpened,
    ContactMade,
    CustomerInsists,
    CustomerMatter,
    RefundRequested,
    RefundWithdrawn,
)

_Window = SaveWindowOpened | SaveWindowClosed


class Advice(StrEnum):
    """What the agent is to do while nobody calls. None of them gives a reason, a limit or a note of a colleague."""

    INSISTS = "The customer insists: do what they ask for. Nobody is to try to change their mind."
    SPOKEN = "A colleague has spoken to the customer about this. Ask {whom} before you refund or cancel."
    ASKED_AGAIN = (
        "A colleague has spoken to the customer about this. The customer has asked again since: "
        "handle the request as usual."
    )
    OVER = "The time for a call is over. Handle the case as usual."
    UNKNOWN = "Nothing is known about a call. Handle the case as usual."


@dataclass(frozen=True, slots=True)
class Matter:
    """A case with its orders, and the other cases about those orders: an agent sees only one case of several."""

    case: str
    orders: frozenset[str]
    cases: frozenset[str]

    @classmethod
    def of(cls, id: str, case: Case | None, history: Iterable[Envelope[Fact]]) -> "Matter":
        facts = [event.data for event in history]
        orders = {order for fact in facts if case_of(fact) == id and (order := order_of(fact)) is not None}
        orders |= {case.order_id} if case is not None and case.order_id is not None else set()
        cases = {fact.case for fact in facts if isinstance(fact, CaseOpened) and fact.order in orders}
        return cls(id, frozenset(orders), frozenset(cases | {id}))

    def covers(self, fact: Fact) -> bool:
        """Whether a fact is about the case or one of its orders; who insists on nothing by name insists on all."""
        order, case = order_of(fact), case_of(fact)
        if isinstance(fact, CustomerInsists) and order is None and case is None:
            return True
        return case == self.case or (order in self.orders if order is not None else case in self.cases)


def case_of(fact: Fact) -> str | None:
    return fact.case if isinstance(fact, CustomerMatter | _Window) else None


def order_of(fact: Fact) -> str | None:
    order: str | None = getattr(fact, "order", None)
    return order


@dataclass(frozen=True, slots=True)
class Standing:
    """When each kind of fact about a matter last happened; `whom` may be asked about the talk with the customer."""

    asked_at: datetime | None
    withdrawn_at: datetime | None
    insisted_at: datetime | None
    done_at: datetime | None
    spoken_at: datetime | None
    whom: str
    is_over: bool

    @property
    def insists(self) -> bool:
        """Whether the customer insists, and neither took it back, nor talked with a colleague, nor got it since."""
        return self.insisted_at is not None and not any(
            at is not None and at > self.insisted_at for at in (self.withdrawn_at, self.spoken_at, self.done_at)
        )

    @property
    def may_be_called(self) -> bool:
        """Whether an open save window counts: who insists is not called, unless they made another request since."""
        return not self.insists or _later(self.asked_at, self.insisted_at)

    @property
    def advice(self) -> str:
        """What the agent is to do if nobody calls."""
        if self.insists:
            return Advice.INSISTS
        if self.spoken_at is not None:
            again = _later(self.asked_at, self.spoken_at)
            return Advice.ASKED_AGAIN if again else Advice.SPOKEN.format(whom=self.whom)
        return Advice.OVER if self.is_over else Advice.UNKNOWN


def standing_of(matter: Matter, history: Sequence[Envelope[Fact]], now: datetime) -> Standing:
    """Where a matter stands by its history, in which the facts about windows are newest first."""
    events = [event for event in history if matter.covers(event.data) and not getattr(event.data, "test", None)]
    windows = _last_windows(events)
    ends = [fact for fact in windows if isinstance(fact, SaveWindowClosed)]
    insisted = [one.closed_at for one in ends if one.because is SaveWindowEnd.CUSTOMER_INSISTS]
    spoken = max((one for one in ends if one.because is SaveWindowEnd.SAVED), key=_closed_at, default=None)
    return Standing(
        asked_at=_last(event.time for event in events if _asks(event.data)),
        withdrawn_at=_last(_times(events, RefundWithdrawn, CancellationWithdrawn)),
        insisted_at=_last([*_times(events, CustomerInsists), *insisted]),
        done_at=_last(_times(events, RefundPaid, OrderCancelled)),
        spoken_at=spoken.closed_at if spoken else None,
        whom=(spoken and _acknowledger(spoken, events)) or "that colleague",
        is_over=any(isinstance(one, SaveWindowClosed) or one.until <= now for one in windows),
    )


def _last_windows(events: Iterable[Envelope[Fact]]) -> list[_Window]:
    """The last fact about each save window, of events that are newest first."""
    last: dict[object, _Window] = {}
    for event in events:
        if isinstance(event.data, _Window):
            last.setdefault(event.data.episode, event.data)
    return list(last.values())


def _acknowledger(end: SaveWindowClosed, events: Iterable[Envelope[Fact]]) -> str | None:
    """The name of the colleague who last had this save window, if they acknowledged it."""
    opened = (event.data for event in events if isinstance(event.data, SaveWindowOpened))
    last = next((fact for fact in opened if fact.episode == end.episode), None)
    return (last.name or last.who) if last is not None and last.acknowledged else None


def _asks(fact: Fact) -> bool:
    leaves = isinstance(fact, ContactMade) and fact.intent is not None
    return leaves or isinstance(fact, RefundRequested | CancellationRequested)


def _times(events: Iterable[Envelope[Fact]], *kinds: type[Fact]) -> list[datetime]:
    return [event.time for event in events if isinstance(event.data, kinds)]


def _closed_at(end: SaveWindowClosed) -> datetime:
    return end.closed_at


def _last(times: Iterable[datetime]) -> datetime | None:
    return max(times, default=None)


def _later(at: datetime | None, than: datetime | None) -> bool:
    return at is not None and than is not None and at > than
