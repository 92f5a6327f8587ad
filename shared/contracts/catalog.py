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
from shared.contracts.rejected import Refusal, Rejected

FACTS: tuple[type[Fact], ...] = (
    orders_inbound.OrderPlaced,
    orders_inbound.ConfirmationRequired,
    orders_inbound.OrderConfirmed,
    orders_inbound.OrderDelivered,
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
    support_inbound.SatisfactionRated,
    support_inbound.CaseResolved,
    support_inbound.CaseClosed,
    support_inbound.AnswerNotNeeded,
    support_inbound.ContactPreferenceChanged,
    orders.OrderPlaced,
    orders.ConfirmationRequired,
    orders.OrderConfirmed,
    orders.OrderDelivered,
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
    escalation.EpisodeSnoozed,
    escalation.HandOverOffered,
    escalation.HandOverAccepted,
    escalation.RescuePassedOn,
    escalation.CheckInDone,
    escalation.EpisodeExhausted,
    escalation.EpisodeClosed,
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

    Raises Rejected (unknown_type, wrong_topic).
    """
    fact = CATALOG.get(wire_type)
    if fact is None:
        raise Rejected(Refusal.UNKNOWN_TYPE, "type is not in the catalog of events", field="type")
    if topic is not None and fact.topic != topic:
        raise Rejected(Refusal.WRONG_TOPIC, f"type {fact.type} belongs on topic {fact.topic}", field="type")
    return fact
