"""A service with one sold order and its people, for stories about the results of its episodes."""

from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from services.escalation.domain.own_facts import AcknowledgePressed, ClosePressed, ReopenPressed
from shared.contracts import orders, support
from shared.contracts.envelope import Fact
from shared.contracts.escalation import EpisodeResult
from shared.contracts.support_inbound import ContactChannel, ContactResult, Direction
from tests.simulation import happenings
from tests.simulation.deciding import Deciding
from tests.simulation.happenings import ALWAYS, Report
from tests.simulation.tables import ALERTS, DECISIONS, EPISODES, OUTBOX, RESULTS, SIGNALS, Row

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
PROVEN_AFTER = 30 * DAY
"""The shipped policy's."""
ORDER, ACCOUNT = "n-1", "north"
DEAD_END = support.ContactDeadEnded(
    order=ORDER, direction=Direction.INBOUND, channel=ContactChannel.PHONE, result=ContactResult.DEAD_END
)
CANCELLED = orders.OrderCancelled(order=ORDER)
REFUND = support.RefundRequested(order=ORDER, amount_minor=2_000, currency="EUR", words="Money back.")
_REASONS = {
    EpisodeResult.SAVED: "problem_solved",
    EpisodeResult.LOST: "price",
    EpisodeResult.FALSE_ALARM: "nothing_wrong",
}


def paid(amount_minor: int = 2_000) -> Fact:
    return orders.RefundPaid(order=ORDER, amount_minor=amount_minor, currency="EUR")


def contact(direction: Direction, result: ContactResult) -> Fact:
    return support.ContactMade(order=ORDER, direction=direction, channel=ContactChannel.PHONE, result=result)


def rated(stars: int) -> Fact:
    return support.SatisfactionRated(order=ORDER, rating=stars, scale=5)


class Story(Deciding):
    """Anna sold the order, mona is her manager, and everyone works day and night."""

    def begin(self, **sale: Any) -> "Story":
        for id in ("anna", "ben", "mona", "desk"):
            manager = "mona" if id in ("anna", "ben") else None
            person = orders.SalespersonChanged(
                name=id.title(), email=f"{id}@sales.example", manager=manager, working_hours=ALWAYS
            )
            self.receive(Report(person, id, self.now - 9 * DAY))
        self.sell(ORDER, self.now - 3 * DAY, **sale)
        return self

    def sell(self, order: str, sold_at: datetime, **changes: Any) -> None:
        sale = happenings.sale(Random(1), ACCOUNT, order, sold_by="anna")
        plain = {"promises": (), "delivery_due_at": None, "amount_minor": 5_000, "renews": None, "sold_at": sold_at}
        fact = sale.fact.model_copy(update={**plain, "outcome_expected_by": None, **changes})
        self.receive(Report(fact, ACCOUNT, sold_at), f"sale-{order}")

    def report(self, fact: Fact, ago: timedelta = timedelta(0), id: str | None = None) -> None:
        self.receive(Report(fact, ACCOUNT, self.now - ago), id)

    def open(self) -> Row:
        (row,) = [row for row in self.database.tables[EPISODES].values() if row["closed_at"] is None]
        return row

    def take(self, by: str = "anna") -> UUID:
        id: UUID = self.open()["episode_id"]
        self.try_to_press(AcknowledgePressed(episode=id, by=by), ACCOUNT)
        return id

    def close(self, result: EpisodeResult = EpisodeResult.SAVED, by: str = "anna", reason: str | None = None) -> UUID:
        """Close the order's open episode, acknowledged first."""
        id = self.take(by)
        press = ClosePressed(episode=id, by=by, result=result, reason=reason or _REASONS[result])
        self.try_to_press(press, ACCOUNT)
        return id

    def undo(self, id: UUID, by: str = "anna") -> None:
        self.try_to_press(ReopenPressed(episode=id, by=by), ACCOUNT)

    def result(self, id: UUID) -> Row:
        return self.database.tables[RESULTS][(id,)]

    def state(self, id: UUID) -> str:
        return str(self.result(id)["state"])

    def published(self, kind: str) -> list[Row]:
        rows = sorted(self.database.tables[OUTBOX].values(), key=lambda row: row["id"])
        return [row for row in rows if f"escalation.{kind}" in str(row["headers"])]

    def rules(self, id: UUID) -> list[str]:
        rows = self.database.tables[DECISIONS].values()
        return [row["rule"] for row in sorted(rows, key=lambda row: row["position"]) if row["episode_id"] == id]

    def recipients(self, id: UUID) -> list[str]:
        return [row["recipient"] for row in self.database.tables[ALERTS].values() if row["episode_id"] == id]

    def notices(self) -> list[tuple[str, str, str]]:
        rows = self.database.tables["escalation.notices"].values()
        return [(row["kind"], row["recipient"], row["about"]) for row in rows]

    def kinds(self, id: UUID) -> set[str]:
        return {row["kind"] for row in self.database.tables[SIGNALS].values() if row["episode_id"] == id}
