"""Reads of a batch's accounts and of the policy's versions, and those of a page before a press."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.escalation.store import (
    batches,
    devices,
    known_accounts,
    policies,
    rejudging,
    rounds,
    sign_outs,
    win_backs,
)
from services.escalation.store.histories import FACT_COLUMNS
from tests.simulation.database import Answer, Session
from tests.simulation.tables import (
    ACCOUNT_VERSIONS,
    ACCOUNTS,
    ALERTS,
    CASES,
    DELIVERIES,
    DEVICES,
    EPISODES,
    FACTS,
    JOURNAL,
    LOSSES,
    OFFERS,
    ORDERS,
    PEOPLE,
    POLICIES,
    RESULTS,
    SIGNALS,
    TIMERS,
    WIN_BACKS,
    WINDOWS,
    Rows,
)


def _of_accounts(table: str) -> Answer:
    def rows(session: Session, arguments: Sequence[Any]) -> Rows:
        wanted = set(arguments[0])
        return [row for row in session.rows(table) if row["account_id"] in wanted]

    return rows


def _signals(session: Session, arguments: Sequence[Any]) -> Rows:
    return [{name: row[name] for name in row if name != "words"} for row in _of_accounts(SIGNALS)(session, arguments)]


def _episodes(session: Session, arguments: Sequence[Any]) -> Rows:
    """The open ones, and the last closed one of each order."""
    mine = _of_accounts(EPISODES)(session, arguments)
    followed = {row["follows"] for row in mine}
    return [row for row in mine if row["closed_at"] is None or row["episode_id"] not in followed]


def _signals_of_results(session: Session, arguments: Sequence[Any]) -> Rows:
    mine = {row["episode_id"]: row for row in session.rows(EPISODES) if row["order_id"] in arguments[0]}
    return [
        {name: row[name] for name in ("account_id", "signal_id")}
        | {name: mine[row["episode_id"]][name] for name in ("order_id", "raised_at")}
        for row in session.rows(SIGNALS)
        if row["episode_id"] in mine and row["ended"] != "withdrawn"
    ]


def _facts(session: Session, arguments: Sequence[Any]) -> Rows:
    """In the order of their times, with columns in the statement's order: the store reads them by position."""
    mine = sorted(_of_accounts(FACTS)(session, arguments), key=lambda row: (row["at"], row["fact_id"]))
    return [{name: row[name] for name in FACT_COLUMNS} for row in mine]


def _facts_of_one(session: Session, arguments: Sequence[Any]) -> Rows:
    return _facts(session, [[arguments[0]]])


def _published_of_one(session: Session, arguments: Sequence[Any]) -> Rows:
    account, types = arguments
    return [row for row in session.rows(JOURNAL) if row["subject"] == account and row["type"] in types]


def _orders(session: Session, arguments: Sequence[Any]) -> Rows:
    mine = _of_accounts(ORDERS)(session, arguments)
    return [{name: row[name] for name in row if name not in known_accounts.PERSONAL} for row in mine]


def _offers(session: Session, arguments: Sequence[Any]) -> Rows:
    return [{name: row[name] for name in row if name != "what"} for row in _of_accounts(OFFERS)(session, arguments)]


def _give_versions(session: Session, arguments: Sequence[Any]) -> Rows:
    accounts, version = arguments
    for account in accounts:
        session.put(ACCOUNT_VERSIONS, {"account_id": account, "version": version})
    return []


def _people(session: Session, arguments: Sequence[Any]) -> Rows:
    session.noted["people"] = session.database.commits
    known = {row["salesperson_id"]: row for row in session.rows(PEOPLE)}
    needed, new = set[str](), set(arguments[0])
    while new:
        needed |= new
        people = [known[id] for id in new if id in known]
        new = {row[way] for row in people for way in ("manager", "successor", "backup") if row[way]} - needed
    having = session.noted["devices"] = with_device(session)
    return [{**row, "has_device": id in having} for id, row in known.items() if id in needed]


def with_device(session: Session) -> frozenset[str]:
    """The people for whom a browser receives notifications."""
    return frozenset(row["salesperson_id"] for row in session.rows(DEVICES) if row["ended_at"] is None)


def _by_key(table: str, *, hold: bool = False) -> Answer:
    def rows(session: Session, arguments: Sequence[Any]) -> Rows:
        keys = [(one,) for one in arguments[0]]
        if hold:
            session.hold(table, keys)
        return [row for key in keys if (row := session.get(table, key)) is not None]

    return rows


