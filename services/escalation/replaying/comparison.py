"""Compares two replays of one journal: under the policy in force, and under another. Start at `Backtest`."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from services.escalation.domain.installation import Installation
from services.escalation.domain.policy.versions import Policies
from services.escalation.handlers.apply import write_all_but_decisions
from services.escalation.replaying.accounts import AccountReplay, Course
from services.escalation.replaying.directory import replay_directory, without_policies
from services.escalation.replaying.figures import Figures, NotifiedEpisode
from services.escalation.replaying.journaled import Journaled
from services.escalation.replaying.outcomes import Ending, Outcome, outcomes_of
from services.escalation.replaying.reactions import Reactions, Translation
from services.escalation.replaying.timeline import Timeline
from services.escalation.replaying.timers import Unfired

MOST_LISTED: Final = 200
"""At most so many episodes are kept of each list; their number is counted in full."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What is compared. Figures count from `since` on; earlier inputs only lead to the state of then. From
    `trusted_since` on the rules of this release decided."""

    current: Policies
    candidate: Policies
    installation: Installation
    since: datetime
    until: datetime
    trusted_since: datetime

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the company, whose days are counted."""
        return ZoneInfo(self.current.latest.policy.company.zone)


@dataclass(slots=True)
class Losses:
    """Lost orders by who would have been notified before: `caught` by the names of the replays, in order. Money is in
    minor units by currency. `lead` holds the times from notification to loss."""

    caught: Counter[tuple[bool, bool]] = field(default_factory=Counter)
    money: dict[tuple[bool, bool], Counter[str]] = field(default_factory=dict)
    lead: tuple[list[timedelta], list[timedelta]] = field(default_factory=lambda: ([], []))


@dataclass(slots=True)
class Listed:
    """Episodes with a notification in only one of the replays, and their number."""

    count: int = 0
    first: list[NotifiedEpisode] = field(default_factory=list)

    def add(self, notified: NotifiedEpisode) -> None:
        self.count += 1
        if len(self.first) < MOST_LISTED:
            self.first.append(notified)


@dataclass(slots=True)
class AlertsMade:
    """The number of alerts since an instant, and the sum of their ids, to compare them with those stored."""

    count: int = 0
    ids: int = 0


class Backtest:
    """Replays account after account under both policies, and keeps figures only."""

    def __init__(self, terms: Terms, shared: Sequence[Journaled]) -> None:
        self.terms = terms
        self.current, self.candidate = (Figures(terms.since, terms.zone) for _ in range(2))
        self.reactions, self.losses, self.made = Reactions(), Losses(), AlertsMade()
        self.only_current, self.only_candidate = Listed(), Listed()
        unfired = Unfired(terms.trusted_since)
        self._lived = self._course(terms.current)
        self._other = self._course(terms.candidate, self.reactions)
        replay_directory(shared, self._lived.timeline, terms.installation, terms.until, unfired)
        people = without_policies(shared)
        replay_directory(people, self._other.timeline, terms.installation, terms.until, unfired, is_as_it_was=False)

    def add(self, inputs: Sequence[Journaled]) -> None:
        """Replay one account: all its inputs, in the order of their places."""
        account, unfired = inputs[0].event.subject, Unfired(self.terms.trusted_since)
        lived = AccountReplay(account, self._lived, unfired)
        lived.run(inputs)
        other = AccountReplay(account, self._other, unfired, Translation(lived, self.reactions))
        other.run(inputs)
        self._compare(lived, other, outcomes_of(lived.state, inputs))

    def _course(self, policies: Policies, reactions: Reactions | None = None) -> Course:
        course = Course(Timeline(policies), self.terms.installation, self.terms.until, write=write_all_but_decisions)
        if reactions is not None:
            course.refuse = reactions.refuse
        return course

    def _compare(self, lived: AccountReplay, other: AccountReplay, outcomes: dict[str, Outcome]) -> None:
        was, would = self.current.add(lived, outcomes), self.candidate.add(other, outcomes)
        for alert in lived.alerts.values():
            if alert.raised_at >= self.terms.since:
                self.made.count += 1
                self.made.ids += alert.alert_id.int
        for mine, others, listed in ((was, would, self.only_current), (would, was, self.only_candidate)):
            for notified in mine:
                if not any(notified.overlaps(one) for one in others):
                    listed.add(notified)
        for order, outcome in outcomes.items():
            if outcome.ending is Ending.LOST and outcome.at >= self.terms.since:
                self._add_loss(lived, order, outcome.at, (_led(was, order, outcome.at), _led(would, order, outcome.at)))

    def _add_loss(
        self, lived: AccountReplay, order_id: str, at: datetime, notified_at: tuple[datetime | None, datetime | None]
    ) -> None:
        order, caught = lived.state.orders[order_id], (notified_at[0] is not None, notified_at[1] is not None)
        self.losses.caught[caught] += 1
        self.losses.money.setdefault(caught, Counter())[order.currency] += order.amount_minor
        for lead, since in zip(self.losses.lead, notified_at, strict=True):
            if since is not None:
                lead.append(at - since)


def _led(notified: Sequence[NotifiedEpisode], order: str, lost_at: datetime) -> datetime | None:
    """When the last episode before a loss first notified a person."""
    return max((one.since for one in notified if one.order_id == order and one.since < lost_at), default=None)
