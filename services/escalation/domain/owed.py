"""What both sides of a sale still owe each other, for a customer who did not get the result they wanted. Start at
`still_owed`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.indexes import IndexName
from services.escalation.domain.detections.said import word_about_customer_duty
from services.escalation.domain.detections.windows import END_OF_TIME, START_OF_TIME
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.happenings import CustomerHistory
from services.escalation.domain.reader import Reader
from services.escalation.domain.sale_words import SaleWords, sale_words
from services.escalation.domain.signals.of_orders import due_at
from services.escalation.domain.signals.promise_missed import sale_promises_of
from services.escalation.domain.words.in_short import quoted

_SHOWN = 8
OWED_KINDS = (
    FactKind.PROMISE,
    FactKind.PROMISE_KEPT,
    FactKind.PROMISE_SAID_KEPT,
    FactKind.CUSTOMER_DUTY,
    FactKind.CUSTOMER_DUTY_SAID_DONE,
    FactKind.OUTCOME_REPORTED,
    FactKind.OUTCOME_SAID,
)
"""The kinds of an order's facts that decide what is still owed."""


@dataclass(frozen=True, slots=True)
class OwedLine:
    """One promise that was not kept yet. `whose` tells the side and, if agreed, the person; `due` is a phrase such as
    "was due on 4 May at 09:00"."""

    whose: str
    what: str
    due: str
    overdue: bool


@dataclass(frozen=True, slots=True)
class OwedList:
    """The promises due first, and the number of the others."""

    lines: tuple[OwedLine, ...]
    more: int


def still_owed(history: History, order: str) -> tuple[AccountFact, ...]:
    """The promises of both sides without proof, the first due first.

    A salesperson's report that ours was kept counts until the customer says that they did not get the result they
    wanted; a report that the customer's own part is done counts from then on.
    """
    found = (*_ours(history, order), *_theirs(history, order))
    return tuple(sorted(found, key=lambda promise: (due_at(promise), promise.fact_id)))


def _ours(history: History, order: str) -> Iterator[AccountFact]:
    kinds = (FactKind.OUTCOME_REPORTED, FactKind.OUTCOME_SAID)
    reports = (fact for kind in kinds for fact in history.index(IndexName.OF_ORDER, order, kind).facts)
    denied_at = max((fact.at for fact in reports if fact.number == 0), default=START_OF_TIME)
    for promise in sale_promises_of(history, order):
        said = history.index(IndexName.PROMISE_SAID_KEPT, order, promise.what).from_to(denied_at, END_OF_TIME)
        if not said and not _is_kept(history, promise):
            yield promise


def _theirs(history: History, order: str) -> Iterator[AccountFact]:
    for duty in sale_promises_of(history, order, FactKind.CUSTOMER_DUTY):
        if not _is_kept(history, duty) and word_about_customer_duty(history, duty) is None:
            yield duty


def _is_kept(history: History, promise: AccountFact) -> bool:
    return bool(history.index(IndexName.PROMISE_KEPT, promise.order_id, promise.what).facts)


def owed_list(owed: Sequence[AccountFact], sale: SaleWords, reader: Reader) -> OwedList | None:
    """These promises in the words of the sale, as long as they are kept; otherwise by their names. None if there are
    none."""
    shown = tuple(_line(promise, sale, reader) for promise in owed[:_SHOWN])
    return OwedList(shown, len(owed) - len(shown)) if shown else None


def owed_in(history: CustomerHistory, order: str, reader: Reader) -> OwedList | None:
    """What a customer's history says is still owed on an order."""
    return owed_list(history.owed, sale_words(history.facts, order), reader)


def _line(promise: AccountFact, sale: SaleWords, reader: Reader) -> OwedLine:
    at, who = due_at(promise), sale.who.get(promise.fact_id)
    side = "Our part" if promise.kind is FactKind.PROMISE else "Their part"
    return OwedLine(
        whose=f"{side} ({who})" if who else side,
        what=sale.promises.get(promise.fact_id) or quoted(promise.what or ""),
        due=reader.due(at),
        overdue=at < reader.now,
    )
