"""Notifications on devices: who has one gets them, mail waits for a response to them, and none is lost or doubled.

A message is about one delivery, whose episode is its tag, or it is a list of all that a person was due.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from tests.faults.checker.evidence import Evidence, Row, instant

_IN_BETWEEN = timedelta(seconds=25)
"""So long a transaction may stand still between its time and its reading of devices, or until its end of a device is
visible to others."""
_NEVER = datetime.max.replace(tzinfo=UTC) - _IN_BETWEEN
_NO_RESPONSE = ("informed", "taken_over", "appointment", "approval", "approval_answered")


def a_notification_goes_to_people_with_a_device(run: Evidence) -> Iterator[str]:
    """A person with a device gets one. If clocks jump, a person who had a device at any time may get one."""
    spans = defaultdict[str, list[tuple[datetime, datetime]]](list)
    for device in _rows(run, "push_devices"):
        spans[device["salesperson_id"]].append((device["added_at"], device["ended_at"] or _NEVER))
    notified = {row["alert_id"] for row in _pushes(run)}
    for alert in _rows(run, "alerts"):
        at, mine = alert["raised_at"], spans[alert["recipient"]]
        if run.world.get("clock_jumps"):
            if alert["alert_id"] in notified and not mine:
                yield f"alert {alert['alert_id']} goes to a device of {alert['recipient']}, who never had one"
        elif alert["alert_id"] in notified:
            if not any(since <= at + _IN_BETWEEN and at <= until + _IN_BETWEEN for since, until in mine):
                yield f"alert {alert['alert_id']} of {at} goes to a device of {alert['recipient']}: {mine}"
        elif any(since <= at and at + _IN_BETWEEN < until for since, until in mine):
            yield f"alert {alert['alert_id']} of {at} goes to no device of {alert['recipient']}: {mine}"


def mail_waits_for_a_response_on_a_device(run: Evidence) -> Iterator[str]:
    """As long as the policy says, unless the notification failed, or no response is due."""
    if run.world.get("clock_jumps") or run.restores_of("escalation"):
        return
    waits = run.world["policy"]["channels"]["email_after_push"]
    alerts = {row["alert_id"]: row for row in _rows(run, "alerts")}
    pushes = {row["alert_id"]: row for row in _pushes(run)}
    informing = _informing(run)
    began = run.first_attempts()
    for mail in _rows(run, "deliveries"):
        push, alert = pushes.get(mail["alert_id"]), alerts.get(mail["alert_id"])
        if mail["channel"] != "email" or push is None or alert is None or mail["delivery_id"] not in began:
            continue
        if push["state"] == "failed" or alert["cause"] in _NO_RESPONSE or alert["signal_id"] in informing:
            continue
        waited = began[mail["delivery_id"]] - alert["raised_at"]
        if timedelta() <= waited < timedelta(seconds=waits[alert["severity"]]):
            yield f"the mail of alert {alert['alert_id']} ({alert['severity']}) waited only {waited}"


def every_notification_sent_was_taken_in(run: Evidence) -> Iterator[str]:
    """Once at least, by a browser of that person."""
    taken = {(row["person"], row["content"]["tag"]) for row in run.pushed}
    episodes = {row["alert_id"]: row["episode_id"] for row in _rows(run, "alerts")}
    for row in _pushes(run):
        tag = _tag(row, episodes)
        if row["state"] == "sent" and (row["recipient"], tag) not in taken:
            yield f"delivery {row['delivery_id']} is sent, and no browser of {row['recipient']} has ever seen {tag}"


def no_notification_comes_twice_without_a_doubt(run: Evidence) -> Iterator[str]:
    """To one browser, copies beyond the first are no more than the attempts whose outcome nobody knew.

    But for what was sent between a backup and its restore: there nobody knows of it any more.
    """
    allowed = Counter[tuple[str, str]]()
    episodes = {row["alert_id"]: row["episode_id"] for row in _rows(run, "alerts")}
    of_lists = dict[tuple[str, UUID], int]()
    for row in _pushes(run):
        if row["list_id"] is None:
            allowed[row["recipient"], _tag(row, episodes)] += (row["state"] == "sent") + row["unknown_count"]
        else:
            message = (row["recipient"], row["list_id"])
            of_lists[message] = max(of_lists.get(message, 0), 1 + row["unknown_count"])
            allowed[row["recipient"], _tag(row, episodes, alone=True)] += row["unknown_count"]
    for (person, _), times in of_lists.items():
        allowed[person, "list"] += times
    copies = Counter(
        (row["person"], row["subscription"], row["content"]["tag"]) for row in _shown(run) if not _forgotten(run, row)
    )
    for (person, subscription, tag), times in copies.items():
        if times > allowed[person, tag]:
            yield f"{subscription} of {person} was shown {tag} {times} times, and {allowed[person, tag]} times is right"


def every_notification_is_of_an_alert(run: Evidence) -> Iterator[str]:
    """Or a list that one of its deliveries is in."""
    episodes = {row["alert_id"]: row["episode_id"] for row in _rows(run, "alerts")}
    known = {(row["recipient"], _tag(row, episodes, alone=alone)) for row in _pushes(run) for alone in (True, False)}
    for row in _shown(run):
        if (row["person"], row["content"]["tag"]) not in known and not _forgotten(run, row):
            yield f"{row['person']} was shown {row['content']['tag']}, which is of no alert"


def _tag(delivery: Row, episodes: dict[UUID, UUID], *, alone: bool = False) -> str:
    """What replaces what on a device: the notification of an episode, or that of all lists."""
    return str(episodes.get(delivery["alert_id"])) if alone or delivery["list_id"] is None else "list"


def _informing(run: Evidence) -> set[UUID]:
    """Signals that are for information alone: an episode of these expects no response."""
    kinds = run.world["policy"]["plays"]["refund_kinds"]
    return {row["signal_id"] for row in _rows(run, "signals") if row["refund_kind"] not in (None, *kinds)}


def _shown(run: Evidence) -> list[Row]:
    """What browsers showed, without what took it back."""
    return [row for row in run.pushed if row["content"]["kind"] != "over"]


def _pushes(run: Evidence) -> list[Row]:
    return [row for row in _rows(run, "deliveries") if row["channel"] == "push"]


def _forgotten(run: Evidence, message: Row) -> bool:
    at = instant(message["received_at"]).timestamp()
    return any(restore.covers(at) for restore in run.restores_of("escalation"))


def _rows(run: Evidence, table: str) -> list[Row]:
    return run.rows("escalation", f"escalation.{table}")
