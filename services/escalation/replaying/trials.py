"""Replays accounts as they were and under other policies, for `handoff review`. Start at `Trials`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.escalation.domain.draft import Draft
from services.escalation.domain.installation import Installation
from services.escalation.domain.policy.versions import Policies
from services.escalation.handlers.apply import Effects, write_all_but_decisions
from services.escalation.replaying.accounts import AccountReplay, Course
from services.escalation.replaying.asks import Ask, Asks
from services.escalation.replaying.directory import replay_directory, without_policies
from services.escalation.replaying.figures import SORTS, Sort
from services.escalation.replaying.journaled import Journaled
from services.escalation.replaying.reactions import Reactions, Translation
from services.escalation.replaying.timeline import Timeline
from services.escalation.replaying.timers import Unfired


@dataclass(frozen=True, slots=True)
class TrialTerms:
    """The versions that counted, and the end of the journal. From `trusted_since` on the rules of this release
    decided."""

    policies: Policies
    installation: Installation
    until: datetime
    trusted_since: datetime


@dataclass(frozen=True, slots=True)
class Tried:
    """One account after its replay, with the people asked, by time."""

    replay: AccountReplay
    asks: Sequence[Ask]

    def notifications(self, since: datetime) -> int:
        """The first notifications of troubles since then. Later steps depend on responses that nobody knows."""
        alerts = self.replay.alerts.values()
        return sum(SORTS.get(one.cause) is Sort.FIRST and one.raised_at >= since for one in alerts)

    def first_ask(self, order_id: str, after: datetime, before: datetime | None = None) -> Ask | None:
        """The first person asked about an order in this time."""
        asked = (one for one in self.asks if one.order_id == order_id and one.at > after)
        first = next(asked, None)
        return first if first is not None and (before is None or first.at < before) else None


@dataclass(frozen=True, slots=True)
class Lived(Tried):
    """The account as it was, and the timers that the service never fired, which other replays look up."""

    unfired: Unfired


class Trials:
    """Replays any account as it was, and under any number of other policies. `shared` are the inputs about people and
    policies."""

    def __init__(self, terms: TrialTerms, shared: Sequence[Journaled]) -> None:
        self.terms = terms
        self._people = without_policies(shared)
        self._unfired = Unfired(terms.trusted_since)
        self._lived = self._course(terms.policies)
        replay_directory(shared, self._lived.timeline, terms.installation, terms.until, self._unfired)

    def other(self, policies: Policies) -> Course:
        """What all replays under these other policies have in common."""
        course, terms = self._course(policies), self.terms
        replay_directory(
            self._people, course.timeline, terms.installation, terms.until, self._unfired, is_as_it_was=False
        )
        return course

    def lived(self, inputs: Sequence[Journaled]) -> Lived:
        """Replay one account as it was: all its inputs, in the order of their places."""
        unfired = Unfired(self.terms.trusted_since)
        replay = AccountReplay(inputs[0].event.subject, self._lived, unfired)
        return Lived(replay, _run(replay, inputs), unfired)

    def under(self, course: Course, lived: Lived, inputs: Sequence[Journaled]) -> Tried:
        """Replay the same account under other policies."""
        translation = Translation(lived.replay, Reactions())
        replay = AccountReplay(inputs[0].event.subject, course, lived.unfired, translation)
        return Tried(replay, _run(replay, inputs))

    def _course(self, policies: Policies) -> Course:
        return Course(Timeline(policies), self.terms.installation, self.terms.until)


def _run(replay: AccountReplay, inputs: Sequence[Journaled]) -> list[Ask]:
    asks = Asks()

    def write(effects: Effects, draft: Draft[Any]) -> None:
        write_all_but_decisions(effects, draft)
        asks.note(draft)

    replay.course.write = write
    replay.run(inputs)
    return asks.made(replay.deliveries)
