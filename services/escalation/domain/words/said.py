"""A salesperson's report of the customer's answer, in words. It is not proof, and the words say so."""

from datetime import datetime

from services.escalation.domain.facts import FactKind
from services.escalation.domain.words.signals import SIGNAL_LABELS
from shared.contracts.escalation import CustomersAnswer, SignalKind
from shared.formatting import at_clock, local_clock

ANSWERS = {
    CustomersAnswer.KEPT: "They say it was kept",
    CustomersAnswer.DONE: "They say it's done",
    CustomersAnswer.WORKED: "They say it worked",
    CustomersAnswer.DID_NOT_WORK: "They say it didn't work",
}
"""The labels of the buttons."""

NO_PROOF = "Reported by a salesperson after a conversation; not yet confirmed."

_COMPLAINTS = {
    FactKind.CONTACT: SignalKind.CONTACT_DEAD_ENDED,
    FactKind.RATED: SignalKind.SATISFACTION_LOW,
    FactKind.REFUND_REQUESTED: SignalKind.REFUND_REQUESTED,
    FactKind.CANCELLATION_REQUESTED: SignalKind.CANCELLATION_REQUESTED,
    FactKind.OUTCOME_REPORTED: SignalKind.OUTCOME_DENIED,
    FactKind.OUTCOME_SAID: SignalKind.OUTCOME_DENIED,
}


def customer_said(kind: FactKind, number: int | None, order: str, about: str | None = None) -> str:
    """ "The customer said that we kept our promise for order 4711: “Calibration visit”"; `about` is quoted."""
    which = f": {about}" if about else ""
    if kind is FactKind.PROMISE_SAID_KEPT:
        return f"The customer said that we kept our promise for order {order}{which}"
    if kind is FactKind.CUSTOMER_DUTY_SAID_DONE:
        return f"The customer said that their part of order {order} is done{which}"
    got = "got" if number else "did not get"
    return f"The customer said that they {got} the result they wanted from order {order}{which}"


def said_so(name: str, at: datetime, now: datetime) -> str:
    """ "Anna Berg reported this at 10:04, not yet confirmed"; both by the reader's clock."""
    return f"{name} reported this {at_clock(at, now)}, not yet confirmed"


def complained_since(name: str, at: datetime, complaint: FactKind, complained_at: datetime, now: datetime) -> str:
    """ "Anna Berg closed this at 10:04. Since then: refund requested (11:10)." """
    label = SIGNAL_LABELS[_COMPLAINTS[complaint]].lower()
    return f"{name} closed this {at_clock(at, now)}. Since then: {label} ({local_clock(complained_at, now)})."
