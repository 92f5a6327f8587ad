"""A small log of a help desk and the sales to its callers, in the form of published logs. Start at `written`.

Times are minutes, and many changes fall into the same minute: an incident opened and resolved, taken and given to the
customer, passed on and closed, resolved and reopened, or late only in the change that closes it.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.cli.importers.servicenow import account_of

STARTS_AT = "2018-06-04T00:00:00Z"
DEALS = "mql_id,seller_id,sr_id,won_date,business_segment,declared_monthly_revenue"
CHANGES = "number,incident_state,reassignment_count,reopen_count,made_sla,caller_id,opened_at,sys_updated_at"
_ACCOUNTS = 24
_INCIDENTS = 72
_DAYS = 3
_FIRST = datetime(2016, 2, 29, tzinfo=UTC)
_SOLD, _SOLD_TOO_LATE = "01-01-2018 10:00", "01-01-2019 10:00"


@dataclass(frozen=True, slots=True)
class Course:
    """The course of an incident, and the signals that it leaves.

    Each change is a minute, a state, reassignments, reopenings, and whether the answer was in time.
    """

    changes: tuple[str, ...]
    leaves: frozenset[str] = frozenset()


STUCK, BOUNCED, REOPENED, OVERDUE = "case_stuck", "case_bounced", "case_reopened", "response_overdue"

# An account's incidents all follow one of these groups. Severity only rises, so a signal that raises it above that of
# the final ones would count only if the sale was reported before it.
_MIXED = (
    Course(("0,New,0,0,TRUE", "0,Resolved,0,0,TRUE", "7200,Closed,0,0,FALSE")),
    Course(("0,New,0,0,TRUE", "60,Active,3,0,TRUE", "300,Resolved,3,0,TRUE", "7500,Closed,3,0,TRUE")),
    Course(("0,New,0,0,TRUE", "60,Resolved,0,0,TRUE", "120,Resolved,4,0,FALSE")),
    Course(("0,New,3,0,TRUE", "90,Active,4,0,TRUE"), frozenset({BOUNCED, STUCK})),
    Course(("0,New,0,0,TRUE", "60,Resolved,0,0,TRUE", "60,Active,1,1,TRUE"), frozenset({REOPENED, STUCK})),
    Course(
        (
            *("0,New,0,0,TRUE", "60,Resolved,0,0,TRUE", "120,Active,0,1,TRUE"),
            *("300,Resolved,0,1,TRUE", "300,Active,2,2,TRUE"),
        ),
        frozenset({REOPENED, STUCK}),
    ),
    Course(("0,New,0,0,TRUE", "300,Active,1,0,TRUE", "300,Awaiting User Info,1,0,TRUE"), frozenset({STUCK})),
)
_LATE = (
    Course(("0,New,0,0,TRUE", "300,Active,0,0,FALSE"), frozenset({OVERDUE, STUCK})),
    Course(("0,New,0,0,TRUE", "60,Resolved,0,0,TRUE", "120,Active,0,0,FALSE"), frozenset({OVERDUE, STUCK})),
)
_LATE_AND_OVER = (
    Course(("0,New,0,0,TRUE", "600,Resolved,4,0,FALSE")),
    Course(("0,New,0,0,TRUE", "300,Active,0,0,FALSE", "600,Resolved,0,0,FALSE", "7800,Closed,0,0,FALSE")),
    Course(("0,New,0,0,TRUE", "60,Active,3,0,FALSE", "60,Closed,3,0,FALSE")),
)
_GROUPS = (_MIXED, _LATE, _LATE_AND_OVER)


@dataclass(frozen=True, slots=True)
class HelpDesk:
    """Two files to import. `leaves` are the signals that stand at the end, as case and kind.

    Every id except a caller's contains the `tag`; apart from that, two of one seed are equal.
    """

    tag: str
    deals: str
    log: str
    leaves: frozenset[tuple[str, str]]


def written(folder: Path, tag: str, *, seed: int) -> HelpDesk:
    """Write both files into a folder."""
    chance = random.Random(seed)
    accounts = [f"m-{tag}-{n:03}" for n in range(_ACCOUNTS)]
    rows, leaves = list[str](), set[tuple[str, str]]()
    for number in range(_INCIDENTS):
        case, caller = f"INC-{tag}-{number:03}", f"Caller {chance.randrange(2 * _ACCOUNTS)}"
        group = _GROUPS[accounts.index(account_of(caller, accounts)) % len(_GROUPS)]
        course = chance.choice(group)
        opened_at = _FIRST + timedelta(minutes=chance.randrange(_DAYS * 24 * 60) if number else 0)
        rows += _rows(course, case, caller, opened_at)
        leaves |= {(case, kind) for kind in course.leaves}
    sales = [
        f"o-{tag}-{n:03},{account},sr-{tag}-{n % 2},{_SOLD if n % 5 else _SOLD_TOO_LATE},pet,100"
        for n, account in enumerate(accounts)
    ]
    deals, log = folder / f"deals-{tag}.csv", folder / f"log-{tag}.csv"
    deals.write_text("\n".join([DEALS, *sales, ""]))
    log.write_text("\n".join([CHANGES, *rows, ""]))
    return HelpDesk(tag, str(deals), str(log), frozenset(leaves))


def _rows(course: Course, case: str, caller: str, opened_at: datetime) -> Iterator[str]:
    for change in course.changes:
        minute, reported = change.split(",", 1)
        changed_at = opened_at + timedelta(minutes=int(minute))
        yield f"{case},{reported},{caller},{opened_at:%d-%m-%Y %H:%M},{changed_at:%d-%m-%Y %H:%M}"
