"""What escalation must make of what it heard: an implementation of its rules of its own. Start at `expected_effects`.

Of each account the events are taken in the order in which escalation's journal has them; what they say comes from the
history alone. The rules, in words:

A signal is a contact at a dead end, a refund or cancellation request, an overdue answer, a reopened case, and the
reassignment that brings a case's highest count to three or more. It belongs to the order it names, else to the one its
case names; as long as that order has not come it waits, until a timer ends the wait. Then, and where nothing is named,
it belongs to the account's latest order sold at or before it, of equal instants the one with the highest id. With no
such order it waits without end, and matches when one comes, or when its case turns out to name one. What waits is
matched in the order of event times. A match is final.

All signals of an order are one episode. A signal rings when its episode never rang, when somebody had acknowledged it
(which ringing clears), and always when money is asked back or a cancellation is asked for.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from tests.faults.checker.evidence import CannotJudge, Evidence, Row, Told, instant, payload
from tests.faults.checker.recomputing import NEVER_WAIT, is_signal_by_itself

BOUNCES = 3
_ORDER_WAIT_ENDED = "escalation.timer.order_wait_ended"
_ACKNOWLEDGED = "escalation.button.acknowledge_pressed"
_KINDS = {
    "contact_made": "contact_dead_ended",
    "refund_requested": "refund_requested",
    "cancellation_requested": "cancellation_requested",
    "response_overdue": "response_overdue",
    "case_reopened": "case_reopened",
}


@dataclass(slots=True)
class Signal:
    """`order` is None while it waits; `rang` tells whether it must have alerted somebody."""

    account: str
    kind: str
    at: datetime
    case: str | None
    names: str | None
    awaits: bool
    order: str | None = None
    rang: bool = False


@dataclass(slots=True)
class Episode:
    """What is known of the risk on one order. `presses` counts how often it was acknowledged."""

    rang: bool = False
    acknowledged: bool = False
    presses: int = 0


@dataclass(slots=True)
class Account:
    """One account as escalation must see it."""

    id: str
    orders: dict[str, Told] = field(default_factory=dict)
    case_orders: dict[str, str | None] = field(default_factory=dict)
    reassignments: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    signals: dict[datetime, Signal] = field(default_factory=dict)
    episodes: dict[str, Episode] = field(default_factory=dict)

    def hear(self, event: Told) -> None:
        """A fact that orders or support published."""
        case = event.data.get("case")
        if event.kind == "order_placed":
            self._place(event)
        elif event.kind == "case_opened":
            self._open(str(case), event.data.get("order"))
        elif event.kind == "case_reassigned":
            self._reassign(event, case)
        elif is_signal_by_itself(event) or event.kind in ("response_overdue", "case_reopened"):
            self._signal(event, _KINDS[event.kind])

    def stop_waiting(self, at: datetime) -> None:
        """The order that a signal names was waited for long enough."""
        signal = self.signals[at]
        if signal.order is None:
            signal.awaits = False
            self._match(signal)

    def acknowledge(self, order: str) -> None:
        episode = self.episodes[order]
        episode.acknowledged = True
        episode.presses += 1

    def _place(self, event: Told) -> None:
        order = str(event.data["order"])
        if order not in self.orders:
            self.orders[order] = event
            for signal in self._waiting():
                self._match(signal)

    def _open(self, case: str, order: str | None) -> None:
        if self.case_orders.get(case) is not None:
            return
        self.case_orders[case] = order
        for signal in self._waiting() if order else ():
            if signal.case == case and signal.names is None:
                signal.names, signal.awaits = order, True
                self._match(signal)

    def _reassign(self, event: Told, case: str | None) -> None:
        if case is None:
            return
        before = self.reassignments[case]
        self.reassignments[case] = max(before, event.data["reassignments"])
        if before < BOUNCES <= self.reassignments[case]:
            self._signal(event, "case_bounced")

    def _signal(self, event: Told, kind: str) -> None:
        case = event.data.get("case")
        names = event.data.get("order") or self.case_orders.get(case or "")
        signal = Signal(self.id, kind, event.at, case, names, awaits=names is not None)
        self.signals[event.at] = signal
        self._match(signal)

    def _waiting(self) -> list[Signal]:
        return sorted((one for one in self.signals.values() if one.order is None), key=lambda one: one.at)

    def _match(self, signal: Signal) -> None:
        if signal.names in self.orders:
            signal.order = signal.names
        elif not signal.awaits:
            sold = [(sold_at(order), id) for id, order in self.orders.items() if sold_at(order) <= signal.at]
            signal.order = max(sold)[1] if sold else None
        if signal.order is not None:
            self._ring(signal, self.episodes.setdefault(signal.order, Episode()))

    def _ring(self, signal: Signal, episode: Episode) -> None:
        signal.rang = not episode.rang or episode.acknowledged or signal.kind in NEVER_WAIT
        if signal.rang:
            episode.rang, episode.acknowledged = True, False


def sold_at(order: Told) -> datetime:
    return instant(order.data["sold_at"])


def expected_effects(run: Evidence) -> dict[str, Account]:
    """Every account that escalation has heard of. Raises CannotJudge where the journal names what is nowhere."""
    told = run.told()
    accounts: dict[str, Account] = {}
    times = {row["signal_id"]: row["at"] for row in run.rows("escalation", "escalation.signals")}
    orders = {row["episode_id"]: row["order_id"] for row in run.rows("escalation", "escalation.episodes")}
    for row in run.databases["escalation"].journal("record", "timer", "button"):
        account = accounts.setdefault(row["subject"], Account(row["subject"]))
        try:
            _take(account, row, told, times, orders)
        except KeyError as error:
            raise CannotJudge(
                f"journal row {row['position']} ({row['type']}) is about what is nowhere: {error}"
            ) from None
    return accounts


def _take(
    account: Account, row: Row, told: dict[datetime, Told], times: dict[UUID, datetime], orders: dict[UUID, Any]
) -> None:
    if row["kind"] == "record":
        account.hear(told[row["at"]])
    elif row["type"] == _ORDER_WAIT_ENDED:
        account.stop_waiting(times[UUID(payload(row)["signal"])])
    elif row["type"] == _ACKNOWLEDGED:
        account.acknowledge(orders[UUID(payload(row)["episode"])])
