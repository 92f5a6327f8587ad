"""Signals in words: why an order needs attention now, and how a signal ended. Start at `why_now`."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.escalation.domain.risk import Risk
from services.escalation.domain.signals import SIGNALS
from shared.formatting import date_words, when


@dataclass(frozen=True, slots=True)
class WhyNow:
    """The signal that an episode is about, its time, and the signals before and after it."""

    what: str
    at: datetime
    context: str
    label: str

    def sentence(self, now: datetime) -> str:
        """ "Refund of €480.00 requested 6 min ago, after a dead end." """
        return f"{self.what} {when(self.at, now)}{self.context}."


def why_now(risks: Sequence[Risk], main: Risk, *, due: Callable[[datetime], str] | None = None) -> WhyNow:
    """Why an episode with these signals needs attention now; `main` is the signal that it is about.

    `due` says for the reader when something is due: "is due at 16:00".
    """
    ordered = sorted(risks, key=lambda risk: risk.at)
    place = ordered.index(main)
    context = _joined(", after ", ordered[:place]) + _joined("; since then ", ordered[place + 1 :])
    if main.due_at is not None and due is not None:
        context += f". It {due(main.due_at)}"
    return WhyNow(headline(main), main.at, context + _expected(main) + _insisted(main), label(main))


def _expected(risk: Risk) -> str:
    return f". It is now expected on {date_words(risk.expected_on, risk.at.date())}" if risk.expected_on else ""


def _insisted(risk: Risk) -> str:
    return ". The customer insists" if risk.insisted and not risk.executed else ""


def label(risk: Risk) -> str:
    """A signal in two or three words, as in a list; for a refund request its kind, and whether it was executed."""
    signal = SIGNALS[risk.kind]
    return (signal.label_of(risk) if signal.label_of else None) or signal.label


SIGNAL_LABELS = {kind: signal.label for kind, signal in SIGNALS.items()}
"""The labels in the records of decisions."""


def headline(risk: Risk) -> str:
    """The beginning of a sentence about a signal; its time follows."""
    return SIGNALS[risk.kind].headline(risk)


def _counted(risk: Risk) -> tuple[str, str]:
    """The words for one such signal, and for several."""
    signal = SIGNALS[risk.kind]
    return (signal.counted_of(risk) if signal.counted_of else None) or signal.counted


def _joined(lead: str, risks: Sequence[Risk]) -> str:
    """The signals in words, each kind at its first occurrence; `risks` are in the order of time."""
    numbers = Counter[tuple[str, str]]()
    for risk in risks:
        numbers[_counted(risk)] += 1 + risk.alike
    parts = [one if number == 1 else f"{number:,} {several}" for (one, several), number in numbers.items()]
    if not parts:
        return ""
    return lead + (parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}")


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
    "seller_requested": "the seller had been requested before",
    "cancellation_withdrawn": _WITHDRAWN,
    "offer_agreed": "the customer had been offered the money",
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
    "customer_insists": "the customer insisted on what they had asked for",
    "promise_said_kept": "the customer said that the promise was kept",
    "customer_duty": "the sale was reported differently",
    "customer_duty_said_done": "the customer said that their part was done",
    "outcome_reported": "the customer got the result they wanted",
    "outcome_said": "the customer said that they got the result they wanted",
}


def ended(how: str, because: str | None) -> str:
    """How a signal ended, `cleared` or `withdrawn`, and by what kind of fact: "the case was resolved"."""
    if because == RULES_CHANGED:
        return "our rules changed, so this no longer counts"
    known = _BECAUSE.get(because or "", (because or "").replace("_", " "))
    return f"{_AFTER_ALL} ({known})" if how == "withdrawn" else known
