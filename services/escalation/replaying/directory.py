"""Replays the facts about people and the published policies, which all accounts share. Start at `replay_directory`."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from services.escalation.domain import deciding
from services.escalation.domain.draft import Draft
from services.escalation.domain.entities import DecisionRow
from services.escalation.domain.installation import Installation
from services.escalation.domain.own_facts import PersonChanged, PolicySubmitted
from services.escalation.domain.unit_of_work import UnitOfWork
from services.escalation.handlers.apply import write_effects
from services.escalation.replaying.batches import Batches
from services.escalation.replaying.effects import BatchEffects
from services.escalation.replaying.journaled import Journaled, Place
from services.escalation.replaying.timeline import Timeline
from services.escalation.replaying.timers import Timers, Unfired, by_timer
from shared.contracts.envelope import Envelope, Fact

_ANY_ACCOUNT = "*"
"""Stands for every account with work of a person: each replay of an account finds out whether it is one."""


class _Everyone(defaultdict[str, set[str]]):
    """Says of each person that accounts are concerned."""

    def __missing__(self, person: str) -> set[str]:
        return {_ANY_ACCOUNT}


def replay_directory(
    inputs: Sequence[Journaled],
    timeline: Timeline,
    installation: Installation,
    until: datetime,
    unfired: Unfired,
    *,
    is_as_it_was: bool = True,
) -> list[DecisionRow]:
    """Fill the timeline from the inputs about people and policies. Return the decisions recorded meanwhile."""
    timers = Timers(by_timer(inputs), lambda _awaited, _after: None, unfired, is_as_it_was=is_as_it_was)
    own = (one for one in inputs if not one.is_made_anew)
    batches, people, recorded = Batches(own, timers, until), dict[str, Any](), list[DecisionRow]()
    while (now := batches.next_now()) is not None:
        work = UnitOfWork(installation, timeline.policies_at(now), people=people, concerned=_Everyone())
        effects = BatchEffects(now)
        for place, event in batches.take(now):
            _decide(work, effects, event, now)
            for person in work.changes.people.values():
                timeline.put_person(place, person)
            work.changes.people.clear()
            _note_set_off(timeline, effects, place)
        effects.apply_to(timers, "salesperson")
        for awaited in effects.hurried:
            timeline.hurry(awaited, now)
        recorded += work.changes.decisions
    return recorded


def _decide(work: UnitOfWork, effects: BatchEffects, event: Envelope[Fact], now: datetime) -> None:
    draft: Draft[Fact] = Draft(work, event, now, lambda cause: cause.traceparent)
    deciding.decide(draft)
    write_effects(effects, draft)


def _note_set_off(timeline: Timeline, effects: BatchEffects, place: Place) -> None:
    for setting in effects.settings("account"):
        if isinstance(setting.fact, PersonChanged):
            timeline.set_off(place, setting.fact)
    effects.forget("account")


def without_policies(inputs: Iterable[Journaled]) -> list[Journaled]:
    """The inputs except for published policies, which do not count where another policy replaces them."""
    return [one for one in inputs if not isinstance(one.event.data, PolicySubmitted)]


def in_order(*inputs: Iterable[Journaled]) -> list[Journaled]:
    """Inputs in the order of their places."""
    return sorted(chain(*inputs), key=lambda one: one.place)
