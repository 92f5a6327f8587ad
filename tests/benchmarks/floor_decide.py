"""The floor's decisions: the backlog's effects and no more, written without types, layers or models.

Every sale is known before its matters begin, each account's matters come in the order in which they happened, no one
has acknowledged anything, and one policy applies: so each rule is a few lines over the earlier facts.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.escalation.domain.words import SIGNAL_LABELS
from tests.benchmarks.floor_past import Past, asked, earliest, is_open, is_over, run_of
from tests.benchmarks.floor_rings import REQUESTS, Rings, derived

__all__ = ["Event", "Signal", "State", "derived"]

SIGNALS = {
    "support.contact_dead_ended": "contact_dead_ended",
    "support.refund_requested": "refund_requested",
    "support.cancellation_requested": "cancellation_requested",
    "support.response_overdue": "response_overdue",
    "support.case_reopened": "case_reopened",
    "support.satisfaction_rated": "satisfaction_low",
}
KINDS = {*SIGNALS.values(), "contact_repeated", "case_bounced", "case_stuck", "gone_quiet"}
"""Kinds of signals that the floor raises, or waits for."""
NOT_IN_THE_BACKLOG = {
    *("response_due", "order_stalled", "promise_missed", "outcome_denied", "delivery_late"),
    *("order_cancelled", "refund_paid", "seller_requested"),
}
"""Kinds of signals for which the backlog has no facts."""
FACTS = {
    "orders.order_delivered": "order_delivered",
    "support.case_opened": "case_opened",
    "support.contact_made": "contact",
    "support.contact_dead_ended": "contact",
    "support.case_reassigned": "case_reassigned",
    "support.case_status_changed": "case_progressed",
    "support.case_reopened": "case_reopened",
    "support.case_resolved": "case_resolved",
    "support.response_overdue": "response_overdue",
    "support.satisfaction_rated": "rated",
    "support.refund_requested": "refund_requested",
    "support.cancellation_requested": "cancellation_requested",
}
RECEIVED = {*FACTS, "orders.order_placed", "orders.salesperson_changed"}
QUIET = ("support.contact_dead_ended", "support.satisfaction_rated")
PROGRESS = ("case_opened", "case_progressed", "case_reopened")
REPEATED, BOUNCED = 3, 3
_REMEMBERED = timedelta(days=730)
"""For this long a sale with a seller takes precedence over one without."""


@dataclass(slots=True)
class Event:
    source: str
    id: str
    type: str
    subject: str
    at: datetime
    traceparent: str | None
    data: dict[str, Any]
    body: bytes
    digest: bytes
    position: tuple[str, int, int]
    reported: int = 0


@dataclass(slots=True)
class Signal:
    """`fact` is the id of the fact it began with. A stored signal has no data and no trace."""

    id: UUID
    account: str
    kind: str
    at: datetime
    fact: UUID
    case: str | None
    names: str | None
    episode: UUID | None = None
    traceparent: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    stored: bool = True
    ended: tuple[datetime, str] | None = None
    rewords: str | None = None


@dataclass(slots=True)
class State(Rings):
    """What one batch knows, and what it writes. `past` has each account's facts in order."""

    cases: dict[tuple[str, str], str | None] = field(default_factory=dict)
    past: dict[str, list[Past]] = field(default_factory=dict)
    new_orders: list[tuple[Any, ...]] = field(default_factory=list)
    new_cases: list[tuple[Any, ...]] = field(default_factory=list)
    moved: dict[str, tuple[str, str | None, datetime]] = field(default_factory=dict)
    facts: list[tuple[Any, ...]] = field(default_factory=list)

    def apply(self, event: Event) -> None:
        if event.type == "orders.order_placed":
            self._order(event)
        elif event.type == "orders.salesperson_changed":
            self.moved[event.subject] = (event.subject, event.data.get("phone"), event.at)
        else:
            self._fact(event)

    def _order(self, event: Event) -> None:
        data, customer = event.data, event.data.get("customer") or {}
        known = self.orders.setdefault(event.subject, {})
        if data["order"] in known:
            return
        sold_at = datetime.fromisoformat(data["sold_at"])
        known[data["order"]] = (data["order"], data.get("sold_by"), sold_at, data["amount_minor"], data["currency"])
        bought = ", ".join(
            line["product"] if line.get("quantity", 1) == 1 else f"{line['quantity']} × {line['product']}"
            for line in data["lines"]
        )
        self.new_orders.append(
            (
                *(data["order"], event.subject, data.get("sold_by"), sold_at, data["amount_minor"], data["currency"]),
                *(bought, customer.get("name"), customer.get("phone"), customer.get("email"), customer.get("zone")),
                "[" + ",".join(f'"{line["product"]}"' for line in data["lines"]) + "]",
            )
        )

    def _fact(self, event: Event) -> None:
        data, kind, account = event.data, FACTS[event.type], event.subject
        case, order, result = data.get("case"), data.get("order"), data.get("result")
        number = data.get("reassignments")
        if kind == "rated":
            number = round(1000 * data["rating"] / data.get("scale", 5))
        fact, said = derived("fact", event.source, event.id, ""), None
        if kind in REQUESTS and data.get("words"):
            said = derived("text", account, " ".join(data["words"].casefold().split())).hex[:8]
        self.facts.append(
            (
                *(fact, account, kind, event.at, case, order, data.get("direction"), data.get("channel"), result),
                *(data.get("agent"), False, number, _instant(data.get("due_at")), _what(kind, data)),
                *(data.get("amount_minor"), data.get("currency"), said),
            )
        )
        if kind == "case_opened":
            self.cases[account, data["case"]] = order
            self.new_cases.append((account, case, order))
        past = self.past.setdefault(account, [])
        past.append((kind, case, result, number, fact, order, event.at, data.get("channel"), said))
        over = self._over(event, kind, case, order, result)
        self.leaving = {signal.id for signal in over}
        for signal in sorted(self._raised(event, kind, fact, past), key=lambda signal: signal.id):
            self._join(event, signal)
        for signal in over:
            signal.ended = (event.at, "contact" if result == "answered" else kind)
            self.end(event, signal, SIGNAL_LABELS[signal.kind])
        for silence, about, of_order in _broken(kind, case, past):
            self.wait_no_more(silence, account, about, of_order)
        if kind in REQUESTS:
            self._asked_again(event, kind, past)
        if event.type in QUIET:
            self.wait_for("gone_quiet", account, case, order)
        elif case is not None and (kind in PROGRESS or result == "answered") and is_open(past, case):
            self.wait_for("case_stuck", account, case, order)

    def _raised(self, event: Event, kind: str, fact: UUID, past: list[Past]) -> list[Signal]:
        case, raised = event.data.get("case"), list[Signal]()
        names = event.data.get("order") or self.cases.get((event.subject, case or ""))
        own = SIGNALS.get(event.type)
        if own is not None and not self._is_known(event, own, case, names, past):
            raised.append(self._signal(event, own, derived("signal", fact, own), fact, names))
        if kind == "contact":
            run, times = run_of(past, case)
            if len(run) == REPEATED and run[-1][0] == fact:
                first, named = run[0]
                about = (event.subject, case, times) if case is not None else (first,)
                id = derived("signal", *about, "contact_repeated")
                named = named or self.cases.get((event.subject, case or ""))
                raised.append(self._signal(event, "contact_repeated", id, first, named))
        elif kind == "case_reassigned" and case is not None and event.data["reassignments"] >= BOUNCED:
            often = [place for place, one in enumerate(past) if one[:2] == (kind, case) and (one[3] or 0) >= BOUNCED]
            counting = [place for place in often if not is_over(past[:place], case)]
            if counting == [len(past) - 1]:
                id = derived("signal", event.subject, case, "case_bounced")
                raised.append(self._signal(event, "case_bounced", id, fact, names))
        return raised

    def _is_known(self, event: Event, own: str, case: str | None, names: str | None, past: list[Past]) -> bool:
        """Whether the event repeats a standing signal, or is dated after the end of its case."""
        standing = [one for one in self.signals.get(event.subject, {}).values() if one.ended is None]
        same = any((one.kind, one.case, one.names) == (own, case, names) for one in standing)
        if own == "response_overdue":
            return same or is_over(past, case)
        if own in REQUESTS:
            return earliest(past) is not None
        return own == "case_reopened" and case is not None and same

    def _asked_again(self, event: Event, kind: str, past: list[Past]) -> None:
        """A repeated request raises an alert if it has other words."""
        first = earliest(past)
        if first is None:
            return
        said, known = past[-1][8], [one[8] for one in past[first:-1] if asked(one) == asked(past[-1])]
        signal = self.signals[event.subject][derived("signal", past[first][4], kind)]
        if said is not None:
            signal.rewords = event.data["words"]
        self.ask_again(event, signal, new=said is not None and said not in known)

    def _signal(self, event: Event, kind: str, id: UUID, fact: UUID, names: str | None) -> Signal:
        data, case = event.data, event.data.get("case")
        own = data if kind in SIGNALS.values() and kind != "contact_repeated" else {}
        if kind == "case_bounced":
            own = data
        return Signal(id, event.subject, kind, event.at, fact, case, names, None, event.traceparent, own, stored=False)

    def _join(self, event: Event, signal: Signal) -> None:
        known = self.orders.get(signal.account, {})
        order = known.get(signal.names or "")
        if order is None:
            sold = [one for one in known.values() if one[2] <= signal.at]
            if not sold:
                raise LookupError("every sale of a backlog is known before")
            made = [one for one in sold if one[1] is not None and one[2] >= signal.at - _REMEMBERED]
            order = max(made or sold, key=lambda one: (one[2], one[0]))
        self.signals.setdefault(signal.account, {})[signal.id] = signal
        self.join(event, signal, order)

    def _over(self, event: Event, kind: str, case: str | None, order: str | None, result: str | None) -> list[Any]:
        """The signals that the event ends."""
        answered, over = result == "answered", kind == "case_resolved"
        if not answered and not over:
            return []
        known = sorted(self.signals.get(event.subject, {}).values(), key=lambda signal: (signal.at, signal.id))
        standing = [signal for signal in known if signal.ended is None]
        return [signal for signal in standing if _ends(signal, case, order, answered=answered, over=over)]


