"""Runs a back-test on escalation's database. Start at `run`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.cli.journal import OF_ACCOUNTS, SHARED, JournalRows, checked
from services.escalation.domain.installation import Installation
from services.escalation.domain.policy.versions import BEGINNING, Change, PolicyVersion, difference
from services.escalation.domain.rules_version import RULES_VERSION
from services.escalation.replaying.candidates import candidate_from
from services.escalation.replaying.comparison import Backtest, Terms
from services.escalation.replaying.summary import summary
from services.escalation.store.journal import JournalSpan, alerts_between, inputs_by_subject, journal_span
from services.escalation.store.policies import load
from shared.database import Connection


@dataclass(frozen=True, slots=True)
class Result:
    """A finished back-test. `stored` and `replayed` count the alerts since `since`: raised by the service, and by the
    replay under the policy in force; `is_exact`: they are the same ones."""

    span: JournalSpan
    since: datetime
    is_labelled: bool
    digest: str
    changes: Sequence[Change]
    versions: int
    unreadable: int
    stored: int
    replayed: int
    is_exact: bool
    figures: Mapping[str, Any]


async def run(
    connection: Connection,
    candidate: PolicyVersion,
    installation: Installation,
    since: datetime | None,
    progress: Callable[[int, int], None],
) -> Result:
    """Compare a policy with the one in force, over the whole journal. Raises NotPossible."""
    span = checked(await journal_span(connection, RULES_VERSION), since)
    trusted = BEGINNING if span.older_rules_until is None else span.older_rules_until
    start = since if since is not None else trusted
    current = await load(connection)
    terms = Terms(current, candidate_from(current, candidate, start), installation, start, span.last, trusted)
    total = sum(span.inputs.values()) - span.erased
    rows = JournalRows(lambda done: progress(done, total))
    shared = [one async for records in inputs_by_subject(connection, SHARED) for one in rows.inputs(records)]
    backtest = Backtest(terms, sorted(shared, key=lambda one: one.place))
    async for records in inputs_by_subject(connection, OF_ACCOUNTS):
        inputs = rows.inputs(records)
        if inputs:
            backtest.add(inputs)
    count, ids = await alerts_between(connection, max(start, span.first), span.last)
    return Result(
        span=span,
        since=max(start, span.first),
        is_labelled=start < trusted or span.is_trimmed,
        digest=rows.digest.hexdigest(),
        changes=difference(current.latest.policy, candidate.policy),
        versions=len(current.versions),
        unreadable=rows.unreadable,
        stored=count,
        replayed=backtest.made.count,
        is_exact=(count, ids) == (backtest.made.count, backtest.made.ids),
        figures=summary(backtest),
    )
