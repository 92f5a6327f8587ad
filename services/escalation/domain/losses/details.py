"""A loss in detail, with words of people. They are shown only to a person who asks for this loss."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.escalation.domain.loss_class import CLASS_WORDS
from services.escalation.domain.losses.columns import Columns, LossRow
from services.escalation.domain.losses.shown import Shown
from shared.contracts.escalation import SignalKind


@dataclass(frozen=True, slots=True)
class CustomersWords:
    """What the customer said with a signal of the episode."""

    kind: SignalKind
    at: datetime
    words: str | None
    code: str | None


@dataclass(frozen=True, slots=True)
class Written:
    """What the person wrote who closed the episode: a note, and what we could have done."""

    note: str | None
    could_have: str | None


@dataclass(frozen=True, slots=True)
class LossDetails:
    """One loss with its three columns and all words about it. `seller_says` is the seller's reason in the policy's
    words."""

    row: LossRow
    columns: Columns
    shown: tuple[Shown, ...]
    written: Written
    said: Sequence[CustomersWords]
    seller_says: str

    @property
    def customer_says(self) -> str:
        """The class of the customer's reason, with its code."""
        known, code = self.columns.customer, self.row.customers_code
        if known is None:
            return f"“{code.replace('_', ' ')}” ({code})" if code else "no reason recorded"
        return f"{CLASS_WORDS[known]}{f' ({code})' if code else ''}"
