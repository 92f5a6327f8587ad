"""Journals of a service at work, of any size, from a seed: customers with contacts, requests and outcomes, and people
who respond when they are notified. The replay makes them itself: no database is needed.

`python -m tests.simulation.journals --seed 20 --accounts 8000 --policy FILE` runs a back-test on one and prints it.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappush
from pathlib import Path
from random import Random
from time import process_time
from typing import Any
from uuid import UUID

from services.escalation.domain.changes import Changes
from services.escalation.domain.entities import Alert
from services.escalation.domain.installation import Installation
from services.escalation.domain.own_facts import AcknowledgePressed, ClosePressed, CustomerReachedLogged
from services.escalation.domain.policy.document import read
from services.escalation.domain.policy.versions import BEGINNING, Policies, PolicyVersion
from services.escalation.replaying.accounts import AccountReplay, Course
from services.escalation.replaying.comparison import Backtest, Terms
from services.escalation.replaying.directory import replay_directory
from services.escalation.replaying.journaled import LAST, Journaled, Place, journaled
from services.escalation.replaying.summary import summary
from services.escalation.replaying.timeline import Timeline
from services.escalation.replaying.timers import Unfired, _Firing
from shared.contracts import orders, support
from shared.contracts.envelope import Envelope, Fact, envelope
from shared.contracts.escalation import EpisodeResult
from shared.contracts.order_parts import Line
from shared.contracts.orders import DayHours
from shared.contracts.people_parts import Day
from shared.contracts.support_inbound import ContactChannel, ContactResult, Direction
from shared.inputs import InputKind
from shared.timers import TimerSetting

START = datetime.fromisoformat("2026-05-04T06:00:00+00:00")
"""A Monday morning."""
INSTALLATION = Installation(desk="desk")  # type: ignore[arg-type]
_NEVER = datetime.max.replace(tzinfo=START.tzinfo)
_HOURS = (DayHours(days=tuple(Day)[:5], start="09:00", end="17:30"),)
_SELLERS = 40
_MOST_CASES = 5
Row = dict[str, Any]


@dataclass(slots=True)
class Journal:
    """A journal from a seed: `shared` rows about people, and the rows of each account, as the table has them."""

    seed: int
    accounts: int
    days: int = 60
    shared: list[Row] = field(default_factory=list)
    by_account: list[list[Row]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.shared = [
            _row(_event(_person(id), id, START, f"p-{id}"), START, place) for place, id in enumerate(_people(), 1)
        ]
        timeline = Timeline(Policies.shipped())
        replay_directory(
            [journaled(row) for row in self.shared],
            timeline,
            INSTALLATION,
            START + timedelta(days=999),
            Unfired(_NEVER),
        )
        until = START + timedelta(days=self.days)
        for number in range(self.accounts):
            account = _Account(f"c-{number:05}", Random(f"{self.seed} {number}"), timeline, until)
            self.by_account.append(account.rows(first=1_000_000 * (number + 1)))

    @property
    def inputs(self) -> int:
        return len(self.shared) + sum(map(len, self.by_account))


Reported = tuple[datetime, Envelope[Fact]]


class _Recording(AccountReplay):
    """Notes the timers that fire, and has people respond to the first alert of an episode, most of the time."""

    chance: Random
    recorded: list[Reported]
    responded: set[UUID]

    def _decide(self, now: datetime, placed: Sequence[tuple[Place, Envelope[Fact]]]) -> None:
        self.recorded += [(now, event) for place, event in placed if place.position == LAST]
        super()._decide(now, placed)

    def _fold(self, changes: Changes, now: datetime) -> None:
        super()._fold(changes, now)
        for alert in changes.alerts.values():
            if self.chance.random() < 0.9 and alert.episode_id not in self.responded:
                self.responded.add(alert.episode_id)
                for at, event in _response(self.chance, alert, len(self.recorded)):
                    id = UUID(int=self.chance.getrandbits(128))
                    self._timers.pending[id] = TimerSetting(id, event.data, "", self.account_id, at)
                    self._timers._firings[id] = _Firing(Place(at, LAST), at, event)
                    heappush(self._timers._queue, (Place(at, LAST), id))


@dataclass(slots=True)
class _Account:
    """One customer's story."""

    id: str
    chance: Random
    timeline: Timeline
    until: datetime
    count: int = 0

    def rows(self, first: int) -> list[Row]:
        """The journal rows of the account, with positions from `first` on."""
        reported, refused = sorted(self._story(), key=lambda one: one[0]), set[str]()
        course = Course(self.timeline, INSTALLATION, self.until, refuse=lambda event, _code: refused.add(event.id))
        replay = _Recording(self.id, course, Unfired(_NEVER))
        replay.chance, replay.recorded, replay.responded = self.chance, [], set()
        replay.run([Journaled(Place(now, place), _RECORD, event, b"") for place, (now, event) in enumerate(reported)])
        happened = [one for one in (*reported, *replay.recorded) if one[1].id not in refused]
        placed = enumerate(sorted(happened, key=lambda one: one[0]), start=first)
        return [_row(event, now, position, _kind(event)) for position, (now, event) in placed]

    # What the customer does

    def _story(self) -> Iterator[tuple[datetime, Envelope[Fact]]]:
        chance, order = self.chance, f"o-{self.id}"
        sold_at = START - timedelta(days=chance.randint(1, 40))
        seller = f"seller-{chance.randrange(_SELLERS):02}"
        amount = chance.choice((5_000, 40_000, 40_000, 2_000_000))
        sale = orders.OrderPlaced(
            order=order,
            sold_by=seller,
            sold_at=sold_at,
            amount_minor=amount,
            currency="EUR",
            lines=[Line(product=chance.choice(("Heat pump", "Filter", "Boiler")))],
        )
        yield self._reported(sale, START + timedelta(seconds=chance.randrange(3_000)), at=sold_at)
        for case in range(chance.randint(0, _MOST_CASES)):
            yield from self._case(f"{self.id}-{case}", order, amount)

    def _case(self, case: str, order: str, amount: int) -> Iterator[tuple[datetime, Envelope[Fact]]]:
        chance = self.chance
        now = START + timedelta(days=chance.uniform(0, 40), hours=1)
        yield self._reported(support.CaseOpened(case=case, title="Cold", order=order), now)
        for _ in range(chance.randint(1, 6)):
            now += timedelta(hours=chance.expovariate(1 / 30))
            missed = chance.random() < 0.15
            result = ContactResult.UNANSWERED if missed else ContactResult.ANSWERED
            yield self._reported(_contact(case, Direction.INBOUND, result), now)
            if missed and chance.random() < 0.8:
                now += timedelta(hours=chance.choice((1, 2, 3, 5, 9)) * chance.random())
                yield self._reported(_contact(case, Direction.OUTBOUND, ContactResult.ANSWERED), now)
            if chance.random() < 0.15:
                now += timedelta(minutes=chance.randint(1, 90))
                yield self._reported(support.CaseReassigned(case=case, reassignments=chance.choice((1, 1, 2, 3))), now)
        yield from self._end(case, order, amount, now)

    def _end(self, case: str, order: str, amount: int, now: datetime) -> Iterator[tuple[datetime, Envelope[Fact]]]:
        chance = self.chance
        now += timedelta(hours=chance.expovariate(1 / 20))
        lot = chance.random()
        if lot < 0.04:
            yield self._reported(support.RefundRequested(case=case, order=order, words="Money back."), now)
            if chance.random() < 0.5:
                now += timedelta(days=chance.uniform(1, 6))
                yield self._reported(orders.RefundPaid(order=order, amount_minor=amount, currency="EUR"), now)
        elif lot < 0.06:
            yield self._reported(support.CancellationRequested(case=case, order=order), now)
            if chance.random() < 0.5:
                yield self._reported(orders.OrderCancelled(order=order), now + timedelta(days=chance.uniform(1, 6)))
        elif lot < 0.07:
            yield self._reported(orders.OrderCancelled(order=order), now)
        elif lot < 0.85:
            yield self._reported(support.CaseResolved(case=case), now)
            if chance.random() < 0.2:
                yield self._reported(
                    support.SatisfactionRated(case=case, rating=chance.randint(1, 5)), now + timedelta(hours=2)
                )
            if chance.random() < 0.1:
                yield self._reported(orders.OutcomeReported(order=order, reached=True), now + timedelta(days=1))

    def _reported(self, fact: Fact, now: datetime, *, at: datetime | None = None) -> tuple[datetime, Envelope[Fact]]:
        self.count += 1
        now = min(now, self.until - timedelta(hours=1)) + timedelta(microseconds=self.count)
        return now, _event(fact, self.id, at or now - timedelta(milliseconds=300), f"{self.id}-{self.count}")


