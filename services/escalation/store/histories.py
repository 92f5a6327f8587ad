"""What is remembered of accounts, from rows to histories."""

from collections.abc import Iterable
from dataclasses import fields

import asyncpg

from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.findings.history import History

FACT_COLUMNS = tuple(column.name for column in fields(AccountFact))
_KINDS = {kind.value: kind for kind in FactKind}


def histories_of(accounts: Iterable[str], rows: Iterable[asyncpg.Record]) -> dict[str, History]:
    """The history of each of these accounts; `rows` are of the columns FACT_COLUMNS."""
    told: dict[str, list[AccountFact]] = {account: [] for account in accounts}
    for row in rows:
        fact_id, account, kind, *rest = row.values()
        told[account].append(AccountFact(fact_id, account, _KINDS[kind], *rest))
    return {account: History(facts) for account, facts in told.items()}
