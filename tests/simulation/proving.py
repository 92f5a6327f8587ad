"""The stored results are those that the independent rules of `tests.faults.checker.results` find from everything at
once, in any order of reports."""

import tomllib
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

import orjson

from services.escalation.domain.policy.document import shipped_text
from services.escalation.domain.results import ProofDue
from shared.contracts import support
from tests.faults.checker import closing
from tests.faults.checker.evidence import Reported
from tests.simulation.database import Database
from tests.simulation.tables import EPISODES, FACTS, JOURNAL, RESULTS, SIGNALS, Row

_POLICY = tomllib.loads(shipped_text())
_PROVEN_AFTER = timedelta(days=30)


def faults_of_results(database: Database) -> Iterator[str]:
    """What is wrong with the results at rest."""
    journal = sorted(database.tables[JOURNAL].values(), key=lambda row: row["position"])
    reported = defaultdict[str, list[tuple[Reported, Row]]](list)
    for row in journal:
        if row["kind"] == "record":
            reported[row["subject"]].append((_reported(row), row))
    fired = [row for row in journal if row["type"] == ProofDue.type]
    closed = closing.Closed(
        results=list(database.tables[RESULTS].values()),
        episodes={id: row for (id,), row in database.tables[EPISODES].items()},
        signals=list(database.tables[SIGNALS].values()),
        facts=list(database.tables[FACTS].values()),
        fired={(orjson.loads(row["body"])["episode"], row["decided_at"]) for row in fired},
        reported=reported,
        policy=_POLICY,
        proven_after=_PROVEN_AFTER,
    )
    return closing.faults_of_results(closed)


def _reported(row: Row) -> Reported:
    """The journaled event as the checker reads it: without the fields that say nothing."""
    data = {name: value for name, value in orjson.loads(row["body"]).items() if value is not None}
    kind = "support.contact_made" if row["type"] == support.ContactDeadEnded.type else row["type"]
    return Reported("kafka", "", row["source"], row["event_id"], kind, row["subject"], row["at"], data, None)