def _response(chance: Random, alert: Alert, count: int) -> Iterator[Reported]:
    """Acknowledging soon after an alert; then, mostly, the talk and the close."""
    episode, by = alert.episode_id, alert.recipient
    at = alert.raised_at + timedelta(minutes=chance.randint(2, 14), microseconds=count)
    yield _press(AcknowledgePressed(episode=episode, by=by), alert, at)
    if chance.random() < 0.9:
        at += timedelta(minutes=chance.randint(5, 90))
        yield _press(CustomerReachedLogged(episode=episode, by=by), alert, at)
        result, reason = chance.choice(_RESULTS)
        at += timedelta(hours=chance.uniform(0.2, 30))
        yield _press(ClosePressed(episode=episode, by=by, result=result, reason=reason), alert, at)


def _press(button: Fact, alert: Alert, at: datetime) -> Reported:
    event = _event(button, alert.account_id, at, f"{alert.alert_id} {button.type}")
    return at, event.model_copy(update={"source": _INBOX})


def _kind(event: Envelope[Fact]) -> InputKind:
    if event.source == _INBOX:
        return InputKind.BUTTON
    return InputKind.TIMER if event.source.endswith("timers") else _RECORD


_INBOX = "handoff/escalation/inbox"
_RECORD = InputKind.RECORD
_RESULTS = (
    *[(EpisodeResult.SAVED, "problem_solved")] * 3,
    (EpisodeResult.LOST, "price"),
    (EpisodeResult.FALSE_ALARM, "nothing_wrong"),
)


