"""Accounts judged only by their final state: a hot account has too many facts to replay, and after an upgrade two
versions of the rules have decided. Their facts are complete, and the signals that stand follow from all of them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from uuid import UUID

from tests.faults.checker.evidence import Evidence, Reported, Row
from tests.faults.checker.facts import Fact, facts_of_account
from tests.faults.checker.findings import findings

_OF_BUTTONS = ("request_closed", "request_reopened", "offer_agreed")
_REMEMBERED = ("fact_id", "kind", "at", "case_id", "order_id", "courtesy", "amount_minor")


def each_fact_judged_in_the_end_is_remembered_once(run: Evidence) -> Iterator[str]:
    """None is missing, none is extra, and each has the reported values."""
    rows = (row for row in _rows(run, "facts") if row["kind"] not in _OF_BUTTONS)
    found = Counter(tuple(row[name] for name in _REMEMBERED) for row in rows)
    wanted = {
        (fact.id, fact.kind, fact.at, fact.case, fact.order, fact.courtesy, fact.amount)
        for facts in _facts(run).values()
        for fact in facts.values()
    }
    yield from (f"fact {fact} is missing" for fact in wanted - found.keys())
    for fact, count in found.items():
        if fact not in wanted or count > 1:
            yield f"fact {fact} is remembered {count} times instead of {fact in wanted:d}"


def what_stands_in_the_end_is_what_all_facts_say(run: Evidence) -> Iterator[str]:
    """The signals are those of all facts reported at once. An episode is open exactly if one of its signals stands.

    Not judged of accounts whose episodes people close: a close makes the next request a signal of its own.
    """
    now, rules, closed = run.databases["escalation"].now, _rules(run), run.world.get("closed", ())
    wanted = {
        (account, one.kind, one.id, one.at)
        for account, facts in _facts(run).items()
        if account not in closed
        for one in findings(account, facts.values(), rules)
        if one.stands(now) and (one.at <= now or not one.expected)
    }
    standing = [row for row in _rows(run, "signals") if row["ended"] is None and row["account_id"] not in closed]
    found = {(row["account_id"], row["kind"], row["signal_id"], row["at"]) for row in standing}
    yield from (f"signal {signal} is missing" for signal in wanted - found)
    yield from (f"signal {signal} stands, but does not follow from the facts" for signal in found - wanted)
    troubled = {row["episode_id"] for row in standing}
    for row in _rows(run, "episodes"):
        if row["account_id"] in closed:
            continue
        if (row["closed_at"] is None) != (row["episode_id"] in troubled) and row["closed_by"] is None:
            yield f"episode {row['episode_id']} of {row['order_id']} is closed {row['closed_at']}, unlike its signals"


def nobody_waits_for_a_hot_account(run: Evidence) -> Iterator[str]:
    """Facts of other accounts are applied in time, counted from when they are on a topic."""
    if "hot" not in run.world:
        return
    written: dict[tuple[str | None, str | None], float] = {}
    for topic in run.listens("escalation"):
        for record in run.topics[topic]:
            written[record.identity] = min(record.written_at, written.get(record.identity, record.written_at))
    for row in run.databases["escalation"].journal("record"):
        waited = row["decided_at"].timestamp() - written[row["source"], row["event_id"]]
        if row["subject"] != run.world["hot"] and waited > run.world["others_within"]:
            yield f"{row['type']} {row['event_id']} of {row['subject']} was applied only after {waited:.0f} s"


def _facts(run: Evidence) -> Mapping[str, Mapping[UUID, Fact]]:
    """By account, all facts that escalation must remember of the accounts judged by their final state."""
    reported = defaultdict[str, list[tuple[Reported, Row]]](list)
    events: Mapping[datetime, Reported] = run.reported()
    for row in run.databases["escalation"].journal("record"):
        event = events[row["at"]]
        if not run.walks(row["subject"]) and event.kind != "salesperson_changed":
            reported[row["subject"]].append((event, row))
    return {account: facts_of_account(pairs) for account, pairs in reported.items()}


def _rules(run: Evidence) -> Mapping[str, object]:
    policy = run.world["policy"]
    return {**policy["signals"], "statuses": policy["statuses"]}


def _rows(run: Evidence, table: str) -> list[Row]:
    return [row for row in run.rows("escalation", f"escalation.{table}") if not run.walks(row["account_id"])]
