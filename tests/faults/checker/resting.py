"""At rest nothing waits for something that exists, nothing is due, no session blocks another, and positions agree."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from tests.faults.checker.evidence import Evidence

_GRACE = timedelta(seconds=2)
_NEVER = datetime.min.replace(tzinfo=UTC)


def no_signal_waits_for_an_order_that_is_there(run: Evidence) -> Iterator[str]:
    now = run.databases["escalation"].now
    orders = run.rows("escalation", "escalation.orders")
    for signal in run.rows("escalation", "escalation.signals"):
        if signal["episode_id"] is not None or signal["ended"] is not None:
            continue
        own = [order for order in orders if order["account_id"] == signal["account_id"]]
        named = [order for order in own if order["order_id"] == signal["names_order"]]
        sold = [order for order in own if order["sold_at"] <= signal["at"]]
        if named or (sold and signal["order_awaited_until"] is None):
            there = (named or sold)[0]["order_id"]
            yield f"{signal['kind']} of {signal['account_id']} waits for {there}, which exists"
        if (until := signal["order_awaited_until"]) is not None and until + timedelta(minutes=1) < now:
            yield f"{signal['kind']} of {signal['account_id']} waits longer than until {until}"


def no_fact_waits_for_what_is_there(run: Evidence) -> Iterator[str]:
    known = {f"order:{row['order_id']}" for row in run.rows("orders", "orders.orders")}
    known |= {f"case:{row['account_id']}\t{row['case_id']}" for row in run.rows("support", "support.cases")}
    for service in ("orders", "support"):
        for row in run.rows(service, "shared.waiting_facts"):
            if row["awaits"] in known:
                yield f"{service}: {row['type']} of {row['subject']} waits for {row['awaits']!r}, which exists"


def no_timer_is_due(run: Evidence) -> Iterator[str]:
    """A timer for a silence is due only once all records up to that moment are read."""
    for service, database in run.databases.items():
        read = [row["read_through_at"] or _NEVER for row in database.tables["shared.offsets"]]
        silent_until = min(read, default=_NEVER)
        for row in database.tables["shared.timers"]:
            limit = min(database.now, silent_until) if row["made_of_silence"] else database.now
            if row["due_at"] + _GRACE < limit:
                yield f"{service}: timer {row['type']} of {row['subject']} was due at {row['due_at']}"


def no_outbox_row_is_unpublished(run: Evidence) -> Iterator[str]:
    for service in run.databases:
        for row in run.rows(service, "shared.outbox"):
            if row["published_at"] is None:
                yield f"{service}: outbox row {row['id']} of {row['key']} is not marked as published"


def no_session_is_in_the_way(run: Evidence) -> Iterator[str]:
    """No transaction is idle, and no session waits for a lock."""
    for service, database in run.databases.items():
        yield from (f"{service}: {hindrance}" for hindrance in database.hindrances)


def positions_agree(run: Evidence) -> Iterator[str]:
    """The database has applied each topic to its end, and Kafka's committed offset is not ahead of it."""
    for service in run.databases:
        stored = {
            (run.logical(row["topic"]), row["partition"]): row["next_offset"]
            for row in run.rows(service, "shared.offsets")
        }
        ends = {
            (record.topic, record.partition): record.offset + 1
            for topic in run.listens(service)
            for record in run.topics[topic]
        }
        for place, end in ends.items():
            if stored.get(place, 0) != end:
                yield f"{service}: {place} ends at {end}, and is applied up to {stored.get(place, 0)}"
        for place, offset in run.committed[service].items():
            if offset > stored.get(place, 0):
                yield f"{service}: Kafka holds {offset} for {place}, the database {stored.get(place, 0)}"