def backtest_of(journal: Journal, text: str, progress: Callable[[int], None] = lambda _: None) -> Backtest:
    """A back-test of a policy document on a generated journal, from its rows on."""
    candidate = Policies((PolicyVersion(1, BEGINNING, read(text), text, "backtest", "generated"),))
    until = max(rows[-1]["decided_at"] for rows in journal.by_account)
    terms = Terms(Policies.shipped(), candidate, INSTALLATION, BEGINNING, until, BEGINNING)
    backtest = Backtest(terms, [journaled(row) for row in journal.shared])
    for rows in journal.by_account:
        backtest.add([journaled(row) for row in rows])
        progress(len(rows))
    return backtest


def _people() -> list[str]:
    return ["desk", "lead", *(f"seller-{number:02}" for number in range(_SELLERS))]


def _person(id: str) -> orders.SalespersonChanged:
    manager = "lead" if id.startswith("seller") else None
    return orders.SalespersonChanged(
        name=id.title(), email=f"{id}@sales.example", zone="UTC", manager=manager, active=True, working_hours=_HOURS
    )


def _contact(case: str, direction: Direction, result: ContactResult) -> Fact:
    return support.ContactMade(case=case, direction=direction, channel=ContactChannel.PHONE, result=result)


def _event(fact: Fact, subject: str, at: datetime, id: str) -> Envelope[Fact]:
    return envelope(fact, id=id, source="handoff/orders", subject=subject, time=at)


def _row(event: Envelope[Fact], now: datetime, position: int, kind: InputKind = InputKind.RECORD) -> Row:
    return {
        "position": position,
        "source": event.source,
        "event_id": event.id,
        "kind": kind.value,
        "type": event.type,
        "subject": event.subject,
        "at": event.time,
        "decided_at": now,
        "digest": b"",
        "traceparent": None,
        "body": event.data.model_dump_json().encode(),
        "rules_version": None,
    }


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--accounts", type=int, default=8_000)
    parser.add_argument("--policy", type=Path, required=True)
    arguments = parser.parse_args()
    journal, began = Journal(arguments.seed, arguments.accounts), process_time()
    print(f"{journal.inputs:,} inputs of {arguments.accounts:,} accounts, seed {arguments.seed}")
    figures, began = summary(backtest_of(journal, arguments.policy.read_text("utf-8"))), process_time() - began
    print(json.dumps(figures, indent=1, default=str))
    print(f"{began:.1f} s of CPU, {journal.inputs / began:,.0f} inputs a second, under two policies")


if __name__ == "__main__":
    _main()
