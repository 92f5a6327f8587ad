"""The way of an episode in order of time: facts that mattered, decisions, deliveries. Start at `steps`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.escalation.domain.entities import Decision, Signal
from services.escalation.domain.explaining.record import Record, Told
from services.escalation.domain.explaining.sending import sent_words
from services.escalation.domain.facts import AccountFact, FactKind, remembered
from services.escalation.domain.policy.lookup import PolicyLine, lines_at
from services.escalation.domain.words import describe
from shared.contracts.envelope import Envelope, Fact
from shared.contracts.escalation import SignalKind
from shared.contracts.orders import OrderPlaced

TOLD = "told"
DELIVERED = "delivery"
_LATE = timedelta(minutes=1)
_FREE_TEXT = ("title", "words", "reason", "proof", "by", "person")
"""What in a fact may name a customer or be in a customer's own words."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `what` is "told", "delivery", or the rule by which it was decided.

    `heard_at` is set on a fact that was heard late, `quote` are the customer's own words. `cause` is the event's id.
    """

    at: datetime
    what: str
    words: str
    heard_at: datetime | None = None
    quote: str | None = None
    policy_version: int | None = None
    policy: tuple[PolicyLine, ...] = ()
    cause: str | None = None


def steps(record: Record, *, with_words: bool) -> list[Step]:
    """Every step; at equal times facts come first, then decisions as they were made, then what was sent.

    Without the customer's own data, unless `with_words`.
    """
    told = [_told(one, with_words=with_words) for one in record.told if _mattered(one, record)]
    decided = [_decided(one, record) for one in record.decisions]
    return sorted([*told, *decided, *_delivered(record)], key=lambda step: step.at)


def _told(told: Told, *, with_words: bool) -> Step:
    late = told.heard_at if told.heard_at - told.at > _LATE else None
    if told.event is None:
        return Step(told.at, TOLD, "Erased at the customer's request.", late, cause=told.event_id)
    described = describe(told.event if with_words else _without_free_text(told.event))
    by = f" ({described.by.name})" if described.by and described.by.name else ""
    return Step(told.at, TOLD, f"{described.title}{by}.", late, described.words, cause=told.event_id)


def _without_free_text(event: Envelope[Fact]) -> Envelope[Fact]:
    optional = {
        name: None
        for name, member in type(event.data).model_fields.items()
        if name in _FREE_TEXT and not member.is_required()
    }
    return event.model_copy(update={"data": event.data.model_copy(update=optional)})


def _mattered(told: Told, record: Record) -> bool:
    """The sale itself, whatever caused a decision, and whatever a signal began with or was counted from."""
    if told.event is None:
        return (told.source, told.event_id) in _causes(record)
    if isinstance(told.event.data, OrderPlaced):
        return told.event.data.order == record.order.order_id
    ids = {fact.fact_id for fact in remembered(told.event)}
    return (told.source, told.event_id) in _causes(record) or not ids.isdisjoint(_counted(record))


def _causes(record: Record) -> set[tuple[str | None, str | None]]:
    return {(one.cause_source, one.cause_id) for one in record.decisions}


def _counted(record: Record) -> set[UUID]:
    by_id = {fact.fact_id: fact for fact in record.facts}
    counted = {signal.fact_id for signal in record.signals}
    for signal in record.signals:
        first = by_id.get(signal.fact_id)
        if first is not None:
            counted |= {fact.fact_id for fact in record.facts if _belongs(fact, first, signal)}
    return counted


def _belongs(fact: AccountFact, first: AccountFact, signal: Signal) -> bool:
    """Whether a fact is one of several that made a signal together."""
    if fact.case_id != first.case_id or not first.at <= fact.at <= signal.at:
        return False
    if signal.kind is SignalKind.CASE_BOUNCED:
        return fact.kind is FactKind.CASE_REASSIGNED
    of_several = signal.kind is SignalKind.CONTACT_REPEATED or signal.by_silence
    return of_several and fact.kind is FactKind.CONTACT and fact.direction == "inbound"


def _decided(decision: Decision, record: Record) -> Step:
    policy = record.policy(decision.policy_version)
    paths = decision.policy_path.split(", ") if decision.policy_path else []
    lines = [line for path in paths for line in (lines_at(policy, path) if policy else [PolicyLine(path)])]
    return Step(
        at=decision.at,
        what=decision.rule.replace("_", " "),
        words=decision.words,
        policy_version=decision.policy_version if lines else None,
        policy=tuple(lines),
        cause=decision.cause_id,
    )


def _delivered(record: Record) -> Iterator[Step]:
    """What became of each alert, on all its channels."""
    for alert in record.alerts:
        deliveries = [one for one in record.deliveries if one.alert_id == alert.alert_id]
        if deliveries:
            words = "; ".join(sent_words(delivery) for delivery in deliveries)
            at = max(delivery.changed_at for delivery in deliveries)
            yield Step(at, DELIVERED, f"To {alert.recipient}: {words}.", cause=None)
