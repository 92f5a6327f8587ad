"""Facts in words: what a person reads on a page, in an e-mail, in a timeline. Start at `describe`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from babel.numbers import format_currency, get_currency_precision

from shared.contracts import escalation, orders_inbound, support_inbound
from shared.contracts.envelope import Envelope, Fact
from shared.contracts.escalation import SignalKind
from shared.contracts.support_inbound import ContactChannel, ContactResult, Direction, Person, RefundKind

LOCALE = "en"


@dataclass(frozen=True, slots=True)
class Described:
    """One fact in words. `words` are the customer's own; `by` is who acted for the customer, where known."""

    title: str
    words: str | None
    source: str
    by: Person | None = None


def describe(event: Envelope[Fact]) -> Described:
    """One sentence for a fact, with the customer's own words and where we have it from."""
    fact = event.data
    title = _of_orders(fact) or _of_contacts(fact) or _of_cases(fact) or _of_escalation(fact)
    source = _SOURCES.get(event.type.partition(".")[0], "Another system")
    words = getattr(fact, "words", None)
    return Described(title or _spelled(event.type), words, source, _who(fact))


def money(amount_minor: int, currency: str) -> str:
    """An amount in the currency's minor unit, as people write it: €1,200.00."""
    amount = Decimal(amount_minor).scaleb(-get_currency_precision(currency))
    return format_currency(amount, currency, locale=LOCALE)


def ago(at: datetime, now: datetime) -> str:
    """How long ago, in one unit: "6 min ago"; a date where it is more than two weeks."""
    age = now - at
    if age < timedelta(seconds=45):
        return "just now"
    if age < timedelta(hours=1):
        return f"{max(1, round(age.total_seconds() / 60))} min ago"
    if age < timedelta(days=1):
        return f"{round(age.total_seconds() / 3600)} h ago"
    if age < timedelta(days=14):
        return counted(round(age.total_seconds() / 86400), "day") + " ago"
    return day(at)


def day(at: datetime) -> str:
    """A calendar day: "4 May 2026"."""
    return f"{at.day} {at:%B %Y}"


def cut(text: str, length: int) -> str:
    """A text of at most so many characters, with an ellipsis where there was more."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def counted(number: int, noun: str) -> str:
    """ "1 day", "3 days"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


@dataclass(frozen=True, slots=True)
class Risk:
    """What the words need to know of a signal."""

    kind: SignalKind
    at: datetime
    amount: str | None = None
    refund_kind: RefundKind | None = None


@dataclass(frozen=True, slots=True)
class WhyNow:
    """The signal that matters most, when it happened, and what came before and after it."""

    what: str
    at: datetime
    context: str
    kind: SignalKind

    def sentence(self, now: datetime) -> str:
        """ "Refund of €480.00 requested 6 min ago, after a contact that led nowhere." """
        return f"{self.what} {ago(self.at, now)}{self.context}."


STRONG = (SignalKind.REFUND_REQUESTED, SignalKind.CANCELLATION_REQUESTED)


def why_now(risks: Sequence[Risk]) -> WhyNow:
    """Why an episode with these signals needs somebody now. There must be at least one."""
    ordered = sorted(risks, key=lambda risk: risk.at)
    strong = [risk for risk in ordered if risk.kind in STRONG]
    head = (strong or ordered)[-1]
    place = ordered.index(head)
    context = _joined(", after ", ordered[:place]) + _joined("; since then ", ordered[place + 1 :])
    return WhyNow(_headline(head), head.at, context, head.kind)


def is_strong(kind: SignalKind) -> bool:
    """Whether the customer said in so many words that the sale is in danger."""
    return kind in STRONG


SIGNAL_LABELS = {
    SignalKind.CONTACT_DEAD_ENDED: "Dead end",
    SignalKind.CASE_BOUNCED: "Passed around",
    SignalKind.CASE_REOPENED: "Case reopened",
    SignalKind.RESPONSE_OVERDUE: "Answer overdue",
    SignalKind.REFUND_REQUESTED: "Refund requested",
    SignalKind.CANCELLATION_REQUESTED: "Cancellation requested",
}


def _headline(risk: Risk) -> str:
    match risk.kind:
        case SignalKind.CONTACT_DEAD_ENDED:
            return "A contact ended in a dead end"
        case SignalKind.CASE_BOUNCED:
            return "A case was passed on for the third time"
        case SignalKind.CASE_REOPENED:
            return "A case was reopened"
        case SignalKind.RESPONSE_OVERDUE:
            return "A promised answer became overdue"
        case SignalKind.REFUND_REQUESTED:
            return f"{_refund(risk.refund_kind, risk.amount)} requested"
        case SignalKind.CANCELLATION_REQUESTED:
            return "Cancellation requested"


_COUNTED = {
    SignalKind.CONTACT_DEAD_ENDED: ("a dead end", "dead ends"),
    SignalKind.CASE_BOUNCED: ("a case passed around", "cases passed around"),
    SignalKind.CASE_REOPENED: ("a reopened case", "reopened cases"),
    SignalKind.RESPONSE_OVERDUE: ("an overdue answer", "overdue answers"),
    SignalKind.REFUND_REQUESTED: ("a refund request", "refund requests"),
    SignalKind.CANCELLATION_REQUESTED: ("a cancellation request", "cancellation requests"),
}


