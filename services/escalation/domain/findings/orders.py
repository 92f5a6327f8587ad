"""What becomes of an order: nobody asks for its confirmation, a promise is missed, it comes late or not at all."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from uuid import UUID

from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.findings.clearing import CLEARINGS, UNMOVED, ended_by
from services.escalation.domain.findings.finding import Finding
from services.escalation.domain.findings.history import History
from services.escalation.domain.findings.lanes import LaneName
from services.escalation.domain.findings.merging import merged
from services.escalation.domain.findings.raising import by_itself, found, own_id, unbroken
from services.escalation.domain.findings.said import word_about_promise
from services.escalation.domain.findings.scope import Scope
from services.escalation.domain.findings.terms import TermsAt
from services.escalation.domain.findings.windows import ALWAYS, NEVER
from shared.contracts.escalation import SignalKind
from shared.ids import derived


def _facts(history: History, scope: Scope, kind: FactKind) -> Iterator[AccountFact]:
    for order in scope.orders_of(history):
        yield from history.lane(LaneName.OF_ORDER, order, kind).facts


def _enabled(kind: SignalKind, fact: AccountFact, terms: TermsAt) -> bool:
    return terms(fact.at).signals.of(kind).enabled


def stalled_orders(history: History, scope: Scope, terms: TermsAt) -> Iterator[Finding]:
    """An order waits for the customer's confirmation, and nobody reached them by phone; or nobody moves it."""
    kind = SignalKind.ORDER_STALLED
    for fact in _facts(history, scope, FactKind.CONFIRMATION_REQUIRED):
        in_force = terms(fact.at)
        rule = in_force.signals.order_stalled
        if not rule.enabled or not unbroken(history, CLEARINGS[kind], fact, until=fact.at + rule.reached_within):
            continue
        at = in_force.working.after(fact.at, rule.reached_within)
        if unbroken(history, CLEARINGS[kind], fact, until=at):
            yield found(history, kind, fact, at=at, signal_id=own_id(kind, fact), by_silence=True)
    for order in scope.orders_of(history):
        for fact in history.lane(LaneName.OF_ORDER, order, FactKind.SOLD).facts[:1]:
            yield from _unmoved(history, fact, terms)


def _unmoved(history: History, fact: AccountFact, terms: TermsAt) -> Iterator[Finding]:
    """An order that is to be delivered, and of which nothing was told since it was sold."""
    kind, rule = SignalKind.ORDER_STALLED, terms(fact.at).signals.order_stalled
    at = fact.at + rule.no_progress_for
    before = fact.at - timedelta(microseconds=1)  # what is told of the very instant of the sale is told of the order
    if rule.enabled and unbroken(history, UNMOVED, fact, until=at, since=before):
        ended = ended_by(history, UNMOVED, fact, at)
        signal_id = derived("signal", fact.account_id, fact.order_id, kind.value, "sold")
        yield Finding(signal_id, kind, at, fact, None, fact.order_id, by_silence=True, cleared_by=ended)


def missed_promises(history: History, scope: Scope, terms: TermsAt) -> Iterator[Finding]:
    """A promise of the sale is past due without proof, and no salesperson said that it was kept; or the customer
    complained since that was said."""
    kind = SignalKind.PROMISE_MISSED
    for order in scope.orders_of(history):
        for fact in promises_of(history, order):
            at = _missed_at(history, fact, terms)
            if at is None or not _enabled(kind, fact, terms):
                continue
            if unbroken(history, CLEARINGS[kind], fact, until=at, since=ALWAYS):
                yield found(history, kind, fact, at=at, signal_id=missed_id(fact), by_silence=True)


def missed_id(promise: AccountFact) -> UUID:
    """The signal that this promise is missed."""
    return derived("signal", promise.account_id, promise.order_id, promise.what, SignalKind.PROMISE_MISSED.value)


def _missed_at(history: History, promise: AccountFact, terms: TermsAt) -> datetime | None:
    """When it is due; where somebody had said by then that it was kept, once the customer complains; else never."""
    at = due_at(promise)
    word = word_about_promise(history, promise, lambda when: terms(when).signals.satisfaction_low, until=at)
    if word is None:
        return at
    return None if word.complaint is None else max(at, word.complaint.at)


def promises_of(history: History, order: str) -> Collection[AccountFact]:
    """What a sale promised; of two promises of one name the one that is due first."""
    first: dict[str | None, AccountFact] = {}
    for fact in history.lane(LaneName.OF_ORDER, order, FactKind.PROMISE).facts:
        known = first.setdefault(fact.what, fact)
        if due_at(fact) < due_at(known):
            first[fact.what] = fact
    return first.values()


