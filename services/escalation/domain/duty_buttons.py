"""The buttons of duties: a salesperson talked with their customer about an order, before there was trouble or months
after a loss."""

from typing import ClassVar
from uuid import UUID

from shared.contracts.escalation import CustomersAnswer, WinBackAnswer
from shared.contracts.fact import Fact
from shared.contracts.fields import Id
from shared.contracts.support_inbound import ContactChannel


class DutyButton(Fact):
    """A salesperson reports a talk with the customer about an order, just now."""

    topic: ClassVar[str] = ""
    order: Id
    by: Id
    channel: ContactChannel = ContactChannel.PHONE


class CheckInLogged(DutyButton):
    """The salesperson checked in with the customer."""

    type: ClassVar[str] = "escalation.button.check_in_logged"


class FollowUpLogged(DutyButton):
    """The salesperson asked about a promise of either side or the expected outcome, and the customer gave this answer.

    `promise` is the id of the promise's fact.
    """

    type: ClassVar[str] = "escalation.button.follow_up_logged"
    answer: CustomersAnswer
    promise: UUID | None = None


class WinBackLogged(DutyButton):
    """The salesperson called a customer months after the loss of this episode, and the customer gave this answer."""

    type: ClassVar[str] = "escalation.button.win_back_logged"
    episode: UUID
    answer: WinBackAnswer


DUTY_BUTTONS: tuple[type[DutyButton], ...] = (CheckInLogged, FollowUpLogged, WinBackLogged)
