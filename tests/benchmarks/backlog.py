"""The backlog of rows (a), (c), (d) and (e): the events of a company's customers, the same in every run of a seed.

Each account places an order and then meets support; all accounts are mixed, as they are in a topic. Of 200,000 events
over 20,000 accounts 11 % are orders, 10 % cases opened, 5 % reassignments, 7 % dead ends, 3 % refund requests, 2 %
cancellations, overdue answers and reopened cases; without effect here are 43 % answered contacts, 14 % status changes,
ratings and solved cases, and 5 % deliveries of goods. One event in a thousand is a fact about a salesperson; the
directory itself exists beforehand. One in ten accounts has a second order; each of its signals then names its order, by
itself or by its case, so the final state does not depend on which topic is read first.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from shared.contracts import orders, support
from shared.contracts.envelope import Envelope, Fact, envelope
from shared.contracts.order_parts import Customer, Line
from shared.contracts.people_parts import Day, Successor
from shared.contracts.support_inbound import ContactChannel, ContactResult, Direction, Person

STARTS_AT = datetime(2026, 5, 4, 6, tzinfo=UTC)
SELLERS = 200
DESK = "desk"
_SECONDS_APART = 0.2
_CHANNELS = tuple(ContactChannel)
_WORDS = (
    "I have called three times now and every time somebody promised to call me back. Nobody ever did.",
    "The machine leaks again, exactly as it did before the repair. What am I paying you for?",
    None,
)
_STEPS = {
    "contact": 52,
    "case": 6,
    "dead_end": 8,
    "reassigned": 6,
    "status": 8,
    "refund": 3.5,
    "cancellation": 0.5,
    "overdue": 1.2,
    "reopened": 0.8,
    "rating": 4,
    "resolved": 4,
    "delivered": 6,
}


DAY_AND_NIGHT = (orders.DayHours(days=tuple(Day), start="00:00", end="23:59"),)
"""A backlog is drained at any hour, and must always notify the same people."""


def seller(number: int) -> str:
    return f"seller-{number % SELLERS:03}"


def directory(sellers: int = SELLERS) -> Iterator[Envelope[Fact]]:
    """The salespeople: one in twenty has left, half of those with a successor, the others with a
    manager. No one has an address."""
    for number in range(sellers):
        left = number % 20 == 7
        fact = orders.SalespersonChanged(
            name=f"Seller {number}",
            phone=f"+49 30 5550{number:03}",
            zone="Europe/Berlin",
            manager=seller(number + 1) if number % 10 else None,
            active=not left,
            working_hours=DAY_AND_NIGHT,
            successor=Successor(salesperson=seller(number + 2), since=STARTS_AT.date())
            if left and number % 40 == 7
            else None,
        )
        yield _reported(fact, f"hired-{number}", seller(number), STARTS_AT - timedelta(days=30))
    desk = orders.SalespersonChanged(name="The desk", working_hours=DAY_AND_NIGHT)
    yield _reported(desk, "hired-desk", DESK, STARTS_AT - timedelta(days=30))


@dataclass(slots=True)
class _Account:
    id: str
    orders: list[str] = field(default_factory=list)
    cases: dict[str, str | None] = field(default_factory=dict)
    passed_on: int = 0


class Backlog:
    """`events` facts of `accounts` accounts, as orders and support publish them."""

    def __init__(self, *, events: int, accounts: int, seed: int = 7, first: int = 0) -> None:
        self.events = events
        self._accounts = accounts
        self._first = first
        self._seed = seed
        self._random = random.Random(seed)

    def sales(self) -> Iterator[Envelope[Fact]]:
        """The orders alone."""
        again = Backlog(events=self.events, accounts=self._accounts, seed=self._seed, first=self._first)
        return (event for event in again if isinstance(event.data, orders.OrderPlaced))

    def matters(self) -> Iterator[Envelope[Fact]]:
        """Everything but the orders."""
        again = Backlog(events=self.events, accounts=self._accounts, seed=self._seed, first=self._first)
        return (event for event in again if not isinstance(event.data, orders.OrderPlaced))

    def __iter__(self) -> Iterator[Envelope[Fact]]:
        chance = self._random
        accounts = [_Account(f"c-{self._first + number:06}") for number in range(self._accounts)]
        turns = list(range(self._accounts)) + chance.choices(range(self._accounts), k=self.events - self._accounts)
        chance.shuffle(turns)
        steps = iter(chance.choices(list(_STEPS), weights=list(_STEPS.values()), k=self.events))
        for number, turn in enumerate(turns, start=self._first):
            at = STARTS_AT + timedelta(seconds=number * _SECONDS_APART)
            id = f"e-{number:09}"
            if chance.random() < 0.001:
                who = chance.randrange(SELLERS)
                yield self._moved(id, who, at)
                continue
            account = accounts[turn]
            yield _reported(self._next(account, next(steps), number, at), id, account.id, at)

    def _moved(self, id: str, number: int, at: datetime) -> Envelope[Fact]:
        """A new telephone number; everything that decides recipients stays as in the directory."""
        known: Any = next(event.data for event in directory() if event.subject == seller(number))
        return _reported(known.model_copy(update={"phone": f"+49 40 {id[2:]}"}), id, seller(number), at)

    def _next(self, account: _Account, step: str, number: int, at: datetime) -> Fact:
        if not account.orders or (len(account.orders) == 1 and self._random.random() < 0.01):
            return self._order(account, number, at)
        if step == "delivered":
            return orders.OrderDelivered(order=self._random.choice(account.orders))
        if step == "case" or (not account.cases and self._random.random() < 0.1):
            return self._case(account, number)
        return self._matter(account, step, at)

    def _order(self, account: _Account, number: int, at: datetime) -> Fact:
        order = f"o-{number:09}"
        account.orders.append(order)
        return orders.OrderPlaced(
            order=order,
            lines=(Line(product="Coffee machine", amount_minor=129_900), Line(product="Filter", quantity=6)),
            amount_minor=149_900,
            currency="EUR",
            sold_by=None if self._random.random() < 0.02 else seller(self._random.randrange(SELLERS)),
            sold_at=at,
            customer=Customer(
                name=f"Customer {account.id}", phone="+49 30 1234567", email=f"{account.id}@customer.example"
            ),
        )

    def _case(self, account: _Account, number: int) -> Fact:
        case = f"case-{number:09}"
        several = len(account.orders) > 1
        account.cases[case] = self._random.choice(account.orders) if several or self._random.random() < 0.7 else None
        account.passed_on = 0
        person = Person(name="Jonas Weiss", phone="+49 30 901821")
        return support.CaseOpened(case=case, order=account.cases[case], title="Does not heat", person=person)

    def _matter(self, account: _Account, step: str, at: datetime) -> Fact:
        case = next(reversed(account.cases), None)
        if len(account.orders) > 1 and case is not None and account.cases[case] is None:
            case = None  # opened while there was only one order
        about: dict[str, Any] = {"case": case, "order": None}
        if case is None and (len(account.orders) > 1 or self._random.random() < 0.3):
            about["order"] = self._random.choice(account.orders)
        return self._of(account, step, about, at)

    def _of(self, account: _Account, step: str, about: dict[str, Any], at: datetime) -> Fact:
        words = self._random.choice(_WORDS)
        contact = {"direction": Direction.INBOUND, "channel": self._random.choice(_CHANNELS)}
        match step:
            case "dead_end":
                return support.ContactDeadEnded(**about, **contact, words=words)
            case "reassigned":
                account.passed_on += 1
                return support.CaseReassigned(**about, reassignments=account.passed_on, assigned_to="second line")
            case "status":
                return support.CaseStatusChanged(**about, status="waiting for parts")
            case "refund":
                return support.RefundRequested(**about, amount_minor=149_900, currency="EUR", words=words)
            case "cancellation":
                return support.CancellationRequested(**about, words=words)
            case "overdue":
                return support.ResponseOverdue(**about, due_at=at)
            case "reopened":
                return support.CaseReopened(**about, words=words)
            case "rating":
                return support.SatisfactionRated(**about, rating=2, words=words)
            case "resolved":
                return support.CaseResolved(**about)
            case _:
                return support.ContactMade(**about, **contact, result=ContactResult.ANSWERED, words=words)


def _reported(fact: Fact, id: str, subject: str, at: datetime) -> Envelope[Fact]:
    service = fact.type.partition(".")[0]
    trace = uuid5(NAMESPACE_OID, id).hex
    traceparent = f"00-{trace}-{trace[:16]}-01"
    return envelope(fact, id=id, source=f"handoff/{service}", subject=subject, time=at, traceparent=traceparent)
