"""The parts of a policy. `default.toml` is the shipped document, explained line by line."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from services.escalation.domain.policy.approvals import Approvals
from services.escalation.domain.policy.channels import Channels
from services.escalation.domain.policy.figures import FiguresRule
from services.escalation.domain.policy.follow_ups import Duties, WinBacks
from services.escalation.domain.policy.reasons import USUAL_CUSTOMER_REASONS, CustomerReasons, Losses, Reason
from services.escalation.domain.policy.results import Results
from services.escalation.domain.policy.save_window import SaveWindow
from services.escalation.domain.policy.signal_rules import Signals
from services.escalation.domain.policy.statuses import USUAL_STATUSES, Statuses
from services.escalation.domain.policy.values import Introduction, Money, Section, Span, WorkingSpan
from shared.contracts.escalation import EpisodeResult, Severity, SignalKind, Step
from shared.contracts.fields import CalendarDate, Country, EndOfHours, Region, Text, TimeOfDay, Zone
from shared.contracts.people_parts import WorkingHours
from shared.contracts.support_inbound import RefundKind


class TeamMode(StrEnum):
    """The mode of a team: nobody is alerted, only managers are, or everyone is."""

    OBSERVE = "observe"
    MANAGER_ONLY = "manager_only"
    ON = "on"


class Age(Section):
    """The age at which a signal is too old to notify, and the time for late reports after a silence in the past."""

    ring_within: Span
    late_reports: Span


class Company(Section):
    """The hours in which customers are answered: the clock of silences that concern the company as a whole.

    `name` is the name by which customers know the company.
    """

    zone: Zone
    name: Text | None = None
    working_hours: tuple[WorkingHours, ...] = ()
    country: Country | None = None
    region: Region | None = None
    days_off: tuple[CalendarDate, ...] = ()


class Customers(Section):
    """When customers may be called, on the wall clock of their own zone; `zone` if none is known."""

    callable_from: TimeOfDay
    callable_until: EndOfHours
    zone: Zone


class Matching(Section):
    """The order of a signal that names none: the maximum age of a sale with a seller that precedes one without."""

    seller_first_within: Span = timedelta(days=730)


class Rises(Section):
    """Reasons why an episode is more severe than its most severe signal: a level for each, up to critical."""

    large_amount: Money
    many_signals: Annotated[int, Field(ge=2)]
    request_after_bad_contact: bool


class StepDeadlines(Section):
    """The time that each step of the ladder has to acknowledge, in the person's own working time."""

    seller: WorkingSpan
    successor: WorkingSpan
    backup: WorkingSpan
    manager: WorkingSpan
    upper_manager: WorkingSpan
    desk: WorkingSpan

    def of(self, step: Step) -> timedelta:
        within: timedelta = getattr(self, step.value)
        return within


class Repeats(Section):
    """How the desk is notified repeatedly: at once when its own time is up, then after a pause that doubles up to the
    longest. After the last repeat the ladder is exhausted."""

    first: Span
    longest: Span
    times: Annotated[int, Field(ge=0, le=100)]


class BySeverity(Section):
    """Working time by severity."""

    watch: WorkingSpan
    high: WorkingSpan
    critical: WorkingSpan

    def of(self, severity: Severity) -> timedelta:
        within: timedelta = getattr(self, severity.value)
        return within


class AtWorkWithin(Section):
    """How much later than the first person at work another may be at work without being skipped. Day and night."""

    watch: Span = timedelta(hours=96)
    high: Span = timedelta(hours=4)
    critical: Span = timedelta(hours=1)

    def of(self, severity: Severity) -> timedelta:
        within: timedelta = getattr(self, severity.value)
        return within


class Ladder(Section):
    watch: StepDeadlines
    high: StepDeadlines
    critical: StepDeadlines
    repeats: Repeats
    skip_unless_at_work_within: AtWorkWithin = AtWorkWithin()

    def of(self, severity: Severity) -> StepDeadlines:
        deadlines: StepDeadlines = getattr(self, severity.value)
        return deadlines


class Acknowledgement(Section):
    """The commitment of an acknowledgement: two-way contact within this working time, which attempts extend.

    Each earlier call of the same or a higher severity adds `call_takes`, in all at most `longest_queue`.
    """

    redeem_within: BySeverity
    call_takes: WorkingSpan = timedelta(minutes=10)
    longest_queue: WorkingSpan = timedelta(hours=8)
    attempt_extends: WorkingSpan
    attempts: Annotated[int, Field(ge=0, le=20)]
    longest_appointment: Span
    remind_before: Span = timedelta(minutes=5)
    longest_snooze: Span
    longest_hand_over: Span
    reopen_within: Span = timedelta(minutes=10)


