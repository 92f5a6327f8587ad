"""Offers to customers, the limits of what a person may give away, and who may approve more. Start at `Offer`.

A limit is about all offers agreed on one episode together, so that several small ones are not a way around it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.escalation.domain.entities import Order, Salesperson
from services.escalation.domain.ladder_step import LadderStep
from services.escalation.domain.policy.approvals import Approvals
from shared.contracts.escalation import LADDER, Step


class OfferState(StrEnum):
    """The state of an offer. Made: within the seller's own limit. Withdrawn: the person who asked for the approval no
    longer has the episode, or it is closed."""

    MADE = "made"
    PENDING = "pending"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


AGREED = (OfferState.MADE, OfferState.APPROVED)
"""The states in which the customer has been, or may be, promised the amount."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer to the customer of an order, made by its seller or another person who had the episode.

    `amount_minor` is the amount made or asked for; zero is an offer without money. `percent` is set if it was named as
    a percentage of the order. `agreed_minor` is the amount that the customer may have. `what` is in the words of `by`;
    it is read from the database by pages alone. While it is pending, `asked` is to answer at the ladder step
    `asked_step`, by `until`. `answered_by` is None if nobody answered in time.
    """

    offer_id: UUID
    account_id: str
    episode_id: UUID
    order_id: str
    at: datetime
    by: str
    amount_minor: int
    currency: str
    state: OfferState
    percent: int | None = None
    agreed_minor: int | None = None
    asked: str | None = None
    asked_step: Step | None = None
    until: datetime | None = None
    answered_at: datetime | None = None
    answered_by: str | None = None
    what: str | None = None

    @property
    def is_pending(self) -> bool:
        return self.state is OfferState.PENDING


def offered_total(offers: Iterable[Offer]) -> Mapping[str, int]:
    """What was given away with these offers: made or approved, in minor units by currency."""
    total: dict[str, int] = {}
    for offer in offers:
        if offer.state in AGREED and offer.agreed_minor:
            total[offer.currency] = total.get(offer.currency, 0) + offer.agreed_minor
    return total


def amount_of(order: Order, amount_minor: int | None, percent: int | None) -> int:
    """An offer's amount in the order's currency: named, or a percentage of the order, rounded down; zero if neither."""
    return amount_minor or order.amount_minor * (percent or 0) // 100


def asks(offer: Offer, approver: LadderStep, until: datetime) -> Offer:
    """The offer, with this person asked to approve it."""
    asked = approver.salesperson_id
    return replace(offer, state=OfferState.PENDING, asked=asked, asked_step=approver.step, until=until)


def approved(offer: Offer, agreed_minor: int, now: datetime) -> Offer:
    """The offer, approved by the person asked, perhaps with another amount."""
    return _answered(replace(offer, agreed_minor=agreed_minor, answered_by=offer.asked), OfferState.APPROVED, now)


def declined(offer: Offer, by: str | None, now: datetime) -> Offer:
    """The offer, declined by a person, or None: nobody with the power to approve it answered in time."""
    return _answered(replace(offer, answered_by=by), OfferState.DECLINED, now)


def withdrawn(offer: Offer, now: datetime) -> Offer:
    """The offer, which nobody needs to approve any more."""
    return _answered(offer, OfferState.WITHDRAWN, now)


def _answered(offer: Offer, state: OfferState, now: datetime) -> Offer:
    return replace(offer, state=state, asked=None, asked_step=None, until=None, answered_at=now)


def approves_up_to(person: Salesperson | None, step: Step, currency: str, approvals: Approvals) -> int:
    """Up to which total this person may approve offers, in minor units; zero: none.

    The directory decides if it names limits for the person, else the policy by the ladder step.
    """
    if person is None:
        return 0
    if person.approves_up_to is None:
        return approvals.of(step).get(currency, 0)
    limits = json.loads(person.approves_up_to)
    return min((one["amount_minor"] for one in limits if one["currency"] == currency), default=0)


def approvers(
    ladder: Sequence[LadderStep], people: Mapping[str, Salesperson], *, offer: Offer, total: int, approvals: Approvals
) -> list[LadderStep]:
    """The steps above the asker whose people may approve this total, and were not asked yet.

    Above a person who is not on the path, and above the desk, is the whole path. The asker is on none of these steps.
    """
    return [
        ladder_step
        for ladder_step in ladder
        if ladder_step.skipped is None
        and ladder_step.salesperson_id not in (None, offer.by, offer.asked)
        and LADDER.index(ladder_step.step) >= _asked_up_to(ladder, offer)
        and approves_up_to(people.get(ladder_step.salesperson_id or ""), ladder_step.step, offer.currency, approvals)
        >= total
    ]


def _asked_up_to(ladder: Sequence[LadderStep], offer: Offer) -> int:
    """The place on the ladder of the person asked last, else of the asker; the first if nobody is below.

    Someone else may be at that place by now, if its person has left.
    """
    if offer.asked_step is not None:
        return LADDER.index(offer.asked_step)
    own = [one.step for one in ladder if one.salesperson_id == offer.by and one.step is not Step.DESK]
    return LADDER.index(own[0]) if own else 0
