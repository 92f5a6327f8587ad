"""Histories with an account of thousands of facts beside a small one: the same kinds of events
happen to it many times.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Any

from tests.simulation import happenings
from tests.simulation.consuming import Consumer
from tests.simulation.happenings import ACCOUNTS, Report
from tests.simulation.tables import FACTS
from tests.simulation.world import History

LARGE, SMALL = ACCOUNTS
_TIMES = 8
_OF_A_CASE = 40


class LargeHistory(History):
    """One account gets `facts` more than in other histories, in several bursts, chosen by a random
    generator of their own."""

    to_rest = 200_000
    slices = 60

    def __init__(self, seed: int, receive: Callable[[str], None] | None = None, *, facts: int = 5_000) -> None:
        self.more = Random(f"large {seed}")
        self.left = self.heap = facts
        super().__init__(seed, receive)
        self.one_by_one = False

    @property
    def kinds(self) -> Mapping[str, Any]:  # type: ignore[override]
        return {**History.kinds, "consumer": Hungry}

    def known(self, account: str) -> int:
        """The number of remembered facts of an account."""
        return sum(row["account_id"] == account for row in self.database.tables[FACTS].values())

    def rest(self) -> None:
        self._pour(self.left)
        super().rest()

    def _happen(self) -> None:
        super()._happen()
        if self.more.random() < 1 / 3:
            self._pour(min(self.left, self.heap // _TIMES))

    def _pour(self, facts: int) -> None:
        for _ in range(facts):
            self._append(self._of_its_own_case(happenings.fact_of(self.more, LARGE, self.database.now)))
            self.left -= 1

    def _of_its_own_case(self, report: Report) -> Report:
        """Each case has a few dozen facts, as real cases have."""
        case = getattr(report.fact, "case", None)
        own = {} if case is None else {"case": f"{case}-{self.left // _OF_A_CASE}"}
        return replace(report, fact=report.fact.model_copy(update=own))


class Hungry(Consumer):
    """Reads many records at once, as a service's consumer does."""

    most = 100
