"""Who hears of an episode, and why it is this person, in words."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from services.escalation.domain.entities import Directory, Order, Salesperson


@dataclass(frozen=True, slots=True)
class Recipient:
    """`because` is a code of a bounded set; `why_you` is the sentence this person reads."""

    salesperson_id: str
    because: str
    why_you: str


def recipient(order: Order, people: Directory, *, desk: str, now: datetime) -> Recipient | None:
    """The seller; if inactive the successor valid today, else the manager, else the desk.

    None while the seller is not known. An order without a seller is the desk's at once.
    """
    if order.sold_by is None:
        return _at_desk(order, people, desk, now, "no_seller", f"order {order.order_id} was sold without a seller")
    seller = people.get(order.sold_by)
    if seller is None:
        return None
    if seller.active:
        sold_on = _day(order.sold_at, seller.zone, now)
        return Recipient(seller.salesperson_id, "seller", f"You closed order {order.order_id} on {sold_on}.")
    return _instead(order, seller, people, desk=desk, now=now)


def desk_instead(order: Order, people: Directory, *, desk: str, now: datetime) -> Recipient:
    """The desk, after the seller was waited for in vain."""
    story = f"order {order.order_id} was closed by {order.sold_by}, whom the directory does not know"
    return _at_desk(order, people, desk, now, "seller_unknown", story)


def _instead(order: Order, seller: Salesperson, people: Directory, *, desk: str, now: datetime) -> Recipient:
    successor = _valid_successor(seller, people, now)
    if successor is not None and seller.successor_since is not None:
        sold_on = _day(order.sold_at, successor.zone, now)
        left_on = _date_words(seller.successor_since, now.date())
        why = (
            f"{seller.name} closed order {order.order_id} on {sold_on} and left on {left_on}; "
            f"{_possessive(seller.name)} book is yours."
        )
        return Recipient(successor.salesperson_id, "successor", why)
    for manager in _active_managers(seller, people):
        sold_on = _day(order.sold_at, manager.zone, now)
        why = (
            f"{seller.name} closed order {order.order_id} on {sold_on} and has left without a successor; "
            "you are next in line."
        )
        return Recipient(manager.salesperson_id, "manager", why)
    story = f"order {order.order_id} was closed by {seller.name}, who left without a successor or a manager"
    return _at_desk(order, people, desk, now, "nobody_left", story)


def _valid_successor(seller: Salesperson, people: Directory, now: datetime) -> Salesperson | None:
    """The successor, once the day has come where the successor works, and while active."""
    successor = people.get(seller.successor or "")
    if successor is None or not successor.active or seller.successor_since is None:
        return None
    today = now.astimezone(ZoneInfo(successor.zone)).date()
    return successor if seller.successor_since <= today else None


def _active_managers(seller: Salesperson, people: Directory) -> Iterator[Salesperson]:
    """Up the line; vacant places, inactive people and circles are passed over."""
    seen = {seller.salesperson_id}
    above = seller.manager
    while above is not None and above not in seen:
        seen.add(above)
        manager = people.get(above)
        if manager is None:
            return
        if manager.active:
            yield manager
        above = manager.manager


def _at_desk(order: Order, people: Directory, desk: str, now: datetime, because: str, story: str) -> Recipient:
    zone = people[desk].zone if desk in people else "UTC"
    sold_on = _day(order.sold_at, zone, now)
    return Recipient(desk, because, f"You are the sales desk: {story} (on {sold_on}).")


def _day(at: datetime, zone: str, now: datetime) -> str:
    return _date_words(at.astimezone(ZoneInfo(zone)).date(), now.date())


def _date_words(day: date, today: date) -> str:
    words = f"{day.day} {day:%B}"
    return words if day.year == today.year else f"{words} {day.year}"


def _possessive(name: str) -> str:
    return f"{name}'" if name.endswith("s") else f"{name}'s"
