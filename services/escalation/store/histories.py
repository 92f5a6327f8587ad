"""Makes histories of accounts from rows."""

from collections.abc import Iterable, Iterator
from dataclasses import fields
from functools import cache

import asyncpg

from services.escalation.domain.detections.history import History
from services.escalation.domain.facts import AccountFact, FactKind
from shared.logs import get_logger

FACT_COLUMNS = tuple(column.name for column in fields(AccountFact))
_KINDS = {kind.value: kind for kind in FactKind}
_log = get_logger(__name__)


def facts_of(rows: Iterable[asyncpg.Record]) -> Iterator[AccountFact]:
    """Facts from rows of the columns FACT_COLUMNS, in their order.

    Facts of a kind that a newer release has added are left out: after that release was rolled back, or while both run.
    """
    for row in rows:
        fact_id, account, name, *rest = row.values()
        kind = _KINDS.get(name)
        if kind is None:
            _warn_of(name)
        else:
            yield AccountFact(fact_id, account, kind, *rest)


@cache
def _warn_of(kind: str) -> None:
    """Warn of an unknown kind once a process: an account may have thousands of such facts."""
    _log.warning("facts of a kind unknown to this release are ignored", kind=kind)


def histories_of(accounts: Iterable[str], rows: Iterable[asyncpg.Record]) -> dict[str, History]:
    """The history of each of these accounts; `rows` are of the columns FACT_COLUMNS."""
    by_account: dict[str, list[AccountFact]] = {account: [] for account in accounts}
    for fact in facts_of(rows):
        by_account[fact.account_id].append(fact)
    return {account: History(facts) for account, facts in by_account.items()}
