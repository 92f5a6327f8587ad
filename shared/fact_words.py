"""Facts of orders and support, each as one sentence. Start at `describe`."""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from shared.contracts import orders_inbound, support_inbound
from shared.contracts.envelope import Envelope, Fact
from shared.contracts.support_inbound import (
    ContactChannel,
    ContactPreference,
    ContactResult,
    Courtesy,
    Direction,
    NoAnswerReason,
    Person,
)
from shared.formatting import absolute, day, known_money, money, ordinal
from shared.refund_words import requested_words


@dataclass(frozen=True, slots=True)
class Described:
    """One fact in words. `by` is the person who acted for the customer, if known."""

    title: str
    customer_words: str | None
    source: str
    by: Person | None = None


def describe(event: Envelope[Fact], zone: tzinfo = UTC) -> Described:
    """One sentence for a fact, with the customer's own words and its source; moments are in the reader's zone."""
    fact = event.data
    title = _of_moments(fact, zone) or _of_sales(fact) or _of_promises(fact)
    title = title or _of_contacts(fact) or _of_requests(fact) or _of_cases(fact)
    source = _SOURCES.get(event.type.partition(".")[0], "Another system")
    customer_words = getattr(fact, "words", None)
    return Described(title or _spelled(event.type), customer_words, source, _who(fact))


def happened_at(event: Envelope[Fact]) -> datetime:
    """When it happened. A sale has its own time and may be reported long after."""
    fact = event.data
    return fact.sold_at if isinstance(fact, orders_inbound.OrderPlaced) else event.time


_SOURCES = {"orders": "Orders", "support": "Support"}

BY_CHANNEL = {
    ContactChannel.PHONE: "by phone",
    ContactChannel.IN_PERSON: "in person",
    ContactChannel.EMAIL: "by e-mail",
    ContactChannel.CHAT: "by chat",
    ContactChannel.MESSAGE: "by message",
    ContactChannel.WEB: "on the web",
    ContactChannel.OTHER: "in another way",
}
"""The ways a person was reached, the likeliest first."""
_CHANNELS = {
    ContactChannel.PHONE: "Phone call",
    ContactChannel.EMAIL: "E-mail",
    ContactChannel.CHAT: "Chat",
    ContactChannel.MESSAGE: "Message",
    ContactChannel.WEB: "Web form",
    ContactChannel.IN_PERSON: "Meeting",
    ContactChannel.OTHER: "Contact",
}
_RESULTS = {
    ContactResult.ANSWERED: "answered",
    ContactResult.VOICEMAIL: "voicemail",
    ContactResult.DEAD_END: "ended without help",
    ContactResult.RESOLVED: "resolved",
}
_COURTESIES = {
    Courtesy.THANKS: "a thank-you",
    Courtesy.AUTOMATIC_REPLY: "an automatic reply",
}
_MESSAGES = {
    Courtesy.THANKS: "a thank-you message",
    Courtesy.AUTOMATIC_REPLY: "an automatic reply",
}
_NO_ANSWER = {
    NoAnswerReason.GOODBYE: "goodbye message",
    NoAnswerReason.ANSWERED_ELSEWHERE: "answered elsewhere",
    NoAnswerReason.SPAM: "spam",
    NoAnswerReason.TEST: "test",
}
_PREFERENCES = {
    ContactPreference.NONE: "The customer may be called again",
    ContactPreference.DO_NOT_CALL: "The customer asked not to be called",
    ContactPreference.DISPUTE: "The customer is in a dispute with us",
    ContactPreference.DECEASED: "The customer has died",
}


def _of_sales(fact: Fact) -> str | None:
    match fact:
        case orders_inbound.OrderPlaced():
            return f"Order {fact.order} placed"
        case orders_inbound.ConfirmationRequired():
            return f"Order {fact.order} is waiting for the customer's confirmation"
        case orders_inbound.OrderConfirmed():
            return f"Order {fact.order} confirmed"
        case orders_inbound.OrderDelivered():
            return _delivered(fact)
        case orders_inbound.OrderCancelled():
            return f"Order {fact.order} cancelled" + (f": {fact.reason}" if fact.reason else "")
        case orders_inbound.RefundPaid():
            return f"Refund of {money(fact.amount_minor, fact.currency)} paid"
        case orders_inbound.SaleCorrected():
            if fact.sold_by is None:
                return f"Order {fact.order} no longer has a seller: {fact.reason}"
            return f"Seller of order {fact.order} corrected to {fact.sold_by}: {fact.reason}"
        case orders_inbound.AccountReassigned():
            return f"Customer reassigned to {fact.salesperson} from {day(fact.since)}"
    return None


def _delivered(fact: orders_inbound.OrderDelivered) -> str:
    if fact.complete or not (fact.lines or fact.complete is False):
        return f"Order {fact.order} delivered"
    named = f" ({'line' if len(fact.lines) == 1 else 'lines'} {', '.join(map(str, fact.lines))})" if fact.lines else ""
    return f"Part of order {fact.order} delivered{named}"


def _of_moments(fact: Fact, zone: tzinfo) -> str | None:
    """The words of facts that name a time."""
    match fact:
        case orders_inbound.OrderChanged():
            return f"Order {fact.order} changed: {_changed(fact, zone)}"
        case orders_inbound.DeliveryLate():
            expected = f", now expected {_at(fact.due_at, zone)}" if fact.due_at else ""
            return f"Delivery of order {fact.order} late{expected}"
        case support_inbound.ResponsePromised():
            return f"Answer promised for {_at(fact.due_at, zone)}" + _of_case(fact)
    return None


