"""Support in outline, for commands that do not need its code."""

from pathlib import Path

from shared.dated import Dated
from shared.migrations import Migrations
from shared.outline import Outline

OUTLINE = Outline(
    listens_to=("support.inbound.v1", "escalation.rescues.v1", "orders.sales.v1"),
    publishes=("support.cases.v1",),
    migrations=Migrations("support", Path(__file__).parent / "migrations"),
    dated=(
        Dated("support.cases", "opened_at", "account_id"),
        Dated("support.cases", "status_at", "account_id"),
        Dated("support.contacts", "at", "account_id"),
        Dated("shared.waiting_facts", "at", "subject", received="kept_at"),
    ),
)
