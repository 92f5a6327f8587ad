"""Damage to ledgers, journals, outboxes and topics."""

import json
from dataclasses import replace

from tests.faults.checker.evidence import Evidence, payload
from tests.faults.damages.registry import (
    breaking,
    facts,
    one,
    signals,
    two_of_a_key,
)


@breaking("every_offset_is_once_in_its_ledger")
def a_ledger_row_is_lost(run: Evidence) -> None:
    run.rows("support", "shared.ledger").pop()


@breaking("every_offset_is_once_in_its_ledger")
def a_ledger_row_is_about_nothing(run: Evidence) -> None:
    ledger = run.rows("escalation", "shared.ledger")
    ledger.append(ledger[0] | {"record_offset": 10**6})


@breaking("every_event_is_applied_once")
def a_duplicate_counts_as_applied(run: Evidence) -> None:
    one(run.rows("orders", "shared.ledger"), outcome="duplicate")["outcome"] = "applied"


@breaking("every_event_is_applied_once", "facts_are_published_as_they_were_taken")
def a_journal_row_is_lost(run: Evidence) -> None:
    journal = run.rows("orders", "shared.journal")
    journal.remove(one(journal, type="orders.inbound.order_delivered", kind="record"))


@breaking("every_event_is_applied_once", "accepted_calls_are_journaled", "facts_are_published_as_they_were_taken")
def an_accepted_call_is_lost(run: Evidence) -> None:
    journal = run.rows("support", "shared.journal")
    journal.remove(one(journal, type="support.inbound.contact_made", kind="http"))


@breaking("bad_records_end_as_dead_letters")
def a_dead_letter_is_lost(run: Evidence) -> None:
    run.rows("support", "shared.dead_letters").pop()


@breaking("bad_records_end_as_dead_letters")
def a_dead_letter_has_other_bytes(run: Evidence) -> None:
    run.rows("support", "shared.dead_letters")[0]["body"] = b"something else"


@breaking("bad_records_end_as_dead_letters")
def escalation_refuses_what_orders_published(run: Evidence) -> None:
    letter = run.rows("support", "shared.dead_letters")[0]
    run.rows("escalation", "shared.dead_letters").append(letter | {"topic": "orders.sales.v1"})


@breaking("what_is_in_an_outbox_is_on_its_topic")
def a_record_never_reached_its_topic(run: Evidence) -> None:
    run.topics["escalation.episodes.v1"].pop()


@breaking("what_is_in_an_outbox_is_on_its_topic")
def a_record_has_other_bytes(run: Evidence) -> None:
    records = run.topics["escalation.episodes.v1"]
    records[0] = replace(records[0], value=b"{}")


@breaking("what_is_in_an_outbox_is_on_its_topic", "facts_are_published_as_they_were_taken")
def a_fact_was_decided_twice(run: Evidence) -> None:
    row = facts(run, "support")[0]
    run.rows("support", "shared.outbox").append(row | {"id": row["id"] + 10**6})


@breaking("nothing_is_on_a_topic_that_no_outbox_knows")
def a_record_comes_from_nowhere(run: Evidence) -> None:
    records = run.topics["escalation.episodes.v1"]
    records.append(replace(records[0], offset=10**6, id="made up"))


@breaking("topics_have_each_account_in_the_outbox_order")
def two_outbox_rows_are_swapped(run: Evidence) -> None:
    first, second = two_of_a_key(facts(run, "escalation"))
    first["id"], second["id"] = second["id"], first["id"]


@breaking(
    "topics_have_each_account_in_the_outbox_order",
    "each_account_is_taken_in_its_topic_order",
    "each_account_is_published_in_its_topic_order",
)
def two_records_are_swapped_on_their_topic(run: Evidence) -> None:
    records = run.topics["support.cases.v1"]
    for first, second in zip(signals(records), signals(records)[1:], strict=False):
        if first.key == second.key:
            one, other = records.index(first), records.index(second)
            records[one] = replace(second, offset=first.offset)
            records[other] = replace(first, offset=second.offset)
            return


@breaking("facts_are_published_as_they_were_taken", "topics_have_each_account_in_the_outbox_order")
def a_fact_that_waited_comes_too_late(run: Evidence) -> None:
    first, second = two_of_a_key(facts(run, "orders"))
    first["id"], second["id"] = second["id"], first["id"]


@breaking("facts_are_published_as_they_were_reported", "what_is_in_an_outbox_is_on_its_topic")
def a_fact_says_something_else(run: Evidence) -> None:
    row = next(row for row in facts(run, "orders") if b"amount_minor" in row["payload"])
    row["payload"] = json.dumps({**payload(row, "payload"), "amount_minor": -1}).encode()


@breaking("each_account_is_taken_in_its_topic_order")
def two_facts_were_taken_in_the_wrong_order(run: Evidence) -> None:
    rows = [row for row in run.databases["escalation"].journal("record") if row["type"] == "orders.order_confirmed"]
    rows += [row for row in run.databases["escalation"].journal("record") if row["type"] == "orders.order_delivered"]
    first, second = two_of_a_key(rows, "subject")
    first["position"], second["position"] = second["position"], first["position"]
