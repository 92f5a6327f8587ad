"""Finds accounts that this release's rules have not judged yet. Kept apart from the facts that
have them judged, so that a command with nothing to do imports no table models."""

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
    """The id of the event by which a version of the rules judges an account: once, however often it is tried."""
    return f"rules {rules} of {account}"


async def left_to_judge(pool: Pool, after: str, rules: int, *, limit: int) -> tuple[Sequence[str], str | None]:
    """The accounts after this one that these rules have not judged yet, and the last account checked; None at the
    end."""
    last = await pool.fetchval(_LAST, after, limit)
    rows = await pool.fetch(_LEFT, after, limit, SOURCE, rules)
    return [row["account_id"] for row in rows], last
