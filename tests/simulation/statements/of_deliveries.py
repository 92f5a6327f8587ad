"""Changes of deliveries: cancelled, claimed when due, and timed out when an attempt reported no result."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.escalation.domain.deliveries import GIVE_UP_AFTER_UNKNOWN, RESEND_UNKNOWN_AFTER
from services.escalation.store import batches, claims, deliveries
from tests.simulation.database import Answer, Session
from tests.simulation.tables import (
    ALERTS,
    DELIVERIES,
    EPISODES,
    OFFERS,
    PEOPLE,
    Row,
    Rows,
)

_BESIDE_THE_LADDER = ("informed", "taken_over", "approval", "approval_answered")


def _cancel_deliveries(session: Session, arguments: Sequence[Any]) -> Rows:
    cancelled = {id: (because, at) for id, because, at in zip(*arguments, strict=True)}
    for row in _deliveries_in(session, "pending", "held", "unknown"):
        alert = session.get(ALERTS, (row["alert_id"],))
        if alert is not None and alert["episode_id"] in cancelled:
            because, at = cancelled[alert["episode_id"]]
            if alert["cause"] in _BESIDE_THE_LADDER and because != "closed":
                continue
            session.put(DELIVERIES, {**row, "state": "cancelled", "reason": because, "changed_at": at})
    return []


def _cancel_approvals(session: Session, arguments: Sequence[Any]) -> Rows:
    episodes, now = arguments
    for row in _deliveries_in(session, "pending", "held", "unknown"):
        alert = session.get(ALERTS, (row["alert_id"],))
        if alert is not None and alert["episode_id"] in episodes and alert["cause"] == "approval":
            session.put(DELIVERIES, {**row, "state": "cancelled", "reason": "approval_over", "changed_at": now})
    return []


def _cancel_mail(session: Session, arguments: Sequence[Any]) -> Rows:
    accounts, people, now = arguments
    gone = set(zip(accounts, people, strict=True))
    for row in _deliveries_in(session, "pending", "held", "unknown"):
        alert = _alert_of(session, row)
        if (alert["account_id"], row["recipient"]) in gone:
            session.put(DELIVERIES, {**row, "state": "cancelled", "reason": "left", "changed_at": now})
    return []


def _deliveries_in(session: Session, *states: str) -> Rows:
    return [row for row in session.rows(DELIVERIES) if row["state"] in states]


def _with_mail_due(session: Session, arguments: Sequence[Any]) -> Rows:
    channel, most, limit = arguments
    due = _sendable(session, channel, session.now)
    first: dict[str, Row] = {}
    for row in sorted(due, key=lambda row: row["try_at"])[:most]:
        first.setdefault(row["recipient"], row)
    return [{"recipient": recipient} for recipient in first][:limit]


def _sendable(session: Session, channel: str, now: datetime) -> Rows:
    due = _deliveries_in(session, "pending", "held", "unknown")
    return [row for row in due if row["channel"] == channel and row["try_at"] <= now]


def _lock_people(session: Session, arguments: Sequence[Any]) -> Rows:
    keys = [(id,) for id in arguments[0] if session.get(PEOPLE, (id,)) and session.is_free(PEOPLE, (id,))]
    session.hold(PEOPLE, keys)
    return [{"recipients": [id for (id,) in keys], "now": session.now}]


def _due_for(session: Session, arguments: Sequence[Any]) -> Rows:
    recipients, channel, now, most = arguments
    found: Rows = []
    for recipient in recipients:
        due = [
            row
            for row in _sendable(session, channel, now)
            if row["recipient"] == recipient and session.is_free(DELIVERIES, (row["delivery_id"],))
        ]
        due.sort(key=lambda row: (row["state"] != "unknown", row["try_at"], row["delivery_id"]))
        found += [_with_its_alert(session, row) for row in due[:most]]
    session.hold(DELIVERIES, [(row["delivery_id"],) for row in found])
    return found


def _with_its_alert(session: Session, delivery: Row) -> Row:
    alert, episode = _alert_of(session, delivery), _episode_of(session, delivery)
    about = {name: alert[name] for name in ("account_id", "episode_id", "traceparent")}
    over = (
        "left"
        if _has_left(session, delivery) and episode["closed_at"] is None
        else over_with(alert, episode, asked_of(session.rows(OFFERS), episode))
    )
    later = [
        row
        for row in session.rows(ALERTS)
        if row["episode_id"] == alert["episode_id"] and row["ring"] > alert["ring"] and _asks_to_answer(row)
    ]
    return {**delivery, **about, "overtaken": bool(later) and _asks_to_answer(alert), "over": over}


def _asks_to_answer(alert: Row) -> bool:
    """Whether the alert takes the place of an earlier one: not one for information, about an offer, or a reminder."""
    return alert["cause"] not in (*_BESIDE_THE_LADDER, "appointment")


def _has_left(session: Session, delivery: Row) -> bool:
    person = session.get(PEOPLE, (delivery["recipient"],))
    return person is not None and not person["active"]


def over_with(alert: Row, episode: Row, asked: str | None) -> str | None:
    """Why the alert's message is not needed any more, or None. `asked` is to approve an offer of the episode."""
    if episode["closed_at"] is not None:
        return "closed"
    if alert["cause"] == "approval":
        return None if asked == alert["recipient"] else "approval_over"
    if alert["cause"] in _BESIDE_THE_LADDER:
        return None
    if alert["cause"] == "handed_over":
        return None if episode["offered_to"] == alert["recipient"] else "offer_over"
    if alert["cause"] == "appointment":
        return None if episode["acknowledged_by"] == alert["recipient"] else "passed_on"
    return "acknowledged" if episode["acknowledged_at"] is not None else None


