"""What the mail server took in is what was sent: every message arrived, none came again without a doubt.

A message is about one delivery, whose id is its own, or it is a list of several: `list_id` stands in each of these.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain
from uuid import UUID

from tests.faults.checker.evidence import Evidence, Row, payload
from tests.faults.checker.facts import derived
from tests.faults.checker.recipients import Directory


def every_mail_sent_was_taken_in(run: Evidence) -> Iterator[str]:
    """Once at least, by the right person's address; in a list where it went in one.

    Between a backup and its restore it may have been somebody else's, who has left since.
    """
    taken, directory = _taken(run), Directory(run)
    recipients = {row["alert_id"]: row["recipient"] for row in run.rows("escalation", "escalation.alerts")}
    for row in _emails(run):
        address = directory.address(recipients.get(row["alert_id"], ""))
        copies = taken.get(_message_of(row), [])
        right = [_addresses(copy) == [address] for copy in copies]
        astray = [copy["to"] for copy, fits in zip(copies, right, strict=True) if not (fits or _forgotten(run, copy))]
        if astray:
            yield f"delivery {row['delivery_id']} went to {astray}, and had to go to {address}"
        elif row["state"] == "sent" and not any(right):
            yield f"delivery {row['delivery_id']} is sent, and the mail server has never seen it for {address}"


def no_mail_comes_twice_without_a_doubt(run: Evidence) -> Iterator[str]:
    """Copies beyond the first, alone or in its list, are no more than the attempts whose outcome nobody knew.

    But for what was sent between a backup and its restore: there nobody knows of it any more.
    """
    taken = _taken(run)
    for row in _emails(run):
        ids = {str(row["delivery_id"]), _message_of(row)} if row["state"] == "sent" else {str(row["delivery_id"])}
        copies = list(chain.from_iterable(taken.get(id, []) for id in ids))
        forgotten = sum(_forgotten(run, copy) for copy in copies)
        if len(copies) - 1 > row["unknown_count"] + forgotten:
            doubts = row["unknown_count"]
            yield f"{row['delivery_id']} was taken in {len(copies)} times, and was {doubts} times in doubt"


def every_mail_is_of_an_alert(run: Evidence) -> Iterator[str]:
    """Or a list that one of its deliveries' attempts began."""
    known = {str(row["delivery_id"]) for row in _emails(run)}
    for row in _emails(run):
        known |= {str(derived("list", row["delivery_id"], attempt + 1)) for attempt in range(row["attempts"])}
    for id, copies in _taken(run).items():
        if id not in known and not all(_forgotten(run, copy) for copy in copies):
            yield f"mail {id} to {copies[0]['to']} is of no alert"


def no_storm_reaches_anybody(run: Evidence) -> Iterator[str]:
    """Within the policy's window no more mails about one alert go to a person than it allows.

    What took several attempts is left out: it counts for another moment.
    """
    storms = run.world["policy"]["storms"]
    began, alone = _first_attempts(run), defaultdict[str, list[datetime]](list)
    for row in _emails(run):
        if (row["state"], row["attempts"], row["list_id"]) == ("sent", 1, None) and row["delivery_id"] in began:
            alone[row["recipient"]].append(began[row["delivery_id"]])
    for person, times in alone.items():
        times.sort()
        for first, last in zip(times, times[storms["alerts"] :], strict=False):
            if last - first < timedelta(seconds=storms["window"]):
                yield f"{person} got more than {storms['alerts']} mails from {first} to {last}"


def _first_attempts(run: Evidence) -> dict[UUID, datetime]:
    told = [(payload(row), row["at"]) for row in run.databases["escalation"].journal("delivery")]
    return {UUID(one["delivery"]): at for one, at in told if one.get("attempt") == 1}


def _taken(run: Evidence) -> dict[str, list[Row]]:
    """The mails taken in, by the message that their Message-ID names: <message@host>."""
    taken = defaultdict[str, list[Row]](list)
    for row in run.mail:
        taken[row["message_id"].strip("<>").partition("@")[0]].append(row)
    return taken


def _message_of(delivery: Row) -> str:
    """The message that it went as last."""
    return str(delivery["list_id"] or delivery["delivery_id"])


def _emails(run: Evidence) -> list[Row]:
    return [row for row in run.rows("escalation", "escalation.deliveries") if row["channel"] == "email"]


def _addresses(mail: Row) -> list[str]:
    return [mail["to"]] if isinstance(mail["to"], str) else list(mail["to"])


def _forgotten(run: Evidence, mail: Row) -> bool:
    return any(restore.covers(mail["at"]) for restore in run.restores_of("escalation"))
