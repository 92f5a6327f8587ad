"""The part of a policy that decides what proves or disproves the result of an episode."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from enum import StrEnum

from services.escalation.domain.policy.values import Section, Span
from shared.contracts.escalation import SignalKind


class Disproof(StrEnum):
    """What can disprove a save.

    `refund_paid` and `order_cancelled` count from the episode's first signal on, the others from its close on.
    `same_trouble`: another signal of a kind that the episode had. `not_delivered`: a delivery date has passed, and
    the order has still not arrived when the time for the proof is up.
    """

    REFUND_PAID = "refund_paid"
    ORDER_CANCELLED = "order_cancelled"
    SAME_TROUBLE = "same_trouble"
    SATISFACTION_LOW = "satisfaction_low"
    NOT_DELIVERED = "not_delivered"


_ANY_CAUSE = (Disproof.REFUND_PAID, Disproof.ORDER_CANCELLED, Disproof.SAME_TROUBLE, Disproof.SATISFACTION_LOW)


class Saved(Section):
    """How long a save is provisional, and what disproves it: by the kinds of the episode's signals, else
    `disproved_by`."""

    proven_after: Span = timedelta(days=30)
    disproved_by: tuple[Disproof, ...] = _ANY_CAUSE
    disproved_by_kind: Mapping[SignalKind, tuple[Disproof, ...]] = {
        SignalKind.DELIVERY_LATE: (*_ANY_CAUSE, Disproof.NOT_DELIVERED)
    }

    def disproofs(self, causes: Collection[SignalKind]) -> frozenset[Disproof]:
        """What disproves the save of an episode with these kinds of signals."""
        return frozenset(one for kind in causes for one in self.disproved_by_kind.get(kind, self.disproved_by))


class Results(Section):
    """What later facts say about closed episodes."""

    saved: Saved = Saved()
