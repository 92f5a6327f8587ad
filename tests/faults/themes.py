"""Trouble in an account, and what ends it: each account has a few of all the themes."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.faults.drafts import ORDERS, SPAN, SUPPORT, Draft, draft

THEMES: Mapping[str, tuple[str, ...]] = {
    "calls": ("contact_made", "contact_made", "contact_made"),
    "case": (
        *("case_reassigned", "case_reassigned", "case_status_changed", "case_reopened"),
        *("case_resolved", "case_resolved", "case_closed", "contact_made"),
    ),
    "answers": ("response_promised", "response_promised", "response_overdue", "contact_made", "case_resolved"),
    "ratings": ("satisfaction_rated",),
    "money": ("refund_requested", "refund_withdrawn", "contact_made"),
    "leaving": ("cancellation_requested", "cancellation_withdrawn"),
    "by hand": ("seller_requested", "seller_requested", "contact_made"),
    "confirmation": ("confirmation_required", "order_confirmed", "contact_made"),
    "delivery": ("delivery_late", "order_delivered", "order_delivered", "order_changed"),
    "promises": ("promise_kept", "promise_kept", "outcome_reported"),
    "end": ("order_cancelled", "refund_paid"),
    "people": ("sale_corrected", "account_reassigned", "contact_preference_changed"),
}
_OF_ORDERS = frozenset(
    (*THEMES["confirmation"][:2], *THEMES["delivery"], *THEMES["promises"], *THEMES["end"], "sale_corrected")
)
_OF_CASES = frozenset((*THEMES["case"][:-1], "response_promised", "response_overdue", "satisfaction_rated"))
_PROMISES = ("p-0", "p-1", "A call")
_RESULTS = ("answered", "resolved", "unanswered", "voicemail", "dead_end", "dead_end")


@dataclass(slots=True)
class Themes:
    """Makes the drafts of one account. `people` may talk with the customer; the history ends at
    `now`.

    Facts about money have a random generator of their own, so that new choices there leave the rest
    of a history unchanged.
    """

    chance: random.Random
    account: str
    orders: Sequence[str]
    cases: Sequence[str]
    people: Sequence[str]
    now: datetime
    kinds: list[str] = field(default_factory=list)
    money: random.Random = field(init=False)

    def __post_init__(self) -> None:
        chosen = self.chance.sample(list(THEMES), self.chance.choice((2, 3, 5, 7)))
        self.money = random.Random(self.account)
        self.kinds = [kind for theme in chosen for kind in THEMES[theme]]

    def next(self) -> Draft:
        kind = self.chance.choice(self.kinds)
        if kind in _OF_ORDERS:
            order = self.chance.choice(self.orders) if self.orders else f"{self.account}-never"
            return self._draft(ORDERS, kind, {"order": order} | self._of_order(kind))
        if kind == "account_reassigned":
            since = (self.now - timedelta(days=10)).date().isoformat()
            return self._draft(ORDERS, kind, {"salesperson": self.chance.choice(("t-here", "t-gone")), "since": since})
        if kind == "contact_preference_changed":
            return self._draft(SUPPORT, kind, {"preference": self.chance.choice(("none", "do_not_call"))})
        return self._draft(SUPPORT, kind, self._named(kind) | self._of_matter(kind))

    def put_right(self) -> Iterator[Draft]:
        """Late in the history, every fact that ends trouble, except for kinds that no fact ends."""
        for order in self.orders:
            kept = [("promise_kept", {"promise": one}) for one in _PROMISES if "promise_kept" in self.kinds]
            ends: list[tuple[str, dict[str, Any]]] = [
                ("order_confirmed", {}),
                ("order_delivered", {}),
                ("outcome_reported", {"reached": True}),
                *kept,
            ]
            for kind, data in ends:
                if kind in self.kinds or kind == "order_delivered":
                    yield self._late(ORDERS, kind, {"order": order} | data)
        talk = {"direction": "outbound", "channel": "phone", "result": "answered"}
        for about in ({}, *({"case": case} for case in self.cases)):
            yield self._late(SUPPORT, "contact_made", talk | about)
            if "satisfaction_rated" in self.kinds:
                yield self._late(SUPPORT, "satisfaction_rated", {"rating": 5} | about)
            if about:
                yield self._late(SUPPORT, "case_resolved", about)
            else:
                withdrawn = ("refund_withdrawn", "cancellation_withdrawn")
                yield from (self._late(SUPPORT, kind, {}) for kind in withdrawn if kind in self.kinds)

    def _late(self, topic: str, kind: str, data: Mapping[str, Any]) -> Draft:
        rank = 0.85 + 0.15 * self.chance.random()
        return Draft(topic, kind, self.account, data, rank, rank)

    def _draft(self, topic: str, kind: str, data: Mapping[str, Any]) -> Draft:
        return draft(self.chance, topic, kind, self.account, data)

    def _of_order(self, kind: str) -> dict[str, Any]:
        chance = self.chance
        match kind:
            case "order_delivered":
                return self._arrived()
            case "order_changed":
                return self._changed()
            case "refund_paid":
                return {"amount_minor": chance.randint(1, 5_000) * self.money.choice((0, 1)), "currency": "EUR"}
            case "promise_kept":
                return {"promise": chance.choice(_PROMISES)}
            case "outcome_reported":
                return {"reached": chance.random() < 0.5}
            case "sale_corrected":
                seller = chance.choice(({}, {"sold_by": "s-ben"}, {"sold_by": "s-dora"}))
                return {"reason": "It was another", "by": "m-mid", **seller}
            case _:
                return {}

    def _arrived(self) -> dict[str, Any]:
        """All of the order, or some of its lines."""
        chance = self.chance
        if chance.random() < 0.5:
            return {}
        whole = {"complete": chance.random() < 0.5} if chance.random() < 0.2 else {}
        return {"lines": chance.choice(([1], [2], [1, 2]))} | whole

    def _changed(self) -> dict[str, Any]:
        """Other lines, another amount, another delivery date, or some of these."""
        chance, changed = self.chance, dict[str, Any]()
        if chance.random() < 0.6:
            products = chance.choice((("Heat pump",), ("Heat pump", "Filter"), ("Filter", "Pipes")))
            changed["lines"] = [{"product": one, "quantity": chance.randint(1, 2)} for one in products]
        if chance.random() < 0.4:
            changed["amount_minor"] = chance.randint(1_000, 2_000_000)
        if chance.random() < 0.3:
            changed["delivery_due_at"] = (self.now - SPAN * chance.random()).isoformat()
        return changed

    def _of_matter(self, kind: str) -> dict[str, Any]:
        chance = self.chance
        match kind:
            case "contact_made":
                return self._contact()
            case "case_reassigned":
                return {"reassignments": chance.randint(1, 4), "assigned_to": f"team {chance.randint(1, 3)}"}
            case "case_status_changed":
                return {"status": chance.choice(("open", "pending", "on hold"))}
            case "case_reopened":
                return self._courtesy()
            case "response_promised":
                return {"due_at": (self.now - SPAN * chance.random()).isoformat()}
            case "satisfaction_rated":
                return {"rating": chance.randint(0, 5)}
            case "refund_requested":
                return {"words": "I have had enough."} | self._money()
            case "cancellation_requested":
                return {"words": "I have had enough."}
            case _:
                return {}

    def _money(self) -> dict[str, Any]:
        """The amount and kind of a refund request, if stated; a third are for information."""
        chance = self.money
        kind = chance.choice(({}, {}, {"kind": "dissatisfaction"}, {"kind": "chargeback"}, {"kind": "fraud"}))
        asked = chance.choice((None, 0, 500, 900_000, 2_000_000))
        currency = chance.choice(({}, {"currency": "EUR"}, {"currency": "USD"}))
        return kind if asked is None else {"amount_minor": asked} | kind | currency

    def _contact(self) -> dict[str, Any]:
        """Half of all talks are with a person who may have acknowledged the episode."""
        chance = self.chance
        direction = chance.choice(("inbound", "inbound", "outbound"))
        agent = {"agent": chance.choice(self.people)} if chance.random() < 0.5 else {}
        channel = chance.choice(("phone", "phone", "email", "chat", "in_person"))
        reported = {"direction": direction, "channel": channel, "result": chance.choice(_RESULTS)}
        return reported | agent | self._courtesy()

    def _courtesy(self) -> dict[str, Any]:
        share = self.chance.random()
        return {"courtesy": "thanks" if share < 0.05 else "automatic_reply"} if share < 0.1 else {}

    def _named(self, kind: str) -> dict[str, str]:
        """An order, a case, both or neither; rarely an order that is never placed."""
        chance, named = self.chance, dict[str, str]()
        if self.cases and chance.random() < (0.8 if kind in _OF_CASES else 0.4):
            named["case"] = chance.choice(self.cases)
        if self.orders and chance.random() < 0.3:
            named["order"] = chance.choice(self.orders)
        if chance.random() < 0.01:
            named["order"] = f"{self.account}-never"
        return named
