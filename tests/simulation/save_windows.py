"""The stored save windows are those that follow from all facts at once, by rules written a second time."""

import tomllib
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import TypeAlias
from uuid import UUID

import orjson

from services.escalation.domain.own_facts import SaveWindowDue
from services.escalation.domain.policy.document import shipped_text
from shared.contracts.support import ContactPreferenceChanged
from shared.timers import timer_id
from tests.simulation.database import Database
from tests.simulation.tables import ACCOUNTS, CASES, EPISODES, FACTS, JOURNAL, ORDERS, SIGNALS, TIMERS, WINDOWS, Row

_POLICY = tomllib.loads(shipped_text())
_OPENS, _CLOSES, _WORKDAYS = time(9), time(17, 30), range(5)
_WITHIN, _LEGAL, _TOO_OLD = timedelta(hours=8), timedelta(days=14), timedelta(days=3)
"""As the shipped policy has it."""
_BY_RESULT = {"saved": "saved", "lost": "lost", "false_alarm": "not_ours", "informed": "not_ours"}
_PRECEDENCE = ("executed", "withdrawn", "customer_insists", "must_not_be_called", "saved", "lost", "not_ours")
"""Of ends at one instant the first counts; cause_gone and time_up come last."""
Found: TypeAlias = tuple[datetime, str]


def faults_of_windows(database: Database) -> Iterator[str]:
    """What is wrong with the save windows at rest."""
    windows = {id: row for (id,), row in database.tables[WINDOWS].items()}
    followed = {row["follows"] for row in database.tables[EPISODES].values()}
    for (id,), episode in database.tables[EPISODES].items():
        window = windows.get(id)
        yield from _faults_of_timer(database, id, episode, window)
        if id not in followed:
            yield from _faults_of_window(database, episode, window)


def _faults_of_timer(database: Database, id: UUID, episode: Row, window: Row | None) -> Iterator[str]:
    due = SaveWindowDue(episode=id)
    timer = database.tables[TIMERS].get((timer_id(due, episode["account_id"], due.model_dump_json()),))
    if window is None or window["ended"] is not None:
        if timer is not None:
            yield "a timer waits for the end of a window that is over"
    elif timer is None or timer["due_at"] != window["until"]:
        yield "an open window has no timer for its end"


def _faults_of_window(database: Database, episode: Row, window: Row | None) -> Iterator[str]:
    requests = [row for row in _requests(database, episode) if row["ended"] != "withdrawn"]
    if not requests:
        if window is not None and window["ended"] is None:
            yield "a window is open, and there is no request"
        return
    first = requests[0]
    until = min(_working(first["at"]), first["at"] + _LEGAL)
    firsts = {_first(database, episode, requests, until, since) for since in _preferences(database, episode)}
    if window is None:
        if firsts == {(None, None)} and _was_asked(episode) and _is_recent(first, until):
            yield f"a request of {first['at']} opened no window"
        return
    found = (window["ended_at"], window["ended"])
    if (window["until"], window["request_id"]) != (until, first["signal_id"]) or found not in firsts:
        yield f"a window until {window['until']} is {found} instead of {firsts} until {until}"
    if window["ended"] is None:
        yield from _faults_of_person(episode, window)
        yield from _faults_of_talk(episode, window, requests[-1]["at"])


def _faults_of_person(episode: Row, window: Row) -> Iterator[str]:
    has_it = episode["acknowledged_by"] or episode["responsible"]
    if has_it is not None and (window["who"], window["acknowledged"]) != (has_it, bool(episode["acknowledged_by"])):
        yield f"{window['who']} is to call, and {has_it} has the episode"


def _faults_of_talk(episode: Row, window: Row, last_request_at: datetime) -> Iterator[str]:
    clock = "deadline_at" if episode["deadline_for"] == "appointment" else "appointment_at"
    talked = episode["reached_at"] is not None and episode["reached_at"] >= last_request_at
    expected = (episode[clock], episode["reached_at"] if talked else None) if window["acknowledged"] else (None, None)
    if (window["call_at"], window["reached_at"]) != expected:
        yield f"a call at {window['call_at']} and a talk at {window['reached_at']} instead of {expected}"


def _requests(database: Database, episode: Row) -> list[Row]:
    mine = [row for row in database.tables[SIGNALS].values() if row["episode_id"] == episode["episode_id"]]
    played = (None, *_POLICY["plays"]["refund_kinds"])
    asked = [
        row
        for row in mine
        if row["kind"] == "cancellation_requested"
        or (row["kind"] == "refund_requested" and row["refund_kind"] in played)
    ]
    return sorted(asked, key=lambda row: (row["at"], row["signal_id"]))


