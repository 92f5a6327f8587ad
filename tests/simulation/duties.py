"""The buttons of duties in a history: check-ins, and what a customer said of a promise or an outcome."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from random import Random
from typing import Any
from uuid import UUID

import orjson

from services.escalation.domain.duty_buttons import CheckInLogged, DutyButton, FollowUpLogged
from services.escalation.domain.facts import SAID, AccountFact, FactKind
from services.escalation.domain.findings.lanes import can_complain
from services.escalation.domain.findings.windows import ALWAYS
from services.escalation.store.histories import FACT_COLUMNS
from shared.contracts.escalation import CustomersAnswer
from shared.contracts.support_inbound import ContactChannel
from tests.simulation.commits import Broken
from tests.simulation.database import Database
from tests.simulation.tables import FACTS, JOURNAL, Row

_OF_OUTCOMES = (CustomersAnswer.WORKED, CustomersAnswer.DID_NOT_WORK)


def button(chance: Random, order: Row, database: Database) -> DutyButton:
    """Somebody says that they asked a customer, in time or too early; mostly the seller."""
    facts = database.tables[FACTS].values()
    promises = [row["fact_id"] for row in facts if (row["kind"], row["order_id"]) == ("promise", order["order_id"])]
    by = chance.choice((order["sold_by"], order["sold_by"], order["sold_by"], "ben")) or "anna"
    said: dict[str, Any] = {"order": order["order_id"], "by": by}
    said["channel"] = chance.choice((ContactChannel.PHONE, ContactChannel.EMAIL))
    return CheckInLogged(**said) if chance.random() < 0.4 else _follow_up(chance, said, promises)


def _follow_up(chance: Random, said: dict[str, Any], promises: Collection[UUID]) -> FollowUpLogged:
    if promises and chance.random() < 0.6:
        return FollowUpLogged(**said, answer=CustomersAnswer.KEPT, promise=chance.choice([*promises]))
    return FollowUpLogged(**said, answer=chance.choice(_OF_OUTCOMES))


def check_duties(database: Database) -> None:
    """Nobody checks in twice, and a follow-up that is finished can only be finished again after a complaint."""
    logged = [row for row in database.tables[JOURNAL].values() if row["type"] == CheckInLogged.type]
    told = [orjson.loads(row["body"]) for row in logged]
    check_ins = Counter(one["order"] + one["by"] for one in told)
    _require(max(check_ins.values(), default=1) == 1, "one person checked in twice")
    facts = [_fact(row) for row in database.tables[FACTS].values()]
    complained: dict[str, datetime] = {}
    for fact in filter(can_complain, facts):
        complained[fact.account_id] = max(fact.at, complained.get(fact.account_id, fact.at))
    final = [fact for fact in facts if fact.kind in SAID and fact.at > complained.get(fact.account_id, ALWAYS)]
    said = Counter((fact.kind, fact.order_id, fact.what) for fact in final)
    _require(max(said.values(), default=1) == 1, f"a follow-up was finished twice: {said.most_common(1)}")


def _fact(row: Row) -> AccountFact:
    return AccountFact(**{name: row[name] for name in FACT_COLUMNS} | {"kind": FactKind(row["kind"])})


def _require(holds: bool, words: str) -> None:
    if not holds:
        raise Broken(words)
