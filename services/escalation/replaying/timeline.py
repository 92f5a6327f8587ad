"""What all accounts share in a replay: people, policies, and what changes of people set off."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.escalation.domain.entities import Salesperson
from services.escalation.domain.own_facts import PersonChanged
from services.escalation.domain.policy.versions import Policies
from services.escalation.replaying.journaled import Place


@dataclass(frozen=True, slots=True)
class SetOff:
    """A change of a person that each account with work of theirs looks at."""

    place: Place
    change: PersonChanged


@dataclass(slots=True)
class Timeline:
    """The shared past. Everything is kept by person, in the order of places, so a look-up takes one bisection.

    A batch sees the changes committed before it. The journal does not say what was committed when, so the order of
    `now` counts: it is read under the locks.
    """

    policies: Policies
    _people: dict[str, list[tuple[Place, Salesperson]]] = field(default_factory=lambda: defaultdict(list))
    _changes: list[Place] = field(default_factory=list)
    _set_off: dict[str, list[SetOff]] = field(default_factory=lambda: defaultdict(list))
    _hurried: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    _prefixes: dict[int, Policies] = field(default_factory=dict)

    # Written by the replay of the directory

    def put_person(self, place: Place, person: Salesperson) -> None:
        self._people[person.salesperson_id].append((place, person))
        self._changes.append(place)

    def set_off(self, place: Place, change: PersonChanged) -> None:
        self._set_off[change.person].append(SetOff(place, change))

    def hurry(self, awaited: str, now: datetime) -> None:
        self._hurried[awaited].append(now)

    # Read by the replay of each account

    def policies_at(self, now: datetime) -> Policies:
        """The versions that a batch of this instant knows."""
        versions = self.policies.versions
        known = max(1, bisect_left(versions, now, key=lambda one: one.since))
        if known == len(versions):
            return self.policies
        if known not in self._prefixes:
            self._prefixes[known] = Policies(versions[:known])
        return self._prefixes[known]

    def stage(self, place: Place) -> int:
        """A number that is equal for two places if the directory was the same at both."""
        return bisect_left(self._changes, place)

    def people_at(self, place: Place, needed: Collection[str]) -> dict[str, Salesperson]:
        """These people and everyone connected to them by manager, successor or backup, as known at a place."""
        found, new = dict[str, Salesperson](), set(needed)
        while new:
            id = new.pop()
            person = self._person_at(place, id)
            if person is not None:
                found[id] = person
                above = (person.manager, person.successor, person.backup)
                new.update(one for one in above if one is not None and one not in found)
        return found

    def next_hurry(self, awaited: str, after: datetime) -> datetime | None:
        """When the timers that await this lock key are hurried next."""
        hurried = self._hurried.get(awaited, [])
        place = bisect_right(hurried, after)
        return hurried[place] if place < len(hurried) else None

    def next_set_off(self, people: Iterable[str], after: datetime) -> datetime | None:
        """When a change of one of these people is looked at next."""
        following = [one[0].place.now for person in people if (one := self._set_off_after(person, after))]
        return min(following, default=None)

    def set_off_at(self, people: Iterable[str], now: datetime) -> list[SetOff]:
        """The changes of these people that are looked at at this instant."""
        found = [
            one for person in people for one in self._set_off_after(person, now, inclusive=True) if one.place.now == now
        ]
        return sorted(found, key=lambda one: one.place)

    def _set_off_after(self, person: str, after: datetime, *, inclusive: bool = False) -> Sequence[SetOff]:
        """The next changes of a person: those of the next instant, and perhaps more."""
        known = self._set_off.get(person)
        if known is None:
            return ()
        first = (bisect_left if inclusive else bisect_right)(known, after, key=lambda one: one.place.now)
        return known[first : first + 8]

    def _person_at(self, place: Place, id: str) -> Salesperson | None:
        known = self._people.get(id)
        first = bisect_left(known, place, key=lambda one: one[0]) if known else 0
        return known[first - 1][1] if known and first else None