def _at(at: datetime, zone: tzinfo) -> str:
    return absolute(at.astimezone(zone))


def _changed(fact: orders_inbound.OrderChanged, zone: tzinfo) -> str:
    """The changed parts of an order: lines by their products, an amount without the order's currency."""
    products = ", ".join(line.product for line in fact.lines or ())
    due = f"delivery due {_at(fact.delivery_due_at, zone)}" if fact.delivery_due_at else ""
    amount = "new amount" if fact.amount_minor is not None else ""
    return "; ".join(filter(None, (products, amount, due))) or "details not known"


def _of_promises(fact: Fact) -> str | None:
    match fact:
        case orders_inbound.PromiseKept():
            proof = f" ({fact.proof})" if fact.proof else ""
            return f"Promise for order {fact.order} kept: {fact.promise}{proof}"
        case orders_inbound.OutcomeReported():
            got = "got" if fact.reached else "did not get"
            return f"The customer says that they {got} the result they wanted from order {fact.order}"
    return None


def _of_contacts(fact: Fact) -> str | None:
    match fact:
        case support_inbound.ContactMade():
            ended = _COURTESIES[fact.courtesy] if fact.courtesy else _ended(fact)
            leaving = ": the customer says they are leaving" if fact.intent else ""
            return f"{_contact(fact)} the customer, {ended}{leaving}"
        case support_inbound.SatisfactionRated():
            return f"Customer rated us {fact.rating} out of {fact.scale}"
        case support_inbound.ResponseOverdue():
            return "Promised answer overdue" + _of_case(fact)
        case support_inbound.ContactPreferenceChanged():
            return _PREFERENCES[fact.preference]
    return None


def _contact(fact: support_inbound.ContactMade) -> str:
    """The contact with its preposition: "Chat with", "Phone call from"."""
    if fact.channel in (ContactChannel.CHAT, ContactChannel.IN_PERSON):
        return f"{_CHANNELS[fact.channel]} with"
    return f"{_CHANNELS[fact.channel]} {'from' if fact.direction is Direction.INBOUND else 'to'}"


_WRITTEN = (ContactChannel.EMAIL, ContactChannel.MESSAGE, ContactChannel.WEB)


def _ended(fact: support_inbound.ContactMade) -> str:
    """The end of a contact. What we wrote is sent: "answered" would read as if the customer had written back."""
    written = fact.direction is Direction.OUTBOUND and fact.channel in _WRITTEN
    if written and fact.result is ContactResult.ANSWERED:
        return "sent"
    if fact.result is not ContactResult.UNANSWERED:
        return _RESULTS[fact.result]
    return f"not answered by {'us' if fact.direction is Direction.INBOUND else 'the customer'}"


def _of_requests(fact: Fact) -> str | None:
    match fact:
        case support_inbound.RefundRequested():
            return requested_words(fact.kind, known_money(fact.amount_minor or None, fact.currency))
        case support_inbound.RefundWithdrawn():
            return "Refund request withdrawn"
        case support_inbound.CancellationRequested():
            return "Cancellation requested"
        case support_inbound.CancellationWithdrawn():
            return "Cancellation request withdrawn"
        case support_inbound.CustomerInsists():
            return "The customer insists on their request"
        case support_inbound.SellerRequested():
            return "Seller requested" + (f" by {fact.by}" if fact.by else "") + _of_case(fact)
    return None


def _of_cases(fact: Fact) -> str | None:
    match fact:
        case support_inbound.CaseOpened():
            return _matter(fact) + "opened" + (f": {fact.title}" if fact.title else "")
        case support_inbound.CaseReassigned():
            to = f", now with {fact.assigned_to}" if fact.assigned_to else ""
            return _matter(fact) + f"reassigned for the {ordinal(fact.reassignments)} time{to}"
        case support_inbound.CaseStatusChanged():
            return _matter(fact) + f"now “{fact.status}”"
        case support_inbound.CaseReopened():
            return _matter(fact) + "reopened" + (f" by {_MESSAGES[fact.courtesy]}" if fact.courtesy else "")
        case support_inbound.CaseResolved():
            return _matter(fact) + "resolved"
        case support_inbound.CaseClosed():
            return _matter(fact) + "closed" + (f" ({_NO_ANSWER[fact.reason]})" if fact.reason else "")
        case support_inbound.AnswerNotNeeded():
            about = "a contact" if fact.contact is not None else f"case {fact.case}" if fact.case else "a case"
            return f"{fact.by} marked {about} as needing no answer ({_NO_ANSWER[fact.reason]})"
    return None


def _who(fact: Fact) -> Person | None:
    person = getattr(fact, "by", None) or getattr(fact, "person", None)
    return person if isinstance(person, Person) else None


def _matter(fact: support_inbound.CustomerMatter) -> str:
    return f"Case {fact.case} " if fact.case else "Case "


def _of_case(fact: support_inbound.CustomerMatter) -> str:
    return f" (case {fact.case})" if fact.case else ""


def _spelled(wire_type: str) -> str:
    return wire_type.rpartition(".")[2].replace("_", " ").capitalize()
