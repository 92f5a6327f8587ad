"""The colleagues for a hand-over: who is at work, when the others are next at work, and until when each may accept."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.escalation.domain.calendar import WorkingTime, calendar_of
from services.escalation.domain.clocks import NEVER, notifiable_at
from services.escalation.domain.entities import Salesperson
from services.escalation.domain.policy.model import Policy
from services.escalation.domain.reader import Reader
from services.escalation.inbox.moments import field_value
from services.escalation.store.inbox import EpisodeRow
from shared.contracts.escalation import Severity
from shared.formatting import date_words

_ACCEPT_WITHIN = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Taker:
    """One choice of the list. `until` is when a request made now ends if no time is entered; empty: it is refused."""

    id: str
    label: str
    until: str


@dataclass(frozen=True, slots=True)
class Takers:
    """The choices, ordered by the time of notification. `latest` is the latest end of a request to any of them."""

    listed: tuple[Taker, ...] = ()
    latest: str = ""


NO_TAKERS = Takers()


@dataclass(frozen=True, slots=True)
class _Request:
    """The end of a hand-over request, and its latest possible end."""

    ends: datetime
    latest: datetime


def takers(people: Iterable[Salesperson], row: EpisodeRow, reader: Reader, policy: Policy) -> Takers:
    """The choices of the person who has this episode. Colleagues who are away are shown but cannot be chosen."""
    found = []
    latest = reader.now
    for person in people:
        hours = calendar_of(person, policy.company)
        away = hours.away_on(reader.now)
        if away is not None:
            today = reader.now.astimezone(reader.zone).date()
            label = f"{person.name}: away until {date_words(away, today)}"
            found.append((NEVER, person.name.lower(), Taker(person.salesperson_id, label, "")))
            continue
        at = notifiable_at(person, row, Severity(row.severity), policy, reader.now)
        request = _request(hours, reader.now if at == NEVER else at, policy)
        latest = max(latest, request.latest)
        label = f"{person.name}: {_at_work(hours, at, reader)}"
        until = reader.moment(request.ends).clock
        found.append((at, person.name.lower(), Taker(person.salesperson_id, label, until)))
    listed = tuple(taker for _, _, taker in sorted(found, key=lambda one: one[:2]))
    return Takers(listed, field_value(latest, reader.zone))


def hand_over_ends(person: Salesperson, row: EpisodeRow, policy: Policy, now: datetime) -> datetime:
    """When a request made now ends if no time is entered."""
    at = notifiable_at(person, row, Severity(row.severity), policy, now)
    return _request(calendar_of(person, policy.company), now if at == NEVER else at, policy).ends


def _request(hours: WorkingTime, notified_at: datetime, policy: Policy) -> _Request:
    """A request lasts two hours of the colleague's working time, or two hours on the clock if they are notified off
    hours. It ends at a full minute, so that two presses within a minute are the same request."""
    is_open = hours.is_open(notified_at)
    ends = hours.after(notified_at, _ACCEPT_WITHIN) if is_open else notified_at + _ACCEPT_WITHIN
    latest = notified_at + policy.acknowledgement.longest_hand_over
    return _Request(min(ends, latest).replace(second=0, microsecond=0), latest)


def _at_work(hours: WorkingTime, notified_at: datetime, reader: Reader) -> str:
    opening = hours.opening(reader.now)
    if notified_at == NEVER or opening is None:
        return "no working hours scheduled"
    begins, ends = opening
    if begins > reader.now:
        at_work = f"at work from {reader.moment(begins).clock}"
        return f"{at_work}, can be notified now" if notified_at == reader.now else at_work
    at_work = "at work" if ends - reader.now > timedelta(days=1) else f"at work until {reader.moment(ends).clock}"
    return at_work if notified_at == reader.now else f"{at_work}, will be notified {reader.moment(notified_at).at}"
