"""The promises of both sides and the expected outcome of a sale in its own words, as long as these are kept."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from services.escalation.domain.facts import FactKind, fact_id
from services.escalation.domain.words import Risk
from services.escalation.domain.words.in_short import quoted, unturned
from shared.contracts.envelope import Envelope, Fact
from shared.contracts.escalation import SignalKind
from shared.contracts.order_parts import Side
from shared.contracts.orders_inbound import OrderPlaced


@dataclass(frozen=True, slots=True)
class SaleWords:
    """The quoted words: `promises` by their facts, and `named` by their names. `who` has the people who are to keep
    them, as agreed, and `theirs` the names of the customer's own."""

    promises: Mapping[UUID, str] = field(default_factory=dict)
    named: Mapping[str, str] = field(default_factory=dict)
    outcome: str | None = None
    who: Mapping[UUID, str] = field(default_factory=dict)
    theirs: frozenset[str] = frozenset()

    def of_risk(self, risk: Risk, fact: UUID) -> Risk:
        """The same risk; a missed promise or outcome gets its words. `fact` is the first fact of the signal."""
        if risk.kind is SignalKind.PROMISE_MISSED:
            return replace(risk, about=self.promises.get(fact))
        return replace(risk, about=self.outcome) if risk.kind is SignalKind.OUTCOME_DENIED else risk

    def of_said(self, kind: FactKind, what: str | None) -> str | None:
        """The words for the subject of a customer's answer; a promise is found by its name."""
        return self.outcome if kind is FactKind.OUTCOME_SAID else self.named.get(what or "")


def sale_words(facts: Iterable[Envelope[Fact]], order: str) -> SaleWords:
    """The words of this order's sale, among facts of its account."""
    for event in facts:
        sale = event.data
        if isinstance(sale, OrderPlaced) and sale.order == order:
            ids = {fact_id(event, f"promise-{place}"): one for place, one in enumerate(sale.promises)}
            return SaleWords(
                promises={id: quoted(one.what) for id, one in ids.items()},
                named={one.id or one.what: quoted(one.what) for one in sale.promises},
                outcome=quoted(sale.expected_outcome) if sale.expected_outcome else None,
                who={id: unturned(one.who) for id, one in ids.items() if one.who},
                theirs=frozenset(one.id or one.what for one in sale.promises if one.owed_by is Side.CUSTOMER),
            )
    return SaleWords()
