"""Histories of publishers with wrong clocks: facts dated ahead count as now, or are refused before
escalation.

Orders and support decide this by their own clocks when a fact enters. Escalation's clock may be
slightly behind theirs.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from shared.clock_skew import MAX_CLOCK_SKEW, Receipt
from shared.contracts.envelope import Envelope, Fact, envelope
from tests.simulation.commits import require
from tests.simulation.happenings import Report
from tests.simulation.tables import JOURNAL
from tests.simulation.world import History

_SECOND = timedelta(seconds=1)
_AHEAD = tuple(seconds * _SECOND for seconds in (1, 1, 60, 60, 200, 299, 301, 3_600, 31_536_000))
_BEHIND = (0 * _SECOND, 2 * _SECOND, 90 * _SECOND)


class AheadHistory(History):
    """A history in which every third fact is dated ahead. These choices have a random generator of their own.

    `counted` is the number of facts that count as now, `refused` the number that escalation never gets.
    """

    def __init__(self, seed: int, receive: Callable[[str], None] | None = None) -> None:
        self.clocks = Random(f"ahead {seed}")
        self.behind = self.clocks.choice(_BEHIND)
        self.counted = self.refused = 0
        super().__init__(seed, receive)

    def play(self) -> None:
        """In addition, no fact is dated later than its receipt, apart from the difference of the clocks."""
        super().play()
        for row in self.database.tables[JOURNAL].values():
            late = row["kind"] != "record" or row["at"] <= row["decided_at"] + self.behind
            require(late, f"{row['type']} of {row['at']} was applied at {row['decided_at']}")

    def _append(self, report: Report) -> None:
        if self.clocks.random() < 1 / 3:
            report = replace(report, at=self.database.now + self.clocks.choice(_AHEAD))
        entered = self._entered(report)
        if entered is None:
            self.refused += 1
            self._say(f"refused {report.fact.type} of {report.subject}, dated {report.at}")
            return
        self.counted += entered.at != report.at
        super()._append(entered)

    def _entered(self, report: Report) -> Report | None:
        """The fact as orders or support publish it, or None if they refuse it."""
        receipt = Receipt(self.database.now + self.behind, MAX_CLOCK_SKEW)
        inbound = _as_sent(report)
        if receipt.refused(inbound) is not None:
            return None
        (counted,) = receipt.counted([inbound])
        happened = {name: getattr(counted.data, name) for name in counted.data.happened}
        return replace(report, at=counted.time, fact=report.fact.model_copy(update=happened))


def _as_sent(report: Report) -> Envelope[Fact]:
    """The publisher's event from which a published fact comes."""
    inbound: Any = next(kind for kind in type(report.fact).__mro__ if ".inbound." in getattr(kind, "type", ""))
    fact: Fact = inbound.model_validate(report.fact.model_dump())
    return envelope(fact, id="told", source="publisher", subject=report.subject, time=report.at)
