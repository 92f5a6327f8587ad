"""Why an order needs somebody now: its signals in words. Start at `why_now`."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.escalation.domain.stakes import Amount
from services.escalation.domain.words.phrases import ago, date_words, money
from shared.contracts.escalation import SignalKind
from shared.contracts.support_inbound import RefundKind

_NO_ID = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Risk:
    """What the words need to know of a signal. `asked` is the amount that a refund request names or a refund paid,
    `more_than_order` that it exceeds the order's, `executed` that the money asked back has been paid since. A late
    delivery is `expected_on` a day of the customer's calendar, where one was told that is not over. What was promised
    or expected, `about`, is quoted, where that is known.

    Two kinds have two causes: an order is `unmoved` where it stalled because nobody moves it, not because a
    confirmation is missing; a dead end is a contact `unanswered` in time, or one that ended without help.
    """

    kind: SignalKind
    at: datetime
    signal_id: UUID = _NO_ID
    asked: Amount | None = None
    refund_kind: RefundKind | None = None
    more_than_order: bool = False
    executed: bool = False
    unmoved: bool = False
    unanswered: bool = False
    expected_on: date | None = None
    about: str | None = None

    @property
    def amount_minor(self) -> int | None:
        return self.asked.minor if self.asked else None

    @property
    def currency(self) -> str | None:
        return self.asked.currency if self.asked else None


@dataclass(frozen=True, slots=True)
class WhyNow:
    """The signal that an episode is about, when it happened, and what came before and after it."""

    what: str
    at: datetime
    context: str
    label: str

    def sentence(self, now: datetime) -> str:
        """ "Refund of €480.00 requested 6 min ago, after a contact that led nowhere." """
        return f"{self.what} {ago(self.at, now)}{self.context}."


def why_now(risks: Sequence[Risk], main: Risk) -> WhyNow:
    """Why an episode with these signals needs somebody now; `main` is the one of them that it is about."""
    ordered = sorted(risks, key=lambda risk: risk.at)
    place = ordered.index(main)
    context = _joined(", after ", ordered[:place]) + _joined("; since then ", ordered[place + 1 :])
    return WhyNow(headline(main), main.at, context + _expected(main), label(main))


def _expected(risk: Risk) -> str:
    return f". It is expected on {date_words(risk.expected_on, risk.at.date())} now" if risk.expected_on else ""


def label(risk: Risk) -> str:
    """A signal in two or three words, as in a list: of a refund request its kind, and that it is executed."""
    if risk.unmoved or risk.unanswered:
        return UNMOVED_LABEL if risk.unmoved else "Unanswered"
    words = _REFUNDS.get(risk.refund_kind) if risk.refund_kind else None
    words = words or SHOWN_LABELS[risk.kind]
    return f"{words}, paid back" if risk.executed else words


UNMOVED_LABEL = "Order not moving"
SIGNAL_LABELS = {
    SignalKind.CONTACT_DEAD_ENDED: "Dead end",
    SignalKind.CONTACT_REPEATED: "Came back",
    SignalKind.CASE_STUCK: "Case stuck",
    SignalKind.CASE_BOUNCED: "Passed around",
    SignalKind.CASE_REOPENED: "Case reopened",
    SignalKind.RESPONSE_DUE: "Answer due soon",
    SignalKind.RESPONSE_OVERDUE: "Answer overdue",
    SignalKind.SATISFACTION_LOW: "Low rating",
    SignalKind.REFUND_REQUESTED: "Refund requested",
    SignalKind.CANCELLATION_REQUESTED: "Cancellation requested",
    SignalKind.ORDER_STALLED: "Order stalled",
    SignalKind.PROMISE_MISSED: "Promise missed",
    SignalKind.OUTCOME_DENIED: "Outcome not reached",
    SignalKind.DELIVERY_LATE: "Delivery late",
    SignalKind.ORDER_CANCELLED: "Order cancelled",
    SignalKind.REFUND_PAID: "Refund paid",
    SignalKind.GONE_QUIET: "Gone quiet",
}
SHOWN_LABELS = {**SIGNAL_LABELS, SignalKind.CONTACT_REPEATED: "Repeat contact"}
"""As people read them alone; the words of decisions are kept as they were written."""


def headline(risk: Risk) -> str:
    """What happened, as the beginning of a sentence that goes on with when."""
    match risk.kind:
        case SignalKind.CONTACT_DEAD_ENDED:
            if risk.unanswered:
                return "The time to answer the customer ran out"
            return "A contact ended in a dead end"
        case SignalKind.CONTACT_REPEATED:
            return "The customer came back about the same matter"
        case SignalKind.CASE_STUCK:
            return "A case got stuck"
        case SignalKind.CASE_BOUNCED:
            return "A case was passed around"
        case SignalKind.CASE_REOPENED:
            return "A case was reopened"
        case SignalKind.RESPONSE_DUE:
            return "A promised answer came close to being overdue"
        case SignalKind.RESPONSE_OVERDUE:
            return "A promised answer became overdue"
        case SignalKind.SATISFACTION_LOW:
            return "The customer gave a low rating"
        case SignalKind.REFUND_REQUESTED:
            return f"{refund_words(risk.refund_kind, _asked(risk))} requested"
        case SignalKind.CANCELLATION_REQUESTED:
            return "Cancellation requested"
        case SignalKind.ORDER_STALLED:
            if risk.unmoved:
                return "Nothing has been done on the order since the sale; it stalled"
            return "The order stalled before the customer confirmed it"
        case SignalKind.PROMISE_MISSED:
            return f"The promise {risk.about} was missed" if risk.about else "A promise was missed"
        case SignalKind.OUTCOME_DENIED:
            outcome = f"The expected outcome {risk.about}" if risk.about else "The expected outcome"
            return f"{outcome} was not reached, the customer said"
        case SignalKind.DELIVERY_LATE:
            return "The delivery became late"
        case SignalKind.ORDER_CANCELLED:
            return "The order was cancelled"
        case SignalKind.REFUND_PAID:
            return f"{refund_words(risk.refund_kind, _asked(risk))} paid"
        case SignalKind.GONE_QUIET:
            return "The customer went quiet"


_COUNTED = {
    SignalKind.CONTACT_DEAD_ENDED: ("a dead end", "dead ends"),
    SignalKind.CONTACT_REPEATED: ("a repeated contact", "repeated contacts"),
    SignalKind.CASE_STUCK: ("a stuck case", "stuck cases"),
    SignalKind.CASE_BOUNCED: ("a case passed around", "cases passed around"),
    SignalKind.CASE_REOPENED: ("a reopened case", "reopened cases"),
    SignalKind.RESPONSE_DUE: ("an answer due soon", "answers due soon"),
    SignalKind.RESPONSE_OVERDUE: ("an overdue answer", "overdue answers"),
    SignalKind.SATISFACTION_LOW: ("a low rating", "low ratings"),
    SignalKind.REFUND_REQUESTED: ("a refund request", "refund requests"),
    SignalKind.CANCELLATION_REQUESTED: ("a cancellation request", "cancellation requests"),
    SignalKind.ORDER_STALLED: ("a stalled order", "stalled orders"),
    SignalKind.PROMISE_MISSED: ("a missed promise", "missed promises"),
    SignalKind.OUTCOME_DENIED: ("an outcome not reached", "outcomes not reached"),
    SignalKind.DELIVERY_LATE: ("a late delivery", "late deliveries"),
    SignalKind.ORDER_CANCELLED: ("a cancelled order", "cancelled orders"),
    SignalKind.REFUND_PAID: ("a refund paid", "refunds paid"),
    SignalKind.GONE_QUIET: ("a silence", "silences"),
}


def _counted(risk: Risk) -> tuple[str, str]:
    """One of them, and several; a refund of a special kind by that."""
    special = _REFUNDS.get(risk.refund_kind) if risk.refund_kind else None
    if special is None or risk.kind is not SignalKind.REFUND_REQUESTED:
        return _COUNTED[risk.kind]
    name = f"{special[0].lower()}{special[1:]}"
    return f"a {name}", f"requests for a {name}"


def _joined(lead: str, risks: Sequence[Risk]) -> str:
    """By the first of each; `risks` are in the order of time."""
    numbers = Counter(_counted(risk) for risk in risks)
    parts = [one if number == 1 else f"{number} {several}" for (one, several), number in numbers.items()]
    if not parts:
        return ""
    return lead + (parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}")


def _asked(risk: Risk) -> str | None:
    if risk.asked is None:
        return None
    amount = money(risk.asked.minor, risk.asked.currency)
    return f"{amount}, more than the order," if risk.more_than_order else amount


_REFUNDS = {
    RefundKind.STATUTORY_WITHDRAWAL: "Statutory withdrawal",
    RefundKind.DOUBLE_CHARGE: "Refund of a double charge",
    RefundKind.CHARGEBACK: "Chargeback",
    RefundKind.FRAUD: "Refund after fraud",
}


def refund_words(kind: RefundKind | None, amount: str | None) -> str:
    """What is asked back, with its amount where known: "Refund of €480.00", "Chargeback (€480.00)"."""
    special = _REFUNDS.get(kind) if kind else None
    if special:
        return f"{special} ({amount.removesuffix(',')})" if amount else special
    return f"Refund of {amount}" if amount else "Refund"
