"""What the floor decides: the backlog's effects and no more, written down without types, layers or models."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import orjson

NAMESPACE = UUID("6f1d3c5a-7f0e-5b1c-9d52-0f6c1b1f4a10")
SIGNALS = {
    "support.contact_dead_ended": "contact_dead_ended",
    "support.refund_requested": "refund_requested",
    "support.cancellation_requested": "cancellation_requested",
    "support.response_overdue": "response_overdue",
    "support.case_reopened": "case_reopened",
}
HEARD = {
    *SIGNALS,
    "orders.order_placed",
    "orders.salesperson_changed",
    "support.case_opened",
    "support.case_reassigned",
}
ALWAYS_RINGS = ("refund_requested", "cancellation_requested")
ORDER_WAIT = timedelta(minutes=15)


def derived(*parts: object) -> UUID:
    return uuid5(NAMESPACE, "".join(f"{len(text)}:{text}" for text in map(str, parts)))


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


@dataclass(slots=True)
class Episode:
    id: UUID
    account: str
    order: str
    seller: str | None
    responsible: str | None = None
    why_you: str | None = None
    rang: bool = False
    acknowledged: bool = False


@dataclass(slots=True)
class Signal:
    id: UUID
    account: str
    kind: str
    at: datetime
    case: str | None
    names: str | None
    traceparent: str | None
    awaited: bool
    source: str = "handoff/escalation/signals"
    cause: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    episode: UUID | None = None
    stored: bool = True


@dataclass(slots=True)
class State:
    """What one batch knows, and what it writes."""

    now: datetime
    people: dict[str, Any]
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    cases: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    episodes: dict[str, Episode] = field(default_factory=dict)
    waiting: dict[str, list[Signal]] = field(default_factory=dict)
    new_orders: list[tuple[Any, ...]] = field(default_factory=list)
    moved: dict[str, tuple[str, str | None, datetime]] = field(default_factory=dict)
    changed_cases: set[tuple[str, str]] = field(default_factory=set)
    changed_episodes: dict[UUID, Episode] = field(default_factory=dict)
    signals: dict[UUID, Signal] = field(default_factory=dict)
    alerts: list[tuple[Any, ...]] = field(default_factory=list)
    deliveries: list[tuple[Any, ...]] = field(default_factory=list)
    outbox: list[tuple[Any, ...]] = field(default_factory=list)
    cancelled: list[UUID] = field(default_factory=list)

    def apply(self, event: Event) -> None:
        kind = SIGNALS.get(event.type)
        if kind is not None:
            self._signal(event, kind)
        elif event.type == "orders.order_placed":
            self._order(event)
        elif event.type == "support.case_opened":
            self._case(event)["order"] = event.data.get("order")
        elif event.type == "support.case_reassigned" and event.data.get("case"):
            self._passed_on(event)
        elif event.type == "orders.salesperson_changed":
            self.moved[event.subject] = (event.subject, event.data.get("phone"), event.at)

    def _case(self, event: Event) -> dict[str, Any]:
        key = (event.subject, event.data["case"])
        self.changed_cases.add(key)
        return self.cases.setdefault(key, {"order": None, "times": 0})

    def _passed_on(self, event: Event) -> None:
        case = self._case(event)
        before, case["times"] = case["times"], max(case["times"], event.data["reassignments"])
        if before < 3 <= case["times"]:
            self._signal(event, "case_bounced")

    def _order(self, event: Event) -> None:
        data, customer = event.data, event.data.get("customer") or {}
        known = self.orders.setdefault(event.subject, {})
        if data["order"] in known:
            return
        sold_at = datetime.fromisoformat(data["sold_at"])
        known[data["order"]] = (data["order"], data.get("sold_by"), sold_at)
        bought = ", ".join(
            line["product"] if line.get("quantity", 1) == 1 else f"{line['quantity']} × {line['product']}"
            for line in data["lines"]
        )
        self.new_orders.append(
            (
                *(data["order"], event.subject, data.get("sold_by"), sold_at, data["amount_minor"], data["currency"]),
                *(bought, customer.get("name"), customer.get("phone"), customer.get("email"), customer.get("zone")),
            )
        )
        for signal in list(self.waiting.get(event.subject, ())):
            self._match(signal)

    def _signal(self, event: Event, kind: str) -> None:
        case = self.cases.get((event.subject, event.data.get("case") or ""))
        names = event.data.get("order") or (case["order"] if case else None)
        signal = Signal(
            derived("signal", event.source, event.id, kind),
            event.subject,
            kind,
            event.at,
            event.data.get("case"),
            names,
            event.traceparent,
            names is not None,
            event.source,
            event.id,
            event.data,
            stored=False,
        )
        self.signals[signal.id] = signal
        self.waiting.setdefault(signal.account, []).append(signal)
        self._match(signal)

    def _match(self, signal: Signal) -> None:
        known = self.orders.get(signal.account, {})
        order = known.get(signal.names or "")
        if order is None:
            if signal.awaited:
                return
            sold = [one for one in known.values() if one[2] <= signal.at]
            if not sold:
                return
            order = max(sold, key=lambda one: (one[2], one[0]))
        self.waiting[signal.account].remove(signal)
        if signal.awaited and signal.stored:
            self.cancelled.append(_timer(signal)[0])
        signal.awaited = False
        self.signals[signal.id] = signal
        self._join(signal, order)

    def _join(self, signal: Signal, order: Any) -> None:
        fact = {"order": order[0], "signal": str(signal.id), "kind": signal.kind}
        episode = self.episodes.get(order[0])
        if episode is None:
            episode = Episode(derived("episode", order[0], signal.id), signal.account, order[0], order[1])
            self.episodes[order[0]] = episode
            told = {"episode": str(episode.id), "salesperson": order[1], **fact, "at": _text(signal.at)}
            self._publish("escalation.episode_raised", told, signal, signal.at, episode.id)
        else:
            told = {"episode": str(episode.id), "case": signal.case, **fact, "at": _text(signal.at)}
            self._publish("escalation.episode_signalled", told, signal, signal.at, signal.id)
        signal.episode = episode.id
        rings = not episode.rang or episode.acknowledged or signal.kind in ALWAYS_RINGS
        self.changed_episodes[episode.id] = episode
        if rings:
            episode.rang, episode.acknowledged = True, False
            self._ring(signal, episode, order, fact)

    def _ring(self, signal: Signal, episode: Episode, order: Any, fact: dict[str, Any]) -> None:
        to, because, why = self._recipient(order)
        if signal.names not in (None, order[0]):
            why += f" The order that was named, {signal.names}, is not known; this is the latest one."
        episode.responsible, episode.why_you = to, why
        alert = derived("alert", episode.id, signal.id)
        self.alerts.append((alert, signal.account, episode.id, signal.id, to, because, why, signal.traceparent))
        no_mail = "no e-mail address is known"
        self.deliveries.append((derived("delivery", alert, "inbox"), alert, "inbox", "sent", None))
        self.deliveries.append((derived("delivery", alert, "email"), alert, "email", "skipped", no_mail))
        told = {"alert": str(alert), "episode": str(episode.id), **fact, "recipient": to, "because": because}
        self._publish("escalation.alert_raised", told, signal, self.now, alert)

    def _recipient(self, order: Any) -> tuple[str, str, str]:
        seller = self.people.get(order[1])
        if seller is None:
            day = self._day(order, self.people["desk"])
            why = f"You are the sales desk: order {order[0]} was sold without a seller (on {day})."
            return "desk", "no_seller", why
        if seller["active"]:
            return seller["salesperson_id"], "seller", f"You closed order {order[0]} on {self._day(order, seller)}."
        heir = self.people.get(seller["successor"])
        if heir is not None:
            left = _words(seller["successor_since"], self.now.date())
            why = f"{seller['name']} closed order {order[0]} on {self._day(order, heir)} and left on {left}; "
            return heir["salesperson_id"], "successor", why + f"{seller['name']}'s book is yours."
        above = self.people[seller["manager"]]
        why = (
            f"{seller['name']} closed order {order[0]} on {self._day(order, above)} and has left without a successor; "
        )
        return above["salesperson_id"], "manager", why + "you are next in line."

    def _day(self, order: Any, person: Any) -> str:
        return _words(order[2].astimezone(ZoneInfo(person["zone"])).date(), self.now.date())

    def _publish(self, type: str, fact: dict[str, Any], signal: Signal, at: datetime, discriminator: UUID) -> None:
        headers = [
            ("ce_specversion", "1.0"),
            ("ce_id", str(derived("event", signal.source, signal.cause or signal.id, type, discriminator))),
            ("ce_source", "handoff/escalation"),
            ("ce_type", type),
            ("ce_subject", signal.account),
            ("ce_time", _text(at)),
            ("content-type", "application/json"),
            ("ce_dataschema", f"urn:handoff:{type}:1"),
        ]
        if signal.traceparent is not None:
            headers += [("ce_traceparent", signal.traceparent), ("traceparent", signal.traceparent)]
        body = orjson.dumps({name: value for name, value in fact.items() if value is not None})
        self.outbox.append(("escalation.episodes.v1", signal.account, orjson.dumps(headers).decode(), body))

    def timers(self) -> list[tuple[Any, ...]]:
        return [_timer(one) for one in self.signals.values() if one.awaited and not one.stored]


def _timer(signal: Signal) -> tuple[Any, ...]:
    body = orjson.dumps({"signal": str(signal.id)})
    id = derived("timer", "escalation.timer.order_wait_ended", signal.account, body.decode())
    return id, signal.account, body, signal.traceparent


def _text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _words(day: Any, today: Any) -> str:
    return f"{day.day} {day:%B}" + ("" if day.year == today.year else f" {day.year}")
