"""Who must hear of an order, by the history's people: an implementation of the rule of its own.

The order's seller; if inactive the successor from the day on that was told (where the successor works) and while
active; else the next active manager up the line; else the desk. The desk at once where nobody sold the order. The
directory is known before the rest is told, so only a seller who leaves meanwhile may be seen as before or as after.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from tests.faults.checker.evidence import Evidence, Told

Person: TypeAlias = Mapping[str, Any]
Choice: TypeAlias = tuple[str, str]
"""A person and the code of the reason."""


class Directory:
    """The people of a history."""

    def __init__(self, run: Evidence) -> None:
        facts = [event for event in run.history if event.kind == "salesperson_changed" and event.bad is None]
        self._versions = defaultdict[str, list[Person]](list)
        for event in sorted(facts, key=lambda event: (event.at, event.id)):
            self._versions[event.subject].append(event.data)
        self._desk = run.desk
        self._waits_may_end = bool(run.world.get("clock_jumps"))

    def address(self, person: str) -> str | None:
        address: str | None = self._versions[person][-1].get("email")
        return address

    def may_hear(self, order: Told, at: datetime) -> set[Choice]:
        """Whom an alert raised at this moment may be for."""
        seller = order.data.get("sold_by")
        if seller is None:
            return {(self._desk, "no_seller")}
        choices = {self._choice(seller, version, at) for version in self._versions[seller]}
        if self._waits_may_end or not choices:
            choices.add((self._desk, "seller_unknown"))
        return choices

    def _choice(self, seller: str, known: Person, at: datetime) -> Choice:
        if known.get("active", True):
            return seller, "seller"
        told = known.get("successor")
        if told is not None and self._takes_over(told, at):
            return told["salesperson"], "successor"
        seen, above = {seller}, known.get("manager")
        while above is not None and above not in seen and (manager := self._latest(above)) is not None:
            if manager.get("active", True):
                return above, "manager"
            seen.add(above)
            above = manager.get("manager")
        return self._desk, "nobody_left"

    def _takes_over(self, told: Mapping[str, str], at: datetime) -> bool:
        successor = self._latest(told["salesperson"])
        if successor is None or not successor.get("active", True):
            return False
        today = at.astimezone(ZoneInfo(successor.get("zone", "UTC"))).date()
        return date.fromisoformat(told["since"]) <= today

    def _latest(self, person: str) -> Person | None:
        versions = self._versions.get(person)
        return versions[-1] if versions else None
