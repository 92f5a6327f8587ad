"""Whom an episode can be handed over to: who is at work, when the others are next, and until when each may accept."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.escalation.domain.calendar import WorkingTime, calendar_of
from services.escalation.domain.clocks import NEVER, rings_at
from services.escalation.domain.entities import Salesperson
from services.escalation.domain.policy.model import Policy
from services.escalation.domain.reader import Reader
from services.escalation.domain.words.phrases import date_words
from services.escalation.inbox.forms import colleague_value
from services.escalation.inbox.moments import field_value
from services.escalation.store.inbox import EpisodeRow
from shared.contracts.escalation import Severity

_ACCEPT_WITHIN = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Taker:
    """One choice of the list: what is sent, what is read, and whether it may be chosen. `until` is a field's value."""

    id: str
    value: str
    words: str
    until: str
    free: bool = True


@dataclass(frozen=True, slots=True)
class Takers:
    """Whoever is notified first comes first. `latest` is the latest time that an offer to any of them may last."""

    listed: tuple[Taker, ...] = ()
    latest: str = ""


NO_TAKERS = Takers()


def takers(people: Iterable[Salesperson], row: EpisodeRow, reader: Reader, policy: Policy) -> Takers:
    """For whoever has this episode; those who are away cannot be chosen, as an offer to them is refused."""
    found = []
    latest = reader.now
    for person in people:
        hours = calendar_of(person, policy.company)
        away = hours.away_on(reader.now)
        if away is not None:
            today = reader.now.astimezone(reader.zone).date()
            words = f"{person.name}: away until {date_words(away, today)}"
            found.append((NEVER, person.name.lower(), Taker(person.salesperson_id, "", words, "", free=False)))
            continue
        at = rings_at(person, row, Severity(row.severity), policy, reader.now)
        notified_at = reader.now if at == NEVER else at
        longest = notified_at + policy.acknowledgement.longest_hand_over
        latest = max(latest, longest)
        until = field_value(min(_accept_until(hours, notified_at), longest), reader.zone)
        words = f"{person.name}: {_at_work(hours, at, reader)}"
        found.append((at, person.name.lower(), _free(person, words, until)))
    listed = tuple(taker for _, _, taker in sorted(found, key=lambda one: one[:2]))
    return Takers(listed, field_value(latest, reader.zone))


def _free(person: Salesperson, words: str, until: str) -> Taker:
    return Taker(person.salesperson_id, colleague_value(person.salesperson_id, until), words, until)


def _accept_until(hours: WorkingTime, notified_at: datetime) -> datetime:
    """Two hours of their working time; on the clock where they are notified off hours."""
    if not hours.is_open(notified_at):
        return notified_at + _ACCEPT_WITHIN
    return hours.after(notified_at, _ACCEPT_WITHIN)


def _at_work(hours: WorkingTime, notified_at: datetime, reader: Reader) -> str:
    opening = hours.opening(reader.now)
    if notified_at == NEVER or opening is None:
        return "no working hours ahead"
    begins, ends = opening
    if begins > reader.now:
        at_work = f"at work from {reader.moment(begins).clock}"
        return f"{at_work}, can be notified now" if notified_at == reader.now else at_work
    at_work = "at work" if ends - reader.now > timedelta(days=1) else f"at work until {reader.moment(ends).clock}"
    return at_work if notified_at == reader.now else f"{at_work}, notified at {reader.moment(notified_at).clock}"
