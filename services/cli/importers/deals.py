"""Closed deals of a marketplace ("Marketing Funnel by Olist") as sales. Start at `events_of_deals`."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.cli.importers.events import Import, Imported, imported, in_order
from services.cli.importers.rows import Row
from shared.contracts.order_parts import Line
from shared.contracts.orders_inbound import OrderPlaced, SalespersonChanged

SOURCE = "import/olist"
COLUMNS = ("mql_id", "seller_id", "sr_id", "won_date", "business_segment", "declared_monthly_revenue")
CURRENCY = "BRL"
_UNKNOWN_PRODUCT = "not stated"
_NAMED_CHARACTERS = 8


@dataclass(frozen=True, slots=True)
class Deal:
    """One closed deal: a merchant (the account) bought, a sales representative sold."""

    line: int
    order: str
    account: str
    sold_by: str | None
    sold_at: datetime
    segment: str | None
    amount_minor: int


def read_deal(row: Row) -> Deal:
    """Seller, segment and revenue may be missing; raises UnreadableFile for anything else."""
    return Deal(
        line=row.line,
        order=row.identifier("mql_id"),
        account=row.identifier("seller_id"),
        sold_by=None if row.is_missing("sr_id") else row.local_part("sr_id"),
        sold_at=row.instant("won_date"),
        segment=None if row.is_missing("business_segment") else row.text("business_segment"),
        amount_minor=_revenue_minor(row),
    )


def events_of_deals(deals: Sequence[Deal]) -> Import:
    """Each seller at their first sale, and each sale."""
    found = [*_salespeople(deals), *(_sale(deal) for deal in deals)]
    events = in_order(found)
    return Import(events, rows=len(deals), merged=len(found) - len(events))


def _revenue_minor(row: Row) -> int:
    missing = row.is_missing("declared_monthly_revenue")
    return 0 if missing else row.amount_minor("declared_monthly_revenue")


def _salespeople(deals: Iterable[Deal]) -> Iterator[Imported]:
    """The file has no names; the beginning of the id stands for one."""
    first_sales: dict[str, Deal] = {}
    for deal in sorted(deals, key=lambda deal: (deal.sold_at, deal.line)):
        if deal.sold_by is not None:
            first_sales.setdefault(deal.sold_by, deal)
    for seller, deal in first_sales.items():
        fact = SalespersonChanged(
            name=f"Salesperson {seller[:_NAMED_CHARACTERS]}",
            email=f"{seller}@sales.example",
            zone="UTC",
            active=True,
        )
        yield imported(fact, source=SOURCE, subject=seller, time=deal.sold_at, line=deal.line)


def _sale(deal: Deal) -> Imported:
    line = Line(product=deal.segment or _UNKNOWN_PRODUCT, amount_minor=deal.amount_minor)
    fact = OrderPlaced(
        order=deal.order,
        lines=(line,),
        amount_minor=deal.amount_minor,
        currency=CURRENCY,
        sold_by=deal.sold_by,
        sold_at=deal.sold_at,
    )
    return imported(fact, source=SOURCE, subject=deal.account, time=deal.sold_at, line=deal.line)