class Storms(Section):
    """A person who is due more alerts than this within the window gets one ranked list on that channel instead."""

    window: Span
    alerts: Annotated[int, Field(ge=1, le=1000)]


CLEARED = "signals_cleared"
"""The reason of an automatic close."""


SEEN = "seen"
"""The reason with which a person closes an episode that is for information."""

NOTHING_WRONG = "nothing_wrong"
"""The reason of a false alarm that later facts can contradict."""

CHOSEN_RESULTS = tuple(result for result in EpisodeResult if result is not EpisodeResult.INFORMED)
"""The results that a policy has reasons for."""


class Play(Section):
    """What to say and what to offer, in words for the call. Without an offer nothing may be promised.

    `say` is for the seller; `say_for_others` is for everyone else, if a line would not be true of them. Words in square
    brackets are gaps that the caller fills in.
    """

    say: Annotated[tuple[Text, ...], Field(min_length=1, max_length=4)]
    say_for_others: Annotated[tuple[Text, ...], Field(max_length=4)] = ()
    offer: Text | None = None
    offer_percent: Annotated[int, Field(ge=0, le=100)] = 0
    offer_at_most: Money = Field(default_factory=dict)


class Introductions(Section):
    """The first line of a call, by the caller; {me}, {seller} and {company} stand for the names."""

    seller: Introduction = "This is {me} from {company}. I'm calling about your order."
    colleague: Introduction = (
        "This is {me} from {company}. I'm calling on behalf of {seller}, who looks after your order."
    )
    manager: Introduction = "This is {me} from {company}. I manage {seller}'s team, and I'm calling about your order."
    desk: Introduction = (
        "This is {me} from the sales team at {company}. I'm calling about the order you placed with {seller}."
    )
    no_seller: Introduction = "This is {me} from the sales team at {company}. I'm calling about your order."
    seller_left: Introduction = (
        "This is {me} from {company}. {seller} has left the company, and I'm calling in their place."
    )


UNMOVED_ORDER = Play(
    say=(
        "Nothing has happened on your order since you placed it, and I'm sorry. What happens next is [next step].",
        "Is there anything I should know before we go ahead?",
    ),
    offer="to name a date for the next step, and to call them on that day, whatever happens.",
)


LATE_WITHOUT_DAY = Play(
    say=(
        "Your delivery is late, and I don't have a new date for it yet. I'm sorry.",
        "When do you need it by?",
        "I'll find out what I can and call you back today, whatever happens. When would suit you?",
    ),
    offer="to deliver part of the order sooner, or to lend them something until it arrives.",
)


class Plays(Section):
    """A play by kind of signal; requests for refunds of other kinds than these are for information.

    `unmoved_order` replaces `order_stalled` if nobody moves the order: no confirmation is asked for.
    `late_without_day` replaces `delivery_late` if no new delivery date was reported. If it is not given, the lines of
    `delivery_late` are used if they name no day.
    """

    refund_kinds: tuple[RefundKind, ...]
    introductions: Introductions = Introductions()
    unmoved_order: Play = UNMOVED_ORDER
    late_without_day: Play | None = None
    by_signal: Mapping[SignalKind, Play]


class Teams(Section):
    """The mode of each manager's reports, by the manager's id; for everyone else it is `default`."""

    default: TeamMode = TeamMode.ON
    modes: Mapping[str, TeamMode] = Field(default_factory=dict)

    def of(self, manager: str | None) -> TeamMode:
        return self.modes.get(manager or "", self.default)


class Override(Section):
    """Other values for the orders of a segment or with a product; the first matching override counts."""

    segment: Text | None = None
    product: Text | None = None
    set: Mapping[str, Any]

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.segment is None) == (self.product is None):
            raise PydanticCustomError("override", "must name a segment or a product, not both")
        return self


class Policy(Section):
    """One document."""

    age: Age
    company: Company
    customers: Customers
    statuses: Statuses = Field(default_factory=lambda: dict(USUAL_STATUSES))
    signals: Signals = Signals()
    rises: Rises
    ladder: Ladder
    acknowledgement: Acknowledgement
    storms: Storms
    channels: Channels = Channels()
    duties: Duties = Duties()
    win_back: WinBacks = WinBacks()
    reasons: Mapping[EpisodeResult, tuple[Reason, ...]]
    customer_reasons: CustomerReasons = Field(default_factory=lambda: dict(USUAL_CUSTOMER_REASONS))
    losses: Losses = Losses()
    results: Results = Results()
    figures: FiguresRule = FiguresRule()
    plays: Plays
    approvals: Approvals = Approvals()
    save_window: SaveWindow = SaveWindow()
    matching: Matching = Matching()
    teams: Teams = Teams()
    overrides: tuple[Override, ...] = ()
