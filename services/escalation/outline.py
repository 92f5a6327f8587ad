"""Escalation in outline, for commands that do not need its code."""

from pathlib import Path

from shared.dated import Dated
from shared.migrations import Migrations
from shared.outline import Outline

_FORGET = "delete from escalation.account_versions where account_id = any($1::text[])"

OUTLINE = Outline(
    listens_to=("orders.sales.v1", "salespeople.v1", "support.cases.v1"),
    publishes=("escalation.episodes.v1", "escalation.rescues.v1", "escalation.policy.v1"),
    migrations=Migrations("escalation", Path(__file__).parent / "migrations"),
    dated=(
        Dated("escalation.orders", "sold_at", "account_id", received="seen_at", forget=_FORGET),
        Dated("escalation.orders", "corrected_at", "account_id", forget=_FORGET),
        Dated("escalation.accounts", "assigned_at", "account_id", forget=_FORGET),
        Dated("escalation.accounts", "preference_at", "account_id", forget=_FORGET),
        Dated("escalation.salespeople", "changed_at", "salesperson_id"),
        Dated("escalation.facts", "at", "account_id", forget=_FORGET),
        Dated("escalation.signals", "at", "account_id", received="seen_at", forget=_FORGET),
    ),
)
