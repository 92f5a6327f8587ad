"""Handles each fact that support receives: load, decide, save. The table of handlers is at the end."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from services.support import store
from services.support.domain import after, case_key, opened, published, waits_for_case
from services.support.store import UnitOfWork
from shared.contracts import support_inbound as inbound
from shared.contracts.envelope import Envelope, Fact
from shared.precedence import Opening, judge_opening
from shared.rescues import keep_rescues
from shared.transaction import Transaction
from shared.waiting import MoreWaits

Effect: TypeAlias = Callable[[Transaction, UnitOfWork, Envelope[Any]], None]

_CONTRADICTED = (
    "a case with this ID was opened before for this account, with different content. The first opening is kept. "
    "Report changes as facts about the case, or give the other case an ID of its own."
)


async def handle(tx: Transaction, events: Sequence[Envelope[Fact]]) -> None:
    """Apply facts in the order given. A type without a handler has no effect."""
    work = await store.load(tx, events)
    async for event in tx.each(work.waiting.in_turn(events)):
        _apply(tx, work, event)
    await store.save(tx, work)
    await keep_rescues(tx.connection, events)


def _apply(tx: Transaction, work: UnitOfWork, event: Envelope[Any]) -> None:
    effect = SUBSCRIPTIONS.get(type(event.data))
    if effect is None:
        return
    key = case_key(event)
    if key is None or effect is open_case or not waits_for_case(event.data):
        effect(tx, work, event)
    elif key not in work.cases:
        work.waiting.wait(key.awaited, event)
    elif work.waiting.must_wait(key.awaited, event):
        work.waiting.wait_behind(tx, key.awaited, event)
    else:
        effect(tx, work, event)


def open_case(tx: Transaction, work: UnitOfWork, event: Envelope[inbound.CaseOpened]) -> None:
    """Keep and publish the first opening of a case, then everything that waited for it."""
    reported = opened(event)
    known = work.cases.get(reported.key)
    match judge_opening(known.content if known else None, reported.content):
        case Opening.FIRST:
            work.put(reported)
            tx.publish(published(event.data), cause=event)
            work.waiting.go_on(work.waiting.release(tx, reported.key.awaited, cause=event))
        case Opening.CONTRADICTING:
            tx.reject(event, "case_contradicted", _CONTRADICTED)
        case Opening.REPEATED:
            pass


def let_more_go(tx: Transaction, work: UnitOfWork, event: Envelope[MoreWaits]) -> None:
    """Keep and publish the next of very many facts that waited for a case."""
    work.waiting.go_on(work.waiting.release(tx, event.data.awaits, cause=event))


def keep_contact(tx: Transaction, work: UnitOfWork, event: Envelope[inbound.ContactMade]) -> None:
    """Keep every contact and publish it."""
    work.contacts.append(event)
    tx.publish(published(event.data), cause=event)


def follow_case(tx: Transaction, work: UnitOfWork, event: Envelope[inbound.CustomerMatter]) -> None:
    """Keep the fact's changes to its case, if any, and publish the fact, however late it was reported."""
    key = case_key(event)
    if key is not None:
        work.put(after(work.cases[key], event))
    tx.publish(published(event.data), cause=event)


def pass_on(tx: Transaction, _work: UnitOfWork, event: Envelope[Fact]) -> None:
    """Publish a fact that changes nothing in a case."""
    tx.publish(published(event.data), cause=event)


SUBSCRIPTIONS: Mapping[type[Fact], Effect] = {
    inbound.CaseOpened: open_case,
    inbound.ContactMade: keep_contact,
    inbound.CaseReassigned: follow_case,
    inbound.CaseStatusChanged: follow_case,
    inbound.CaseReopened: follow_case,
    inbound.CaseResolved: follow_case,
    inbound.CaseClosed: follow_case,
    inbound.ResponsePromised: pass_on,
    inbound.ResponseOverdue: pass_on,
    inbound.SatisfactionRated: pass_on,
    inbound.RefundRequested: pass_on,
    inbound.RefundWithdrawn: pass_on,
    inbound.CancellationRequested: pass_on,
    inbound.CancellationWithdrawn: pass_on,
    inbound.CustomerInsists: pass_on,
    inbound.SellerRequested: pass_on,
    inbound.AnswerNotNeeded: pass_on,
    inbound.ContactPreferenceChanged: pass_on,
    MoreWaits: let_more_go,
}
