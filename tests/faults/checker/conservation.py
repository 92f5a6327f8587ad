"""Nothing is lost or counted twice: topics, ledgers, journals and dead letters of a service agree."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime

from tests.faults.checker.evidence import CannotJudge, Evidence, Record, Reported, Row

INBOUND_SERVICES = ("orders", "support")


def every_offset_is_once_in_its_ledger(run: Evidence) -> Iterator[str]:
    """Entries from before a topic was recreated do not count: their records were deleted with it."""
    for service in run.databases:
        delivered = {_place(record) for topic in run.listens(service) for record in run.topics[topic]}
        entered = {(run.logical(row["topic"]), row["partition"], row["record_offset"]) for row in _ledger(run, service)}
        for place in sorted(delivered - entered):
            yield f"{service}: {place} was delivered, but is not in the ledger"
        for place in sorted(entered - delivered):
            yield f"{service}: {place} is in the ledger, but on no topic"


def every_event_is_applied_once(run: Evidence) -> Iterator[str]:
    """Of all records and HTTP calls of one event, exactly one is applied and the others are duplicates.

    Records missing from the ledger are left out here; `every_offset_is_once_in_its_ledger` reports them.
    """
    for service in INBOUND_SERVICES:
        yield from _good_inbound(run, service)
    for service in run.databases:
        yield from _internal(run, service)


def bad_records_end_as_dead_letters(run: Evidence) -> Iterator[str]:
    """Each bad record, and no other, is kept as a dead letter with its bytes and the right reason."""
    reported = run.reported()
    for service in INBOUND_SERVICES:
        letters = _letters(run, service)
        outcomes = _outcomes(run, service)
        for topic in run.inbound(service):
            for record in run.topics[topic]:
                event = reported.get(record.at) if record.at else None
                letter = letters.pop(_place(record), None)
                if event is not None and event.bad is not None:
                    yield from _wrongs_of_letter(record, event, letter, outcomes.get(_place(record)))
                elif letter is not None:
                    yield f"{record} is good, but was dead-lettered: {letter['code']}"
        yield from (f"{service}: a dead letter without a record: {letter['code']}" for letter in letters.values())
    for letter in run.rows("escalation", "shared.dead_letters"):
        yield f"escalation: dead letter {letter['code']} of {letter['topic']}: {letter['reason']}"


def accepted_calls_are_journaled(run: Evidence) -> Iterator[str]:
    """Each call answered with 2xx is in the journal. Publishers repeat the others until they are accepted."""
    journals = {service: _journaled(run, service) for service in INBOUND_SERVICES}
    for line in run.accepted:
        if line["what"] == "http" and (line["source"], line["id"]) not in journals[line["service"]]:
            yield f"{line['service']} accepted ({line['source']} {line['id']}) over HTTP, but did not journal it"


def the_whole_history_was_reported(run: Evidence) -> Iterator[str]:
    """A precondition rather than a promise of the services. Raises CannotJudge if part of the history was not
    published."""
    reported = run.reported()
    delivered = {record.at for topics in run.world["listens"].values() for t in topics for record in run.topics[t]}
    accepted = {(row["source"], row["id"]) for row in run.accepted if row["what"] == "http"}
    untold = [
        event
        for event in run.history
        if (event.at not in delivered if event.via == "kafka" else event.identity not in accepted)
    ]
    if untold:
        raise CannotJudge(f"{len(untold)} events of the history were never published, like {untold[0]}")
    for service in INBOUND_SERVICES:
        for topic in run.inbound(service):
            strangers = [record for record in run.topics[topic] if record.at not in reported]
            if strangers:
                raise CannotJudge(f"{len(strangers)} records are not from the history, like {strangers[0]}")
    yield from ()


def _good_inbound(run: Evidence, service: str) -> Iterator[str]:
    reported = run.reported()
    outcomes, journaled = _outcomes(run, service), _journaled(run, service, inbound=True)
    copies = defaultdict[tuple[str, str], list[str | None]](list)
    expected = {
        event.identity: event for event in run.history if event.bad is None and event.topic in run.inbound(service)
    }
    for topic in run.inbound(service):
        for record in run.topics[topic]:
            event = reported.get(record.at) if record.at else None
            if event is not None and event.bad is None:
                copies[event.identity].append(outcomes.get(_place(record)))
    for identity, event in expected.items():
        row = journaled.pop(identity, None)
        counts = Counter(copies[identity])
        if row is None:
            if counts or event.via == "http":
                yield f"{service}: {identity} is not journaled (its records: {dict(counts)})"
            continue
        if (row["type"], row["subject"], row["at"]) != (event.type, event.subject, event.at):
            yield f"{service}: {identity} is journaled with other attributes"
        by_record = 1 if row["kind"] == "record" else 0
        if None in counts:
            continue
        if counts["applied"] != by_record or counts["duplicate"] != counts.total() - by_record:
            yield f"{service}: {identity} was applied as {row['kind']}, but its records ended as {dict(counts)}"
    yield from (f"{service}: {identity} is journaled, but was never published" for identity in journaled)


def _internal(run: Evidence, service: str) -> Iterator[str]:
    """Events of our own services, identified by (source, id) alone. One may have been applied from a topic since
    recreated."""
    outcomes, journaled = _outcomes(run, service), _journaled(run, service, inbound=False)
    recreated = created_again(run, service)
    copies = defaultdict[tuple[str | None, str | None], list[str | None]](list)
    applied_before = set[tuple[str | None, str | None]]()
    for topic in set(run.listens(service)).difference(run.inbound(service)):
        for record in run.topics[topic]:
            copies[record.identity].append(outcomes.get(_place(record)))
            if topic in recreated:
                applied_before.add(record.identity)
    for identity, ended in copies.items():
        counts = Counter(ended)
        applied = counts["applied"]
        once = applied == 1 or (applied == 0 and identity in applied_before)
        if None not in counts and not (once and counts["duplicate"] == len(ended) - applied):
            yield f"{service}: the records of {identity} ended as {dict(counts)}"
        if identity not in journaled:
            yield f"{service}: {identity} is not journaled"
    for identity in journaled.keys() - copies.keys():
        yield f"{service}: {identity} is journaled, but on no topic"


def _wrongs_of_letter(record: Record, event: Reported, letter: Row | None, outcome: str | None) -> Iterator[str]:
    if outcome not in ("dead_lettered", None):
        yield f"{record} is bad ({event.bad}), but ended as {outcome}"
    if letter is None:
        yield f"{record} is bad ({event.bad}), but has no dead letter"
    elif (letter["code"], letter["body"]) != (event.bad, record.value):
        yield f"{record} is bad ({event.bad}); its dead letter says {letter['code']}, or has other bytes"


def begun_again(run: Evidence, service: str) -> dict[tuple[str, int], datetime]:
    """When a service started to read each partition of a recreated topic. Entries decided earlier are about the deleted
    topic. Topic names include their prefix."""
    return {
        (row["topic"], row["partition"]): row["begun_at"]
        for row in run.rows(service, "shared.offsets")
        if row["begun_at"] is not None
    }


def _ledger(run: Evidence, service: str) -> list[Row]:
    begun = begun_again(run, service)
    return [
        row
        for row in run.rows(service, "shared.ledger")
        if row["decided_at"] >= begun.get((row["topic"], row["partition"]), row["decided_at"])
    ]


def created_again(run: Evidence, service: str) -> set[str]:
    """Recreated topics: some records applied from them may no longer exist."""
    rows = run.rows(service, "shared.offsets")
    return {run.logical(row["topic"]) for row in rows if row["begun_at"] is not None}


def _outcomes(run: Evidence, service: str) -> dict[tuple[str, int, int], str]:
    return {
        (run.logical(row["topic"]), row["partition"], row["record_offset"]): row["outcome"]
        for row in _ledger(run, service)
    }


def _letters(run: Evidence, service: str) -> dict[object, Row]:
    letters: dict[object, Row] = {}
    for row in run.rows(service, "shared.dead_letters"):
        place = (run.logical(row["topic"]), row["partition"], row["record_offset"])
        letters[row["id"] if row["partition"] is None else place] = row
    return letters


def _journaled(run: Evidence, service: str, *, inbound: bool | None = None) -> dict[tuple[str | None, str | None], Row]:
    """By identity, the events of publishers, those of our own services, or both."""
    rows = run.databases[service].journal("record", "http")
    chosen = (row for row in rows if inbound is None or (".inbound." in row["type"]) == inbound)
    return {(row["source"], row["event_id"]): row for row in chosen}


def _place(record: Record) -> tuple[str, int, int]:
    return record.topic, record.partition, record.offset
