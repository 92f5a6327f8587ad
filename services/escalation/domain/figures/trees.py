"""Whose figures a manager sees: the people below them or, if these are too few, a larger part of the company. Start at
`tree_for`."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tree:
    """Everyone below one manager, at any distance; `manager` is None for the whole company."""

    manager: str | None
    people: frozenset[str]


def below(manager: str, managers: Mapping[str, str | None]) -> frozenset[str]:
    """Everyone below a manager, at any distance; never the manager, not even in a circle of managers."""
    reports: dict[str | None, list[str]] = {}
    for person, above in managers.items():
        reports.setdefault(above, []).append(person)
    found: set[str] = set()
    left = [manager]
    while left:
        new = [one for one in reports.get(left.pop(), ()) if one not in found and one != manager]
        found.update(new)
        left += new
    return frozenset(found)


def tree_for(reader: str, managers: Mapping[str, str | None], sellers: Collection[str], smallest: int) -> Tree | None:
    """The smallest tree with at least `smallest` of the sellers: that of the reader, else that of the manager above
    them, and so on, at last the whole company; None if even that is too small.

    A reader has exactly one tree, so they have no two to subtract from each other.
    """
    manager: str | None = reader
    seen: set[str] = set()
    while manager is not None and manager not in seen:
        people = below(manager, managers)
        if len(people.intersection(sellers)) >= smallest:
            return Tree(manager, people)
        seen.add(manager)
        manager = managers.get(manager)
    everyone = frozenset(sellers)
    return Tree(None, everyone) if len(everyone) >= smallest else None
