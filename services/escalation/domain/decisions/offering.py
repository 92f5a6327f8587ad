"""Decisions about offers to the customer: made, asked for, approved, declined, or no longer asked for."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.escalation.domain.decisions.decision import ChangesEpisode, Row, utc_minute
from services.escalation.domain.offers import Offer
from shared.contracts import escalation
from shared.contracts.envelope import Fact
from shared.formatting import money


@dataclass(frozen=True, slots=True)
class OfOffer(ChangesEpisode):
    """A decision about an offer; `offer` is its new state."""

    offer: Offer

    @property
    def who(self) -> str | None:
        return self.offer.by

    def rows(self) -> Iterable[Row]:
        return self.episode, self.offer

    @property
    def discriminator(self) -> object:
        return f"{self.offer.offer_id} {self.offer.asked}"

    @property
    def amount(self) -> str:
        """The amount made or asked for, in words."""
        return money(self.offer.amount_minor, self.offer.currency)


@dataclass(frozen=True, slots=True)
class OfferMade(OfOffer):
    """The acknowledger made the customer an offer within their own limit."""

    rule = "offer_made"
    policy_lines = ("plays",)
    timeline = "offer made"
    color = "green"

    @property
    def sentence(self) -> str:
        amount = f"an offer of {self.amount}" if self.offer.amount_minor else "an offer without money"
        return f"{self.offer.by} made the customer {amount}."

    def publishes(self) -> Fact:
        offer = self.offer
        return escalation.OfferMade(
            episode=offer.episode_id,
            order=offer.order_id,
            offer=offer.offer_id,
            by=offer.by,
            amount_minor=offer.amount_minor,
            currency=offer.currency,
            percent=offer.percent,
        )


@dataclass(frozen=True, slots=True)
class ApprovalRequested(OfOffer):
    """A person is asked to approve an offer above the acknowledger's limit. `line` is the policy's for their power."""

    rule = "approval_asked"
    policy_lines = ("approvals", "approvals.backup", "approvals.manager", "approvals.upper_manager", "approvals.desk")
    timeline = "approval asked for"
    color = "yellow"
    line: str

    @property
    def sentence(self) -> str:
        assert self.offer.until is not None
        asked, until = self.offer.asked, utc_minute(self.offer.until)
        return f"{self.offer.by} wants to offer {self.amount}; {asked} is asked to approve it by {until}."

    @property
    def policy_line(self) -> str | None:
        return self.line

    def publishes(self) -> Fact:
        offer = self.offer
        assert offer.asked is not None
        assert offer.until is not None
        return escalation.OfferApprovalRequested(
            episode=offer.episode_id,
            order=offer.order_id,
            offer=offer.offer_id,
            by=offer.by,
            to=offer.asked,
            amount_minor=offer.amount_minor,
            currency=offer.currency,
            percent=offer.percent,
            until=offer.until,
        )


@dataclass(frozen=True, slots=True)
class ApprovalUnanswered(OfOffer):
    """The person asked did not answer in time, or is not available any more; `why` says which. `offer` is unchanged."""

    rule = "approval_unanswered"
    outcome = "was asked to approve an offer and did not answer"
    color = "red"
    asked: str
    why: str

    @property
    def sentence(self) -> str:
        return f"{self.asked} {self.why}; the request for approval goes on."

    @property
    def who(self) -> str | None:
        return self.asked


@dataclass(frozen=True, slots=True)
class OfferApproved(OfOffer):
    """A person approved the offer, perhaps with another amount."""

    rule = "offer_approved"
    policy_lines = ("approvals",)
    outcome = "approved an offer"
    timeline = "offer approved"
    color = "green"

    @property
    def sentence(self) -> str:
        agreed = money(self.offer.agreed_minor or 0, self.offer.currency)
        instead = "" if self.offer.agreed_minor == self.offer.amount_minor else f" instead of {self.amount}"
        return f"{self.offer.answered_by} approved an offer of {agreed}{instead} for {self.offer.by}."

    @property
    def who(self) -> str | None:
        return self.offer.answered_by

    def publishes(self) -> Fact:
        offer = self.offer
        assert offer.answered_by is not None
        assert offer.agreed_minor is not None
        return escalation.OfferApproved(
            episode=offer.episode_id,
            order=offer.order_id,
            offer=offer.offer_id,
            by=offer.answered_by,
            asked_by=offer.by,
            amount_minor=offer.agreed_minor,
            asked_minor=offer.amount_minor,
            currency=offer.currency,
        )


@dataclass(frozen=True, slots=True)
class OfferDeclined(OfOffer):
    """A person declined the offer, or nobody with the power to approve it answered."""

    rule = "offer_declined"
    policy_lines = ("approvals",)
    outcome = "declined an offer"
    timeline = "offer declined"
    color = "red"

    @property
    def sentence(self) -> str:
        if self.offer.answered_by is None:
            return f"No one else may approve {self.amount}, so the offer is declined."
        return f"{self.offer.answered_by} declined an offer of {self.amount}."

    @property
    def who(self) -> str | None:
        return self.offer.answered_by

    def publishes(self) -> Fact:
        offer = self.offer
        return escalation.OfferDeclined(
            episode=offer.episode_id,
            order=offer.order_id,
            offer=offer.offer_id,
            by=offer.answered_by,
            asked_by=offer.by,
            asked_minor=offer.amount_minor,
            currency=offer.currency,
        )


@dataclass(frozen=True, slots=True)
class ApprovalWithdrawn(OfOffer):
    """The asker no longer has the episode, or it is closed: nobody needs to approve the offer any more."""

    rule = "approval_withdrawn"

    @property
    def sentence(self) -> str:
        why = "the episode is closed" if self.episode.closed_at else f"{self.offer.by} no longer has the episode"
        return f"The request to approve {self.amount} has ended, because {why}."