def _was_asked(episode: Row) -> bool:
    has_it = episode["acknowledged_by"] or episode["responsible"]
    return episode["closed_at"] is None and episode["rang"] and episode["rings"] > 0 and has_it is not None


def _is_recent(first: Row, until: datetime) -> bool:
    return bool(first["seen_at"] < until and first["seen_at"] - first["at"] <= _TOO_OLD)


def _first(
    database: Database, episode: Row, requests: list[Row], until: datetime, preference_at: datetime | None
) -> Found | tuple[None, None]:
    ends = _ends(database, episode, requests, until, preference_at)
    return min(ends, key=lambda one: (one[0], _place(one[1])), default=(None, None))


def _preferences(database: Database, episode: Row) -> list[datetime | None]:
    """Since when the customer must not be called; None: they may be.

    If one reason followed another, each of them may count: an account keeps only the last one, and a window that is
    over is not judged again.
    """
    account = database.tables[ACCOUNTS].get((episode["account_id"],))
    if account is None or account["preference"] == "none":
        return [None]
    changes = [
        row["at"]
        for row in database.tables[JOURNAL].values()
        if (row["type"], row["subject"]) == (ContactPreferenceChanged.type, episode["account_id"])
        and orjson.loads(row["body"])["preference"] != "none"
    ]
    return [account["preference_at"], *changes]


def _ends(
    database: Database, episode: Row, requests: list[Row], until: datetime, preference_at: datetime | None
) -> Iterator[Found]:
    """Everything that ended the window, by its own time."""
    since = requests[0]["at"]
    if until <= database.now:
        yield until, "time_up"
    if episode["closed_at"] is not None:
        yield episode["closed_at"], _BY_RESULT.get(episode["result"], "cause_gone")
    if preference_at is not None:
        yield max(preference_at, since), "must_not_be_called"
    for fact in _facts(database, episode["account_id"], "customer_insists"):
        if fact["at"] >= since and _names(database, fact, episode, requests):
            yield fact["at"], "customer_insists"
    over = [_over(database, episode, row) for row in requests]
    known = [one for one in over if one is not None]
    if len(known) == len(over):
        yield max(known, key=lambda one: (one[0], _place(one[1])))


def _names(database: Database, fact: Row, episode: Row, requests: list[Row]) -> bool:
    if fact["case_id"] is not None and fact["case_id"] in {row["case_id"] for row in requests}:
        return True
    case = database.tables[CASES].get((fact["account_id"], fact["case_id"]))
    order = fact["order_id"] or (case["order_id"] if case is not None else None)
    return fact["case_id"] is None if order is None else bool(order == episode["order_id"])


def _over(database: Database, episode: Row, request: Row) -> Found | None:
    """When one request was over: withdrawn by the customer, or carried out."""
    found: list[Found] = []
    if request["ended"] is not None:
        found.append((request["ended_at"], "withdrawn"))
    order = database.tables[ORDERS][(episode["order_id"],)]
    wanted = request["amount_minor"] or order["amount_minor"]
    currency, paid = request["currency"] or order["currency"], 0
    if request["kind"] == "cancellation_requested":
        cancelled = _facts(database, episode["account_id"], "order_cancelled", episode["order_id"])
        found += [(one["at"], "executed") for one in cancelled if one["at"] >= request["at"]][:1]
    else:
        for one in _facts(database, episode["account_id"], "refund_paid", episode["order_id"]):
            counts = one["at"] >= request["at"] and one["currency"] == currency
            paid += one["amount_minor"] if counts else 0
            if counts and 0 < wanted <= paid:
                found.append((one["at"], "executed"))
                break
    return min(found, key=lambda one: (one[0], _place(one[1])), default=None)


def _facts(database: Database, account: str, kind: str, order: str | None = None) -> list[Row]:
    mine = (row for row in database.tables[FACTS].values() if (row["account_id"], row["kind"]) == (account, kind))
    return sorted((row for row in mine if order in (None, row["order_id"])), key=lambda row: row["at"])


def _place(end: str) -> int:
    last = ("cause_gone", "time_up")
    return (*_PRECEDENCE, *last).index(end)


def _working(at: datetime) -> datetime:
    """The end of the time from a request on, counted in the company's working hours."""
    left, now = _WITHIN, at
    while True:
        opens = datetime.combine(now.date(), _OPENS, now.tzinfo)
        closes = datetime.combine(now.date(), _CLOSES, now.tzinfo)
        start = max(now, opens)
        if now.weekday() in _WORKDAYS and start < closes:
            if start + left <= closes:
                return start + left
            left -= closes - start
        now = opens.replace(hour=0) + timedelta(days=1)
