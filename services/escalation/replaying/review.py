"""A loss looked at again: what decided it, and which change of the policy would have notified a person before.

Start at `review`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from services.escalation.domain.account_state import AccountState
from services.escalation.domain.entities import Signal, SignalEnd, products_of
from services.escalation.domain.policy.versions import Policies
from services.escalation.replaying.accounts import Course
from services.escalation.replaying.asks import Ask
from services.escalation.replaying.candidates import Candidate, candidates_of, policies_with
from services.escalation.replaying.journaled import Journaled
from services.escalation.replaying.outcomes import Ending, outcomes_of
from services.escalation.replaying.trials import Lived, Trials
from shared.contracts import orders
from shared.contracts.envelope import Fact

MATTERS: Final = timedelta(minutes=1)
"""A notification is earlier only by this much at least."""
UNCHANGED: Final = "unchanged"


class DecidedBy(StrEnum):
    """The fact that decided a loss."""

    ORDER_CANCELLED = "order_cancelled"
    REFUND_PAID = "refund_paid"
    CLOSED = "closed_as_lost"


_DECIDES: Final[Mapping[type[Fact], DecidedBy]] = {
    orders.OrderCancelled: DecidedBy.ORDER_CANCELLED,
    orders.RefundPaid: DecidedBy.REFUND_PAID,
}


@dataclass(frozen=True, slots=True)
class DecidedLoss:
    """A loss: the fact that decided it, when that happened, and when it was known."""

    by: DecidedBy
    at: datetime
    known_at: datetime


@dataclass(frozen=True, slots=True)
class Judged:
    """A policy tried on the account: the person who would have been asked first, before the loss (None: nobody), and
    how many more notifications of new troubles the account would have had than under today's policy."""

    candidate: Candidate
    first: Ask | None
    more_notifications: int


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A loss with the candidates that would have caught it, the cheapest first; `tried` counts all candidates.

    Notifications count since `since`. `asked` is the first person asked, if need be after the loss, `today` the one
    that today's policy, unchanged, would have asked before it.
    """

    loss: DecidedLoss
    since: datetime
    asked: Ask | None
    today: Ask | None
    today_notifications: int
    tried: int
    catching: Sequence[Judged]

    @property
    def in_time(self) -> Ask | None:
        """The person asked before the loss, as it was."""
        return self.asked if self.asked is not None and self.asked.at < self.loss.at else None


def loss_of(order_id: str, state: AccountState, inputs: Sequence[Journaled]) -> DecidedLoss | None:
    """The first loss of an order, as a back-test counts losses; None if it was not lost."""
    outcome = outcomes_of(state, inputs).get(order_id)
    if outcome is None or outcome.ending is not Ending.LOST:
        return None
    for one in inputs:
        fact = one.event.data
        by = _DECIDES.get(type(fact))
        if by is not None and getattr(fact, "order", None) == order_id and one.event.time == outcome.at:
            return DecidedLoss(by, outcome.at, one.place.now)
    return DecidedLoss(DecidedBy.CLOSED, outcome.at, outcome.at)


def counts_since(order_id: str, state: AccountState, loss_at: datetime, policies: Policies) -> datetime:
    """From when notifications count as about this loss: `losses.look_back` before it, or a person's close of an earlier
    trouble. A close less than `results.saved.proven_after` before the loss ended nothing: the trouble was the same."""
    order = state.orders[order_id]
    policy = policies.for_order(policies.latest, order.segment, products_of(order))
    proven_by = loss_at - policy.results.saved.proven_after
    closed = (
        one.closed_at
        for one in state.episodes.values()
        if one.order_id == order_id and one.closed_by is not None and one.closed_at is not None
    )
    return max((loss_at - policy.losses.look_back, *(at for at in closed if at < proven_by)))


def signals_of(order_id: str, state: AccountState) -> list[Signal]:
    """The signals of an order that were not disproved, by the time they arose."""
    episodes = {one.episode_id for one in state.episodes.values() if one.order_id == order_id}
    found = [
        one for one in state.signals.values() if one.episode_id in episodes and one.ended is not SignalEnd.WITHDRAWN
    ]
    return sorted(found, key=lambda one: (one.at, one.signal_id))


def review(
    order_id: str,
    loss: DecidedLoss,
    trials: Trials,
    lived: Lived,
    inputs: Sequence[Journaled],
    progress: Callable[[int, int], None],
) -> Reviewed:
    """Judge every candidate on the account of the order alone. `progress` receives how many are judged, and of how
    many."""
    terms = trials.terms
    today = terms.policies.latest.policy
    since = counts_since(order_id, lived.replay.state, loss.at, terms.policies)
    unchanged = policies_with(terms.policies, today, UNCHANGED, terms.trusted_since)
    as_today = trials.under(trials.other(unchanged), lived, inputs)
    notifications, candidates = as_today.notifications(terms.trusted_since), candidates_of(today)
    judged = []
    for place, one in enumerate(candidates):
        progress(place, len(candidates))
        other = policies_with(terms.policies, one.policy, one.line, terms.trusted_since)
        tried = trials.under(trials.other(other), lived, inputs)
        more = tried.notifications(terms.trusted_since) - notifications
        judged.append(Judged(one, tried.first_ask(order_id, since, loss.at), more))
    first_today = as_today.first_ask(order_id, since, loss.at)
    asked = lived.first_ask(order_id, since)
    return Reviewed(loss, since, asked, first_today, notifications, len(candidates), catching(judged, first_today))


def catching(judged: Iterable[Judged], today: Ask | None) -> list[Judged]:
    """Those that would have caught the loss, the cheapest first.

    A candidate catches a loss if a person is asked before it; where today's policy does so as well, if one is asked
    earlier. The cheapest has the fewest more notifications on the account; of equals the smaller step, then the
    earlier.
    """
    found = [
        (one, one.first)
        for one in judged
        if one.first is not None and (today is None or one.first.at <= today.at - MATTERS)
    ]
    return [
        one
        for one, _ in sorted(found, key=lambda pair: (pair[0].more_notifications, pair[0].candidate.step, pair[1].at))
    ]


@dataclass(slots=True)
class NotificationCounts:
    """Counts the notifications of new troubles since an instant, over many accounts: under today's policy, and under
    each of these candidates."""

    trials: Trials
    candidates: Sequence[Candidate]
    since: datetime
    today: int = 0
    others: list[int] = field(default_factory=list)
    _courses: list[Course] = field(default_factory=list)

    def __post_init__(self) -> None:
        terms, today = self.trials.terms, self.trials.terms.policies.latest.policy
        policies = [(today, UNCHANGED), *((one.policy, one.line) for one in self.candidates)]
        versions = (policies_with(terms.policies, policy, line, terms.trusted_since) for policy, line in policies)
        self._courses = [self.trials.other(one) for one in versions]
        self.others = [0] * len(self.candidates)

    def add(self, inputs: Sequence[Journaled]) -> None:
        """Replay one account: all its inputs, in the order of their places."""
        lived = self.trials.lived(inputs)
        today, *others = (self.trials.under(one, lived, inputs).notifications(self.since) for one in self._courses)
        self.today += today
        self.others = [before + more for before, more in zip(self.others, others, strict=True)]

    @property
    def more(self) -> list[int]:
        """How many more notifications each candidate has."""
        return [one - self.today for one in self.others]

    def more_a_week(self, until: datetime) -> list[float | None]:
        """The same in a week; None for less time than that."""
        weeks = (until - self.since) / timedelta(weeks=1)
        return [round(more / weeks, 2) if weeks >= 1 else None for more in self.more]
