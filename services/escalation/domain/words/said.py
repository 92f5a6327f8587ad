"""A salesperson's report of the customer's answer, in words. It is not proof, and the words say so."""

from datetime import datetime

from services.escalation.domain.facts import FactKind
from services.escalation.domain.formatting import local_clock
from services.escalation.domain.words.signals import SIGNAL_LABELS
from shared.contracts.escalation import CustomersAnswer, SignalKind

ANSWERS = {
    CustomersAnswer.KEPT: "They say it was kept",
    CustomersAnswer.WORKED: "They say it worked",
    CustomersAnswer.DID_NOT_WORK: "They say it didn't work",
}
"""The labels of the buttons."""

NO_PROOF = "Reported by a salesperson after a conversation; not proven."

_COMPLAINTS = {
    FactKind.CONTACT: SignalKind.CONTACT_DEAD_ENDED,
    FactKind.RATED: SignalKind.SATISFACTION_LOW,
    FactKind.REFUND_REQUESTED: SignalKind.REFUND_REQUESTED,
    FactKind.CANCELLATION_REQUESTED: SignalKind.CANCELLATION_REQUESTED,
    FactKind.OUTCOME_REPORTED: SignalKind.OUTCOME_DENIED,
    FactKind.OUTCOME_SAID: SignalKind.OUTCOME_DENIED,
}


def customer_said(kind: FactKind, number: int | None, order: str, about: str | None = None) -> str:
    """ "The customer said that a promise of order 4711 was kept: “Calibration visit”"; `about` is quoted."""
    which = f": {about}" if about else ""
    if kind is FactKind.PROMISE_SAID_KEPT:
        return f"The customer said that a promise of order {order} was kept{which}"
    reached = "was reached" if number else "was not reached"
    return f"The customer said that the expected outcome of order {order} {reached}{which}"


def said_so(name: str, at: datetime, now: datetime) -> str:
    """ "Anna Berg reported this at 10:04, not yet proven"; both by the reader's clock."""
    return f"{name} reported this {_when(at, now)}, not yet proven"


def complained_since(name: str, at: datetime, complaint: FactKind, complained_at: datetime, now: datetime) -> str:
    """ "Anna Berg closed this at 10:04. Since then: refund requested (11:10)." """
    label = SIGNAL_LABELS[_COMPLAINTS[complaint]].lower()
    return f"{name} closed this {_when(at, now)}. Since then: {label} ({local_clock(complained_at, now)})."


def _when(at: datetime, now: datetime) -> str:
    when = local_clock(at, now)
    return f"on {when}" if "," in when else f"at {when}"
