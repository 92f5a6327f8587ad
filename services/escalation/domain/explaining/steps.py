"""The history of an episode in order of time: facts that mattered, decisions, deliveries. Start at `steps`.

`ends` makes only the first and the last ones."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from typing import TypeAlias
from uuid import UUID

from services.escalation.domain.decisions.labels import LABELS
from services.escalation.domain.entities import Alert, DecisionRow, Delivery, Signal
from services.escalation.domain.explaining.record import ReceivedFact, Record
from services.escalation.domain.explaining.sending import sent_words
from services.escalation.domain.facts import SAID, AccountFact, FactKind, ids_of
from services.escalation.domain.policy.lookup import PolicyLine, lines_at
from services.escalation.domain.signals import SIGNALS
from services.escalation.domain.words import NO_PROOF, customer_said, describe, happened_at
from shared.contracts.envelope import Envelope, Fact
from shared.contracts.orders import OrderPlaced

REPORTED = "told"
DELIVERED = "delivery"
_LABELS = {REPORTED: "reported"} | {rule.replace("_", " "): label for rule, label in LABELS.items()}
_LATE = timedelta(minutes=1)
_FREE_TEXT = ("title", "words", "reason", "proof", "by", "person")
"""Members of a fact that may name a customer or be in a customer's own words."""


@dataclass(frozen=True, slots=True)
class ExplainedStep:
    """One step. `what` is "told", "delivery", or the rule by which it was decided.

    `heard_at` is set on a fact that was received late, `quote` are the customer's own words. `cause` is the event's id.
    """

    at: datetime
    what: str
    words: str
    heard_at: datetime | None = None
    quote: str | None = None
    policy_version: int | None = None
    policy: tuple[PolicyLine, ...] = ()
    cause: str | None = None

    @property
    def label(self) -> str:
        """`what` in the words that a person reads."""
        return _LABELS.get(self.what, self.what)


@dataclass(frozen=True, slots=True)
class Ends:
    """The first and the last steps, and the number of steps between them that are left out."""

    first: Sequence[ExplainedStep]
    left_out: int
    last: Sequence[ExplainedStep]


_Planned: TypeAlias = tuple[datetime, Callable[[], ExplainedStep]]
"""When a step was, and how to make it: most of the work, and only some steps of a long history are shown."""


def steps(record: Record, *, with_words: bool) -> list[ExplainedStep]:
    """Every step; at equal times facts come first, then decisions in their order, then deliveries.

    The customer's own data is left out, unless `with_words`.
    """
    return [make() for _, make in _planned(record, with_words=with_words)]


def ends(record: Record, *, with_words: bool, first: int, last: int) -> Ends:
    """At most so many of the first and of the last steps. Nothing is left out if that is all of them."""
    planned = _planned(record, with_words=with_words)
    until = min(first, len(planned))
    since = max(until, len(planned) - last)
    return Ends([make() for _, make in planned[:until]], since - until, [make() for _, make in planned[since:]])


def _planned(record: Record, *, with_words: bool) -> list[_Planned]:
    causes, counted, lines = _causes(record), _counted(record), _lines_of(record)
    found: list[_Planned] = [
        *(_told(one, with_words=with_words) for one in record.received if _mattered(one, record, causes, counted)),
        *_said(record),
        *((one.at, partial(_decided, one, lines)) for one in record.decisions),
        *_delivered(record),
    ]
    return sorted(found, key=lambda planned: planned[0])


def _said(record: Record) -> Iterator[_Planned]:
    """Salespeople's reports of the customer's answers about the order."""
    for fact in record.facts:
        if fact.kind in SAID and fact.order_id == record.order.order_id:
            yield fact.at, partial(_said_step, fact, record.order.order_id)


def _said_step(fact: AccountFact, order_id: str) -> ExplainedStep:
    what = customer_said(fact.kind, fact.number, order_id)
    return ExplainedStep(fact.at, REPORTED, f"{fact.agent}: {what[:1].lower()}{what[1:]}. {NO_PROOF}")


def _told(received: ReceivedFact, *, with_words: bool) -> _Planned:
    is_sale = received.type == OrderPlaced.type
    at = happened_at(received.read()) if is_sale and received.read is not None else received.at
    return at, partial(reported_step, received, with_words=with_words)


def reported_step(received: ReceivedFact, *, with_words: bool) -> ExplainedStep:
    """The step of a reported fact. The customer's own data is left out, unless `with_words`."""
    late = received.received_at if received.received_at - received.at > _LATE else None
    if received.read is None:
        return ExplainedStep(received.at, REPORTED, "Erased at the customer's request.", late, cause=received.event_id)
    event = received.read()
    described = describe(event if with_words else _without_free_text(event))
    by = f" ({described.by.name})" if described.by and described.by.name else ""
    at = happened_at(event)
    return ExplainedStep(
        at, REPORTED, f"{described.title}{by}.", late, described.customer_words, cause=received.event_id
    )


