"""The tables of escalation and of the shared code, as the database in memory knows them."""

from typing import Any, TypeAlias

from services.escalation.tables import EscalationTable
from shared.tables import SharedTable

Row: TypeAlias = dict[str, Any]
Key: TypeAlias = tuple[Any, ...]
Rows: TypeAlias = list[Row]

ACCOUNT_VERSIONS = "escalation.account_versions"
ACCOUNTS, ORDERS, CASES = "escalation.accounts", "escalation.orders", "escalation.cases"
FACTS, EPISODES, SIGNALS = "escalation.facts", "escalation.episodes", "escalation.signals"
RESULTS = "escalation.results"
ALERTS, DELIVERIES, PEOPLE = "escalation.alerts", "escalation.deliveries", "escalation.salespeople"
DEVICES = "escalation.push_devices"
WIN_BACKS = "escalation.win_backs"
DECISIONS, POLICIES, NOTES = "escalation.decisions", "escalation.policies", "escalation.notes"
LOSSES = "escalation.losses"
OFFERS = "escalation.offers"
WINDOWS = "escalation.save_windows"
JOURNAL, LEDGER, OFFSETS = "shared.journal", "shared.ledger", "shared.offsets"
OUTBOX, TIMERS, LOCKS = "shared.outbox", "shared.timers", "shared.locks"

_TABLES = {**EscalationTable.metadata.tables, **SharedTable.metadata.tables}
KEYS = {name: tuple(column.name for column in table.primary_key.columns) for name, table in _TABLES.items()}
COLUMNS = {name: {column.name: None for column in table.columns} for name, table in _TABLES.items()}
NUMBERED = {
    name: column.name for name, table in _TABLES.items() for column in table.columns if column.identity is not None
}
ENUMERATED = {
    "escalation.facts": ("kind",),
    "escalation.signals": ("kind", "ended"),
    "escalation.episodes": ("severity", "step", "deadline_for", "stopped_deadline_for", "result"),
    "escalation.alerts": ("step", "cause", "severity"),
    "escalation.results": ("state", "severity", "because"),
    "escalation.notes": ("about",),
    "escalation.win_backs": ("state", "loss_class"),
    "escalation.losses": ("contributed",),
    "escalation.offers": ("state", "asked_step"),
    "escalation.save_windows": ("ended",),
}
LOCKED_BY_ROW = frozenset(
    {"escalation.deliveries", "escalation.episodes", "escalation.salespeople", "shared.timers"},
)