def _joined(lead: str, risks: Sequence[Risk]) -> str:
    numbers = {kind: sum(risk.kind is kind for risk in risks) for kind in SignalKind}
    parts = [
        _COUNTED[kind][0] if number == 1 else f"{number} {_COUNTED[kind][1]}"
        for kind, number in numbers.items()
        if number
    ]
    if not parts:
        return ""
    return lead + (parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}")


_SOURCES = {"orders": "Orders", "support": "Support", "escalation": "On call"}

_CHANNELS = {
    ContactChannel.PHONE: "Phone call",
    ContactChannel.EMAIL: "E-mail",
    ContactChannel.CHAT: "Chat",
    ContactChannel.MESSAGE: "Message",
    ContactChannel.WEB: "Web form",
    ContactChannel.IN_PERSON: "Visit",
    ContactChannel.OTHER: "Contact",
}
_RESULTS = {
    ContactResult.ANSWERED: "answered",
    ContactResult.UNANSWERED: "nobody answered",
    ContactResult.VOICEMAIL: "voicemail",
    ContactResult.DEAD_END: "dead end",
    ContactResult.RESOLVED: "resolved",
}
_REFUNDS = {
    RefundKind.STATUTORY_WITHDRAWAL: "Statutory withdrawal",
    RefundKind.DOUBLE_CHARGE: "Refund of a double charge",
    RefundKind.CHARGEBACK: "Chargeback",
    RefundKind.FRAUD: "Refund after fraud",
}


def _refund(kind: RefundKind | None, amount: str | None) -> str:
    special = _REFUNDS.get(kind) if kind else None
    if special:
        return f"{special} ({amount})" if amount else special
    return f"Refund of {amount}" if amount else "Refund"


def _of_orders(fact: Fact) -> str | None:
    match fact:
        case orders_inbound.OrderPlaced():
            return f"Order {fact.order} placed"
        case orders_inbound.ConfirmationRequired():
            return f"Order {fact.order} waits for the customer's confirmation"
        case orders_inbound.OrderConfirmed():
            return f"Order {fact.order} confirmed"
        case orders_inbound.OrderDelivered():
            return f"Order {fact.order} delivered"
        case orders_inbound.OrderCancelled():
            return f"Order {fact.order} cancelled" + (f": {fact.reason}" if fact.reason else "")
        case orders_inbound.RefundPaid():
            return f"Refund of {money(fact.amount_minor, fact.currency)} paid"
    return None


def _of_contacts(fact: Fact) -> str | None:
    match fact:
        case support_inbound.ContactMade():
            way = "from" if fact.direction is Direction.INBOUND else "to"
            return f"{_CHANNELS[fact.channel]} {way} the customer, {_RESULTS[fact.result]}"
        case support_inbound.RefundRequested():
            amount = fact.amount_minor
            known = money(amount, fact.currency) if amount is not None and fact.currency else None
            return f"{_refund(fact.kind, known)} requested"
        case support_inbound.CancellationRequested():
            return "Cancellation requested"
        case support_inbound.SatisfactionRated():
            return f"Rated us {fact.rating} of {fact.scale}"
        case support_inbound.ResponseOverdue():
            return "Promised answer overdue" + (f" (case {fact.case})" if fact.case else "")
    return None


def _of_cases(fact: Fact) -> str | None:
    match fact:
        case support_inbound.CaseOpened():
            return _matter(fact) + "opened" + (f": {fact.title}" if fact.title else "")
        case support_inbound.CaseReassigned():
            to = f", now with {fact.assigned_to}" if fact.assigned_to else ""
            return _matter(fact) + f"passed on, {_ordinal(fact.reassignments)} time{to}"
        case support_inbound.CaseStatusChanged():
            return _matter(fact) + f"now “{fact.status}”"
        case support_inbound.CaseReopened():
            return _matter(fact) + "reopened"
        case support_inbound.CaseResolved():
            return _matter(fact) + "resolved"
        case support_inbound.CaseClosed():
            return _matter(fact) + "closed"
    return None


def _of_escalation(fact: Fact) -> str | None:
    match fact:
        case escalation.EpisodeRaised():
            return f"Order {fact.order} came to be at risk"
        case escalation.EpisodeSignalled():
            return f"Order {fact.order}: {SIGNAL_LABELS[fact.kind].lower()}"
        case escalation.AlertRaised():
            return f"{fact.recipient} was alerted"
        case escalation.AlertSent():
            return f"Alert sent by {fact.channel.value}"
        case escalation.EpisodeAcknowledged():
            return f"{fact.by} acknowledged"
    return None


def _who(fact: Fact) -> Person | None:
    person = getattr(fact, "by", None) or getattr(fact, "person", None)
    return person if isinstance(person, Person) else None


def _matter(fact: support_inbound.CustomerMatter) -> str:
    return f"Case {fact.case} " if fact.case else "Case "


def _ordinal(number: int) -> str:
    if 10 < number % 100 < 14:
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def _spelled(wire_type: str) -> str:
    return wire_type.rpartition(".")[2].replace("_", " ").capitalize()


def absolute(at: datetime) -> str:
    """A moment for people, in its own zone: "4 May 2026, 16:40 UTC"."""
    name = "UTC" if at.tzinfo is UTC else at.tzname()
    return f"{day(at)}, {at:%H:%M} {name}"
