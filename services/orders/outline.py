"""Orders in outline, for commands that do not need its code."""

from pathlib import Path

from shared.dated import Dated
from shared.migrations import Migrations
from shared.outline import Outline

OUTLINE = Outline(
    listens_to=("orders.inbound.v1", "escalation.rescues.v1"),
    publishes=("orders.sales.v1", "salespeople.v1"),
    migrations=Migrations("orders", Path(__file__).parent / "migrations"),
    dated=(
        Dated("orders.orders", "placed_at", "account_id"),
        Dated("orders.orders", "sold_at", "account_id", received="placed_at"),
        Dated("orders.salespeople", "changed_at", "salesperson_id", reported_by="orders.inbound.salesperson_changed"),
        Dated("orders.accounts", "reassigned_at", "account_id", reported_by="orders.inbound.account_reassigned"),
        Dated("shared.waiting_facts", "at", "subject", received="kept_at"),
    ),
)
