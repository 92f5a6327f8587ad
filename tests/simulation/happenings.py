"""The events of histories: facts as orders and support publish them, the directory, and the passing of time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from random import Random
from typing import Any

from services.escalation.domain.policy.document import digest, shipped_text
from services.escalation.domain.policy.model import TeamMode
from shared.contracts import orders, support
from shared.contracts.envelope import Fact
from shared.contracts.order_parts import Line, Promise, Side
from shared.contracts.orders import DayHours
from shared.contracts.people_parts import Away, Day, Successor
from shared.contracts.support_inbound import (
    ContactChannel,
    ContactPreference,
    ContactResult,
    Courtesy,
    Direction,
    Intent,
    NoAnswerReason,
    RefundKind,
    WaitingFor,
)
from tests.simulation.tables import Row

START = datetime.fromisoformat("2026-05-04T09:30:00+00:00")
"""A Monday morning."""

ACCOUNTS = ("north", "south")
ORDERS = {"north": ("n-1", "n-2"), "south": ("s-1",)}
CASES = {"north": ("case-1", "case-2"), "south": ("case-3",)}
PEOPLE = ("anna", "ben", "cleo", "mona", "desk")
_AT_WORK = (DayHours(days=tuple(Day)[:5], start="09:00", end="17:00"),)
_WEEKENDS = (DayHours(days=tuple(Day)[5:], start="08:00", end="20:00"),)
_NIGHTS = (
    DayHours(days=tuple(Day)[:5], start="22:00", end="23:59"),
    DayHours(days=tuple(Day)[1:6], start="00:00", end="06:00"),
)
ALWAYS = (DayHours(days=tuple(Day), start="00:00", end="23:59"),)
_MANAGER = {"anna": "mona", "ben": "mona", "cleo": "mona"}
_LATENESS = (0, 0, 0, 0, 1, 10, 60, 300, 1500, 6000)
_PAUSES = (0.02, 0.5, 1, 2, 16, 30, 70, 130, 300, 490, 1500, 3000, 12000, 21000)


@dataclass(frozen=True, slots=True)
class Report:
    """A fact that orders or support publish, about a subject, at its own time."""

    fact: Fact
    subject: str
    at: datetime


def pause(chance: Random) -> timedelta:
    """The time that passes at once: seconds to two weeks, short spans more often."""
    return timedelta(minutes=chance.choice(_PAUSES))


@cache
def policy(mode: TeamMode) -> Row:
    """A version of the policy, published long ago, under which every team is in this mode."""
    text = shipped_text().replace('\ndefault = "on"\n', f'\ndefault = "{mode.value}"\n')
    since = START - timedelta(days=365)
    reported = {"published_by": "mona", "summary": f"Every team: {mode.value}"}
    return {"version": 2, "since": since, "document": text, "digest": digest(text), **reported}


def team_mode(chance: Random) -> TeamMode:
    """Most often on."""
    return chance.choice((*[TeamMode.ON] * 4, TeamMode.OBSERVE, TeamMode.MANAGER_ONLY))


def beginning(chance: Random) -> list[Report]:
    """Most of the people who work here, and most of the sales."""
    reports = [Report(_person(chance, id, plain=True), id, START - timedelta(days=9)) for id in PEOPLE]
    reports += [sale(chance, account, order) for account in ACCOUNTS for order in ORDERS[account]]
    return [one for one in reports if chance.random() < 0.9]


def sale(chance: Random, account: str, order: str, **changes: Any) -> Report:
    promises = [Promise(id="training", what="Training", due_at=START + timedelta(hours=chance.choice((1, 30))))]
    if chance.random() < 0.5:
        promises.append(Promise(id="room", what="A room", due_at=START + timedelta(hours=2), owed_by=Side.CUSTOMER))
    sold_at = START - timedelta(days=chance.choice((2, 3)))
    fact = orders.OrderPlaced(
        order=order,
        sold_by=changes.get("sold_by", chance.choice(("anna", "anna", "anna", "ben", "nobody-known", None))),
        sold_at=sold_at,
        amount_minor=chance.choice((5_000, 2_000_000)),
        currency="EUR",
        lines=[Line(product="Heat pump"), Line(product="Filter", quantity=2)][: chance.choice((1, 2))],
        renews="n-1" if order == "n-2" and chance.random() < 0.5 else None,
        promises=promises if chance.random() < 0.3 else [],
        outcome_expected_by=START + timedelta(hours=6) if order == "n-1" else None,
        delivery_due_at=START + timedelta(hours=5) if chance.random() < 0.2 else None,
    )
    return Report(fact, account, sold_at)


def directory_change(chance: Random, now: datetime) -> Report:
    id = chance.choice((*PEOPLE, "nobody-known"))
    return Report(_person(chance, id), id, now - timedelta(minutes=chance.choice((0, 0, 5))))


def _person(chance: Random, id: str, *, plain: bool = False) -> orders.SalespersonChanged:
    steady = plain or chance.random() < 0.4
    return orders.SalespersonChanged(
        name=id.title(),
        email=f"{id}@sales.example" if chance.random() < 0.9 else None,
        zone="Europe/Berlin",
        manager=_MANAGER.get(id),
        backup="ben" if id == "anna" and chance.random() < 0.5 else None,
        active=steady or chance.random() < 0.5,
        successor=Successor(salesperson="cleo", since=date(2026, 5, 1)) if id == "anna" else None,
        working_hours=chance.choice((*[ALWAYS] * 5, *[_AT_WORK] * 3, _WEEKENDS, _NIGHTS, ())),
        away=() if steady else [Away(since=date(2026, 5, 1), until=date(2026, 5, 6))],
        rings_off_hours=chance.random() < 0.3,
    )


def fact_of(chance: Random, account: str, now: datetime) -> Report:
    """Any fact about a customer, published at once or late."""
    at = now - timedelta(minutes=chance.choice(_LATENESS), seconds=chance.randrange(60))
    if chance.random() < 0.4:  # some publishers know only the minute
        at = at.replace(second=0, microsecond=0)
    fact = chance.choice(_FACTS)(_About(chance, account, at))
    return Report(fact, account, at)


@dataclass(frozen=True, slots=True)
class _About:
    """The subject of a fact: random orders and cases of its account."""

    chance: Random
    account: str
    at: datetime

    @property
    def case(self) -> str | None:
        return self.chance.choice((*CASES[self.account], None))

    @property
    def order(self) -> str | None:
        return self.chance.choice((*ORDERS[self.account], None, None, "not-sold"))

    @property
    def named(self) -> str:
        return self.chance.choice(ORDERS[self.account])

    def soon(self) -> datetime:
        return self.at + timedelta(minutes=self.chance.choice((30, 180, 600)))


def _contact(about: _About) -> Fact:
    chance = about.chance
    result = chance.choice(tuple(ContactResult))
    kind = support.ContactDeadEnded if result is ContactResult.DEAD_END else support.ContactMade
    return kind(
        case=about.case,
        order=about.order if chance.random() < 0.3 else None,
        direction=chance.choice((Direction.INBOUND, Direction.INBOUND, Direction.OUTBOUND)),
        channel=chance.choice((ContactChannel.PHONE, ContactChannel.EMAIL, ContactChannel.CHAT)),
        conversation=chance.choice((None, None, None, "talk-1")),
        intent=Intent.LEAVING if chance.random() < 0.05 else None,
        result=result,
        agent=chance.choice((None, None, "anna", "ben", "mona")),
        courtesy=Courtesy.THANKS if chance.random() < 0.1 else None,
    )


def _missed_call(about: _About) -> Fact:
    return support.ContactMade(
        case=about.case, direction=Direction.INBOUND, channel=ContactChannel.PHONE, result=ContactResult.UNANSWERED
    )


def _status(about: _About) -> Fact:
    chance = about.chance
    return support.CaseStatusChanged(
        case=chance.choice(CASES[about.account]),
        status=chance.choice(("Open", "Waiting_for_customer", "Closed", "In the green queue")),
        waiting_for=chance.choice((None, None, None, *WaitingFor)),
    )


def _refund(about: _About) -> Fact:
    chance = about.chance
    return support.RefundRequested(
        case=about.case,
        order=about.order,
        kind=chance.choice((RefundKind.DISSATISFACTION, RefundKind.DISSATISFACTION, RefundKind.CHARGEBACK)),
        amount_minor=chance.choice((None, 1_000, 2_000)),
        words=chance.choice((None, "Money back.", "Now!")),
        reason_code=chance.choice((None, None, "too_expensive", "in_no_list")),
        test=True if chance.random() < 0.05 else None,
    )


def _no_answer(about: _About) -> Fact:
    reason = about.chance.choice(tuple(NoAnswerReason))
    return support.AnswerNotNeeded(case=about.chance.choice(CASES[about.account]), reason=reason, by="agent-3")


def _case(fact: Callable[..., Fact], **fields: Any) -> Callable[[_About], Fact]:
    return lambda about: fact(case=about.case, **fields)


def _owned_case(fact: Callable[..., Fact], **fields: Any) -> Callable[[_About], Fact]:
    return lambda about: fact(case=about.chance.choice(CASES[about.account]), **fields)


def _order(fact: Callable[..., Fact], **fields: Any) -> Callable[[_About], Fact]:
    return lambda about: fact(order=about.named, **fields)


def _part_delivered(about: _About) -> Fact:
    chance = about.chance
    complete = chance.choice((None, None, None, True, False))
    return orders.OrderDelivered(order=about.named, lines=chance.choice(((1,), (2,), (1, 2))), complete=complete)


def _changed(about: _About) -> Fact:
    """Other lines, another amount, another delivery date, or some of these."""
    chance = about.chance
    filters = Line(product="Filter", quantity=chance.choice((1, 2)))
    lines = chance.choice((None, [Line(product="Heat pump")], [filters], [Line(product="Heat pump"), filters]))
    amount = chance.choice((None, 5_000, 2_000_000))
    due = about.soon() if chance.random() < 0.3 else None
    return orders.OrderChanged(order=about.named, lines=lines, amount_minor=amount, delivery_due_at=due)


_FACTS: Sequence[Callable[[_About], Fact]] = (
    _contact,
    _contact,
    _contact,
    _contact,
    _missed_call,
    _missed_call,
    lambda about: support.CaseOpened(case=about.chance.choice(CASES[about.account]), title="Cold", order=about.order),
    lambda about: support.CaseReassigned(case=about.case, reassignments=about.chance.choice((1, 3, 4))),
    _status,
    _status,
    _no_answer,
    _owned_case(support.CaseReopened),
    _owned_case(support.CaseResolved),
    _owned_case(support.CaseClosed),
    _owned_case(support.CaseClosed, reason=NoAnswerReason.GOODBYE),
    lambda about: support.ResponsePromised(case=about.case, due_at=about.soon()),
    lambda about: support.ResponseOverdue(case=about.case, due_at=about.at),
    lambda about: support.SatisfactionRated(case=about.case, rating=about.chance.choice((1, 5))),
    _refund,
    _refund,
    lambda about: support.RefundWithdrawn(case=about.case, order=about.order),
    lambda about: support.ContactPreferenceChanged(preference=about.chance.choice(tuple(ContactPreference))),
    lambda about: support.CancellationRequested(case=about.case, order=about.order),
    _case(support.CancellationWithdrawn),
    lambda about: support.CustomerInsists(case=about.case, order=about.order),
    lambda about: support.SellerRequested(case=about.case, order=about.order, by="agent-3"),
    _order(orders.ConfirmationRequired),
    _order(orders.OrderConfirmed),
    _order(orders.OrderDelivered),
    _part_delivered,
    _part_delivered,
    _changed,
    _changed,
    _order(orders.OrderCancelled),
    lambda about: orders.RefundPaid(order=about.named, amount_minor=about.chance.choice((0, 100)), currency="EUR"),
    _order(orders.DeliveryLate),
    lambda about: orders.PromiseKept(order=about.named, promise=about.chance.choice(("training", "room"))),
    lambda about: orders.OutcomeReported(order=about.named, reached=about.chance.random() < 0.5),
    lambda about: orders.SaleCorrected(order=about.named, sold_by="ben", reason="Ben sold it.", by="mona"),
    lambda about: orders.AccountReassigned(salesperson="cleo", since=date(2026, 5, 5)),
)
