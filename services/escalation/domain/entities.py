"""Entities of escalation: values that stand for rows of its tables, field for column."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from uuid import UUID

from services.escalation.domain.written import NoteAbout
from shared.contracts.escalation import EpisodeResult, RingCause, Severity, SignalKind, Step


@dataclass(frozen=True, slots=True)
class Order:
    """One sale. `seen_at` is when it was reported to us. `products` are its lines' products as a JSON array, and
    `quantities` their quantities, unless all are one. `corrected_at` is set when the seller was corrected.

    `inherits_from` is the order that it renews and takes its seller from, until it is corrected itself. Lines and
    amount are those reported last: `lines_changed_at`, `amount_changed_at`.
    """

    order_id: str
    account_id: str
    sold_by: str | None
    sold_at: datetime
    amount_minor: int
    currency: str
    bought: str
    seen_at: datetime
    customer_name: str | None = None
    customer_phone: str | None = None
    customer_email: str | None = None
    customer_zone: str | None = None
    segment: str | None = None
    products: str = "[]"
    outcome_expected_by: datetime | None = None
    corrected_at: datetime | None = None
    customer_country: str | None = None
    inherits_from: str | None = None
    quantities: str | None = None
    lines_changed_at: datetime | None = None
    amount_changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """A customer's account apart from orders: the book that it was moved to, and the contact preference."""

    account_id: str
    assigned_to: str | None = None
    assigned_since: date | None = None
    assigned_at: datetime | None = None
    preference: str = "none"
    preference_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Salesperson:
    """A salesperson. `email_failed_at` is set while mail to the address fails. `has_device` is read and never saved.

    `approves_up_to` is a JSON array of amounts with their currencies; None: the policy decides.
    """

    salesperson_id: str
    changed_at: datetime
    name: str
    manager: str | None
    email: str | None
    phone: str | None
    chat: str | None
    zone: str
    working_hours: str
    active: bool
    successor: str | None
    successor_since: date | None
    backup: str | None = None
    away: str = "[]"
    days_off: str = "[]"
    country: str | None = None
    region: str | None = None
    rings_off_hours: bool = False
    email_failed_at: datetime | None = None
    email_failed_because: str | None = None
    approves_up_to: str | None = None
    has_device: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    account_id: str
    case_id: str
    order_id: str | None = None


class SignalEnd(StrEnum):
    """How a signal ended. Cleared: a later fact settled it. Withdrawn: a late fact disproved it."""

    CLEARED = "cleared"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal. `order_awaited_until` is set while it waits for its named order; `fact_id` is the fact it began with.

    `ended_because` is the kind of the fact that ended it, or the event that was reported late. `policy_version` is the
    version whose thresholds raised it. `reason_code` is the customer's reason as reported with a request.
    """

    signal_id: UUID
    account_id: str
    kind: SignalKind
    at: datetime
    seen_at: datetime
    fact_id: UUID
    policy_version: int = 1
    by_silence: bool = False
    case_id: str | None = None
    names_order: str | None = None
    order_awaited_until: datetime | None = None
    episode_id: UUID | None = None
    ended: SignalEnd | None = None
    ended_at: datetime | None = None
    ended_because: str | None = None
    amount_minor: int | None = None
    currency: str | None = None
    refund_kind: str | None = None
    words: str | None = None
    traceparent: str | None = None
    reason_code: str | None = None

    @property
    def stands(self) -> bool:
        return self.ended is None


class DeadlineFor(StrEnum):
    """What an episode's deadline is for."""

    ANSWER = "answer"
    REDEEM = "redeem"
    APPOINTMENT = "appointment"
    SNOOZE = "snooze"


