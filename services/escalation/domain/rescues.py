"""What people do with an episode: acknowledge, try, reach the customer, snooze, hand over, close.

Each function is pure, and returns the episode as it is afterwards.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services.escalation.domain.calendar import calendar_of
from services.escalation.domain.clocks import Talk, extended, redeem_by
from services.escalation.domain.entities import DeadlineFor, Episode, Salesperson
from services.escalation.domain.policy.model import SEEN, Policy
from services.escalation.domain.words import RESULTS, counted
from shared.contracts.escalation import EpisodeResult
from shared.formatting import at_clock, date_words


class NotNow(Exception):
    """A button press that cannot be carried out: a code of a bounded set, and what to do instead."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


def acknowledged(episode: Episode, by: Salesperson | str, talk: Talk, now: datetime, *, ahead: int = 0) -> Episode:
    """The episode, acknowledged: the acknowledger has to reach the customer from now on, or at the agreed time.

    The first to acknowledge keeps it. They have `ahead` calls to make before this one.
    """
    if episode.acknowledged_at is not None:
        return episode
    person = by if isinstance(by, Salesperson) else None
    id = by.salesperson_id if isinstance(by, Salesperson) else by
    free = replace(
        episode,
        responsible=id,
        acknowledged_at=now,
        acknowledged_by=id,
        repeats=0,
        attempts=0,
        reached_at=None,
        exhausted_at=None,
        nobody_since=None,
        deadline_extended=False,
        changed_at=now,
    )
    return _due(free, redeem_by(person, episode.severity, talk, now, ahead=ahead), now)


def _due(episode: Episode, by: datetime, now: datetime) -> Episode:
    """A talk is due by then, or at a future appointment.

    If something new has happened since the appointment was made, the earlier of the two counts.
    """
    agreed = episode.appointment_at
    if agreed is None or agreed <= now or (episode.talk_due_sooner and by < agreed):
        return replace(episode, deadline_at=by, deadline_for=DeadlineFor.REDEEM)
    return replace(episode, deadline_at=agreed, deadline_for=DeadlineFor.APPOINTMENT, appointment_at=None)


def talk_waived(episode: Episode) -> Episode:
    """No talk is due with a customer who must not be contacted. A snooze continues."""
    if episode.deadline_for not in (DeadlineFor.REDEEM, DeadlineFor.APPOINTMENT):
        return episode
    return replace(episode, deadline_at=None, deadline_for=None, appointment_at=None)


def talk_required(episode: Episode, person: Salesperson | None, talk: Talk, now: datetime) -> Episode:
    """From now on the acknowledger owes a talk, but not before a snooze is over."""
    if episode.deadline_for is not None:
        return episode
    by = redeem_by(person, episode.severity, talk, now)
    return replace(episode, deadline_at=by, deadline_for=DeadlineFor.REDEEM, deadline_extended=False)


def informing(episode: Episode, now: datetime) -> Episode:
    """An episode that needs no response any more: nobody is responsible.

    The next signal that asks for a response notifies like the first one.
    """
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
        talk_due_sooner=False,
        changed_at=now,
    )


def attempted(episode: Episode, person: Salesperson | None, talk: Talk, now: datetime) -> Episode:
    """One more attempt that reached nobody. The first attempts extend the deadline; later ones are only counted.

    An attempt settles an appointment whose time has come.
    """
    still_to_come = episode.appointment_at if _is_to_come(episode, now) else None
    counted = replace(episode, attempts=episode.attempts + 1, appointment_at=still_to_come, changed_at=now)
    running = episode.deadline_for is DeadlineFor.REDEEM and episode.deadline_at is not None
    if not running or counted.attempts > talk.policy.acknowledgement.attempts:
        return counted
    assert episode.deadline_at is not None
    by = extended(person, episode.severity, episode.deadline_at, talk, now)
    moved = replace(counted, deadline_extended=episode.deadline_extended or by > episode.deadline_at)
    return _due(moved, by, now)


def _is_to_come(episode: Episode, now: datetime) -> bool:
    """Whether the appointment beside another clock is in the future."""
    waits = episode.talk_due_sooner or episode.deadline_for is DeadlineFor.SNOOZE
    return waits and episode.appointment_at is not None and episode.appointment_at > now


def reached(episode: Episode, at: datetime, now: datetime) -> Episode:
    """The acknowledgement is redeemed: no clock runs any more, but a future appointment stands."""
    redeemed = replace(episode, reached_at=at, talk_due_sooner=False, changed_at=now)
    if episode.deadline_for is DeadlineFor.APPOINTMENT:
        return redeemed
    stands = episode.appointment_at if _is_to_come(episode, now) else None
    what = DeadlineFor.APPOINTMENT if stands else None
    return replace(redeemed, deadline_at=stands, deadline_for=what, appointment_at=None)


def reminded(episode: Episode, person: Salesperson | None, talk: Talk, now: datetime) -> Episode:
    """The appointment is due or imminent: a talk is due from now on, and no earlier talk counts.

    If no timer fired at its time, as in an outage, the talk has been due since that time.
    """
    at = episode.deadline_at
    assert at is not None
    by = redeem_by(person, episode.severity, talk, max(at, now))
    since = min(at, now)
    due = replace(_come(episode, now), deadline_at=by, deadline_for=DeadlineFor.REDEEM, deadline_extended=False)
    return replace(due, reached_at=None, talk_due_since=since)