def asked_of(offers: Iterable[Row], episode: Row) -> str | None:
    """The person who is asked to approve an offer of this episode."""
    mine = (row for row in offers if row["episode_id"] == episode["episode_id"] and row["state"] == "pending")
    return next((row["asked"] for row in mine), None)


def _sent_lately(session: Session, arguments: Sequence[Any]) -> Rows:
    recipients, channel, since = arguments
    latest: dict[Any, Row] = {}
    for row in _deliveries_in(session, "sending", "sent", "unknown"):
        if row["recipient"] in recipients and row["channel"] == channel and row["changed_at"] > since:
            message = (row["recipient"], row["list_id"] or row["delivery_id"])
            known = latest.get(message)
            if known is None or row["changed_at"] > known["changed_at"]:
                latest[message] = row
    return [
        {"recipient": row["recipient"], "at": row["changed_at"], "is_list": row["list_id"] is not None}
        for row in latest.values()
    ]


def mark_deliveries(session: Session, arguments: Sequence[Any]) -> Rows:
    """Sending, held or expired, as decided."""
    session.noted["marked"] = arguments
    now, *columns = arguments
    for id, state, list_id, try_at, reason in zip(*columns, strict=True):
        row = session.get(DELIVERIES, (id,))
        assert row is not None
        attempts = row["attempts"] + (state == "sending")
        decided = {"state": state, "list_id": list_id, "try_at": try_at, "reason": reason}
        session.put(DELIVERIES, {**row, **decided, "attempts": attempts, "changed_at": now})
    return []


def asks_somebody(session: Session, delivery: Row) -> bool:
    """Whether the delivery is still needed and its recipient has not left."""
    episode = _episode_of(session, delivery)
    over = over_with(_alert_of(session, delivery), episode, asked_of(session.rows(OFFERS), episode))
    return over is None and not _has_left(session, delivery)


def _episode_of(session: Session, delivery: Row) -> Row:
    episode = session.get(EPISODES, (_alert_of(session, delivery)["episode_id"],))
    assert episode is not None
    return episode


def _alert_of(session: Session, delivery: Row) -> Row:
    alert = session.get(ALERTS, (delivery["alert_id"],))
    assert alert is not None
    return alert


def _give_up(session: Session, _arguments: Sequence[Any]) -> Rows:
    silent = [
        row
        for row in _deliveries_in(session, "sending")
        if row["try_at"] <= session.now
        and session.is_free(DELIVERIES, (row["delivery_id"],))
        and session.is_free(EPISODES, (_episode_of(session, row)["episode_id"],))
    ]
    ids = [row["delivery_id"] for row in silent]
    give_up_deliveries(session, ids)
    session.noted["given up"] = ids
    return silent


def give_up_deliveries(session: Session, ids: Iterable[Any]) -> None:
    """Attempts whose outcome was never reported."""
    keys = [(id,) for id in ids]
    session.hold(DELIVERIES, keys)
    for key in keys:
        row = session.get(DELIVERIES, key)
        assert row is not None
        state = "unknown" if row["unknown_count"] + 1 < GIVE_UP_AFTER_UNKNOWN else "failed"
        changes = {
            "state": state if asks_somebody(session, row) else "cancelled",
            "unknown_count": row["unknown_count"] + 1,
            "reason": "the attempt never came back",
            "try_at": session.now + RESEND_UNKNOWN_AFTER,
            "changed_at": session.now,
        }
        session.put(DELIVERIES, {**row, **changes})


ANSWERS: Mapping[str, Answer] = {
    batches._CANCEL_APPROVALS: _cancel_approvals,
    batches._CANCEL_DELIVERIES: _cancel_deliveries,
    batches._CANCEL_MAIL: _cancel_mail,
    claims._RECIPIENTS: _with_mail_due,
    claims._LOCK: _lock_people,
    claims._DUE: _due_for,
    claims._RECENT: _sent_lately,
    claims._MARK: mark_deliveries,
    deliveries._GIVE_UP_ON_SILENT_ATTEMPTS: _give_up,
}
