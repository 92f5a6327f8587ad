"""What is remembered of accounts, from rows to histories."""

from collections.abc import Iterable
from dataclasses import fields

import asyncpg

from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.findings.history import History

FACT_COLUMNS = tuple(column.name for column in fields(AccountFact))
_KINDS = {kind.value: kind for kind in FactKind}


def fact_of(row: asyncpg.Record) -> AccountFact:
    """A fact from a row of the columns FACT_COLUMNS, in their order."""
    fact_id, account, kind, *rest = row.values()
    return AccountFact(fact_id, account, _KINDS[kind], *rest)


def histories_of(accounts: Iterable[str], rows: Iterable[asyncpg.Record]) -> dict[str, History]:
    """The history of each of these accounts; `rows` are of the columns FACT_COLUMNS."""
    told: dict[str, list[AccountFact]] = {account: [] for account in accounts}
    for fact in map(fact_of, rows):
        told[fact.account_id].append(fact)
    return {account: History(facts) for account, facts in told.items()}