def reminded_only(episode: Episode, now: datetime) -> Episode:
    """The appointment is due, but the customer must not be contacted: it is shown, and no talk is due."""
    return replace(_come(episode, now), deadline_at=None, deadline_for=None)


def _come(episode: Episode, now: datetime) -> Episode:
    return replace(episode, appointment_at=episode.deadline_at, talk_due_sooner=False, changed_at=now)


def held_by_appointment(
    episode: Episode, person: Salesperson | None, at: datetime, policy: Policy, now: datetime
) -> Episode:
    """The customer named a time; the clock is paused until then. Raises NotNow."""
    _check_within(at, now, policy.acknowledgement.longest_appointment, "the call-back time")
    _check_there(person, at, policy, now)
    made = replace(episode, appointment_at=None, talk_due_sooner=False, changed_at=now)
    return replace(made, deadline_at=at, deadline_for=DeadlineFor.APPOINTMENT)


def snoozed(episode: Episode, person: Salesperson | None, until: datetime, policy: Policy, now: datetime) -> Episode:
    """Snoozed: at the end it notifies again. It cannot last beyond a promised call. Raises NotNow."""
    _check_within(until, now, policy.acknowledgement.longest_snooze, "the end of the snooze")
    _check_there(person, until, policy, now)
    promised = episode.promised_at
    if promised is not None and promised < until:
        _refuse_to_forget(promised, person, now)
    paused = replace(episode, appointment_at=promised, changed_at=now)
    return replace(paused, deadline_at=until, deadline_for=DeadlineFor.SNOOZE)


def _refuse_to_forget(promised: datetime, person: Salesperson | None, now: datetime) -> None:
    at = at_clock(promised.astimezone(ZoneInfo(person.zone if person else "UTC")), now)
    if promised > now:
        what = "To snooze past that, first agree on a new time with them and save it."
    else:
        what = "Before you snooze it, save the call, the attempt or a new call-back time."
    raise NotNow("past_appointment", f"the customer was promised a call {at}. {what}")


def asked_to_take_over(
    episode: Episode, to: str, until: datetime, policy: Policy, now: datetime, *, notified_at: datetime
) -> Episode:
    """A colleague is asked to take it over. The giver stays responsible, and their clock continues. Raises NotNow.

    The longest time counts from the notification; otherwise no colleague could be asked who is at work only later.
    """
    longest = policy.acknowledgement.longest_hand_over + (notified_at - now)
    _check_within(until, now, longest, "the deadline for accepting")
    if to == episode.acknowledged_by:
        raise NotNow("hand_over_to_oneself", "you already have this; choose someone else.")
    return replace(episode, offered_to=to, offered_until=until, changed_at=now)


def handed_over(episode: Episode, to: Salesperson | str, talk: Talk, now: datetime) -> Episode:
    """Accepted: the colleague has taken over, and the clock starts again, after the appointment if there is one."""
    free = replace(episode, acknowledged_at=None, acknowledged_by=None, offered_to=None, offered_until=None)
    return acknowledged(replace(free, appointment_at=episode.promised_at), to, talk, now)


def closed(
    episode: Episode, result: EpisodeResult, reason: str, policy: Policy, *, by: str | None, now: datetime
) -> Episode:
    """Closed with a result and a reason of the policy's list. Raises NotNow for a reason that is not on it.

    The clock is kept for an undo by the person who closed it. An automatic close cannot be undone.
    """
    reasons = [one.code for one in policy.reasons.get(result, ())]
    if reason not in reasons and (result, reason) != (EpisodeResult.INFORMED, SEEN):
        raise NotNow("unknown_reason", f"this is not a reason for “{RESULTS[result]}”; choose one from the list.")
    ran = episode if by is not None else None
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
        stopped_deadline_at=ran.deadline_at if ran else None,
        stopped_deadline_for=ran.deadline_for if ran else None,
        stopped_appointment_at=ran.appointment_at if ran else None,
        changed_at=now,
    )


def _check_within(at: datetime, now: datetime, longest: timedelta, what: str) -> None:
    if at <= now:
        raise NotNow("in_the_past", f"{what} must be in the future.")
    if at > now + longest:
        raise NotNow("too_far_away", f"{what} may be at most {_span(longest)} from now.")


def _span(span: timedelta) -> str:
    """The span in words, such as "14 days" or "4 hours"."""
    days = span.days
    return counted(days, "day") if span == timedelta(days=days) else counted(round(span.total_seconds() / 3600), "hour")


def _check_there(person: Salesperson | None, until: datetime, policy: Policy, now: datetime) -> None:
    """Raises NotNow if the person is away at that time or before it."""
    if person is None:
        return
    calendar = calendar_of(person, policy.company)
    begins = calendar.next_absence(now)
    if begins is None or begins > until:
        begins = calendar.absence_began(until)
    if begins is not None:
        first = begins.astimezone(ZoneInfo(calendar.zone)).date()
        day = date_words(first, now.date())
        raise NotNow("away_then", f"you are away as of {day}. Choose an earlier time, or hand this over.")
