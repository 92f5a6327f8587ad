"""What put an order at risk no longer does, in words: by which kind of fact, or by which event that was told late."""

from collections.abc import Mapping

RULES_CHANGED = "rules_changed"
"""Why a signal ended that the rules of today do not know any more."""

_TURNED_OUT = "turned out to be none"
_TALKED, _WENT_ON, _WITHDRAWN = "somebody talked with the customer", "the case went on", "the request was withdrawn"
_BECAUSE: Mapping[str, str] = {
    "contact": _TALKED,
    "contact_made": "somebody had talked with the customer",
    "contact_dead_ended": "the customer had tried before",
    "customer_reached": _TALKED,
    "customer_reached_logged": _TALKED,
    "check_in_logged": _TALKED,
    "follow_up_logged": _TALKED,
    "case_opened": "the case had been opened",
    "case_reassigned": "the case had been passed on",
    "case_resolved": "the case was resolved",
    "case_closed": "the case was closed",
    "answer_not_needed": "no answer is needed",
    "case_progressed": _WENT_ON,
    "case_status_changed": _WENT_ON,
    "case_reopened": _WENT_ON,
    "response_promised": "an answer had been promised",
    "response_overdue": "the answer became overdue",
    "rated": "a better rating came",
    "satisfaction_rated": "a better rating came",
    "request_closed": "it was closed",
    "request_reopened": "it was opened again",
    "refund_requested": "money had been asked back",
    "refund_withdrawn": _WITHDRAWN,
    "refund_paid": "the money was paid back",
    "cancellation_requested": "the cancellation had been asked for",
    "cancellation_withdrawn": _WITHDRAWN,
    "confirmation_required": "a confirmation had been asked for",
    "order_placed": "the sale says otherwise",
    "sold": "the sale says otherwise",
    "promise": "the sale says otherwise",
    "delivery_due": "the sale says otherwise",
    "order_confirmed": "the order was confirmed",
    "order_delivered": "the order was delivered",
    "order_changed": "the order was changed",
    "order_lines": "the sale says otherwise",
    "order_cancelled": "the order was cancelled",
    "delivery_late": "the delivery had been announced as late",
    "promise_kept": "the promise was kept",
    "promise_said_kept": "the customer said that the promise was kept",
    "outcome_reported": "the outcome was reached",
    "outcome_said": "the customer said that the outcome was reached",
}


def ended(how: str, because: str | None) -> str:
    """How a signal ended, `cleared` or `withdrawn`, and by what kind of fact: "the case was resolved"."""
    if because == RULES_CHANGED:
        return "does not count any more: the rules changed"
    known = _BECAUSE.get(because or "", (because or "").replace("_", " "))
    return f"{_TURNED_OUT}: {known}" if how == "withdrawn" else known
