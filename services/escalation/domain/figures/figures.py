"""Figures of some episodes: alerts, times, outcomes and money. Start at `figures`.

They describe how a group's customers fare. None of them is a mark of a person: an alert counts against nobody.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.escalation.domain.figures.episodes import AT_RISK, GONE, CalendarOf, CountedEpisode, Outcome


@dataclass(frozen=True, slots=True)
class Times:
    """How long something took, over `count` episodes; median and p90 are None without any.

    `open` episodes still wait: how long they will take is not known, only that it is more than until now, and
    `longest_open` is the longest of these.
    """

    count: int
    median: timedelta | None
    p90: timedelta | None
    open: int
    longest_open: timedelta | None


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The outcomes of `total` episodes; each has one. `attempted`: someone tried to save them."""

    total: int
    attempted: int
    by_outcome: Mapping[Outcome, int]


@dataclass(frozen=True, slots=True)
class Money:
    """Money in minor units by currency; an order counts once. At risk: open, or saved and not yet proven. Kept: proven.
    Given away: all offers agreed."""

    at_risk: Mapping[str, int]
    kept: Mapping[str, int]
    lost: Mapping[str, int]
    given_away: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a group of episodes. `not_ours` were nothing for a seller to save; nothing else counts them.

    `requests` are the episodes in which the customer asked for money back or to cancel. `talk` is the working time to a
    talk with the customer, `customers_wait` the time on the customer's clock.
    """

    episodes: Outcomes
    requests: Outcomes
    rings: int
    acknowledgement: Times
    talk: Times
    customers_wait: Times
    money: Money
    not_ours: int


def figures(episodes: Iterable[CountedEpisode], calendar_of: CalendarOf, now: datetime) -> Figures:
    """The figures of these episodes."""
    known = list(episodes)
    ours = [one for one in known if not one.row.not_ours]
    waiting = [one for one in ours if one.outcome is Outcome.OPEN and one.row.talked_at is None]
    unanswered = [
        (one.row.responsible, one.row.notified_at)
        for one in ours
        if one.outcome is Outcome.OPEN and one.row.acknowledged_at is None and one.row.notified_at is not None
    ]
    untalked = [(one.row.responsible, one.row.notified_at or one.row.raised_at) for one in waiting]
    began = [one.row.began_at for one in waiting]
    return Figures(
        episodes=_outcomes(ours),
        requests=_outcomes([one for one in ours if one.row.requested]),
        rings=sum(one.row.rings for one in ours),
        acknowledgement=_times((one.to_acknowledge for one in ours), unanswered, calendar_of, now),
        talk=_times((one.to_talk for one in ours), untalked, calendar_of, now),
        customers_wait=_percentiles(
            (one.customer_waited for one in ours), len(began), max(now - min(began), timedelta(0)) if began else None
        ),
        money=_money(ours),
        not_ours=len(known) - len(ours),
    )


def _times(
    took: Iterable[timedelta | None],
    still: Sequence[tuple[str | None, datetime]],
    calendar_of: CalendarOf,
    now: datetime,
) -> Times:
    """`still` are the persons of open episodes, and since when each waits. Of one person's the earliest waits longest,
    so no more than one working time is computed for each."""
    earliest: dict[str | None, datetime] = {}
    for person, since in still:
        earliest[person] = min(since, earliest.get(person, since))
    longest = max((calendar_of(person).worked(since, now) for person, since in earliest.items()), default=None)
    return _percentiles(took, len(still), longest)


def _percentiles(took: Iterable[timedelta | None], still: int, longest: timedelta | None) -> Times:
    known = sorted(one for one in took if one is not None)
    return Times(len(known), _percentile(known, 50), _percentile(known, 90), still, longest)


def _percentile(ascending: Sequence[timedelta], percent: int) -> timedelta | None:
    """The nearest rank: the smallest value that at least so many percent do not exceed."""
    return ascending[-(-len(ascending) * percent // 100) - 1] if ascending else None


def _outcomes(episodes: Sequence[CountedEpisode]) -> Outcomes:
    numbers = Counter(one.outcome for one in episodes)
    attempted = sum(one.row.tried for one in episodes)
    return Outcomes(len(episodes), attempted, {outcome: numbers[outcome] for outcome in Outcome})


def _money(episodes: Sequence[CountedEpisode]) -> Money:
    counting = [one for one in episodes if one.counts_money]
    return Money(
        at_risk=_sum((one for one in counting if one.outcome in AT_RISK), _at_stake),
        kept=_sum((one for one in counting if one.outcome is Outcome.PROVEN), _at_stake),
        lost=_sum((one for one in counting if one.outcome in GONE), _at_stake),
        given_away=_sum(episodes, lambda one: one.row.given_minor),
    )


def _at_stake(one: CountedEpisode) -> int:
    return one.row.at_stake_minor


def _sum(episodes: Iterable[CountedEpisode], amount: Callable[[CountedEpisode], int]) -> Mapping[str, int]:
    total = Counter[str]()
    for one in episodes:
        if one.row.currency is not None and amount(one):
            total[one.row.currency] += amount(one)
    return dict(sorted(total.items()))
