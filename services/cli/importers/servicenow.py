"""The audit log of a ServiceNow help desk (UCI data set 498) as support facts. Start at `events_of_changes`.

Each row is one state of one incident; what happened is the difference to the incident's row before.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.cli.importers.events import Import, Imported, imported, in_order
from services.cli.importers.rows import Row, UnreadableFile
from shared.contracts.fact import Fact
from shared.contracts.support_inbound import (
    CaseClosed,
    CaseOpened,
    CaseReassigned,
    CaseReopened,
    CaseResolved,
    CaseStatusChanged,
    ResponseOverdue,
)

SOURCE = "import/servicenow"
COLUMNS = (
    "number",
    "incident_state",
    "reassignment_count",
    "reopen_count",
    "made_sla",
    "caller_id",
    "opened_at",
    "sys_updated_at",
)
_ENDS: dict[str, type[CaseResolved | CaseClosed]] = {"Resolved": CaseResolved, "Closed": CaseClosed}
_FIRST_YEAR, _LAST_YEAR = 2000, 2099


@dataclass(frozen=True, slots=True)
class Change:
    """An incident as one row shows it. `caller` is empty where the log does not know who called."""

    line: int
    case: str
    caller: str
    state: str
    reassignments: int
    reopenings: int
    in_time: bool
    opened_at: datetime
    updated_at: datetime


def read_change(row: Row) -> Change:
    """Only the caller may be missing; raises UnreadableFile for anything else."""
    return Change(
        line=row.line,
        case=row.identifier("number"),
        caller="" if row.is_missing("caller_id") else row.identifier("caller_id"),
        state=row.text("incident_state"),
        reassignments=row.count("reassignment_count"),
        reopenings=row.count("reopen_count"),
        in_time=row.truth("made_sla"),
        opened_at=row.instant("opened_at"),
        updated_at=row.instant("sys_updated_at"),
    )


def events_of_changes(changes: Sequence[Change], *, sellers: Iterable[str], starts_at: datetime) -> Import:
    """What happened, moved in time so that the earliest opening of the file falls at `starts_at`.

    `sellers` has the account of every deal; callers become customers of these. Raises UnreadableFile where
    there are none, or where moved times leave the years that events may have.
    """
    accounts = sorted(sellers)
    if not accounts:
        raise UnreadableFile("The file of deals has no deals: there is no account to give an incident to.")
    known = [change for change in changes if change.caller]
    moved_by = starts_at - min((change.opened_at for change in changes), default=starts_at)
    _check_years(known, moved_by, starts_at)
    found = list(_happenings(known, accounts, moved_by))
    events = in_order(found)
    return Import(events, rows=len(changes), skipped=len(changes) - len(known), merged=len(found) - len(events))


def account_of(caller: str, accounts: Sequence[str]) -> str:
    """Which account, of a sorted list, a caller speaks for: nothing published links them, so a hash does."""
    return accounts[int.from_bytes(hashlib.sha256(caller.encode()).digest(), "big") % len(accounts)]


def _happenings(changes: Iterable[Change], accounts: Sequence[str], moved_by: timedelta) -> Iterator[Imported]:
    latest: dict[str, Change] = {}
    account_by_case: dict[str, str] = {}
    for change in changes:
        before = latest.get(change.case)
        if before is None:
            account_by_case[change.case] = account_of(change.caller, accounts)
        latest[change.case] = change
        for fact in _facts(change, before):
            at = change.opened_at if isinstance(fact, CaseOpened) else change.updated_at
            yield imported(
                fact,
                source=SOURCE,
                subject=account_by_case[change.case],
                case=change.case,
                time=at + moved_by,
                line=change.line,
            )


def _facts(change: Change, before: Change | None) -> Iterator[Fact]:
    """What happened between two rows of an incident, in the order told; the first row also opens the case."""
    case = change.case
    if before is None:
        yield CaseOpened(case=case, status=change.state)
    if change.reassignments > (before.reassignments if before else 0):
        yield CaseReassigned(case=case, reassignments=change.reassignments)
    if change.reopenings > (before.reopenings if before else 0):
        yield CaseReopened(case=case)
    if not change.in_time and (before is None or before.in_time):
        yield ResponseOverdue(case=case)
    ended = _ENDS.get(change.state)
    if ended is not None and (before is None or before.state != change.state):
        yield ended(case=case)
    elif before is not None and before.state != change.state:
        yield CaseStatusChanged(case=case, status=change.state)


def _check_years(changes: Sequence[Change], moved_by: timedelta, starts_at: datetime) -> None:
    times = [at for change in changes for at in (change.opened_at, change.updated_at)]
    for at in (min(times), max(times)) if times else ():
        try:
            outside = not _FIRST_YEAR <= (at + moved_by).year <= _LAST_YEAR
        except OverflowError:
            outside = True
        if outside:
            raise UnreadableFile(
                f"Moved so that the file starts at {starts_at.isoformat()}, its times leave the years "
                f"{_FIRST_YEAR} to {_LAST_YEAR} that events may have: choose another --starts-at."
            )
