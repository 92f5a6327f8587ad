"""The three reasons of a loss side by side, never merged, and how far they agree. Start at `Columns`."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.escalation.domain.loss_class import LossClass
from services.escalation.domain.losses.shown import LostOrder
from services.escalation.domain.policy.model import Policy
from services.escalation.domain.policy.reasons import customers_class
from shared.contracts.escalation import EpisodeResult, SaleContribution


@dataclass(frozen=True, slots=True)
class LossRow:
    """An episode closed as lost, with its order. `customers_code` is the latest code reported with a request.

    Products are those of the order's lines. The answers are None where a question was not answered.
    """

    episode_id: UUID
    account_id: str
    order_id: str
    closed_at: datetime
    reason: str
    amount_minor: int
    currency: str
    segment: str | None
    products: tuple[str, ...]
    customers_code: str | None = None
    contributed: SaleContribution | None = None
    may_call_again: bool | None = None

    def lost_order(self, policy: Policy) -> LostOrder:
        """What the events are to show something about."""
        return LostOrder(self.order_id, self.closed_at - policy.losses.look_back, self.closed_at)


@dataclass(frozen=True, slots=True)
class Columns:
    """Why a customer left: as the seller says, as the customer says (None: not known), and as the events show.

    `shown` has all classes that hold, the main one first.
    """

    seller: LossClass
    customer: LossClass | None
    shown: tuple[LossClass, ...]


def columns(row: LossRow, shown: tuple[LossClass, ...], policy: Policy) -> Columns:
    """The classes of a loss by the policy for its order. A reason or code that the policy does not list is `other`."""
    known = (one.loss_class for one in policy.reasons.get(EpisodeResult.LOST, ()) if one.code == row.reason)
    code = row.customers_code
    customer = customers_class(code, policy.customer_reasons) if code is not None else None
    return Columns(next(known, LossClass.OTHER), customer, shown)


class Pair(StrEnum):
    """Two of the three columns."""

    SELLER_AND_EVENTS = "seller_and_events"
    CUSTOMER_AND_EVENTS = "customer_and_events"
    SELLER_AND_CUSTOMER = "seller_and_customer"


def agrees(pair: Pair, one: Columns) -> bool | None:
    """Whether two columns agree; None if they cannot be compared, because one of them is not known or only `other`.

    A reason agrees with the events if it is among the classes that they show, not only if it is the main one.
    """
    if pair is Pair.SELLER_AND_CUSTOMER:
        named = one.seller, one.customer
        return None if LossClass.OTHER in named or None in named else one.seller is one.customer
    said = one.seller if pair is Pair.SELLER_AND_EVENTS else one.customer
    if said in (None, LossClass.OTHER) or one.shown == (LossClass.OTHER,):
        return None
    return said in one.shown
