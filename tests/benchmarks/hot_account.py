"""Row (g): the cost of one more fact, and of one timer, by how many facts of its account are known already.

Escalation's handlers run in this process, on a real database: processor time is measured, not elapsed time.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from statistics import median

from services.escalation.domain.installation import Installation
from services.escalation.domain.own_facts import OWN_FACTS
from services.escalation.handlers import handling
from shared.contracts import orders, support
from shared.contracts.envelope import Envelope, Fact, envelope
from shared.database import open_pool
from shared.ids import SalespersonId
from shared.inputs import Batch, Input, InputKind
from shared.transaction import InputProcessor
from tests.benchmarks.ground import Ground, backend_cpu_seconds, connected

ACCOUNT = "c-hot"
_SINCE = datetime(2025, 1, 6, 9, tzinfo=UTC)
_APART = timedelta(minutes=7)
_BATCH = 500
_MAKE_DUE = "update shared.timers set due_at = least(due_at, shared.app_now()), made_of_silence = false"

Story = Iterator[Fact]


@dataclass(frozen=True)
class Cost:
    """Processor time in microseconds: of this process and of its sessions in the database, medians of single facts."""

    facts: int
    fact: float
    fact_of_database: float
    batch: float
    timer: float


def contacts_in_cases() -> Story:
    """Cases of ten facts, with repeated contacts by the customer."""
    for number in count():
        case = f"k-{number}"
        yield support.CaseOpened(case=case, order="o-0")
        for _ in range(9):
            yield _contact("unanswered", case=case)


def closed_cases() -> Story:
    for number in count():
        case = f"k-{number}"
        yield support.CaseOpened(case=case, order="o-0")
        yield support.CaseStatusChanged(case=case, status="in progress")
        yield support.CaseClosed(case=case)


def never_answered() -> Story:
    while True:
        yield _contact("unanswered")


def always_answered() -> Story:
    while True:
        yield _contact("answered")


def dead_ends() -> Story:
    for number in count():
        yield _contact("dead_end", case=f"k-{number}")


def one_long_case() -> Story:
    yield support.CaseOpened(case="k", order="o-0")
    while True:
        yield _contact("unanswered", case="k")
        yield _contact("answered", case="k", direction="outbound")


def many_orders() -> Story:
    for number in count(1):
        order = f"o-{number}"
        yield _sale(order)
        yield orders.OrderDelivered(order=order)
        yield orders.OrderCancelled(order=order)


def handed_to_the_customer() -> Story:
    """E-mails, each a case of its own, that the help desk answers by its status alone."""
    for number in count():
        case = f"k-{number}"
        yield support.CaseOpened(case=case, order="o-0")
        yield _contact("unanswered", case=case)
        yield support.CaseStatusChanged(case=case, status="pending")


def orders_in_trouble() -> Story:
    """A reseller: each order has a case that waits for the customer, is changed, and is delivered late."""
    for number in count(1):
        order, case = f"o-{number}", f"k-{number}"
        yield _sale(order)
        yield support.CaseOpened(case=case, order=order)
        yield _contact("dead_end" if number % 10 == 0 else "unanswered", case=case)
        yield support.CaseStatusChanged(case=case, status="pending")
        yield orders.OrderChanged(order=order, delivery_due_at=_SINCE + timedelta(days=number))
        yield orders.DeliveryLate(order=order)


STORIES: Mapping[str, Callable[[], Story]] = {
    "contacts in cases": contacts_in_cases,
    "closed cases": closed_cases,
    "never answered": never_answered,
    "always answered": always_answered,
    "dead ends": dead_ends,
    "one long case": one_long_case,
    "many orders": many_orders,
    "handed to the customer": handed_to_the_customer,
    "orders in trouble": orders_in_trouble,
}


async def costs(ground: Ground, story: Callable[[], Story], sizes: Sequence[int], singles: int) -> list[Cost]:
    """The cost of a fact at each size of the account: `singles` of them, each in a transaction of its own."""
    url = await ground.escalation_database()
    pool = await open_pool(url, name="escalation")
    try:
        processor = InputProcessor(pool, "escalation", handling(Installation(desk=SalespersonId("desk"))), OWN_FACTS)
        account = Account(processor, story())
        await _cost(account, [first_sale()])
        return [await _cost_at(size, account, singles, url) for size in sizes]
    finally:
        pool.terminate()


@dataclass
class Account:
    """An account with a story that continues."""

    processor: InputProcessor
    story: Story
    known: int = 0

    def next(self, facts: int) -> list[Fact]:
        return [next(self.story) for _ in range(facts)]

    def inputs(self, facts: Iterable[Fact]) -> list[Input]:
        return [self._input(fact) for fact in facts]

    def _input(self, fact: Fact) -> Input:
        self.known += 1
        at = _SINCE + self.known * _APART
        event: Envelope[Fact] = envelope(fact, id=f"e-{self.known}", source="handoff/support", subject=ACCOUNT, time=at)
        return Input(event, fact.model_dump_json().encode(), b"", InputKind.RECORD)


async def _cost_at(size: int, account: Account, singles: int, url: str) -> Cost:
    while account.known < size - _BATCH:
        await _cost(account, account.next(_BATCH))
    batch = await _cost(account, account.next(max(1, size - account.known)))
    before = backend_cpu_seconds(url)
    own = [await _cost(account, account.next(1)) for _ in range(singles)]
    database = (backend_cpu_seconds(url) - before) * 1e6 / singles
    return Cost(size, median(own), database, batch, await _cost_of_timers(account.processor, url))


async def _cost(account: Account, facts: Sequence[Fact]) -> float:
    """Microseconds for each fact."""
    before = time.process_time()
    await account.processor.apply(Batch(account.inputs(facts)))
    return (time.process_time() - before) * 1e6 / len(facts)


async def _cost_of_timers(processor: InputProcessor, url: str) -> float:
    """Microseconds for each timer, over all that are set; 0 if there are none."""
    async with connected(url) as connection:
        await connection.execute(_MAKE_DUE)
    before, fired = time.process_time(), 0
    while now := await processor.fire_timers():
        fired += now
    return (time.process_time() - before) * 1e6 / fired if fired else 0.0


def first_sale() -> Fact:
    return _sale("o-0")


def _contact(result: str, *, case: str | None = None, direction: str = "inbound") -> Fact:
    kind = support.ContactDeadEnded if result == "dead_end" else support.ContactMade
    agent = "agent-1" if result == "answered" else None
    return kind.model_validate(
        {"direction": direction, "channel": "phone", "result": result, "case": case, "agent": agent}
    )


def _sale(order: str) -> Fact:
    return orders.OrderPlaced.model_validate(
        {
            "order": order,
            "sold_by": "anna",
            "sold_at": _SINCE - timedelta(days=1),
            "amount_minor": 120_000,
            "currency": "EUR",
            "lines": [{"product": "Machine"}],
        }
    )
