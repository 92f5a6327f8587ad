"""Which accounts the rules of this release have not judged yet. Apart from their facts, which take the tables."""

from collections.abc import Sequence

from shared.database import Pool

SOURCE = "handoff/rejudge"

_LEFT = """
    select account_id from (
        select distinct account_id from escalation.facts where account_id > $1 order by account_id limit $2
    ) next
    where not exists (
        select from shared.journal where source = $3 and event_id = 'rules ' || $4::int || ' of ' || account_id
    )
    order by account_id
"""
_LAST = """
    select max(account_id) from (
        select distinct account_id from escalation.facts where account_id > $1 order by account_id limit $2
    ) next
"""


def event_id(account: str, rules: int) -> str:
    """The id under which an account is judged by a version of the rules: once, however often that is tried."""
    return f"rules {rules} of {account}"


async def left_to_judge(pool: Pool, after: str, rules: int, *, limit: int) -> tuple[Sequence[str], str | None]:
    """Of the next accounts after this one those that were not judged by these rules yet, and the last of all that were
    looked at; None at the end."""
    last = await pool.fetchval(_LAST, after, limit)
    rows = await pool.fetch(_LEFT, after, limit, SOURCE, rules)
    return [row["account_id"] for row in rows], last
