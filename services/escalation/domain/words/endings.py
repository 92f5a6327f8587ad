"""The end of a signal in words: by a kind of fact, or by an event that was reported late."""

from collections.abc import Mapping

RULES_CHANGED = "rules_changed"
"""The reason for the end of a signal that the current rules no longer raise."""

_AFTER_ALL = "not a problem after all"
_TALKED, _WENT_ON, _WITHDRAWN = "someone spoke with the customer", "the case made progress", "the request was withdrawn"
_BECAUSE: Mapping[str, str] = {
    "contact": _TALKED,
    "contact_made": "someone had already spoken with the customer",
    "contact_dead_ended": "the customer had already tried earlier",
    "customer_reached": _TALKED,
    "customer_reached_logged": _TALKED,
    "check_in_logged": _TALKED,
    "follow_up_logged": _TALKED,
    "case_opened": "the case had been opened",
    "case_reassigned": "the case had been reassigned",
    "case_resolved": "the case was resolved",
    "case_closed": "the case was closed",
    "answer_not_needed": "no answer is needed",
    "case_progressed": _WENT_ON,
    "case_status_changed": _WENT_ON,
    "case_reopened": _WENT_ON,
    "response_promised": "an answer had been promised",
    "response_overdue": "the answer became overdue",
    "rated": "the customer gave a better rating",
    "satisfaction_rated": "the customer gave a better rating",
    "request_closed": "closed here",
    "request_reopened": "reopened here",
    "refund_requested": "a refund had been requested",
    "refund_withdrawn": _WITHDRAWN,
    "refund_paid": "the refund was paid",
    "cancellation_requested": "a cancellation had been requested",
    "cancellation_withdrawn": _WITHDRAWN,
    "confirmation_required": "a confirmation had been requested",
    "order_placed": "the sale was reported differently",
    "sold": "the sale was reported differently",
    "promise": "the sale was reported differently",
    "delivery_due": "the sale was reported differently",
    "order_confirmed": "the order was confirmed",
    "order_delivered": "the order was delivered",
    "order_changed": "the order was changed",
    "order_lines": "the sale was reported differently",
    "order_cancelled": "the order was cancelled",
    "delivery_late": "the delivery had been reported as late",
    "promise_kept": "the promise was kept",
    "promise_said_kept": "the customer said that the promise was kept",
    "outcome_reported": "the customer got the result they wanted",
    "outcome_said": "the customer said that they got the result they wanted",
}


def ended(how: str, because: str | None) -> str:
    """How a signal ended, `cleared` or `withdrawn`, and by what kind of fact: "the case was resolved"."""
    if because == RULES_CHANGED:
        return "our rules changed, so this no longer counts"
    known = _BECAUSE.get(because or "", (because or "").replace("_", " "))
    return f"{_AFTER_ALL} ({known})" if how == "withdrawn" else known
