"""Every event there is: its class by wire type, and the types of each topic."""

from collections.abc import Mapping
from types import MappingProxyType

from shared.contracts import (
    dead_letters,
    escalation,
    orders,
    orders_inbound,
    support,
    support_inbound,
)
from shared.contracts.fact import Fact
from shared.contracts.nearest import nearest
from shared.contracts.rejected import Refusal, Rejected

FACTS: tuple[type[Fact], ...] = (
    orders_inbound.OrderPlaced,
    orders_inbound.ConfirmationRequired,
    orders_inbound.OrderConfirmed,
    orders_inbound.OrderDelivered,
    orders_inbound.OrderChanged,
    orders_inbound.DeliveryLate,
    orders_inbound.OrderCancelled,
    orders_inbound.RefundPaid,
    orders_inbound.PromiseKept,
    orders_inbound.OutcomeReported,
    orders_inbound.SaleCorrected,
    orders_inbound.AccountReassigned,
    orders_inbound.SalespersonChanged,
    support_inbound.CaseOpened,
    support_inbound.ContactMade,
    support_inbound.CaseReassigned,
    support_inbound.CaseStatusChanged,
    support_inbound.CaseReopened,
    support_inbound.ResponsePromised,
    support_inbound.ResponseOverdue,
    support_inbound.RefundRequested,
    support_inbound.CancellationRequested,
    support_inbound.RefundWithdrawn,
    support_inbound.CancellationWithdrawn,
    support_inbound.CustomerInsists,
    support_inbound.SellerRequested,
    support_inbound.SatisfactionRated,
    support_inbound.CaseResolved,
    support_inbound.CaseClosed,
    support_inbound.AnswerNotNeeded,
    support_inbound.ContactPreferenceChanged,
    orders.OrderPlaced,
    orders.ConfirmationRequired,
    orders.OrderConfirmed,
    orders.OrderDelivered,
    orders.OrderChanged,
    orders.DeliveryLate,
    orders.OrderCancelled,
    orders.RefundPaid,
    orders.PromiseKept,
    orders.OutcomeReported,
    orders.SaleCorrected,
    orders.AccountReassigned,
    orders.SalespersonChanged,
    support.CaseOpened,
    support.ContactMade,
    support.ContactDeadEnded,
    support.CaseReassigned,
    support.CaseStatusChanged,
    support.CaseReopened,
    support.ResponsePromised,
    support.ResponseOverdue,
    support.RefundRequested,
    support.CancellationRequested,
    support.RefundWithdrawn,
    support.CancellationWithdrawn,
    support.CustomerInsists,
    support.SellerRequested,
    support.SatisfactionRated,
    support.CaseResolved,
    support.CaseClosed,
    support.AnswerNotNeeded,
    support.ContactPreferenceChanged,
    escalation.EpisodeRaised,
    escalation.EpisodeSignalled,
    escalation.AlertRaised,
    escalation.AlertSent,
    escalation.EpisodeAcknowledged,
    escalation.SeverityRaised,
    escalation.SignalCleared,
    escalation.SignalWithdrawn,
    escalation.AcknowledgementExpired,
    escalation.CustomerReached,
    escalation.AppointmentMade,
    escalation.OfferMade,
    escalation.OfferApprovalRequested,
    escalation.OfferApproved,
    escalation.OfferDeclined,
    escalation.SaveWindowOpened,
    escalation.SaveWindowClosed,
    escalation.EpisodeSnoozed,
    escalation.HandOverOffered,
    escalation.HandOverAccepted,
    escalation.EpisodeReassigned,
    escalation.EpisodeTakenOver,
    escalation.RescuePassedOn,
    escalation.CheckInDone,
    escalation.FollowUpAnswered,
    escalation.EpisodeExhausted,
    escalation.EpisodeClosed,
    escalation.EpisodeReopened,
    escalation.SaveProven,
    escalation.SaveRelapsed,
    escalation.RelapseWithdrawn,
    escalation.WonBack,
    escalation.WinBackPlanned,
    escalation.WinBackWaits,
    escalation.WinBackDue,
    escalation.WinBackAnswered,
    escalation.WinBackEnded,
    escalation.PolicyPublished,
    dead_letters.RecordDeadLettered,
)

CATALOG: Mapping[str, type[Fact]] = MappingProxyType({fact.type: fact for fact in FACTS})
"""Class by wire type."""

TOPICS: Mapping[str, tuple[type[Fact], ...]] = MappingProxyType(
    {topic: tuple(fact for fact in FACTS if fact.topic == topic) for topic in sorted({f.topic for f in FACTS})}
)
"""Classes by logical topic. "dead-letters" stands for one topic per service: see `dead_letters.topic_of`."""


def fact_class(wire_type: str, *, topic: str | None = None) -> type[Fact]:
    """The class of a wire type; with a topic, only of a type that belongs there.

    Raises Rejected (unknown_type, wrong_topic), with the type that was probably meant.
    """
    fact = CATALOG.get(wire_type)
    if fact is None:
        reason = f"unknown event type; {_hint(wire_type, topic) or _LISTED}"
        raise Rejected(Refusal.UNKNOWN_TYPE, reason, field="type")
    if topic is not None and fact.topic != topic:
        raise Rejected(Refusal.WRONG_TOPIC, _elsewhere(fact, topic), field="type")
    return fact


def _hint(wire_type: str, topic: str | None) -> str:
    """Of a misspelt type the nearest of this topic, else of all that others may send; the last part may be enough."""
    sent = [fact.type for fact in FACTS if fact.topic.endswith(_INBOUND)]
    here = sent if topic is None else [fact.type for fact in TOPICS.get(topic, ())]
    by_name = {one.rpartition(".")[2]: one for one in here}
    name = nearest(wire_type.rpartition(".")[2], by_name)
    found = nearest(wire_type, here) or nearest(wire_type, sent) or (by_name[name] if name else None)
    return f"did you mean {found}?" if found else ""


def _elsewhere(fact: type[Fact], topic: str) -> str:
    """Where a type belongs; to what a service publishes itself nobody else sends, but to its namesake."""
    if topic.endswith(_INBOUND) and not fact.topic.endswith(_INBOUND):
        publisher, _, name = fact.type.partition(".")
        namesake = f"{publisher}.inbound.{name}"
        hint = f"did you mean {namesake}?" if namesake in CATALOG else _hint(namesake, topic)
        return f"type {fact.type} is published by {publisher} itself and cannot be sent to it; {hint or _LISTED}"
    by_http = f", over HTTP to {fact.topic.partition('.')[0]}" if fact.topic.endswith(_INBOUND) else ""
    return f"type {fact.type} belongs on topic {fact.topic}{by_http}"


_INBOUND = ".inbound.v1"
_LISTED = "/docs and /asyncapi list the types that this service accepts"
