"""The base of button presses, and the buttons about offers to the customer. The other buttons are in `own_facts`."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from services.escalation.domain.written import LONGEST_NOTE, Written
from shared.contracts.fact import Fact
from shared.contracts.fields import AmountMinor, Id


class OwnFact(Fact):
    """A fact that escalation reports to itself; it is on no topic."""

    topic: ClassVar[str] = ""


class EpisodeButton(OwnFact):
    """A person pressed a button of an episode."""

    episode: UUID
    by: Id


class NotedButton(EpisodeButton):
    """A button press that can carry a note."""

    note: Written = None


class OfferButton(EpisodeButton):
    """A press about an offer: `what` in words, and an amount in the order's currency or a percentage of the order.

    With neither, it is an offer without money.
    """

    what: Annotated[str, Field(min_length=1, max_length=LONGEST_NOTE)]
    amount_minor: AmountMinor | None = None
    percent: Annotated[int, Field(ge=1, le=100)] | None = None


class OfferLogged(OfferButton):
    """The acknowledger made the customer an offer within their own limit."""

    type: ClassVar[str] = "escalation.button.offer_logged"


class ApprovalAsked(OfferButton):
    """The acknowledger asks for the approval of an offer above their own limit."""

    type: ClassVar[str] = "escalation.button.approval_asked"


class ApprovePressed(EpisodeButton):
    """The person asked approves an offer, with the amount asked for, or with another one."""

    type: ClassVar[str] = "escalation.button.approve_pressed"
    offer: UUID
    amount_minor: Annotated[AmountMinor, Field(ge=1)] | None = None


class DeclinePressed(EpisodeButton):
    """The person asked declines an offer."""

    type: ClassVar[str] = "escalation.button.decline_pressed"
    offer: UUID


class ApprovalDue(OwnFact):
    """The time to answer a request for an approval is over."""

    type: ClassVar[str] = "escalation.timer.approval_due"
    offer: UUID


class SaveWindowDue(OwnFact):
    """The time of an episode's save window is over."""

    type: ClassVar[str] = "escalation.timer.save_window_due"
    episode: UUID


OFFER_BUTTONS: tuple[type[EpisodeButton], ...] = (OfferLogged, ApprovalAsked, ApprovePressed, DeclinePressed)
APPROVAL_BUTTONS = (ApprovePressed, DeclinePressed)
"""The buttons of a person who is asked to approve an offer."""