def _ends(signal: Signal, case: str | None, order: str | None, *, answered: bool, over: bool) -> bool:
    if case is not None:
        if signal.case != case:
            return False
        if over:
            return signal.kind in ("contact_repeated", "case_bounced", "case_reopened", "response_overdue")
        return signal.kind in ("contact_dead_ended", "response_overdue")
    if not answered or signal.case is not None:
        return False
    if signal.kind == "contact_repeated":
        return True
    return signal.kind in ("contact_dead_ended", "response_overdue") and (
        signal.names is None or order in (None, signal.names)
    )


def _what(kind: str, data: dict[str, Any]) -> str | None:
    """The word of a status, or the kind of a refund request."""
    if kind == "refund_requested":
        return str(data.get("kind", "dissatisfaction"))
    return str(data.get("status", "new")).casefold() if kind in ("case_opened", "case_progressed") else None


def _broken(kind: str, case: str | None, past: list[Past]) -> Iterator[tuple[str, str | None, str | None]]:
    """Silences whose timers are cancelled: the last bad contact or rating was followed by another,
    or the case is closed."""
    if kind == "case_resolved":
        yield from (("case_stuck", case, order) for order in {one[5] for one in past if one[1] == case})
    elif kind == "contact":
        for before, about, result, _, _, order, *_ in reversed(past[:-1]):
            if before == "rated" or result == "dead_end":
                yield "gone_quiet", about, order
                return


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)
