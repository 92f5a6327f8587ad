"""What orders and support told of an account, read back from the journal."""

from collections import defaultdict
from collections.abc import Collection, Mapping

import asyncpg

from shared.contracts.catalog import CATALOG
from shared.contracts.envelope import Envelope, Fact, envelope
from shared.database import Pool

# Facts as our own services publish them: what publishers sent to those is in their journals, not in this one.
TOLD_TYPES = [name for name in CATALOG if name.startswith(("orders.", "support.")) and ".inbound." not in name]

NEWEST_FACTS = """
    select source, event_id, type, at, body, position from shared.journal
    where subject = account_id and type = any({types}::text[]) and body is not null
    order by at desc, position desc limit {limit}
"""
"""The newest facts of an `account_id`; those whose body was erased are left out."""

_OF_ACCOUNTS = f"""
    select account_id as subject, j.source, j.event_id, j.type, j.at, j.body
    from unnest($1::text[]) as accounts (account_id)
    cross join lateral ({NEWEST_FACTS.format(types="$2", limit="$3")}) j
    order by j.at desc, j.position desc
"""


async def newest_of(pool: Pool, accounts: Collection[str], *, limit: int) -> Mapping[str, list[asyncpg.Record]]:
    """Rows for `told_event`, newest first, for each account that has any."""
    found = defaultdict[str, list[asyncpg.Record]](list)
    for row in await pool.fetch(_OF_ACCOUNTS, list(accounts), TOLD_TYPES, limit):
        found[row["subject"]].append(row)
    return found


def told_event(row: asyncpg.Record) -> Envelope[Fact]:
    """The event of a journal row that still has its body."""
    fact = CATALOG[row["type"]].model_validate_json(row["body"])
    return envelope(fact, id=row["event_id"], source=row["source"], subject=row["subject"], time=row["at"])
