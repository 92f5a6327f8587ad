"""Makes the signal of a finding: with what its own fact says of money, where that is the fact being told."""

from datetime import datetime

from services.escalation.domain.book import Book
from services.escalation.domain.entities import Signal
from services.escalation.domain.facts import fact_id
from services.escalation.domain.findings.finding import Finding
from shared.contracts import orders, support
from shared.contracts.envelope import Envelope, Fact


def signal_of_finding(finding: Finding, event: Envelope[Fact], book: Book, *, now: datetime) -> Signal:
    """A signal at the finding's own time, under the policy of when it began; an order that is named is waited for.

    What a customer asks back or got back, and their words, are told by the very event that is the signal. An amount of
    zero counts as not told.
    """
    fact = event.data if finding.cause.fact_id == fact_id(event) else None
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
