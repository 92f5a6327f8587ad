"""Who listens to what. Each event is decided on the state loaded for its batch; start at `SUBSCRIPTIONS`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from services.escalation.domain import own_facts
from services.escalation.domain.book import Book
from services.escalation.domain.rules import Rules
from services.escalation.handlers.directory import record_order, record_salesperson
from services.escalation.handlers.policies import publish_policy
from services.escalation.handlers.rescues import acknowledge, look_for_recipient, record_attempt
from services.escalation.handlers.signals import (
    raise_on_bounces,
    raise_signal,
    remember_case,
    stop_waiting_for_the_named_order,
)
from services.escalation.store import batches
from services.escalation.store.policies import KnownPolicies
from shared.contracts import orders, support
from shared.contracts.envelope import Envelope, Fact
from shared.transaction import Handler, Transaction


def handling(rules: Rules) -> Handler:
    """The service's handler under these rules: load, decide event by event, save."""

    known = KnownPolicies()

    async def handle(tx: Transaction, events: Sequence[Envelope[Fact]]) -> None:
        heard = [event for event in events if type(event.data) in SUBSCRIPTIONS]
        policies = await known.current(tx.connection)
        book = await batches.load(tx.connection, heard, rules, policies)
        for event in heard:
            SUBSCRIPTIONS[type(event.data)](tx, book, event)
        await batches.save(tx.connection, book)

    return handle


SUBSCRIPTIONS: Mapping[type[Fact], Callable[[Transaction, Book, Any], None]] = {
    orders.OrderPlaced: record_order,
    orders.SalespersonChanged: record_salesperson,
    support.CaseOpened: remember_case,
    support.CaseReassigned: raise_on_bounces,
    support.ContactDeadEnded: raise_signal,
    support.RefundRequested: raise_signal,
    support.CancellationRequested: raise_signal,
    support.ResponseOverdue: raise_signal,
    support.CaseReopened: raise_signal,
    own_facts.OrderWaitEnded: stop_waiting_for_the_named_order,
    own_facts.RecipientSought: look_for_recipient,
    own_facts.AcknowledgePressed: acknowledge,
    own_facts.DeliveryAttempted: record_attempt,
    own_facts.PolicyPublishing: publish_policy,
}
