"""What a sale promised and what was expected of it, in its own words, as long as these are kept."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from services.escalation.domain.facts import FactKind, fact_id
from services.escalation.domain.words import Risk
from services.escalation.domain.words.in_short import quoted
from shared.contracts.envelope import Envelope, Fact
from shared.contracts.escalation import SignalKind
from shared.contracts.orders_inbound import OrderPlaced


@dataclass(frozen=True, slots=True)
class SaleWords:
    """Each quoted: `promises` by their facts, and `named` by the names that those have."""

    promises: Mapping[UUID, str] = field(default_factory=dict)
    named: Mapping[str, str] = field(default_factory=dict)
    outcome: str | None = None

    def of_risk(self, risk: Risk, fact: UUID) -> Risk:
        """The same; a missed promise and an outcome that was not reached say which. It began with this fact."""
        if risk.kind is SignalKind.PROMISE_MISSED:
            return replace(risk, about=self.promises.get(fact))
        return replace(risk, about=self.outcome) if risk.kind is SignalKind.OUTCOME_DENIED else risk

    def of_said(self, kind: FactKind, what: str | None) -> str | None:
        """What the customer spoke of; a promise has a name."""
        return self.named.get(what or "") if kind is FactKind.PROMISE_SAID_KEPT else self.outcome


def sale_words(facts: Iterable[Envelope[Fact]], order: str) -> SaleWords:
    """Those of this order, among facts of its account."""
    for event in facts:
        sale = event.data
        if isinstance(sale, OrderPlaced) and sale.order == order:
            promises = {fact_id(event, f"promise-{place}"): quoted(one.what) for place, one in enumerate(sale.promises)}
            named = {one.id or one.what: quoted(one.what) for one in sale.promises}
            return SaleWords(promises, named, quoted(sale.expected_outcome) if sale.expected_outcome else None)
    return SaleWords()
