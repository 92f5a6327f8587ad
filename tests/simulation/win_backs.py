"""A second opinion about calls to lost customers, from the journal alone: when each was due, why it waited, and how it
ended. Start at `faults_of_win_backs`."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson

from services.escalation.domain.policy.document import shipped_text
from tests.simulation.database import Database
from tests.simulation.tables import DECISIONS, EPISODES, JOURNAL, LOSSES, WIN_BACKS, Row

_RULE = tomllib.loads(shipped_text())["win_back"]
_OPEN = ("planned", "waits", "due")
_RULES = ("win_back_planned", "win_back_waits", "win_back_due", "win_back_answered", "win_back_ended")


def _weeks(text: str) -> timedelta:
    return timedelta(weeks=int(text.removesuffix("w")))


def faults_of_win_backs(database: Database) -> Iterator[str]:
    """What is wrong with the win-backs at rest. Each loss has one; it changes as the journal says, and each change
    leaves a decision."""
    rows = database.tables[WIN_BACKS]
    lost = {key for key, row in database.tables[EPISODES].items() if row["result"] == "lost"}
    if not lost <= rows.keys():
        yield "a loss has no win-back"
    for key, row in rows.items():
        if (key in lost) == (row["state"] == "undone"):
            yield f"an episode is {database.tables[EPISODES][key]['result']}, and its win-back {row['state']}"
        elif key in lost:
            yield from _faults_of(row, database)


def _faults_of(row: Row, database: Database) -> Iterator[str]:
    loss = database.tables[LOSSES][row["episode_id"],]
    wanted = _Call.of(row, may_call_again=loss["may_call_again"] is not False)
    inputs = sorted(database.tables[JOURNAL].values(), key=lambda one: one["position"])
    customer = _Customer(database, row)
    for one in inputs:
        customer.note(one)
        if one["decided_at"] >= row["lost_at"]:
            wanted.note(one, customer)
    found = (row["state"], row["due_at"], row["lapses_at"], row["postponed"])
    if found != (wanted.state, wanted.due_at, wanted.lapses_at, wanted.postponed):
        yield f"a win-back is {found} instead of {wanted}"
    decided = [
        one["rule"]
        for one in sorted(database.tables[DECISIONS].values(), key=lambda one: one["position"])
        if one["rule"] in _RULES and one["episode_id"] == row["episode_id"] and one["at"] >= row["lost_at"]
    ]
    if decided != wanted.decided:
        yield f"a win-back has the decisions {decided} instead of {wanted.decided}"
    yield from wanted.faults


@dataclass(slots=True)
class _Customer:
    """Whether a customer may be called, and has bought since the loss, as far as the journal has been read."""

    database: Database
    row: Row
    preference: tuple[datetime, str, str] | None = None
    bought: bool = False

    def note(self, one: Row) -> None:
        if one["subject"] != self.row["account_id"]:
            return
        body = orjson.loads(one["body"])
        if one["type"] == "support.contact_preference_changed":
            reported = (one["at"], one["event_id"], body["preference"])
            self.preference = max(reported, self.preference or reported)
        if one["type"] == "orders.order_placed" and body.get("renews") is None:
            self.bought |= datetime.fromisoformat(body["sold_at"]) > self.row["lost_at"]

    @property
    def may_be_called(self) -> bool:
        return self.preference is None or self.preference[2] == "none"


@dataclass(slots=True)
class _Call:
    """A win-back as it should be, and the decisions that made it so."""

    episode: str
    state: str
    due_at: datetime
    lapses_at: datetime
    postponed: bool = False
    decided: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    is_made: bool = False
    may_call_again: bool = True

    @classmethod
    def of(cls, row: Row, *, may_call_again: bool) -> "_Call":
        due_at = row["lost_at"] + _weeks(_RULE["after_reason"].get(row["reason"], _RULE["after"]))
        lapses_at = due_at + _weeks(_RULE["lapses_after"])
        return cls(str(row["episode_id"]), "", due_at, lapses_at, may_call_again=may_call_again)

    def note(self, one: Row, customer: _Customer) -> None:
        body = orjson.loads(one["body"])
        if body.get("episode") != self.episode:
            return
        kind = one["type"].removeprefix("escalation.")
        if kind == "button.close_pressed":
            self._decide("planned" if self.may_call_again and customer.may_be_called else "must_not_be_called")
        elif kind == "win_back.checked" and self.state in _OPEN:
            self._look(one["decided_at"], body, customer)
        elif kind == "button.win_back_logged":
            self._answer(one["decided_at"], body["answer"])

    def _look(self, now: datetime, body: dict[str, Any], customer: _Customer) -> None:
        too_many = body["requests"] >= 10 and body["losses"] / body["requests"] > _RULE["waits_above"]
        if customer.bought:
            self._decide("bought_again")
        elif not customer.may_be_called:
            self._decide("must_not_be_called")
        elif now >= self.lapses_at:
            self._decide("lapsed")
        elif now >= self.due_at:
            self._decide("waits" if too_many and self.state != "due" else "due")

    def _answer(self, now: datetime, answer: str) -> None:
        if self.state != "due":
            self.faults.append(f"a win-back was answered while it was {self.state}")
        self.decided.append("win_back_answered")
        if answer == "later" and not self.postponed:
            self.state, self.postponed = "planned", True
            self.due_at = now + _weeks(_RULE["again_after"])
            self.lapses_at = self.due_at + _weeks(_RULE["lapses_after"])
        else:
            self.state = "won_back" if answer == "won_back" else "no"

    def _decide(self, state: str) -> None:
        before, self.state = self.state, state
        if state == before or (not before and state != "planned"):
            return
        self.decided.append(f"win_back_{state}" if state in _OPEN else "win_back_ended")
