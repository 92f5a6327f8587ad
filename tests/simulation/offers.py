"""What must hold of offers to customers: who approves them, how long a request lasts, and what was given away."""

from collections import Counter
from collections.abc import Iterator

from services.escalation.domain.buttons import ApprovalDue
from shared.timers import timer_id
from tests.simulation.database import Database
from tests.simulation.tables import EPISODES, FACTS, OFFERS, TIMERS, Row

_FREE_AT_MOST, _APPROVED_AT_MOST = 500_00, 3_000_00
"""As the shipped policy has it: the largest limit of a play, and of the manager's manager."""


def faults_of_offers(database: Database) -> Iterator[str]:
    """What is wrong with the offers at rest."""
    offers = list(database.tables[OFFERS].values())
    pending = Counter(row["episode_id"] for row in offers if row["state"] == "pending")
    if max(pending.values(), default=1) > 1:
        yield "an episode has two pending requests"
    for row in offers:
        if row["by"] in (row["asked"], row["answered_by"]):
            yield f"{row['by']} is to approve an offer of their own"
        yield from _faults_of_request(database, row)
    yield from _faults_of_sums(database, offers)


def _faults_of_request(database: Database, row: Row) -> Iterator[str]:
    due = ApprovalDue(offer=row["offer_id"])
    timer = database.tables[TIMERS].get((timer_id(due, row["account_id"], due.model_dump_json()),))
    if row["state"] != "pending":
        if timer is not None:
            yield "a timer waits for the answer to a request that is over"
        return
    episode = database.tables[EPISODES][(row["episode_id"],)]
    if timer is None or timer["due_at"] != row["until"]:
        yield "a pending request has no timer for its end"
    if episode["closed_at"] is not None or row["by"] != (episode["acknowledged_by"] or episode["responsible"]):
        yield f"a request waits, and {row['by']} does not have the episode"


def _faults_of_sums(database: Database, offers: list[Row]) -> Iterator[str]:
    """The facts have what was agreed, and nobody gave more than they may."""
    agreed, noted = Counter[str](), Counter[str]()
    for row in offers:
        if row["agreed_minor"]:
            agreed[row["order_id"]] += row["agreed_minor"]
    for row in offers:
        if row["state"] == "made" and row["amount_minor"] > _FREE_AT_MOST:
            yield f"{row['amount_minor']} was offered without approval"
        if row["state"] == "approved" and row["agreed_minor"] > _APPROVED_AT_MOST:
            yield f"{row['agreed_minor']} was approved"
    for row in database.tables[FACTS].values():
        if row["kind"] == "offer_agreed":
            noted[row["order_id"]] += row["amount_minor"]
    if agreed != noted:
        yield f"{agreed} was agreed, and {noted} is remembered"