def late_deliveries(history: History, scope: Scope, terms: TermsAt) -> Iterator[Finding]:
    """Somebody says so, or the day passed without the order having come: until it comes it is one trouble."""
    return merged(_late(history, scope, terms))


def _late(history: History, scope: Scope, terms: TermsAt) -> Iterator[Finding]:
    kind = SignalKind.DELIVERY_LATE
    yield from _by_themselves(history, scope, terms, FactKind.DELIVERY_LATE)
    for order in scope.orders_of(history):
        for fact, at in _overdue(history, order):
            ended = _is_delivered(history, order, at) or _is_cancelled(history, order, at)
            if not ended and _enabled(kind, fact, terms):
                of_sale = fact.kind is FactKind.DELIVERY_DUE
                signal_id = derived("signal", fact.account_id, order, kind.value) if of_sale else own_id(kind, fact)
                yield found(history, kind, fact, at=at, signal_id=signal_id, by_silence=True)


def _overdue(history: History, order: str) -> Iterator[tuple[AccountFact, datetime]]:
    """When a delivery would be late, and the fact that makes it so: a day that passes while it counts, and what
    undoes a delivery once it has passed."""
    days = _days(history, order)
    for place, fact in enumerate(days):
        until = days[place + 1].at if place + 1 < len(days) else NEVER
        if due_at(fact) < until:
            yield fact, due_at(fact)
    for change in history.lane(LaneName.UNDELIVERED, order).facts:
        in_force = [fact for fact in days if fact.at <= change.at]
        if change.due_at is None and in_force and due_at(in_force[-1]) <= change.at:
            yield change, change.at


def _days(history: History, order: str) -> list[AccountFact]:
    """What says by when an order is to be delivered, in the order in which it counts."""
    of_sale = history.lane(LaneName.OF_ORDER, order, FactKind.DELIVERY_DUE).facts[:1]
    changes = history.lane(LaneName.OF_ORDER, order, FactKind.ORDER_CHANGED).facts
    changed = [fact for fact in changes if fact.due_at is not None]
    return sorted([*of_sale, *changed], key=lambda fact: (fact.at, fact.fact_id))


def _is_delivered(history: History, order: str, at: datetime) -> bool:
    done = history.lane(LaneName.DELIVERED, order).from_to(ALWAYS, at)
    undone = history.lane(LaneName.UNDELIVERED, order).from_to(ALWAYS, at)
    return bool(done) and (not undone or undone[-1].at <= done[-1].at)


def _is_cancelled(history: History, order: str, at: datetime) -> bool:
    return bool(history.lane(LaneName.OF_ORDER, order, FactKind.ORDER_CANCELLED).from_to(ALWAYS, at))


def due_at(fact: AccountFact) -> datetime:
    """Nothing is past due before it was told."""
    return fact.at if fact.due_at is None else max(fact.at, fact.due_at)


def denied_outcomes(history: History, scope: Scope, terms: TermsAt) -> Iterator[Finding]:
    """The buyer says that the outcome expected of the order was not reached, or a salesperson says that they do."""
    for kind in (FactKind.OUTCOME_REPORTED, FactKind.OUTCOME_SAID):
        for finding in _by_themselves(history, scope, terms, kind, SignalKind.OUTCOME_DENIED):
            if finding.cause.number == 0:
                yield finding


def cancelled_orders(history: History, scope: Scope, terms: TermsAt) -> Iterator[Finding]:
    return _by_themselves(history, scope, terms, FactKind.ORDER_CANCELLED)


def paid_refunds(history: History, scope: Scope, terms: TermsAt) -> Iterator[Finding]:
    """Money was paid back; nothing was where the amount is zero."""
    for finding in _by_themselves(history, scope, terms, FactKind.REFUND_PAID):
        if finding.cause.amount_minor != 0:
            yield finding


def _by_themselves(
    history: History, scope: Scope, terms: TermsAt, fact_kind: FactKind, kind: SignalKind | None = None
) -> Iterator[Finding]:
    """The facts that are signals; of the kind of the same name, unless it is another."""
    signal_kind = kind or SignalKind(fact_kind.value)
    for fact in _facts(history, scope, fact_kind):
        if _enabled(signal_kind, fact, terms):
            yield by_itself(history, signal_kind, fact)
