"""Facts that orders and support published about an account, or some of its orders, read back from the journal."""

import json
from collections.abc import Iterable, Mapping

import asyncpg

from shared.contracts.catalog import CATALOG
from shared.contracts.envelope import Envelope, Fact, envelope
from shared.database import Pool

# Facts as our own services publish them; the publishers' events are in those services' journals, not in this one.
PUBLISHED_TYPES = [name for name in CATALOG if name.startswith(("orders.", "support.")) and ".inbound." not in name]

LOOKED_AT = 2_000
"""Of so many facts of an account, those about an order are chosen."""
_COLUMNS = "source, event_id, type, subject, at, body, position"
_LATEST_FIRST = "order by at desc, position desc"
_CASES = """
    select account_id, case_id, order_id from escalation.cases
    where account_id = any($1::text[]) and case_id = any($2::text[]) and order_id is not null
"""


def _named(member: str) -> str:
    """SQL for the text value of a JSON member of `body`, empty if it is missing. It works on invalid JSON too.

    Our services write JSON without spaces, and escape quotation marks in texts with a backslash.
    """
    return f"""split_part(split_part(encode(body, 'escape'), '"{member}":"', 2), '"', 1)"""


def newest(account: str, *, types: str, limit: str, orders: str | None = None, before: str | None = None) -> str:
    """SQL for an account's newest facts, newest first; with `before` (SQL for a time and a position), older ones only.

    With `orders` (SQL for an array of text): of the last 2,000 facts, those about these orders or about none, so that a
    busy order does not crowd out the others. Escaped names are not compared here; `happenings.is_about` filters later.
    """
    source = f"{_source(account, types)}{f' and (at, position) < ({before})' if before else ''}"
    if orders is None:
        return f"select {_COLUMNS} {source} {_LATEST_FIRST} limit {limit}"
    return f"""
        select {_COLUMNS} from ({_with_names(source)} {_LATEST_FIRST} limit {LOOKED_AT}) reported
        where body is null or {_is_about(orders)} {_LATEST_FIRST} limit {limit}
    """


def number_of(account: str, *, types: str, orders: str, most: str) -> str:
    """SQL for the number of an account's facts about these orders or about none, at most so many. Erased facts are left
    out."""
    about = f"from ({_with_names(_source(account, types))}) reported where body is not null and {_is_about(orders)}"
    return f"select count(*) from (select {about} limit {most}) counted"


def _source(account: str, types: str) -> str:
    return f"from shared.journal where subject = {account} and type = any({types}::text[])"


def _with_names(source: str) -> str:
    return f"select {_COLUMNS}, {_named('order')} as named, {_named('case')} as its_case {source}"


def _is_about(orders: str) -> str:
    return rf"""(named = any({orders}) or position('\' in named) > 0 or (named = '' and not exists (
        select from escalation.cases c
        where c.account_id = subject and c.case_id = its_case and c.order_id <> all ({orders}))))"""


async def orders_of_cases(pool: Pool, rows: Iterable[asyncpg.Record]) -> Mapping[str, Mapping[str, str]]:
    """By account, the order of each case that these facts name, if known."""
    named = {(row["subject"], case) for row in rows if (case := _case_of(row)) is not None}
    found: dict[str, dict[str, str]] = {account: {} for account, _ in named}
    if named:
        accounts, cases = map(list, zip(*named, strict=True))
        for row in await pool.fetch(_CASES, accounts, cases):
            found[row["account_id"]][row["case_id"]] = row["order_id"]
    return found


def _case_of(row: asyncpg.Record) -> str | None:
    """The case of a row; None also for an unreadable body, which fails later when shown."""
    try:
        body = json.loads(row["body"] or b"{}")
    except ValueError:
        return None
    case = body.get("case") if isinstance(body, dict) else None
    return case if isinstance(case, str) else None


def published_event(row: asyncpg.Record) -> Envelope[Fact]:
    """The event of a journal row that still has its body."""
    fact = CATALOG[row["type"]].model_validate_json(row["body"])
    return envelope(fact, id=row["event_id"], source=row["source"], subject=row["subject"], time=row["at"])
