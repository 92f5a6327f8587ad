"""The views of pages, made from rows: a template gets only text. Start at `episode_view`."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from services.escalation.domain import words
from services.escalation.domain.calling import Calling, calling
from services.escalation.domain.decisions.taking import NoSharedHour, no_shared_hour
from services.escalation.domain.entities import DeadlineFor, products_in
from services.escalation.domain.escalation_path import AlertRow, PathLine, StepRow, had_since, path_lines
from services.escalation.domain.happenings import (
    CustomerHistory,
    Happening,
    SignalLine,
    SignalRow,
    in_sale_words,
    no_ways,
    signal_lines,
    what_happened,
)
from services.escalation.domain.main_signal import all_for_information, main_signal
from services.escalation.domain.owed import OwedList, owed_in
from services.escalation.domain.plays import may_write, must_not_be_called, no_call_words
from services.escalation.domain.policy.model import Policy
from services.escalation.domain.reaching import calls as found_calls
from services.escalation.domain.reaching import named_contact, people_of, stand_in
from services.escalation.domain.reader import LocalTime, Reader
from services.escalation.domain.relapses import Relapse, relapse_of
from services.escalation.domain.words.in_short import bought_words, customer_words, unturned
from services.escalation.domain.written import NoteAbout, NoteRow
from services.escalation.inbox.choices import Choices, choices
from services.escalation.inbox.clock_lines import (
    ClockLine,
    clock_line,
    due_first,
    now_with,
    promised,
    read_only,
    save_window,
)
from services.escalation.inbox.colleagues import NO_TAKERS, Takers
from services.escalation.inbox.endings import Ending, ending_of
from services.escalation.inbox.hand_overs import hand_over_line
from services.escalation.inbox.offers import OffersView, offers_view
from services.escalation.inbox.scripts import Script, script_of
from services.escalation.inbox.ways import Way, dialled, instead, mail, on_record
from services.escalation.store.account_history import number_words
from services.escalation.store.before import before_of
from services.escalation.store.inbox import EpisodeRow
from services.escalation.store.offers import OfferRow
from services.escalation.store.outcomes import saved_before_of
from shared.contracts.escalation import RingCause, Severity, SignalKind
from shared.contracts.support_inbound import ContactPreference

_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Parts:
    """The data of one episode beside its row: `alerts`, `steps`, `offers` and `colleagues` only if it fills the page,
    `place`, its call's place in the reader's queue, and `facts`, how many there are if the page has only the newest."""

    signals: Sequence[SignalRow] = ()
    history: CustomerHistory = field(default_factory=CustomerHistory)
    alerts: Sequence[AlertRow] = ()
    steps: Sequence[StepRow] = ()
    offers: Sequence[OfferRow] = ()
    colleagues: Takers = NO_TAKERS
    place: int | None = None
    facts: int | None = None


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    by: str
    mine: bool
    at: LocalTime
    note: str


@dataclass(frozen=True, slots=True)
class GiversNote:
    """The note for the reader by the colleague who handed it over."""

    by: str
    text: str


@dataclass(frozen=True, slots=True)
class EpisodeView:
    """One episode, ready to be shown. `version` changes whenever anything shown changes, except the passing of time.
    `in_full` is the text shortened elsewhere. `no_call` tells why there are no `calls`; `instead` are the ways to
    contact a person who is not the customer."""

    id: str
    version: str
    round: str
    customer: str
    order: str
    bought: str
    in_full: tuple[str, ...]
    amount: str | None
    severity: str
    severity_word: str
    label: str
    why_you: str | None
    what: str
    context: str
    requester: str | None
    relapse: Relapse | None
    cause: str | None
    latest: LocalTime
    clock: ClockLine | None
    place: str | None
    read_only: str | None
    now_with: str | None
    holder: str | None
    promised: str | None
    save_window: str | None
    hand_over: str | None
    offers: OffersView
    calls: tuple[Way, ...]
    no_call: str | None
    write: Way | None
    calling: Calling
    not_to_be_called: str | None
    instead: tuple[Way, ...]
    acknowledged: Acknowledgement | None
    ending: Ending | None
    givers_note: GiversNote | None
    signals: tuple[SignalLine, ...]
    script: Script | None
    for_information: bool
    path: tuple[PathLine, ...]
    choices: Choices
    recent: tuple[Happening, ...]
    owed: OwedList | None = None
    earlier: tuple[Happening, ...] = field(default=())
    facts: str | None = None

    @property
    def happened_count(self) -> int:
        return len(self.recent) + len(self.earlier)


def episode_view(row: EpisodeRow, parts: Parts, reader: Reader, policy: Policy) -> EpisodeView:
    """An episode as this reader sees it."""
    parts = replace(parts, signals=in_sale_words(parts.signals, parts.history, row.order_id))
    risks = _risks(row, parts.signals)
    main = _main(risks, policy)
    why, inform = words.why_now(risks, main, due=reader.due), all_for_information(risks, policy)
    forbidden = ContactPreference(row.preference) in words.MUST_NOT_BE_CALLED
    record, to_dial = on_record(row), dialled(row, parts.history.facts, policy)
    ways, people = no_ways if forbidden else to_dial, people_of(main, parts.signals, parts.history.facts)
    happened = what_happened(row.order_id, parts.signals, parts.history, reader, ways)
    found = () if forbidden or inform else found_calls(people, record, to_dial)
    calls = tuple(Way(one.href, one.marked_label) for one in found) if row.has_a_part else ()
    died = ContactPreference(row.preference) is ContactPreference.DECEASED and row.has_a_part
    other = stand_in(people, record, to_dial) if died else None
    hours = calling(row.customer_zone, policy.customers, reader.now)
    write = mail(row.customer_email) if may_write(ContactPreference(row.preference)) and not inform else None
    can_call = ("now" if hours.allowed else "later") if found else ("write" if write else "never")
    way = "write" if can_call == "write" else "none" if forbidden else "call"
    ending, offers = ending_of(row, reader, policy, parts.signals), offers_view(row, parts.offers, reader)
    customer = customer_words(row.customer_name, row.account_id)
    bought = bought_words(row.bought, products_in(row.products))
    timed = _by_time(row, parts, reader) + ("-undo" if ending is not None and ending.undo_until else "")
    return EpisodeView(
        id=str(row.episode_id),
        version=f"{row.changed_at.timestamp()}-{len(happened)}-{row.preference}-{can_call}{timed}",
        round=row.round,
        customer=customer,
        order=unturned(row.order_id),
        bought=bought,
        in_full=tuple(one for one in (row.customer_name, row.bought) if one and one not in (customer, bought)),
        amount=words.known_money(row.amount_minor, row.currency),
        severity=row.severity,
        severity_word=words.FOR_INFORMATION if inform else words.SEVERITIES[Severity(row.severity)],
        label=why.label,
        why_you=offers.request.words if offers.request else _why_you(row),
        what=why.what,
        context=why.context,
        requester=named_contact(people, record),
        relapse=relapse_of(saved_before_of(row.saved_before), reader, policy),
        cause=_cause(row, parts, reader),
        latest=reader.moment(why.at),
        clock=clock_line(row, reader, way=way, place=parts.place, for_information=inform),
        place=f"{words.ordinal(parts.place)} to call" if parts.place and way == "call" else None,
        read_only=read_only(row, reader),
        now_with=now_with(row, reader) if row.has_a_part else None,
        holder=row.responsible_name or row.responsible,
        promised=promised(row, reader),
        save_window=save_window(row, reader),
        hand_over=hand_over_line(row, parts.alerts, parts.steps, reader),
        offers=offers,
        calls=calls,
        no_call=None if calls else no_call_words(row.customer_phone, address=write is not None),
        write=write,
        calling=hours,
        not_to_be_called=must_not_be_called(
            ContactPreference(row.preference), address=write is not None, contact=other.name if other else None
        )
        if forbidden
        else None,
        instead=instead(other) if other is not None else (),
        acknowledged=_acknowledgement(row, parts.steps, reader),
        ending=ending,
        givers_note=_givers_note(row, parts.history.notes, reader),
        signals=signal_lines(parts.signals, reader),
        script=script_of(row, risks, main, reader, policy),
        for_information=inform,
        path=path_lines(parts.alerts, parts.steps, reader),
        choices=choices(row, reader, policy, parts.colleagues, call=can_call, for_information=inform),
        recent=happened[:_SHOWN],
        owed=owed_in(parts.history, row.order_id, reader),
        earlier=happened[_SHOWN:],
        facts=None if parts.facts is None else number_words(parts.facts),
    )


def _by_time(row: EpisodeRow, parts: Parts, reader: Reader) -> str:
    """The state that changes without a change of the episode: until when alerts wait for their recipients, and whether
    the time of a promised call has passed."""
    held, promised_at = {row.held_until, *(alert.held_until for alert in parts.alerts)} - {None}, due_first(row)
    due = "-due" if promised_at is not None and promised_at <= reader.now else ""
    return "".join(f"-{at.timestamp():.0f}" for at in sorted(filter(None, held))) + due


def that_stand(signals: Sequence[SignalRow]) -> Sequence[words.Risk]:
    """The signals that put an order at risk, or did so until its episode was over."""
    return [signal.risk for signal in signals if signal.ended is None] or [signal.risk for signal in signals]


def _risks(row: EpisodeRow, signals: Sequence[SignalRow]) -> Sequence[words.Risk]:
    """The standing signals; for a closed episode, those that stood at its end."""
    return that_stand(signals) or [words.Risk(SignalKind.RESPONSE_OVERDUE, row.raised_at)]


def _main(risks: Sequence[words.Risk], policy: Policy) -> words.Risk:
    main = main_signal(risks, policy)
    assert main is not None
    return main


def _why_you(row: EpisodeRow) -> str | None:
    return unturned(row.why_you) if row.why_you and row.has_a_part else None


def _cause(row: EpisodeRow, parts: Parts, reader: Reader) -> str | None:
    """Why the person notified last has it, while it waits for an acknowledgement."""
    if row.cause is None or row.acknowledged_at is not None or row.closed_at is not None:
        return None
    cause = RingCause(row.cause)
    before = before_of(row.before_who, row.before_name, row.before_notified_at, row.before_had_until, reader)
    if reader.is_me(row.responsible):
        since = had_since(parts.alerts, parts.steps)
        again = words.again_words(cause, reader.moment(since).clock) if since else None
        return again or words.cause_words(cause, before)
    held = reader.moment(row.held_until).at if row.held_until else None
    return words.went_on_words(cause, before, reader.name_of(row.responsible, row.responsible_name), held_until=held)


def _acknowledgement(row: EpisodeRow, steps: Sequence[StepRow], reader: Reader) -> Acknowledgement | None:
    if row.acknowledged_at is None or row.acknowledged_by is None or row.closed_at is not None:
        return None
    tries = f", {words.counted(row.attempts, 'failed attempt')}" if row.attempts else ""
    by = row.acknowledged_name or row.acknowledged_by
    taken_at = row.acknowledged_at
    mine = reader.is_me(row.acknowledged_by)
    about_hours = [step.words for step in steps if step.rule == NoSharedHour.rule and step.at >= taken_at]
    if about_hours and row.deadline_for == DeadlineFor.REDEEM:
        yours = f"You have {no_shared_hour('your working hours')}"
        tries = f"{tries}. {yours if mine else about_hours[-1]}"
    return Acknowledgement(by, mine, reader.moment(taken_at), tries)


def _givers_note(row: EpisodeRow, notes: Sequence[NoteRow], reader: Reader) -> GiversNote | None:
    """The latest note of a giver or a manager, for the colleague asked to take the episode over, or who has it now."""
    given = [note for note in notes if note.about is NoteAbout.HAND_OVER]
    mine = any(reader.is_me(one) for one in (row.offered_to, row.acknowledged_by, row.responsible))
    if row.closed_at is not None or not mine or not given or reader.is_me(given[-1].by):
        return None
    return GiversNote(reader.name_of(given[-1].by, given[-1].name), given[-1].text)
