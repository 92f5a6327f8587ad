"""The facts that escalation must remember of an account: each once, with an id derived from its event."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tests.faults.checker.evidence import Reported, Row, instant

_NAMESPACE = UUID("6f1d3c5a-7f0e-5b1c-9d52-0f6c1b1f4a10").bytes
_KINDS = {"contact_made": "contact", "case_status_changed": "case_progressed", "satisfaction_rated": "rated"}
_NOT_REMEMBERED = (
    "order_placed",
    "salesperson_changed",
    "sale_corrected",
    "account_reassigned",
    "contact_preference_changed",
)
ENDS = (
    "case_resolved", "case_closed", "refund_withdrawn", "cancellation_withdrawn", "order_confirmed", "order_delivered",
    "order_cancelled", "promise_kept",
)  # fmt: skip
OF_ORDERS = (
    "sold",
    "confirmation_required", "order_confirmed", "order_delivered", "order_changed", "order_lines", "order_cancelled",
    "refund_paid", "delivery_due", "delivery_late", "promise", "promise_kept", "promise_said_kept", "outcome_reported",
    "outcome_said", "customer_duty", "customer_duty_said_done",
)  # fmt: skip


def derived(*parts: object) -> UUID:
    """The id derived from a kind and its causes: a UUIDv5 of all parts, each preceded by its length."""
    name = "".join(f"{len(text)}:{text}" for text in map(str, parts))
    return UUID(bytes=hashlib.sha1(_NAMESPACE + name.encode(), usedforsecurity=False).digest()[:16], version=5)


@dataclass(frozen=True, slots=True)
class Fact:
    """`data` is the event's; `due` is the time that a promise or report names; `what` names a promise; `contacts` are
    the contacts reported as needing no answer."""

    id: UUID
    kind: str
    at: datetime
    case: str | None
    order: str | None
    data: Mapping[str, Any]
    due: datetime | None = None
    what: str | None = None
    contacts: tuple[UUID, ...] = ()

    @property
    def key(self) -> tuple[datetime, int, UUID]:
        return self.at, self.place, self.id

    @property
    def place(self) -> int:
        """The rank among facts of one instant: opening, everything else, end, reopening."""
        if self.kind in ("case_opened", "case_reopened"):
            return 3 * (self.kind == "case_reopened")
        return 2 if self.kind in ENDS else 1

    @property
    def word(self) -> str:
        """The normalised word of the status. A case opened without a word is "new"."""
        status = self.data.get("status", "new" if self.kind == "case_opened" else "")
        return " ".join(re.sub("[-_]", " ", str(status)).casefold().split())

    @property
    def asks(self) -> bool:
        """Whether the customer does something on a case that asks for an answer."""
        return self.inbound or self.kind in ("refund_requested", "cancellation_requested")

    @property
    def said(self) -> dict[str, Any]:
        """The parts of a request that it states: an amount, words, a person."""
        by = self.data.get("by") or {}
        person = by.get("email") or by.get("phone") or by.get("name") if isinstance(by, Mapping) else None
        given = {
            "amount": (self.data["amount_minor"], self.data.get("currency")) if self.data.get("amount_minor") else None,
            "words": " ".join((self.data.get("words") or "").casefold().split()),
            "person": " ".join((person or "").casefold().split()),
        }
        return {name: value for name, value in given.items() if value}

    @property
    def denies(self) -> bool:
        """Whether the buyer, or a colleague on their behalf, reports that the order did not bring the result it was
        bought for."""
        return self.kind in ("outcome_reported", "outcome_said") and not self.data["reached"]

    @property
    def courtesy(self) -> bool:
        return self.data.get("courtesy") is not None

    @property
    def result(self) -> str | None:
        return self.data.get("result")

    @property
    def amount(self) -> int | None:
        """The amount refunded, or the amount requested if it is stated, in minor units."""
        if self.kind == "refund_requested":
            return self.data.get("amount_minor") or None
        return self.data.get("amount_minor") if self.kind == "refund_paid" else None

    @property
    def share(self) -> int:
        """A rating in thousandths of its scale."""
        return round(1000 * int(self.data["rating"]) / int(self.data.get("scale", 5)))

    @property
    def two_way(self) -> bool:
        """Whether customer and company talked."""
        talked = self.kind == "contact" and self.result in ("answered", "resolved") and not self.courtesy
        return talked or self.kind == "customer_reached"

    @property
    def inbound(self) -> bool:
        """Whether the customer tried to reach us."""
        return self.kind == "contact" and self.data["direction"] == "inbound" and not self.courtesy

    @property
    def tried(self) -> bool:
        """Whether we tried to reach the customer and did not."""
        outbound = self.kind == "contact" and self.data["direction"] == "outbound"
        return outbound and self.result in ("unanswered", "voicemail")

    @property
    def missed(self) -> bool:
        return self.inbound and self.result in ("unanswered", "voicemail")


def lines_of(sale: Reported) -> Fact:
    """The lines of a sale, remembered once a part of the order arrives or its lines change."""
    order = str(sale.data["order"])
    return Fact(
        derived("fact", "order_lines", order), "order_lines", instant(sale.data["sold_at"]), None, order, sale.data
    )


def facts_of_account(reported: Iterable[tuple[Reported, Row]]) -> dict[UUID, Fact]:
    """All facts that escalation must remember of one account, by id: of its events, each with its row of the journal.

    The lines of a sale are remembered with the first delivery or change that names lines.
    """
    facts, sales = dict[UUID, Fact](), dict[str, Reported]()
    for event, row in reported:
        order = str(event.data.get("order"))
        if event.kind == "order_placed":
            sales.setdefault(order, event)
        elif event.kind in ("order_delivered", "order_changed") and event.data.get("lines") and order in sales:
            lines = lines_of(sales[order])
            facts.setdefault(lines.id, lines)
        for fact in facts_of(event, row):
            facts.setdefault(fact.id, fact)
    return facts


def facts_of(event: Reported, row: Row) -> Iterator[Fact]:
    """The facts remembered of an event that escalation journaled as this row."""
    data, source, id = event.data, row["source"], row["event_id"]
    if event.kind == "order_placed":
        for place, promise in enumerate(data.get("promises", ())):
            due, what = instant(promise["due_at"]), promise.get("id") or promise["what"]
            fact_id = derived("fact", source, id, f"promise-{place}")
            kind = "customer_duty" if promise.get("owed_by") == "customer" else "promise"
            yield Fact(fact_id, kind, event.at, None, data["order"], {}, due, what)
        if "delivery_due_at" in data:
            sold = derived("fact", source, id, "sold")
            yield Fact(sold, "sold", instant(data["sold_at"]), None, data["order"], {})
            due, fact_id = instant(data["delivery_due_at"]), derived("fact", source, id, "delivery")
            yield Fact(fact_id, "delivery_due", event.at, None, data["order"], {}, due)
    elif event.kind not in _NOT_REMEMBERED and not data.get("test"):
        yield from _beside(event, source, id)
        named = data.get("delivery_due_at") if event.kind == "order_changed" else data.get("due_at")
        due_at = instant(named) if named is not None else None
        yield Fact(
            derived("fact", source, id, ""),
            _KINDS.get(event.kind, event.kind),
            event.at,
            data.get("case"),
            data.get("order"),
            data,
            due_at,
            data.get("promise"),
            _contacts(data.get("contact")),
        )


def _contacts(named: Mapping[str, str] | None) -> tuple[UUID, ...]:
    """The ids of all facts that may be remembered of the contact published under this source and id."""
    if named is None:
        return ()
    types = ("support.contact_made", "support.contact_dead_ended")
    ids = [derived("event", named["source"], named["id"], type, "") for type in types]
    return tuple(derived("fact", "handoff/support", str(id), part) for id in ids for part in ("", "leaving"))


def _beside(event: Reported, source: str, id: str) -> Iterator[Fact]:
    """Further facts in an event: the customer's wish to leave, or the reason why a closed case needs no answer."""
    about = (event.at, event.data.get("case"), event.data.get("order"))
    if event.kind.startswith("contact_") and event.data.get("intent") and not event.data.get("courtesy"):
        said = {name: event.data[name] for name in ("words", "by") if name in event.data}
        yield Fact(derived("fact", source, id, "leaving"), "cancellation_requested", *about, said)
    if event.kind == "case_closed" and event.data.get("reason"):
        yield Fact(
            derived("fact", source, id, "no answer"), "answer_not_needed", *about, {"reason": event.data["reason"]}
        )
