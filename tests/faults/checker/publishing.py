"""Every event that a service decided to publish is on its topics, once and in each account's order, and nothing else
is.
"""

import json
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from tests.faults.checker.conservation import INBOUND_SERVICES, begun_again, created_again
from tests.faults.checker.evidence import Evidence, Record, Reported, Row, instant, payload
from tests.faults.checker.recomputing import awaited, opened, published_sequences

UNSTEADY = ("escalation.episodes.v1", "escalation.rescues.v1", "salespeople.v1")
"""Topics whose ids depend on the order of arrival: after a restore, earlier events may not be published again."""
_RESHAPED = ("sold_at", "due_at", "delivery_due_at")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A row of an outbox."""

    id: int
    topic: str
    key: str
    source: str
    event_id: str
    type: str
    at: datetime
    row: Row

    @property
    def identity(self) -> tuple[str | None, str | None]:
        return self.source, self.event_id


def what_is_in_an_outbox_is_on_its_topic(run: Evidence) -> Iterator[str]:
    """At least once, with the same key and bytes. No id is in an outbox twice."""
    for service in run.databases:
        rows = _outbox(run, service)
        times = Counter((row.topic, row.identity) for row in rows)
        yield from (f"{service}: {what} is in the outbox {count} times" for what, count in times.items() if count > 1)
        copies = defaultdict[object, list[Record]](list)
        for topic in {row.topic for row in rows}:
            for record in run.topics.get(topic, ()):
                copies[topic, record.identity].append(record)
        for row in rows:
            found = copies[row.topic, row.identity]
            if not found:
                yield f"{service}: {row.type} {row.event_id} of {row.key} is in the outbox and not on {row.topic}"
            elif not _same(row, found, anyone=bool(run.restores)):
                yield f"{service}: {row.type} {row.event_id} of {row.key} is on {row.topic} with other content"


def nothing_is_on_a_topic_that_no_outbox_knows(run: Evidence) -> Iterator[str]:
    """Except events published between a backup and its restore on a topic of `UNSTEADY`."""
    for service in run.databases:
        rows = _outbox(run, service)
        known = {(row.topic, row.identity) for row in rows}
        for topic in {row.topic for row in rows} | set(run.world["publishes"][service]):
            for record in run.topics.get(topic, ()):
                excused = topic in UNSTEADY and any(r.covers(record.written_at) for r in run.restores_of(service))
                if (topic, record.identity) not in known and not excused:
                    yield f"{record} is not in the outbox of {service}"


def topics_have_each_account_in_the_outbox_order(run: Evidence) -> Iterator[str]:
    """As in `_copies_in_order`. After a restore, `each_account_is_published_in_its_topic_order` judges instead."""
    for service in run.databases:
        if run.restores_of(service):
            continue
        decided = defaultdict[tuple[str, str], list[object]](list)
        for row in _outbox(run, service):
            decided[row.topic, row.key].append(row.identity)
        copies = defaultdict[tuple[str, str], list[Record]](list)
        for topic in {topic for topic, _ in decided}:
            for record in run.topics.get(topic, ()):
                copies[topic, record.key].append(record)
        for (topic, key), wanted in decided.items():
            found = _copies_in_order(run, topic, copies[topic, key], wanted)
            read = [record.identity for record in found]
            if [one for one in read if one in set(wanted)] != [
                one for one in dict.fromkeys(wanted) if one in set(read)
            ]:
                yield f"{service}: {key} on {topic} is not in the outbox's order"
            if len({record.partition for record in found}) > 1:
                yield f"{service}: {key} is on several partitions of {topic}"


def facts_are_published_as_they_were_taken(run: Evidence) -> Iterator[str]:
    """Orders and support publish exactly the facts that follow from their journals, each account's in the journal's
    order."""
    for service in INBOUND_SERVICES:
        wanted = published_sequences(run, service)
        found = defaultdict[str, list[tuple[str, datetime]]](list)
        for row in _facts_in_outbox(run, service):
            found[row.key].append((row.type, row.at))
        for key in wanted.keys() | found.keys():
            if (difference := _difference(wanted.get(key, []), found.get(key, []))) is not None:
                yield f"{service} on {key}: {difference}"


def facts_are_published_as_they_were_reported(run: Evidence) -> Iterator[str]:
    reported = run.reported()
    for service in INBOUND_SERVICES:
        for row in _facts_in_outbox(run, service):
            event, said = reported.get(row.at), payload(row.row, "payload")
            if event is None:
                yield f"{service}: {row.type} {row.event_id} has no cause in the history"
                continue
            plain = {name: value for name, value in event.data.items() if isinstance(value, str | int)}
            wrong = [name for name, value in plain.items() if name not in _RESHAPED and said.get(name) != value]
            if wrong or event.subject != row.key:
                yield f"{service}: {row.type} of {event.identity} has other values of {wrong}"


def each_account_is_taken_in_its_topic_order(run: Evidence) -> Iterator[str]:
    """Records of one account were applied in the order of offsets.

    Entries from before a topic was recreated are not compared: records lost with the old topic are sent again after
    later ones, so the order may differ.
    """
    for service in run.databases:
        begun = begun_again(run, service)
        places = {(r.topic, r.identity): (r.partition, r.offset) for r in _first_copies(_received(run, service))}
        last: dict[tuple[str, str], tuple[int, int]] = {}
        for row in run.databases[service].journal("record"):
            for topic in run.listens(service):
                place = places.get((topic, (row["source"], row["event_id"])))
                if place is None or row["decided_at"] < begun.get((run.prefix + topic, place[0]), row["decided_at"]):
                    continue
                if place < last.get((topic, row["subject"]), (-1, -1)):
                    yield f"{service}: {row['subject']} was not applied in order, at {topic} {place}"
                last[topic, row["subject"]] = place


def each_account_is_published_in_its_topic_order(run: Evidence) -> Iterator[str]:
    """Facts that never wait leave orders and support in the order of the inbound topic, also after a restore."""
    reported = run.reported()
    for service in INBOUND_SERVICES:
        causes = _certain(_first_copies(_received(run, service)), reported)
        for topic in run.world["publishes"][service]:
            caused = defaultdict[str, list[Record]](list)
            for record in run.topics[topic]:
                if record.at in causes:
                    caused[record.key].append(record)
            for key, records in caused.items():
                wanted = [record.identity for record in sorted(records, key=lambda one: causes[one.at])]
                for before, after in pairwise(_copies_in_order(run, topic, records, wanted)):
                    if causes[after.at] < causes[before.at]:
                        yield f"{after} of {key} comes after {before}, but was caused before it"


def _certain(records: Iterable[Record], reported: dict[datetime, Reported]) -> dict[datetime | None, int]:
    """By time, the offset of every event that came by Kafka and never had to wait.

    Repeated openings and facts about people are left out: which of them is published depends on those that came by
    HTTP.
    """
    causes: dict[datetime | None, int] = {}
    openings = set[tuple[str, str]]()
    for record in records:
        event = reported.get(record.at) if record.at else None
        if event is None or event.bad is not None or event.kind == "salesperson_changed":
            continue
        needed, what = awaited(event), opened(event)
        if what is not None:
            openings.add((event.subject, what))
        elif needed is None or (event.subject, needed) in openings:
            causes[event.at] = record.offset
    return causes


def _received(run: Evidence, service: str) -> Iterator[Record]:
    for topic in run.listens(service):
        yield from run.topics[topic]


def _outbox(run: Evidence, service: str) -> list[Outgoing]:
    rows = sorted(run.rows(service, "shared.outbox"), key=lambda row: row["id"])
    return [_outgoing(row) for row in rows]


def _outgoing(row: Row) -> Outgoing:
    headers = dict(json.loads(row["headers"]))
    return Outgoing(
        id=row["id"],
        topic=row["topic"],
        key=row["key"],
        source=headers["ce_source"],
        event_id=headers["ce_id"],
        type=headers["ce_type"],
        at=instant(headers["ce_time"]),
        row=row,
    )


def _facts_in_outbox(run: Evidence, service: str) -> list[Outgoing]:
    return [row for row in _outbox(run, service) if row.topic in run.world["publishes"][service]]


def _same(row: Outgoing, copies: Sequence[Record], *, anyone: bool) -> bool:
    """Whether the copies equal the row. After a restore one is enough: the service may have published the id with
    another `now`."""
    equal = [(copy.key, copy.value) == (row.key, row.row["payload"]) for copy in copies]
    return any(equal) if anyone else all(equal)


def _first_copies(records: Iterable[Record]) -> list[Record]:
    first: dict[object, Record] = {}
    for record in records:
        first.setdefault((record.topic, record.identity), record)
    return list(first.values())


def _copies_in_order(run: Evidence, topic: str, records: Sequence[Record], wanted: Iterable[object]) -> list[Record]:
    """The first copy of each record; of a topic that was deleted and recreated, one copy of each in the wanted order,
    if there are such copies.

    A producer that was sending at the deletion sends these records to the recreated topic, before the outbox is
    published again from its beginning; and what is being sent at that moment comes before it, and not again.
    """
    first = _first_copies(records)
    if not any(topic in created_again(run, service) for service in run.databases):
        return first
    there = {record.identity for record in first}
    left, found = deque(one for one in dict.fromkeys(wanted) if one in there), list[Record]()
    for record in records:
        if left and record.identity == left[0]:
            left.popleft()
            found.append(record)
    return first if left else found


def _difference(wanted: list[tuple[str, datetime]], found: list[tuple[str, datetime]]) -> str | None:
    if wanted == found:
        return None
    missing, extra = Counter(wanted) - Counter(found), Counter(found) - Counter(wanted)
    if missing or extra:
        return f"{len(missing)} facts are missing and {len(extra)} too many, like {[*missing, *extra][0]}"
    place = next(n for n, pair in enumerate(zip(wanted, found, strict=True)) if pair[0] != pair[1])
    return f"fact {place} must be {wanted[place]} and is {found[place]}"
