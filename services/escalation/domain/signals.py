"""Makes the signal of a finding: with what its own fact says of money, where that is the fact being told."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from services.escalation.domain.book import Book
from services.escalation.domain.entities import Signal
from services.escalation.domain.facts import LEAVING, AccountFact, fact_id
from services.escalation.domain.findings.finding import Finding
from shared.contracts import orders, support
from shared.contracts.envelope import Envelope, Fact


def signal_of_finding(finding: Finding, event: Envelope[Fact], book: Book, *, now: datetime) -> Signal:
    """A signal at the finding's own time, under the policy of when it began; an order that is named is waited for.

    What a customer asks back or got back, and their words, are told by the very event that is the signal. An amount of
    zero counts as not told.
    """
    fact = event.data if finding.cause.fact_id in (fact_id(event), fact_id(event, LEAVING)) else None
    money = fact if isinstance(fact, support.RefundRequested | orders.RefundPaid) else None
    awaited = finding.names_order is not None and finding.names_order not in book.state(finding.cause.account_id).orders
    return Signal(
        signal_id=finding.signal_id,
        account_id=finding.cause.account_id,
        kind=finding.kind,
        at=finding.at,
        seen_at=now,
        fact_id=finding.cause.fact_id,
        policy_version=book.policies.at(finding.cause.at).version,
        by_silence=finding.by_silence,
        case_id=finding.case_id,
        names_order=finding.names_order,
        order_awaited_until=now + book.rules.order_wait if awaited else None,
        amount_minor=(money.amount_minor or None) if money else None,
        currency=money.currency if money else None,
        refund_kind=fact.kind.value if isinstance(fact, support.RefundRequested) else None,
        words=getattr(fact, "words", None),
    )


def told_again(signal: Signal, finding: Finding, event: Envelope[Fact]) -> Signal:
    """A request that was told or asked again: it asks back what was said last, in the words that were said last."""
    requests = [finding.cause, *finding.again]
    amounts = [one for one in requests if one.amount_minor]
    if amounts:
        signal = replace(signal, amount_minor=amounts[-1].amount_minor, currency=amounts[-1].currency)
    spoken = [one for one in requests if one.said is not None]
    if spoken and spoken[-1].fact_id in (fact_id(event), fact_id(event, LEAVING)):
        signal = replace(signal, words=getattr(event.data, "words", None))
    return signal


def says_something_new(fact: AccountFact, finding: Finding) -> bool:
    """Whether a request that was told again names an amount, words or a person that no other of its kind had."""
    others = [one for one in (finding.cause, *finding.again) if one.fact_id != fact.fact_id]
    known = {value for one in others for value in _told_of(one)}
    return any(value not in known for value in _told_of(fact))


def _told_of(request: AccountFact) -> Iterator[tuple[str, object]]:
    """What a request says, as far as it says it."""
    if request.amount_minor:
        yield "amount", (request.amount_minor, request.currency)
    if request.said is not None:
        yield "words", request.said
    if request.asked_by is not None:
        yield "person", request.asked_by
