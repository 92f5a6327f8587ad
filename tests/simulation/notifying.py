"""What must hold of notifications on devices, and of the e-mails that wait for a response to them."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from tests.simulation.database import Database, Session
from tests.simulation.tables import ALERTS, DELIVERIES, EPISODES, OFFERS, PEOPLE, Row

_WAITS: Mapping[str, timedelta] = {
    "watch": timedelta(minutes=10),
    "high": timedelta(minutes=5),
    "critical": timedelta(0),
}
"""As the shipped policy has it."""
_NO_RESPONSE_DUE = ("informed", "taken_over", "appointment", "approval_answered")


def faults_on_devices(session: Session, *, alone: bool) -> Iterator[str]:
    """What is wrong with the deliveries that a commit makes or releases; `alone` is the only event in it."""
    before = session.database.tables
    for key, row in session.writes.get(DELIVERIES, {}).items():
        assert row is not None
        yield from _faults_of_release(session, before[DELIVERIES].get(key), row)
    for key, alert in session.writes.get(ALERTS, {}).items():
        assert alert is not None
        if key not in before[ALERTS]:
            made = {one["channel"]: one for one in session.rows(DELIVERIES) if one["alert_id"] == alert["alert_id"]}
            yield from _faults_of_rows(session, alert, made)
            if alone and "push" in made:
                yield from _faults_of_times(session, alert, made["push"], made["email"])


def faults_of_waiting(database: Database) -> Iterator[str]:
    """At rest no e-mail waits for a response to a notification that did not arrive."""
    pushed = {row["alert_id"]: row for row in database.tables[DELIVERIES].values() if row["channel"] == "push"}
    for row in database.tables[DELIVERIES].values():
        push = pushed.get(row["alert_id"])
        waits = row["channel"] == "email" and row["state"] == "held" and row["list_id"] is None
        if push is not None and waits and push["state"] == "failed":
            yield "an e-mail waits for a response to a notification that failed"


def _faults_of_rows(session: Session, alert: Row, made: Mapping[str, Row]) -> Iterator[str]:
    has_device = alert["recipient"] in session.noted.get("devices", ())
    if "push" in made and not has_device:
        yield "a notification goes to somebody without a device"
    changed = (alert["recipient"],) in session.writes.get(PEOPLE, {})  # their devices may have ended with their address
    if has_device and "push" not in made and not changed:
        yield "somebody with a device gets no notification"
    if "push" not in made and made["email"]["reason"] == "waits for a response to the notification on a device":
        yield "an e-mail waits for a response to a notification that there is not"


def _faults_of_times(session: Session, alert: Row, push: Row, email: Row) -> Iterator[str]:
    """Of the alert just made: the e-mail waits as long as the policy says, unless a response is due before.

    Of two alerts of one event, the episode keeps only the later one's deadline.
    """
    episode = session.get(EPISODES, (alert["episode_id"],))
    overtaken = episode is not None and alert["ring"] < episode["rings"]
    if overtaken or "cancelled" in (push["state"], email["state"]) or email["state"] == "skipped":
        return
    until, due_at = push["try_at"] + _WAITS[alert["severity"]], _due_at(session, alert)
    waits = push["try_at"] < until and due_at is not None and until < due_at
    if email["try_at"] != (until if waits else push["try_at"]):
        yield f"the e-mail of an alert goes at {email['try_at']}, its notification at {push['try_at']}"
    if waits != (email["reason"] == "waits for a response to the notification on a device"):
        yield f"an e-mail is {email['state']}: {email['reason']}"


def _due_at(session: Session, alert: Row) -> Any:
    episode = session.get(EPISODES, (alert["episode_id"],))
    if episode is None or alert["cause"] in _NO_RESPONSE_DUE:
        return None
    if alert["cause"] == "approval":
        asked = (row for row in session.rows(OFFERS) if row["episode_id"] == alert["episode_id"])
        return next((row["until"] for row in asked if row["asked"] == alert["recipient"]), None)
    return episode["offered_until"] if alert["cause"] == "handed_over" else episode["deadline_at"]


def _faults_of_release(session: Session, before: Row | None, row: Row) -> Iterator[str]:
    """An e-mail that waits is sent before its time only if the notification failed."""
    if before is None or row["channel"] != "email" or before["state"] != "held" or before["list_id"] is not None:
        return
    others = [one for one in session.rows(DELIVERIES) if one["alert_id"] == row["alert_id"]]
    failed = any(one["channel"] == "push" and one["state"] == "failed" for one in others)
    if row["state"] == "pending" and not failed:
        yield "an e-mail is released although its notification has not failed"
    if row["state"] == "sending" and session.now < before["try_at"]:
        yield "an e-mail is sent before its time"
