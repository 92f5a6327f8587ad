"""What people do with an episode: take it, try, reach the customer, put it off, hand it over, close it. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services.escalation.domain.calendar import calendar_of
from services.escalation.domain.clocks import Talk, extended, redeem_by
from services.escalation.domain.entities import Clock, Episode, Salesperson
from services.escalation.domain.policy.model import SEEN, Policy
from services.escalation.domain.words import RESULTS, counted
from services.escalation.domain.words.phrases import date_words
from shared.contracts.escalation import EpisodeResult


@dataclass(frozen=True, slots=True)
class NotNow(Exception):
    """What was pressed cannot be done: a code of a bounded set, and what to do instead."""

    code: str
    reason: str


def taken(episode: Episode, by: Salesperson | str, talk: Talk, now: datetime, *, ahead: int = 0) -> Episode:
    """An episode somebody took: from now on they have to reach the customer, or at the time that was agreed on.

    Once taken it stays with who was first. They have `ahead` calls to make before this one.
    """
    if episode.acknowledged_at is not None:
        return episode
    person = by if isinstance(by, Salesperson) else None
    id = by.salesperson_id if isinstance(by, Salesperson) else by
    agreed = episode.appointment_at if episode.appointment_at and episode.appointment_at > now else None
    return replace(
        episode,
        responsible=id,
        acknowledged_at=now,
        acknowledged_by=id,
        repeats=0,
        attempts=0,
        reached_at=None,
        deadline_at=agreed or redeem_by(person, episode.severity, talk, now, ahead=ahead),
        deadline_for=Clock.APPOINTMENT if agreed else Clock.REDEEM,
        appointment_at=None,
        exhausted_at=None,
        nobody_since=None,
        changed_at=now,
    )


def excused(episode: Episode) -> Episode:
    """No talk is due with a customer who must not be contacted. A pause that somebody chose goes on."""
    if episode.deadline_for not in (Clock.REDEEM, Clock.APPOINTMENT):
        return episode
    return replace(episode, deadline_at=None, deadline_for=None)


def bound(episode: Episode, person: Salesperson | None, talk: Talk, now: datetime) -> Episode:
    """From now on a talk is due of whoever took it, but not before a pause is over."""
    if episode.deadline_for is not None:
        return episode
    return replace(episode, deadline_at=redeem_by(person, episode.severity, talk, now), deadline_for=Clock.REDEEM)


def informing(episode: Episode, now: datetime) -> Episode:
    """An episode that asks nothing any more: nobody has to do with it, and the next signal that asks rings as the first
    one does."""
    return replace(
        episode,
        rang=False,
        acknowledged_at=None,
        acknowledged_by=None,
        attempts=0,
        reached_at=None,
        step=None,
        repeats=0,
        deadline_at=None,
        deadline_for=None,
        offered_to=None,
        offered_until=None,
        exhausted_at=None,
        appointment_at=None,
        changed_at=now,
    )


def attempted(episode: Episode, person: Salesperson | None, talk: Talk, now: datetime) -> Episode:
    """One more attempt that reached nobody. The first ones extend the deadline, later ones are only counted."""
    counted = replace(episode, attempts=episode.attempts + 1, changed_at=now)
    running = episode.deadline_for is Clock.REDEEM and episode.deadline_at is not None
    if not running or counted.attempts > talk.policy.acknowledgement.attempts:
        return counted
    assert episode.deadline_at is not None
    return replace(counted, deadline_at=extended(person, episode.severity, episode.deadline_at, talk, now))


def reached(episode: Episode, at: datetime, now: datetime) -> Episode:
    """The acknowledgement is redeemed: no clock runs any more, but an appointment stands."""
    redeemed = replace(episode, reached_at=at, changed_at=now)
    if episode.deadline_for is Clock.APPOINTMENT:
        return redeemed
    return replace(redeemed, deadline_at=None, deadline_for=None)


def held_by_appointment(
    episode: Episode, person: Salesperson | None, at: datetime, policy: Policy, now: datetime
) -> Episode:
    """The customer named a time: until then the clock stands still. Raises NotNow."""
    _check_within(at, now, policy.acknowledgement.longest_appointment, "the appointment")
    _check_there(person, at, policy, now)
    return replace(episode, deadline_at=at, deadline_for=Clock.APPOINTMENT, changed_at=now)


def snoozed(episode: Episode, person: Salesperson | None, until: datetime, policy: Policy, now: datetime) -> Episode:
    """Put off: at its end it rings again. Raises NotNow."""
    _check_within(until, now, policy.acknowledgement.longest_snooze, "the pause")
    _check_there(person, until, policy, now)
    return replace(episode, deadline_at=until, deadline_for=Clock.SNOOZE, changed_at=now)


def offered(episode: Episode, to: str, until: datetime, policy: Policy, now: datetime) -> Episode:
    """Offered to somebody; the giver stays responsible, and their clock runs on. Raises NotNow."""
    _check_within(until, now, policy.acknowledgement.longest_hand_over, "the hand-over")
    if to == episode.acknowledged_by:
        raise NotNow("hand_over_to_oneself", "choose somebody else: you have this episode already.")
    return replace(episode, offered_to=to, offered_until=until, changed_at=now)


def handed_over(episode: Episode, to: Salesperson | str, talk: Talk, now: datetime) -> Episode:
    """Accepted: the other has taken it, and the clock starts anew, after the appointment if there is one."""
    free = replace(episode, acknowledged_at=None, acknowledged_by=None, offered_to=None, offered_until=None)
    theirs = taken(free, to, talk, now)
    if episode.deadline_for is not Clock.APPOINTMENT:
        return theirs
    return replace(theirs, deadline_at=episode.deadline_at, deadline_for=Clock.APPOINTMENT)


def closed(
    episode: Episode, result: EpisodeResult, reason: str, policy: Policy, *, by: str | None, now: datetime
) -> Episode:
    """Ended with a result and a reason of the policy's list. Raises NotNow for a reason that is not on it."""
    reasons = [one.code for one in policy.reasons.get(result, ())]
    if reason not in reasons and (result, reason) != (EpisodeResult.INFORMED, SEEN):
        raise NotNow("unknown_reason", f"this is no reason for “{RESULTS[result]}”: choose one from the list.")
    return replace(
        episode,
        result=result,
        reason=reason,
        closed_by=by,
        closed_at=now,
        deadline_at=None,
        deadline_for=None,
        offered_to=None,
        offered_until=None,
        appointment_at=None,
        nobody_since=None,
        changed_at=now,
    )


def _check_within(at: datetime, now: datetime, longest: timedelta, what: str) -> None:
    if at <= now:
        raise NotNow("in_the_past", f"{what} must lie in the future.")
    if at > now + longest:
        raise NotNow("too_far_away", f"{what} may be {_span(longest)} away at most.")


def _span(span: timedelta) -> str:
    """Such as "14 days", "4 hours"."""
    days = span.days
    return counted(days, "day") if span == timedelta(days=days) else counted(round(span.total_seconds() / 3600), "hour")


def _check_there(person: Salesperson | None, until: datetime, policy: Policy, now: datetime) -> None:
    """Whoever is to be asked then must be there, and until then."""
    if person is None:
        return
    calendar = calendar_of(person, policy.company)
    begins = calendar.next_absence(now)
    if begins is None or begins > until:
        begins = calendar.absence_began(until)
    if begins is not None:
        first = begins.astimezone(ZoneInfo(calendar.zone)).date()
        day = date_words(first, now.date())
        raise NotNow("away_then", f"you are away from {day}: choose a time before that, or hand it over to somebody.")
