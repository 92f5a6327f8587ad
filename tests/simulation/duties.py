"""The buttons of follow-ups in a history: check-ins, and the customer's answer about a promise of ours, about their own
part, or about a result."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from random import Random
from typing import Any

import orjson

from services.escalation.domain.duty_buttons import CheckInLogged, DutyButton, FollowUpLogged
from shared.contracts.escalation import CustomersAnswer
from shared.contracts.support_inbound import ContactChannel
from tests.simulation.commits import Broken
from tests.simulation.database import Database
from tests.simulation.tables import FACTS, JOURNAL, SIGNALS, Row

_WORDS = ("promise_said_kept", "outcome_said")
_OF_PROMISES = {"promise": CustomersAnswer.KEPT, "customer_duty": CustomersAnswer.DONE}
_OF_OUTCOMES = (CustomersAnswer.WORKED, CustomersAnswer.DID_NOT_WORK)


def button(chance: Random, order: Row, database: Database) -> DutyButton:
    """A person, most often the seller, reports that they asked a customer, in time or too early."""
    facts = database.tables[FACTS].values()
    promises = [row for row in facts if row["order_id"] == order["order_id"] and row["kind"] in _OF_PROMISES]
    by = chance.choice((order["sold_by"], order["sold_by"], order["sold_by"], "ben")) or "anna"
    said: dict[str, Any] = {"order": order["order_id"], "by": by}
    said["channel"] = chance.choice((ContactChannel.PHONE, ContactChannel.EMAIL))
    return CheckInLogged(**said) if chance.random() < 0.4 else _follow_up(chance, said, promises)


def _follow_up(chance: Random, said: dict[str, Any], promises: Sequence[Row]) -> FollowUpLogged:
    if promises and chance.random() < 0.6:
        promise = chance.choice(promises)
        return FollowUpLogged(**said, answer=_OF_PROMISES[promise["kind"]], promise=promise["fact_id"])
    return FollowUpLogged(**said, answer=chance.choice(_OF_OUTCOMES))


def check_duties(database: Database) -> None:
    """No one checks in twice, a finished follow-up can be finished again only after a complaint, and the customer's own
    part puts no sale at risk."""
    logged = [row for row in database.tables[JOURNAL].values() if row["type"] == CheckInLogged.type]
    reported = [orjson.loads(row["body"]) for row in logged]
    check_ins = Counter(one["order"] + one["by"] for one in reported)
    _require(max(check_ins.values(), default=1) == 1, "one person checked in twice")
    facts = database.tables[FACTS].values()
    complained: dict[str, datetime] = {}
    for row in filter(_may_complain, facts):
        complained[row["account_id"]] = max(row["at"], complained.get(row["account_id"], row["at"]))
    words = [row for row in facts if row["kind"] in _WORDS]
    final = [row for row in words if row["account_id"] not in complained or row["at"] > complained[row["account_id"]]]
    said = Counter((row["kind"], row["order_id"], row["what"]) for row in final)
    _require(max(said.values(), default=1) == 1, f"a follow-up was finished twice: {said.most_common(1)}")
    theirs = {row["fact_id"]: row for row in facts if row["kind"] in ("customer_duty", "customer_duty_said_done")}
    done = Counter((row["order_id"], row["what"]) for row in theirs.values() if row["kind"] != "customer_duty")
    _require(max(done.values(), default=1) == 1, f"the customer's part was reported as done twice: {done}")
    began = [row["kind"] for row in database.tables[SIGNALS].values() if row["fact_id"] in theirs]
    _require(not began, f"the customer's own part puts a sale at risk: {began}")


def _may_complain(row: Row) -> bool:
    """Whether a follow-up may be due again after this fact: the customer was turned away, requested a refund
    or cancellation, gave a rating, or did not get the expected result. Any rating counts, because the policy
    decides which ones are low."""
    if row["kind"] in ("outcome_reported", "outcome_said"):
        return not row["number"]
    turned_away = row["kind"] == "contact" and row["result"] == "dead_end"
    return turned_away or row["kind"] in ("refund_requested", "cancellation_requested", "rated")


def _require(holds: bool, words: str) -> None:
    if not holds:
        raise Broken(words)