def _without_free_text(event: Envelope[Fact]) -> Envelope[Fact]:
    optional = {
        name: None
        for name, member in type(event.data).model_fields.items()
        if name in _FREE_TEXT and not member.is_required()
    }
    return event.model_copy(update={"data": event.data.model_copy(update=optional)})


_Causes: TypeAlias = Set[tuple[str | None, str | None]]
_Span: TypeAlias = tuple[datetime, datetime]
_Lane: TypeAlias = tuple[str | None, FactKind | None]
"""Facts of one kind about one case, or about none."""


def _mattered(received: ReceivedFact, record: Record, causes: _Causes, counted: Set[UUID]) -> bool:
    """Whether a fact mattered: the sale itself, the cause of a decision, or a fact that a signal began with or
    counted."""
    caused = (received.source, received.event_id) in causes
    if received.read is None:
        return caused
    if received.type == OrderPlaced.type:
        sale = received.read().data
        return isinstance(sale, OrderPlaced) and sale.order == record.order.order_id
    return caused or not counted.isdisjoint(ids_of(received.source, received.event_id))


def _causes(record: Record) -> _Causes:
    return {(one.cause_source, one.cause_id) for one in record.decisions}


def _counted(record: Record) -> Set[UUID]:
    """The facts that signals began with, and those that signals counted. Each fact is checked once, for any number of
    signals."""
    first: dict[UUID, AccountFact] = {}
    indexes, spans = defaultdict[_Lane, list[AccountFact]](list), defaultdict[_Lane, list[_Span]](list)
    for fact in record.facts:
        first[fact.fact_id] = fact
        indexes[_lane_of(fact)].append(fact)
    for signal in record.signals:
        began, kind = first.get(signal.fact_id), _counted_of(signal)
        if began is not None and kind is not None:
            spans[began.case_id, kind].append((began.at, signal.at))
    counted = {signal.fact_id for signal in record.signals}
    return counted.union(*(_within(indexes[index], known) for index, known in spans.items()))


def _within(facts: list[AccountFact], spans: list[_Span]) -> Iterator[UUID]:
    """The facts that happened in any of these spans."""
    waiting, until = deque(sorted(spans)), None
    for fact in sorted(facts, key=lambda one: one.at):
        while waiting and waiting[0][0] <= fact.at:
            _, end = waiting.popleft()
            until = end if until is None else max(until, end)
        if until is not None and fact.at <= until:
            yield fact.fact_id


def _counted_of(signal: Signal) -> FactKind | None:
    """The kind of facts that a signal counts; None if it is made of one fact."""
    return SIGNALS[signal.kind].counts or (FactKind.CONTACT if signal.by_silence else None)


def _lane_of(fact: AccountFact) -> _Lane:
    """The lane of a fact; of contacts only the customer's count."""
    counts = fact.kind is not FactKind.CONTACT or fact.direction == "inbound"
    return fact.case_id, fact.kind if counts else None


_Lines: TypeAlias = Callable[[int, str], tuple[PolicyLine, ...]]
"""The lines of a version of the policy at paths that are separated by commas."""


def _lines_of(record: Record) -> _Lines:
    """The policy's lines. Each is looked up once: thousands of decisions have the same few."""

    @cache
    def lines(version: int, paths: str) -> tuple[PolicyLine, ...]:
        policy = record.policy(version)
        each = paths.split(", ")
        return tuple(line for path in each for line in (lines_at(policy, path) if policy else [PolicyLine(path)]))

    return lines


def _decided(decision: DecisionRow, lines_at_paths: _Lines) -> ExplainedStep:
    lines = lines_at_paths(decision.policy_version, decision.policy_path) if decision.policy_path else ()
    return ExplainedStep(
        at=decision.at,
        what=decision.rule.replace("_", " "),
        words=decision.words,
        policy_version=decision.policy_version if lines else None,
        policy=lines,
        cause=decision.cause_id,
    )


def _delivered(record: Record) -> Iterator[_Planned]:
    """The steps of each alert's deliveries, on all channels."""
    by_alert = defaultdict[UUID, list[Delivery]](list)
    for one in record.deliveries:
        by_alert[one.alert_id].append(one)
    for alert in record.alerts:
        deliveries = by_alert[alert.alert_id]
        if deliveries:
            at = max(delivery.changed_at for delivery in deliveries)
            yield at, partial(_delivery, alert, deliveries, at)


def _delivery(alert: Alert, deliveries: Sequence[Delivery], at: datetime) -> ExplainedStep:
    outcomes = "; ".join(sent_words(delivery) for delivery in deliveries)
    return ExplainedStep(at, DELIVERED, f"To {alert.recipient}: {outcomes}.", cause=None)
