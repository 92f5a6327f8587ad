"""The save window of an episode: the time to call a customer who asked for a refund or a cancellation. Start at
`limit_of` and `first_end`.

Everything depends on the times of events, not on the order of the reports: decision 43 has the exceptions.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.escalation.domain.calendar import company_calendar
from services.escalation.domain.entities import Episode, Signal, SignalEnd
from services.escalation.domain.policy.model import Policy
from shared.contracts.escalation import EpisodeResult, SaveWindowEnd


@dataclass(frozen=True, slots=True)
class SaveWindow:
    """The save window of one episode. `request_id` is the signal of its first request, made at `requested_at` on
    `case_id`.

    Until `until`, a colleague calls the customer: `who`, notified of the episode or, if `acknowledged`, its
    acknowledger, who promised to call at `call_at`, or talked with the customer about all requests at `reached_at`.
    `ended_at` is the time of the event that ended it.
    """

    episode_id: UUID
    account_id: str
    order_id: str
    request_id: UUID
    case_id: str | None
    requested_at: datetime
    until: datetime
    opened_at: datetime
    changed_at: datetime
    who: str
    acknowledged: bool
    ended: SaveWindowEnd | None = None
    ended_at: datetime | None = None
    call_at: datetime | None = None
    reached_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """The end of a window by time, and the policy line that sets it."""

    until: datetime
    line: str


@dataclass(frozen=True, slots=True)
class End:
    """Something that ends a window, and when it happened."""

    at: datetime
    by: SaveWindowEnd


_RANKS = {one: rank for rank, one in enumerate(SaveWindowEnd)}
_CLOSED_AS: Mapping[EpisodeResult, SaveWindowEnd] = {
    EpisodeResult.SAVED: SaveWindowEnd.SAVED,
    EpisodeResult.LOST: SaveWindowEnd.LOST,
    EpisodeResult.FALSE_ALARM: SaveWindowEnd.NOT_OURS,
    EpisodeResult.INFORMED: SaveWindowEnd.NOT_OURS,
    EpisodeResult.CAUSE_GONE: SaveWindowEnd.CAUSE_GONE,
}


def limit_of(requested_at: datetime, policy: Policy) -> Limit:
    """Until when a request made at this time may be answered with a call: the company's working time, but never longer
    than the law allows."""
    rule = policy.save_window
    working = company_calendar(policy.company).after(requested_at, rule.within)
    legal = requested_at + rule.legal_limit
    return Limit(working, "save_window.within") if working <= legal else Limit(legal, "save_window.legal_limit")


def first_end(ends: Iterable[End], until: datetime, now: datetime) -> End | None:
    """What ended a window first, by the times of the events; None while it is open."""
    over = [*ends, *([End(until, SaveWindowEnd.TIME_UP)] if until <= now else [])]
    return min(over, key=lambda one: (one.at, _RANKS[one.by]), default=None)


def end_of_requests(requests: Sequence[Signal], executed_at: Mapping[UUID, datetime]) -> End | None:
    """The end of the last of an episode's requests; None while one of them stands.

    `executed_at` is when the money of a request was paid or its order cancelled, by signal. A request that a later
    fact took back was none, unless there is no other.
    """
    made = [one for one in requests if one.ended is not SignalEnd.WITHDRAWN]
    ends = [_end_of(one, executed_at.get(one.signal_id)) for one in made or requests]
    known = [one for one in ends if one is not None]
    return max(known, key=lambda one: (one.at, _RANKS[one.by])) if known and len(known) == len(ends) else None


def _end_of(request: Signal, executed_at: datetime | None) -> End | None:
    ends = [] if executed_at is None else [End(executed_at, SaveWindowEnd.EXECUTED)]
    if request.ended_at is not None:
        taken_back = request.ended is SignalEnd.WITHDRAWN
        by = SaveWindowEnd.CAUSE_GONE if taken_back else SaveWindowEnd.WITHDRAWN
        ends.append(End(request.ended_at, by))
    return min(ends, key=lambda one: (one.at, _RANKS[one.by]), default=None)


def end_of_episode(episode: Episode) -> End | None:
    """The end by a close; None while the episode is open."""
    if episode.closed_at is None or episode.result is None:
        return None
    return End(episode.closed_at, _CLOSED_AS[episode.result])
