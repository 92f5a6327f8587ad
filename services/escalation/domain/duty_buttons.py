"""The buttons of duties: whose customer it is talked with them about an order, before there is trouble."""

from typing import ClassVar
from uuid import UUID

from shared.contracts.escalation import CustomersAnswer
from shared.contracts.fact import Fact
from shared.contracts.fields import Id
from shared.contracts.support_inbound import ContactChannel


class DutyButton(Fact):
    """Somebody says that they talked with the customer about an order, just now."""

    topic: ClassVar[str] = ""
    order: Id
    by: Id
    channel: ContactChannel = ContactChannel.PHONE


class CheckInLogged(DutyButton):
    """They asked how it goes."""

    type: ClassVar[str] = "escalation.button.check_in_logged"


class FollowUpLogged(DutyButton):
    """They asked about a promise, or whether the expected outcome was reached, and the customer answered this.

    `promise` is the fact that remembers the promise.
    """

    type: ClassVar[str] = "escalation.button.follow_up_logged"
    answer: CustomersAnswer
    promise: UUID | None = None


DUTY_BUTTONS: tuple[type[DutyButton], ...] = (CheckInLogged, FollowUpLogged)
