"""Drafts about people and accounts, for a history to order and date. Start at `directory` and `life`."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.faults.drafts import ORDERS, SPAN, SUPPORT, Draft, draft
from tests.faults.themes import Themes

DESK = "desk"
_PUT_RIGHT_SHARE = 0.5

_ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland")


@dataclass(frozen=True, slots=True)
class Cast:
    """The people of a history. Escalation must know the `known` ones before everything else; the others come late."""

    known: list[Draft]
    late: list[Draft]

    def sellers(self, chance: random.Random) -> str | None:
        """The id of a random seller, or None."""
        share = chance.random()
        if share < 0.1:
            return None
        among = self.late if share < 0.2 else self.known
        return chance.choice([one.subject for one in among if one.subject.startswith("s-")])


def directory(chance: random.Random, now: datetime) -> Cast:
    """Everyone. All facts about one person agree on what decides recipients, except for people who
    leave in the meantime."""
    long_ago, ahead = (now - timedelta(days=10)).date().isoformat(), (now + timedelta(days=10)).date().isoformat()
    gone: dict[str, Any] = {"active": False}
    people: dict[str, dict[str, Any]] = {
        DESK: {},
        "m-top": {},
        "m-mid": {"manager": "m-top"},
        "m-gone": gone | {"manager": "m-top"},
        "m-circle-a": gone | {"manager": "m-circle-b"},
        "m-circle-b": gone | {"manager": "m-circle-a"},
        "t-here": {"manager": "m-mid"},
        "t-gone": gone,
        "s-anna": {"manager": "m-mid", "backup": "t-here"},
        "s-ben": {},
        "s-clara": {"email": None, "backup": "s-ben"},
        "s-dora": gone | {"successor": {"salesperson": "t-here", "since": long_ago}, "manager": "m-mid"},
        "s-emil": gone | {"successor": {"salesperson": "t-here", "since": ahead}, "manager": "m-mid"},
        "s-finn": gone | {"successor": {"salesperson": "t-gone", "since": long_ago}, "manager": "m-gone"},
        "s-gina": gone | {"manager": "m-mid"},
        "s-hugo": gone,
        "s-ines": gone | {"manager": "m-circle-a"},
        "s-jack": gone | {"manager": "m-nobody"},
    }
    known = [_person(chance, id, facts, rank=0.0, aged=0.02 * chance.random()) for id, facts in people.items()]
    late = [_person(chance, f"s-late-{n}", {"manager": "m-top"}, rank=0.5 + chance.random() / 2) for n in range(4)]
    replaced = {"successor": {"salesperson": "t-here", "since": long_ago}}
    late.append(_person(chance, "s-late-gone", gone | replaced, rank=0.5 + chance.random() / 2))
    known.append(_person(chance, "s-leaves", {}, rank=0.0, aged=0.01))
    late.append(_person(chance, "s-leaves", gone | replaced, rank=0.5, aged=0.5))
    late.append(
        _person(chance, "s-anna", {"manager": "m-mid", "backup": "t-here", "phone": "+49 30 1"}, rank=0.4, aged=0.4)
    )
    late.append(_person(chance, "s-ben", {"phone": "+49 30 2"}, rank=0.6, aged=0.001))  # older than the known fact
    return Cast(known, late)


def life(chance: random.Random, account: str, now: datetime, cast: Cast, *, events: int) -> list[Draft]:
    """About this many events of one account: its orders, its cases, and the trouble with them."""
    orders = [f"{account}-o{number}" for number in range(chance.choice((0, 1, 1, 2, 2, 3, 4)))]
    cases = [f"case-{number}" for number in range(chance.choice((0, 1, 2, 3)))]
    drafts = _sales(chance, account, orders, now, cast) + _openings(chance, account, orders, cases)
    sellers = [one.data["sold_by"] for one in drafts if "sold_by" in one.data]
    publisher = Themes(chance, account, orders, cases, [*sellers, "m-mid"], now)
    if chance.random() < _PUT_RIGHT_SHARE:
        drafts += list(publisher.put_right())[: events // 2]
    while len(drafts) < events:
        drafts.append(publisher.next())
    return drafts


def spoilt(chance: random.Random, original: Draft) -> Draft:
    """A copy that no service can apply. It follows the original by the same way, because it might
    overtake it by another."""
    ways = ["invalid_json", "unknown_type", "missing_field", "invalid_field", "tombstone", "id_reused"]
    if original.kind in ("order_placed", "case_opened"):
        ways += ["order_contradicted" if original.kind == "order_placed" else "case_contradicted"] * 4
    bad = chance.choice(ways)
    kind, data = original.kind, dict(original.data)
    if bad == "unknown_type":
        kind = "no_such_fact"
    elif bad in ("missing_field", "invalid_field"):
        kind, data = _ill_formed(original.topic, bad)
    elif bad == "order_contradicted":
        data["amount_minor"] += 1
    elif bad == "case_contradicted":
        data["title"] = "Something else"
    rank = original.rank + (1 - original.rank) * chance.random()
    return Draft(
        original.topic, kind, original.subject, data, rank, chance.random(), bad, only_kafka=True, spoils=original
    )


def _ill_formed(topic: str, bad: str) -> tuple[str, dict[str, Any]]:
    if bad == "missing_field":
        return ("order_confirmed", {}) if topic == ORDERS else ("case_opened", {"title": "No id"})
    wrong: dict[str, Any] = {"case": 17}
    return ("order_confirmed", {"order": 17}) if topic == ORDERS else ("refund_requested", wrong)


def _person(
    chance: random.Random, id: str, facts: Mapping[str, Any], *, rank: float, aged: float | None = None
) -> Draft:
    whole = {"name": id.title(), "email": f"{id}@sales.example", "zone": chance.choice(_ZONES), **facts}
    stated = {name: value for name, value in whole.items() if value is not None}
    when = rank if aged is None else aged
    return Draft(ORDERS, "salesperson_changed", id, stated, rank, when, only_kafka=True)


def _sales(chance: random.Random, account: str, orders: list[str], now: datetime, cast: Cast) -> list[Draft]:
    """Some sales are old, some fall among the failures; two may be of the same instant."""
    drafts, sold_at = list[Draft](), now
    for order in orders:
        if sold_at is now or chance.random() < 0.7:
            old = timedelta(days=chance.randint(1, 60), seconds=chance.random() * 80_000)
            sold_at = now - (old if chance.random() < 0.6 else SPAN * chance.random())
        data = {
            "order": order,
            "lines": [
                {"product": one, "quantity": chance.randint(1, 3)}
                for one in chance.choice((("Heat pump",), ("Heat pump", "Filter")))
            ],
            "amount_minor": chance.randint(1_000, 2_000_000),
            "currency": "EUR",
            "sold_at": sold_at.isoformat(),
        }
        seller = cast.sellers(chance)
        data |= _commitments(chance, now) | ({"sold_by": seller} if seller else {})
        drafts.append(draft(chance, ORDERS, "order_placed", account, data, early=0.5))
    return drafts


def _commitments(chance: random.Random, now: datetime) -> dict[str, Any]:
    """Delivery dates and promises of some sales, due sooner or later. Some promises have no id, some are the
    customer's own."""

    def soon() -> str:
        return (now - SPAN * chance.random()).isoformat()

    promises = [
        {"id": f"p-{place}", "what": "A visit", "due_at": soon()} for place in range(chance.choice((0, 0, 0, 1, 2)))
    ]
    if chance.random() < 0.1:
        promises.append({"what": "A call", "due_at": soon()})
    if chance.random() < 0.1:
        promises.append({"id": "theirs", "what": "A room", "due_at": soon(), "owed_by": "customer"})
    due = {"delivery_due_at": soon()} if chance.random() < 0.2 else {}
    return {"promises": promises, **due} if promises else due


def _openings(chance: random.Random, account: str, orders: list[str], cases: list[str]) -> list[Draft]:
    """A few cases are never opened, and facts about them wait indefinitely."""
    drafts = []
    for case in cases:
        data = {"case": case, "title": "Heating stays cold"}
        if orders and chance.random() < 0.5:
            data["order"] = chance.choice(orders)
        if chance.random() < 0.95:
            drafts.append(draft(chance, SUPPORT, "case_opened", account, data, early=0.6))
    return drafts
