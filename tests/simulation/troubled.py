"""A small order at risk, with the four people of its ladder, and the decisions about it from then on."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson

from shared.contracts import orders, support
from shared.contracts.envelope import Envelope, Fact, envelope
from shared.contracts.order_parts import Line
from shared.contracts.support_inbound import RefundKind
from shared.inputs import Batch, Input, InputKind
from tests.simulation.deciding import Deciding
from tests.simulation.happenings import ALWAYS, START, Report
from tests.simulation.replaying import run
from tests.simulation.tables import ACCOUNT_VERSIONS, DECISIONS, DELIVERIES, OUTBOX, Row

ACCOUNT = "north"


class Troubled(Deciding):
    """Anna sold an order, and the customer requests a refund. Mona is her manager, and Vera is Mona's."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for id, manager in (("anna", "mona"), ("mona", "vera"), ("vera", None), ("desk", None)):
            self.report_person(id, manager=manager)
        sale = orders.OrderPlaced(
            order="n-1",
            sold_by="anna",
            sold_at=START - timedelta(days=2),
            amount_minor=5_000,
            currency="EUR",
            lines=[Line(product="Heat pump")],
        )
        self.receive(Report(sale, ACCOUNT, START - timedelta(days=2)))
        self.ask_back(2_000, "Money back.")
        self.database.on_commit = lambda _session: None  # e-mails return, and other rules may lower severities
        self.seen = {table: len(self.database.tables[table]) for table in (DECISIONS, OUTBOX)}

    def report_person(self, id: str, **changes: Any) -> None:
        """Report a change of a person, as orders does."""
        of_all = {"name": id.title(), "email": f"{id}@sales.example", "working_hours": ALWAYS}
        self.receive(Report(orders.SalespersonChanged(**{**of_all, **changes}), id, self.now))

    def ask_back(self, amount_minor: int, words: str) -> None:
        kind = RefundKind.DISSATISFACTION
        refund = support.RefundRequested(kind=kind, amount_minor=amount_minor, currency="EUR", words=words)
        self.receive(Report(refund, ACCOUNT, self.now))

    def do(self, fact: Fact, subject: str = ACCOUNT) -> None:
        """Apply an input of a button, an operator or a mail server."""
        event: Envelope[Fact] = envelope(fact, id=str(uuid4()), source="handoff/tests", subject=subject, time=self.now)
        report = run(
            self.processor.apply(
                Batch([Input(event, fact.model_dump_json().encode(), b"", InputKind.BUTTON)]), whole=True
            )
        )
        assert report.rejected == []

    @property
    def episode(self) -> UUID:
        (id,) = self.episodes()
        return id

    def decided(self) -> list[tuple[Any, ...]]:
        """The decisions since the customer's request, but for those about its save window: rule, words, policy line,
        person."""
        rows = sorted(self.database.tables[DECISIONS].values(), key=lambda row: int(row["position"]))
        decided = [(row["rule"], row["words"], row["policy_path"], row["who"]) for row in rows[self.seen[DECISIONS] :]]
        return [one for one in decided if not one[0].startswith("save_window")]

    def published(self) -> list[tuple[str, dict[str, Any]]]:
        """The events published since then, but for those about the save window: type and body, without ids."""
        rows = sorted(self.database.tables[OUTBOX].values(), key=lambda row: int(row["id"]))[self.seen[OUTBOX] :]
        events = [(dict(orjson.loads(row["headers"]))["ce_type"], _said(orjson.loads(row["payload"]))) for row in rows]
        return [event for event in events if "save_window" not in event[0]]

    def mail(self) -> Row:
        return self.delivery("email")

    def delivery(self, channel: str) -> Row:
        """The only delivery on a channel."""
        (row,) = [row for row in self.database.tables[DELIVERIES].values() if row["channel"] == channel]
        return row

    def put(self, table: str, row: Mapping[str, Any], **changes: Any) -> None:
        """Change a row by hand, as another release may have left it."""
        key = next(key for key, known in self.database.tables[table].items() if known is row)
        self.database.tables[table][key] = {**row, **changes}
        self.database.tables[ACCOUNT_VERSIONS][ACCOUNT,] = {"account_id": ACCOUNT, "version": uuid4()}


def _said(body: dict[str, Any]) -> dict[str, Any]:
    ids = ("alert", "episode", "signal")
    return {name: value for name, value in body.items() if name not in ids}
