"""The ladder of an order from the history's directory: an independent implementation of the rule.

The ladder: the active person the account is assigned to, else the order's seller, else (if the seller left) the active
successor from the announced day in the successor's zone; then that person's backup or, if nobody holds the place, the
first backup that the people who left named; then two active managers up the seller's line (without a seller, up that
person's line); then the desk. Skip a person already listed, and one without an address if someone further up has one.

Escalation knows the directory before the rest of the history. So only a seller who leaves in the meantime may have been
seen as either active or gone.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from tests.faults.checker.evidence import Evidence

Person: TypeAlias = Mapping[str, Any]
STEPS = ("seller", "successor", "backup", "manager", "upper_manager", "desk")


@dataclass(frozen=True, slots=True)
class LadderStep:
    """A step of the ladder, a person, and the code of the reason. `stands`: whether the person can be notified."""

    step: str
    person: str
    because: str
    stands: bool = True


Ladder: TypeAlias = Sequence[LadderStep]


class Directory:
    """The people of a history."""

    def __init__(self, run: Evidence) -> None:
        facts = [event for event in run.history if event.kind == "salesperson_changed" and event.bad is None]
        self._versions = defaultdict[str, list[Person]](list)
        for event in sorted(facts, key=lambda event: (event.at, event.id)):
            self._versions[event.subject].append(event.data)
        later = [number for number, event in enumerate(run.history) if event.kind != "salesperson_changed"]
        self._at_once = {event.subject for event in run.history[: min(later, default=None)]}
        self._desk = run.desk

    def address(self, person: str) -> str | None:
        address: str | None = self._versions[person][-1].get("email") if person in self._versions else None
        return address

    def comes_late(self, seller: str | None) -> bool:
        """Whether the person is published after the directory or never, so that an alert for their sale may have to
        wait."""
        return seller is not None and seller not in self._at_once

    def ladders(self, seller: str | None, assigned: str | None, at: datetime) -> list[Ladder]:
        """The people to notify, in order: one ladder for each version of the seller that escalation may have known."""
        if seller is None:
            return [self._ladder(None, None, assigned, at)]
        return [self._ladder(seller, known, assigned, at) for known in self._versions.get(seller, ())]

    def desk_instead(self) -> Ladder:
        """The ladder after a wait for the seller's entry in the directory that was in vain."""
        return (LadderStep("desk", self._desk, "seller_unknown"),)

    def _ladder(self, seller: str | None, known: Person | None, assigned: str | None, at: datetime) -> Ladder:
        below = list(self._candidates(seller, known, assigned, at))
        anybody = any(rung.stands for rung in below)
        asked = self._once_each(below)
        if any(rung.stands for rung in asked):
            because = "nobody_answered"
        elif seller is None:
            because = "no_seller"
        else:
            because = "nobody_there" if anybody else "nobody_left"
        desk = LadderStep("desk", self._desk, because, self._desk not in {rung.person for rung in asked if rung.stands})
        return (*asked, desk)

    def _candidates(
        self, seller: str | None, known: Person | None, assigned: str | None, at: datetime
    ) -> Iterator[LadderStep]:
        place = list(self._in_place(seller, known, assigned, at))
        yield from place
        holder = next((rung.person for rung in place if rung.stands), None)
        named = [self._reported(rung.person, seller, known) for rung in place]
        if holder is not None:
            named = [self._reported(holder, seller, known)]
        else:
            named = [one for one in named if not one.get("active", True)]
        backup = next((one["backup"] for one in named if one.get("backup") is not None), None)
        if backup is not None:
            yield LadderStep("backup", backup, "backup", self.works(backup))
        if known is not None and seller is not None:
            yield from self._managers(seller, known)
        elif holder is not None:
            yield from self._managers(holder, self._person(holder) or {})

    def _reported(self, person: str, seller: str | None, known: Person | None) -> Person:
        return known if person == seller and known is not None else self._person(person) or {}

    def _in_place(
        self, seller: str | None, known: Person | None, assigned: str | None, at: datetime
    ) -> Iterator[LadderStep]:
        if assigned is not None and assigned != seller:
            yield LadderStep("seller", assigned, "assigned", self.works(assigned))
            if self.works(assigned):
                return
        if seller is None or known is None:
            return
        active = known.get("active", True)
        yield LadderStep("seller", seller, "seller", active)
        reported = known.get("successor")
        if not active and reported is not None:
            yield LadderStep("successor", reported["salesperson"], "successor", self._takes_over(reported, at))

    def _managers(self, below: str, known: Person) -> Iterator[LadderStep]:
        seen, above, steps = {below}, known.get("manager"), ["manager", "upper_manager"]
        while steps and above is not None and above not in seen and (manager := self._person(above)) is not None:
            if manager.get("active", True):
                step = steps.pop(0)
                yield LadderStep(step, above, step)
            seen.add(above)
            above = manager.get("manager")

    def _once_each(self, rungs: Sequence[LadderStep]) -> list[LadderStep]:
        """Skip repeated people, and people without an address if someone further up has one."""
        asked = list[LadderStep]()
        for rung in rungs:
            again = any(one.person == rung.person and one.stands for one in asked)
            asked.append(replace(rung, stands=rung.stands and not again))
        reached = [rung.stands and self.address(rung.person) is not None for rung in asked]
        return [
            replace(rung, stands=rung.stands and (reached[place] or not any(reached[place + 1 :])))
            for place, rung in enumerate(asked)
        ]

    def _takes_over(self, reported: Mapping[str, str], at: datetime) -> bool:
        if not self.works(reported["salesperson"]):
            return False
        successor = self._person(reported["salesperson"]) or {}
        today = at.astimezone(ZoneInfo(successor.get("zone", "UTC"))).date()
        return date.fromisoformat(reported["since"]) <= today

    def works(self, person: str) -> bool:
        known = self._person(person)
        return known is not None and bool(known.get("active", True))

    def _person(self, person: str) -> Person | None:
        versions = self._versions.get(person)
        return versions[-1] if versions else None


def next_on(ladder: Ladder, after: str | None) -> LadderStep | None:
    """The first person to notify after a step, or at all for None."""
    left = STEPS if after is None else STEPS[STEPS.index(after) + 1 :]
    return next((rung for rung in ladder if rung.stands and rung.step in left), None)


def came_instead(ladder: Ladder, step: str, before: Collection[str]) -> Iterator[LadderStep]:
    """People who now hold this step's place and are not among those notified `before`. Seller and successor share a
    place."""
    place = ("seller", "successor") if step in ("seller", "successor") else (step,)
    yield from (rung for rung in ladder if rung.stands and rung.step in place and rung.person not in before)
