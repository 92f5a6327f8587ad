"""The stored results of episodes that people closed, against those that all facts together imply (`results`)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tests.faults.checker.account_facts import Facts
from tests.faults.checker.evidence import Evidence, Reported, Row, instant, payload
from tests.faults.checker.facts import facts_of_account
from tests.faults.checker.rescuing import SEVERITIES
from tests.faults.checker.results import Arose, Close, Known, Outcome, least_severity, outcomes

_RESULTS = {"provisional": "saved", "proven": "saved", "relapsed": "saved", "lost": "lost", "won_back": "lost"}
_PROOF_DUE = "escalation.timer.proof_due"
_CLOSE_PRESSED = "escalation.button.close_pressed"


@dataclass(frozen=True, slots=True)
class Closed:
    """What is stored of episodes, and what was reported. `fired` are the timers for proofs that fired, as (episode,
    time); `reported` are the events by account, each with its row of the journal. `policy` has the parts of the policy
    that count; `proven_after` is its value of that name."""

    results: Sequence[Row]
    episodes: Mapping[UUID, Row]
    signals: Sequence[Row]
    facts: Sequence[Row]
    fired: Collection[tuple[str, datetime]]
    reported: Mapping[str, Sequence[tuple[Reported, Row]]]
    policy: Mapping[str, Any]
    proven_after: timedelta


def every_result_is_what_the_facts_say(run: Evidence) -> Iterator[str]:
    """Provisional, proven, relapsed, lost, won back or missed: as all facts say, in any order of reports."""
    return faults_of_results(_closed(run))


def accepted_closes_are_journaled(run: Evidence) -> Iterator[str]:
    """A close that escalation accepted counts, unless a restored backup is older."""
    rows = run.databases["escalation"].journal("button")
    journaled = {(payload(row)["episode"], payload(row)["by"]) for row in rows if row["type"] == _CLOSE_PRESSED}
    for line in run.accepted:
        if line["what"] != "close" or (line["episode"], line["by"]) in journaled:
            continue
        if not any(restore.covers(line["at"]) for restore in run.restores_of("escalation")):
            yield f"{line['by']} closed episode {line['episode']} of {line['account']}, but it is not journaled"


def faults_of_results(closed: Closed) -> Iterator[str]:
    """What is wrong with the results at rest."""
    yield from _faults_of_closes(closed)
    by_account = defaultdict[str, list[Row]](list)
    for row in closed.results:
        if row["state"] != "undone":
            by_account[row["account_id"]].append(row)
    for account, rows in by_account.items():
        wanted = outcomes([_close(closed, row) for row in rows], _known(closed, account))
        for row in rows:
            yield from _faults_of_result(row, wanted[row["episode_id"]])
        yield from _faults_of_severity(closed, rows)


def _faults_of_closes(closed: Closed) -> Iterator[str]:
    """Each episode closed by a person has its result; one that was opened again has none."""
    results = {row["episode_id"]: row for row in closed.results}
    for id, episode in closed.episodes.items():
        result = results.get(id)
        state = None if result is None or result["state"] == "undone" else result
        counts = episode["result"] in ("saved", "lost") or episode["reason"] == "nothing_wrong"
        if (episode["closed_by"] is not None and counts) != (state is not None):
            yield f"an episode is closed as {episode['result']}, and its result is {state and state['state']}"
        elif state is not None and state["closed_at"] != episode["closed_at"]:
            yield f"an episode was closed {episode['closed_at']}, and its result {state['closed_at']}"
        elif state is not None and (state["proof_due_at"] is None) != (episode["result"] == "lost"):
            yield f"the result of {episode['result']} is proven {state['proof_due_at']}"
        elif state is not None and state["proof_due_at"] not in (None, state["closed_at"] + closed.proven_after):
            yield f"a save of {state['closed_at']} is proven {state['proof_due_at']}"


def _faults_of_result(row: Row, wanted: Outcome) -> Iterator[str]:
    found = (row["state"], row["because_at"], row["won_by"], row["shares_fate_of"])
    if found != (wanted.state, wanted.since, wanted.won_by, wanted.shares):
        yield f"a result of {row['account_id']} is {found} instead of {wanted}"
    if row["because"] is not None and row["because"] not in wanted.because:
        yield f"a result was disproved by {row['because']} instead of {wanted.because}"


def _faults_of_severity(closed: Closed, rows: Iterable[Row]) -> Iterator[str]:
    """An episode by which saves relapsed is more severe than they were."""
    severities = defaultdict[UUID, list[str]](list)
    for row in rows:
        if row["state"] == "relapsed" and row["follow_up"] is not None:
            severities[row["follow_up"]].append(row["severity"])
    for id, disproved in severities.items():
        severity = closed.episodes[id]["severity"]
        if SEVERITIES.index(severity) < SEVERITIES.index(least_severity(disproved)):
            yield f"a relapse of saves that were {disproved} is {severity}"


def _close(closed: Closed, row: Row) -> Close:
    due, episode = row["proof_due_at"], str(row["episode_id"])
    return Close(
        episode=row["episode_id"],
        order=row["order_id"],
        result=_RESULTS.get(row["state"], "false_alarm"),
        at=row["closed_at"],
        began=row["began_at"],
        kinds=frozenset(row["causes"].split()),
        due=due,
        is_up=due is not None and any(id == episode and at >= due for id, at in closed.fired),
    )


def _known(closed: Closed, account: str) -> Known:
    sales: dict[str, tuple[datetime, str, datetime]] = {}
    for event, row in closed.reported[account]:
        if event.kind == "order_placed" and "renews" not in event.data:
            order = event.data["order"]
            sales.setdefault(order, (_sold_at(event), order, row["decided_at"]))
    facts = facts_of_account(closed.reported[account]).values()
    agreed = [row for row in closed.facts if row["account_id"] == account and row["kind"] == "offer_agreed"]
    return Known(
        facts=Facts(account, facts, {"statuses": closed.policy["statuses"]}),
        signals=list(_arose(closed, account)),
        offers=[(row["order_id"], row["currency"], row["at"], row["amount_minor"]) for row in agreed],
        sales=list(sales.values()),
        rule=closed.policy["results"]["saved"],
    )


def _sold_at(sale: Reported) -> datetime:
    return instant(sale.data["sold_at"]) if "sold_at" in sale.data else sale.at


def _arose(closed: Closed, account: str) -> Iterator[Arose]:
    """Refund requests of a kind without a play are for information."""
    asking = (None, *closed.policy["plays"]["refund_kinds"])
    for row in closed.signals:
        episode = closed.episodes.get(row["episode_id"])
        informs = row["kind"] == "refund_requested" and row["refund_kind"] not in asking
        if row["account_id"] == account and episode is not None and row["ended"] != "withdrawn" and not informs:
            yield episode["order_id"], row["kind"], row["at"], episode["raised_at"]


def _closed(run: Evidence) -> Closed:
    events, reported = run.reported(), defaultdict[str, list[tuple[Reported, Row]]](list)
    for row in run.databases["escalation"].journal("record"):
        reported[row["subject"]].append((events[row["at"]], row))
    policy = run.world["policy"]
    timers = [row for row in run.databases["escalation"].journal("timer") if row["type"] == _PROOF_DUE]
    return Closed(
        results=run.rows("escalation", "escalation.results"),
        episodes={row["episode_id"]: row for row in run.rows("escalation", "escalation.episodes")},
        signals=run.rows("escalation", "escalation.signals"),
        facts=run.rows("escalation", "escalation.facts"),
        fired={(payload(row)["episode"], row["decided_at"]) for row in timers},
        reported=reported,
        policy=policy,
        proven_after=timedelta(seconds=policy["results"]["saved"]["proven_after"]),
    )
