"""Every sent message reached the mail server, and none twice unless an attempt's outcome was unknown.

A message is about one delivery and has its id, or it is a list of several deliveries, which share its `list_id`.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain

from tests.faults.checker.evidence import Evidence, Row
from tests.faults.checker.facts import derived
from tests.faults.checker.recipients import Directory


def every_mail_sent_was_taken_in(run: Evidence) -> Iterator[str]:
    """At least once, to the right person's address, in a list if the delivery went in one.

    A message sent between a backup and its restore may have gone to an earlier recipient.
    """
    taken, directory = _taken(run), Directory(run)
    recipients = {row["alert_id"]: row["recipient"] for row in run.rows("escalation", "escalation.alerts")}
    for row in _emails(run):
        address = directory.address(recipients.get(row["alert_id"], ""))
        copies = taken.get(_message_of(row), [])
        right = [_addresses(copy) == [address] for copy in copies]
        astray = [copy["to"] for copy, fits in zip(copies, right, strict=True) if not (fits or _forgotten(run, copy))]
        if astray:
            yield f"delivery {row['delivery_id']} went to {astray} instead of {address}"
        elif row["state"] == "sent" and not any(right):
            yield f"delivery {row['delivery_id']} is sent, but the mail server never got it for {address}"


def no_mail_comes_twice_without_a_doubt(run: Evidence) -> Iterator[str]:
    """There are no more duplicates, alone or in a list, than attempts of unknown outcome.

    Messages sent between a backup and its restore are excused: the restored database does not know them.
    """
    taken = _taken(run)
    for row in _emails(run):
        ids = {str(row["delivery_id"]), _message_of(row)} if row["state"] == "sent" else {str(row["delivery_id"])}
        copies = list(chain.from_iterable(taken.get(id, []) for id in ids))
        forgotten = sum(_forgotten(run, copy) for copy in copies)
        if len(copies) - 1 > row["unknown_count"] + forgotten:
            doubts = row["unknown_count"]
            yield f"{row['delivery_id']} arrived {len(copies)} times, with {doubts} attempts of unknown outcome"


def every_notice_sent_was_taken_in(run: Evidence) -> Iterator[str]:
    """At least once, and no more often than there were attempts of unknown outcome."""
    taken = _taken(run)
    for row in _notices(run):
        copies = taken.get(str(row["notice_id"]), [])
        forgotten = sum(_forgotten(run, copy) for copy in copies)
        if row["state"] == "sent" and not copies:
            yield f"notice {row['notice_id']} is sent, but the mail server never got it"
        if len(copies) - 1 > row["unknown_count"] + forgotten:
            yield f"notice {row['notice_id']} arrived {len(copies)} times, with {row['unknown_count']} unknown outcomes"


def every_mail_is_of_an_alert(run: Evidence) -> Iterator[str]:
    """Or it is a notice, or a list that an attempt of one of its deliveries started."""
    known = {str(row["delivery_id"]) for row in _emails(run)} | {str(row["notice_id"]) for row in _notices(run)}
    for row in _emails(run):
        known |= {str(derived("list", row["delivery_id"], attempt + 1)) for attempt in range(row["attempts"])}
    for id, copies in _taken(run).items():
        if id not in known and not all(_forgotten(run, copy) for copy in copies):
            yield f"mail {id} to {copies[0]['to']} belongs to no alert"


def no_storm_reaches_anybody(run: Evidence) -> Iterator[str]:
    """No person gets more e-mails about single alerts within the policy's window than it allows.

    Deliveries of several attempts are left out: they count at another instant.
    """
    storms = run.world["policy"]["storms"]
    began, alone = run.first_attempts(), defaultdict[str, list[datetime]](list)
    for row in _emails(run):
        if (row["state"], row["attempts"], row["list_id"]) == ("sent", 1, None) and row["delivery_id"] in began:
            alone[row["recipient"]].append(began[row["delivery_id"]])
    for person, times in alone.items():
        times.sort()
        for first, last in zip(times, times[storms["alerts"] :], strict=False):
            if last - first < timedelta(seconds=storms["window"]):
                yield f"{person} got more than {storms['alerts']} mails from {first} to {last}"


def _taken(run: Evidence) -> dict[str, list[Row]]:
    """The e-mails accepted, by the message that their Message-ID names: <message@host>."""
    taken = defaultdict[str, list[Row]](list)
    for row in run.mail:
        taken[row["message_id"].strip("<>").partition("@")[0]].append(row)
    return taken


def _message_of(delivery: Row) -> str:
    """The id of the message that the delivery was last sent in."""
    return str(delivery["list_id"] or delivery["delivery_id"])


def _notices(run: Evidence) -> list[Row]:
    return run.rows("escalation", "escalation.notices")


def _emails(run: Evidence) -> list[Row]:
    return [row for row in run.rows("escalation", "escalation.deliveries") if row["channel"] == "email"]


def _addresses(mail: Row) -> list[str]:
    return [mail["to"]] if isinstance(mail["to"], str) else list(mail["to"])


def _forgotten(run: Evidence, mail: Row) -> bool:
    return any(restore.covers(mail["at"]) for restore in run.restores_of("escalation"))
