"""What put an order at risk no longer does: by which kind of fact, in words."""

from collections.abc import Mapping

_TURNED_OUT = "turned out to be none"
_BECAUSE: Mapping[str, str] = {
    "contact": "somebody talked with the customer",
    "contact_made": "somebody had talked with the customer",
    "customer_reached": "somebody talked with the customer",
    "case_resolved": "the case was resolved",
    "case_closed": "the case was closed",
    "case_progressed": "the case went on",
    "case_reopened": "the case went on",
    "refund_withdrawn": "the request was withdrawn",
    "cancellation_withdrawn": "the request was withdrawn",
    "order_confirmed": "the order was confirmed",
    "order_delivered": "the order was delivered",
    "order_cancelled": "the order was cancelled",
    "promise_kept": "the promise was kept",
    "outcome_reported": "the outcome was reached",
    "rated": "a better rating came",
    "response_overdue": "the answer became overdue",
}


def ended(how: str, because: str | None) -> str:
    """How a signal ended, `cleared` or `withdrawn`, and by what kind of fact: "the case was resolved"."""
    known = _BECAUSE.get(because or "", (because or "").replace("_", " "))
    return f"{_TURNED_OUT}: {known}" if how == "withdrawn" else known
