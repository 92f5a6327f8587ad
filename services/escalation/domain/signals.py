"""Which facts put a sale at risk: makes signals of them."""

from datetime import datetime
from uuid import UUID

from services.escalation.domain.entities import Case, Signal
from services.escalation.domain.rules import Rules
from shared.contracts import support
from shared.contracts.envelope import Envelope, Fact
from shared.contracts.escalation import SignalKind
from shared.ids import derived

_SIGNALS_BY_FACT: dict[type[Fact], SignalKind] = {
    support.ContactDeadEnded: SignalKind.CONTACT_DEAD_ENDED,
    support.RefundRequested: SignalKind.REFUND_REQUESTED,
    support.CancellationRequested: SignalKind.CANCELLATION_REQUESTED,
    support.ResponseOverdue: SignalKind.RESPONSE_OVERDUE,
    support.CaseReopened: SignalKind.CASE_REOPENED,
}


def signal_of(event: Envelope[Fact], case: Case | None, rules: Rules, now: datetime) -> Signal | None:
    """The signal of a fact that is one by itself. `case` is what is known of the case it names."""
    kind = _SIGNALS_BY_FACT.get(type(event.data))
    return None if kind is None else make_signal(kind, event, case, rules, now)


def signal_id(event: Envelope[Fact], kind: SignalKind) -> UUID:
    """The id of the signal of this kind that an event makes, if it makes one."""
    return derived("signal", event.source, event.id, kind.value)


def bounced(before: Case, after: Case, rules: Rules) -> bool:
    """Whether a case has just been passed on too often; true once a case."""
    return before.reassignments < rules.bounces_after_reassignments <= after.reassignments


def make_signal(kind: SignalKind, event: Envelope[Fact], case: Case | None, rules: Rules, now: datetime) -> Signal:
    """A signal at the fact's own time; an order that is named, by the fact or its case, is waited for."""
    fact = event.data
    named = getattr(fact, "order", None) or (case.order_id if case else None)
    refund = fact if isinstance(fact, support.RefundRequested) else None
    return Signal(
        signal_id=signal_id(event, kind),
        account_id=event.subject,
        kind=kind,
        at=event.time,
        seen_at=now,
        case_id=getattr(fact, "case", None),
        names_order=named,
        order_awaited_until=now + rules.order_wait if named is not None else None,
        amount_minor=refund.amount_minor if refund else None,
        currency=refund.currency if refund else None,
        refund_kind=refund.kind.value if refund else None,
        words=getattr(fact, "words", None),
    )
