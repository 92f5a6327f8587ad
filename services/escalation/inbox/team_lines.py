"""The lines of the team's page: one episode each, who has it since when, and who did not respond. Start at
`team_line`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services.escalation.domain import words
from services.escalation.domain.calendar import WorkingTime, calendar_of
from services.escalation.domain.decisions.notifying import Unanswered
from services.escalation.domain.entities import INFORMING, Salesperson, products_in
from services.escalation.domain.escalation_path import AlertRow
from services.escalation.domain.happenings import SignalRow
from services.escalation.domain.main_signal import all_for_information, main_signal
from services.escalation.domain.policy.model import Policy
from services.escalation.domain.reader import LocalTime, Reader
from services.escalation.domain.words.in_short import bought_words, customer_words, unturned
from services.escalation.inbox.clock_lines import ClockLine, clock_line
from services.escalation.inbox.offers import request_of
from services.escalation.inbox.views import that_stand
from services.escalation.store.escalation_paths import EscalationPath
from services.escalation.store.inbox import EpisodeRow
from shared.contracts.escalation import RingCause, Severity
from shared.formatting import date_words

_AHEAD = timedelta(days=14)
"""Absences that begin later are not shown."""
_AT_ITS_OWN = (*INFORMING, RingCause.APPOINTMENT, RingCause.HANDED_OVER)


@dataclass(frozen=True, slots=True)
class TeamLine:
    """One open episode of the team. `version` changes whenever anything shown changes, except the passing of time.
    `approval` is the amount that the manager is asked to approve."""

    id: str
    version: str
    round: str
    customer: str
    order: str
    bought: str
    amount: str | None
    severity: str
    severity_word: str
    label: str | None
    holder: str
    handled: bool
    no_response: str | None
    clock: ClockLine | None
    latest: LocalTime
    manages: bool
    approval: str | None


@dataclass(frozen=True, slots=True)
class Absence:
    """A person of the team who is away, or will be soon."""

    name: str
    words: str
    now: bool


def team_line(
    row: EpisodeRow, signals: Sequence[SignalRow], path: EscalationPath, reader: Reader, policy: Policy
) -> TeamLine:
    """An episode as a manager sees it in the list."""
    risks = that_stand(signals)
    main, inform = main_signal(risks, policy), all_for_information(risks, policy)
    products = products_in(row.products)
    missed, request = _missed(path, row, reader), request_of(row, reader)
    return TeamLine(
        id=str(row.episode_id),
        version=f"{row.changed_at.timestamp()}-{row.responsible}-{row.held_until}-{row.manages}",
        round=row.round,
        customer=customer_words(row.customer_name, row.account_id),
        order=unturned(row.order_id),
        bought=bought_words(row.bought, products),
        amount=words.known_money(row.amount_minor, row.currency),
        severity=row.severity,
        severity_word=words.FOR_INFORMATION if inform else words.SEVERITIES[Severity(row.severity)],
        label=words.label(main) if main else None,
        holder=_holder(row, path.alerts, reader),
        handled=row.acknowledged_at is not None,
        no_response=f"No response: {', '.join(missed)}" if missed else None,
        clock=clock_line(row, reader, way="call", for_information=inform),
        latest=reader.moment(main.at if main else row.raised_at),
        manages=row.manages and not inform,
        approval=request.amount if request else None,
    )


def _holder(row: EpisodeRow, alerts: Sequence[AlertRow], reader: Reader) -> str:
    """Who has it, and since when: "Ben Ortiz, since 10:06", "Anna Berg, notified at 14:03"."""
    name = reader.name_of(row.responsible, row.responsible_name)
    if row.responsible is None:
        return "No one has been notified yet"
    if row.acknowledged_at is not None:
        reached = f", customer reached {reader.moment(row.reached_at).at}" if row.reached_at else ""
        return f"{name} since {reader.moment(row.acknowledged_at).clock}{reached}"
    if row.held_until is not None:
        return f"{name}, will be notified {reader.moment(row.held_until).at}"
    notified = [one.raised_at for one in alerts if one.recipient == row.responsible and one.cause not in _AT_ITS_OWN]
    return f"{name}, notified {reader.moment(notified[-1]).at}" if notified else f"Shown to {name}"


def _missed(path: EscalationPath, row: EpisodeRow, reader: Reader) -> list[str]:
    """The people who were notified and did not respond in time, each once, in order; not the person who has it now."""
    missed = (step for step in path.steps if step.rule == Unanswered.rule and step.who != row.responsible)
    return list(dict.fromkeys(reader.name_of(step.who, step.name) for step in missed))


def absences(people: Iterable[Salesperson], policy: Policy, reader: Reader) -> list[Absence]:
    """The people away now, then those who will be away soon."""
    known = (_absence(person, calendar_of(person, policy.company), reader) for person in people)
    found = [(not away.now, begins, away.name.lower(), away) for begins, away in filter(None, known)]
    return [away for *_, away in sorted(found, key=lambda one: one[:3])]


def _absence(person: Salesperson, hours: WorkingTime, reader: Reader) -> tuple[datetime, Absence] | None:
    until, today = hours.away_on(reader.now), reader.now.astimezone(reader.zone).date()
    if until is not None:
        return reader.now, Absence(unturned(person.name), f"away until {date_words(until, today)}", now=True)
    begins = hours.next_absence(reader.now)
    if begins is None or begins > reader.now + _AHEAD:
        return None
    last = hours.away_on(begins)
    first = begins.astimezone(ZoneInfo(hours.zone)).date()
    span = f"from {date_words(first, today)}" + (f" until {date_words(last, today)}" if last and last > first else "")
    return begins, Absence(unturned(person.name), f"away {span}", now=False)