@dataclass(frozen=True, slots=True)
class Episode:
    """An episode. `rang` tells whether a notification was decided since the team takes part; `rings` counts the alerts.

    `responsible` is notified of it, and is None while the seller is not known. `step` is the ladder step notified last;
    `repeats` counts how often the desk was notified again. One clock runs at a time: `deadline_at`, for `deadline_for`.
    `attempts` are the acknowledger's; `reached_at` is when the acknowledger reached the customer. `offered_to` may take
    it over until `offered_until`. `follows` is the closed episode before it. `appointment_at` is the time of a promised
    call while another clock runs. `talk_due_sooner`: something new has happened since, so a talk is due before that
    too. A talk up to `talk_due_since`, the last reminder, is not proof. `nobody_since`: there has been nobody to
    notify. `stopped_deadline_at`, `stopped_deadline_for` and `stopped_appointment_at` ran when it was closed.
    `deadline_extended`: an attempt moved the deadline of this talk.
    """

    episode_id: UUID
    account_id: str
    order_id: str
    salesperson: str | None
    raised_at: datetime
    changed_at: datetime
    severity: Severity = Severity.WATCH
    policy_version: int = 1
    responsible: str | None = None
    why_you: str | None = None
    rang: bool = False
    rings: int = 0
    step: Step | None = None
    repeats: int = 0
    deadline_at: datetime | None = None
    deadline_for: DeadlineFor | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    attempts: int = 0
    reached_at: datetime | None = None
    offered_to: str | None = None
    offered_until: datetime | None = None
    exhausted_at: datetime | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    result: EpisodeResult | None = None
    reason: str | None = None
    follows: UUID | None = None
    appointment_at: datetime | None = None
    nobody_since: datetime | None = None
    talk_due_sooner: bool = False
    stopped_deadline_at: datetime | None = None
    stopped_deadline_for: DeadlineFor | None = None
    stopped_appointment_at: datetime | None = None
    talk_due_since: datetime | None = None
    deadline_extended: bool = False

    @property
    def promised_at(self) -> datetime | None:
        """The time of the promised call, past or future. It lasts until a talk, an attempt or another appointment."""
        return self.deadline_at if self.deadline_for is DeadlineFor.APPOINTMENT else self.appointment_at

    @property
    def expects_response(self) -> bool:
        """Whether someone was notified of it, or acknowledged it from the list where it was only shown."""
        return self.rang or self.acknowledged_at is not None


INFORMING = (RingCause.INFORMED, RingCause.TAKEN_OVER)
"""Causes of alerts that only inform one person: no response is due, and no earlier alert is replaced."""


@dataclass(frozen=True, slots=True)
class Alert:
    alert_id: UUID
    account_id: str
    episode_id: UUID
    signal_id: UUID
    recipient: str
    because: str
    why_you: str
    raised_at: datetime
    ring: int = 1
    step: Step = Step.SELLER
    cause: RingCause = RingCause.SIGNAL
    severity: Severity = Severity.HIGH
    policy_version: int = 1
    sent_at: datetime | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One alert on one channel. `list_id` is the list that it was sent in, or waits for; None: sent alone."""

    delivery_id: UUID
    alert_id: UUID
    recipient: str
    channel: str
    state: str
    try_at: datetime
    changed_at: datetime
    reason: str | None = None
    attempts: int = 0
    unknown_count: int = 0
    list_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A salesperson's note about a customer, for the next person who has the episode."""

    note_id: UUID
    account_id: str
    episode_id: UUID
    at: datetime
    by: str
    about: NoteAbout
    words: str


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One recorded decision about an episode, or a signal that has none yet, without personal data of customers. `rule`
    is of a bounded set, `words` explain it to people, `policy_path` names the line of the policy that counted, and
    `rules_version` is the version of the rules in code."""

    decision_id: UUID
    account_id: str
    at: datetime
    rule: str
    words: str
    policy_version: int
    episode_id: UUID | None = None
    signal_id: UUID | None = None
    who: str | None = None
    policy_path: str | None = None
    cause_type: str | None = None
    cause_source: str | None = None
    cause_id: str | None = None
    rules_version: int | None = None


@lru_cache(maxsize=4096)
def products_in(text: str) -> tuple[str, ...]:
    """The products of an order's lines, from their stored form."""
    return tuple(json.loads(text))


def products_of(order: Order) -> tuple[str, ...]:
    """The products of an order."""
    return products_in(order.products)


Directory = Mapping[str, Salesperson]