def _attempted(session: Session, arguments: Sequence[Any]) -> Rows:
    """These deliveries, and those held of the same alerts."""
    meant = _by_key(DELIVERIES)(session, arguments)
    alerts = {row["alert_id"] for row in meant}
    held = [
        row["delivery_id"] for row in session.rows(DELIVERIES) if row["alert_id"] in alerts and row["state"] == "held"
    ]
    return _by_key(DELIVERIES, hold=True)(session, [dict.fromkeys([*(row["delivery_id"] for row in meant), *held])])


def _asked(session: Session, arguments: Sequence[Any]) -> Rows:
    wanted = set(arguments[0])
    notified = {(row["episode_id"], row["recipient"]) for row in session.rows(ALERTS) if row["episode_id"] in wanted}
    return [{"episode_id": episode, "recipient": recipient} for episode, recipient in sorted(notified)]


def _concerned(session: Session, arguments: Sequence[Any]) -> Rows:
    people, found = set(arguments[0]), set[tuple[str, str]]()
    for row in session.rows(EPISODES):
        if row["closed_at"] is None:
            found |= {(row[name], row["account_id"]) for name in ("responsible", "offered_to") if row[name] in people}
    for row in session.rows(OFFERS):
        if row["state"] == "pending" and row["asked"] in people:
            found.add((row["asked"], row["account_id"]))
    for row in session.rows(DELIVERIES):
        if row["recipient"] in people and row["state"] in ("pending", "held", "unknown"):
            alert = session.get(ALERTS, (row["alert_id"],))
            assert alert is not None
            found.add((row["recipient"], alert["account_id"]))
    rows = [{"person": person, "account_id": account} for person, account in sorted(found)]
    session.noted["concerned"] = rows
    return rows


def _undo_losses(session: Session, arguments: Sequence[Any]) -> Rows:
    for episode in arguments[0]:
        session.delete(LOSSES, (episode,))
    return []


def _policies_from_latest(session: Session, arguments: Sequence[Any]) -> Rows:
    session.noted["policies"] = session.database.commits
    latest, own = arguments[0], session.writes.get(POLICIES, {})
    found = sorted((row for row in session.rows(POLICIES) if row["version"] >= latest), key=lambda row: row["version"])
    return [
        {
            **row,
            "document": row["document"] if row["version"] > latest else None,
            "uncommitted": (row["version"],) in own,
        }
        for row in found
    ]


def _now_and_changed(session: Session, arguments: Sequence[Any]) -> Rows:
    episode = session.get(EPISODES, (arguments[0],))
    return [{"now": session.now, "changed_at": episode and episode["changed_at"]}]


def _nobody_signed_in(_session: Session, _arguments: Sequence[Any]) -> Rows:
    """Pages are not simulated: there are no sessions and links to end."""
    return []


def _end_devices(session: Session, arguments: Sequence[Any]) -> Rows:
    because, people = arguments
    for row in list(session.rows(DEVICES)):
        if row["salesperson_id"] in people and row["ended_at"] is None:
            session.put(DEVICES, {**row, "ended_at": session.now, "ended_because": because})
    return []


ANSWERS: Mapping[str, Answer] = {
    sign_outs._END_LINKS: _nobody_signed_in,
    sign_outs._END_SESSIONS: _nobody_signed_in,
    devices._END_OF_PEOPLE: _end_devices,
    win_backs._OF_EPISODES: _by_key(WIN_BACKS),
    known_accounts._VERSIONS: _of_accounts(ACCOUNT_VERSIONS),
    known_accounts._NEW_VERSION: _give_versions,
    known_accounts._ACCOUNTS: _of_accounts(ACCOUNTS),
    known_accounts._ORDERS: _orders,
    known_accounts._CASES: _of_accounts(CASES),
    known_accounts._FACTS: _facts,
    known_accounts._SIGNALS: _signals,
    known_accounts._OFFERS: _offers,
    known_accounts._WINDOWS: _of_accounts(WINDOWS),
    known_accounts._EPISODES: _episodes,
    known_accounts._RESULTS: _of_accounts(RESULTS),
    known_accounts._SIGNALS_OF_RESULTS: _signals_of_results,
    batches._PEOPLE: _people,
    batches._NOTIFIED: _asked,
    batches._CONCERNED: _concerned,
    batches._DELIVERIES: _attempted,
    batches._ALERTS: _by_key(ALERTS),
    batches._UNDO_LOSSES: _undo_losses,
    policies._FROM_LATEST: _policies_from_latest,
    rejudging._FACTS: _facts_of_one,
    rejudging._PUBLISHED: _published_of_one,
    rejudging._AWAITED: _by_key(TIMERS),
    rounds._NOW_AND_CHANGED: _now_and_changed,
}
