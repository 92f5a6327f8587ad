"""Reads what `handoff review` shows about one order: the sale, its episodes, and every fact about it."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.escalation.domain.entities import Order
from services.escalation.domain.explaining.record import ReceivedFact, Record
from services.escalation.domain.happenings import is_about
from services.escalation.domain.results import SAVES, Result
from services.escalation.store.explaining import episodes_of_order, received_of, record_of
from services.escalation.store.rows import result_of
from shared.database import Connection

_ORDER = "select * from escalation.orders where order_id = $1"
_CASES = "select case_id, order_id from escalation.cases where account_id = $1 and order_id is not null"

_LAST_SAVE = """
    select * from escalation.results where order_id = $1 and state = any($2::text[])
    order by closed_at desc, episode_id desc limit 1
"""


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """An order with its episodes, the oldest first. `received` are the facts about it, its cases, or no order of the
    account, by time. `last_save` is the result of its last save."""

    order: Order
    episodes: Sequence[Record]
    received: Sequence[ReceivedFact]
    last_save: Result | None


async def order_record(connection: Connection, order_id: str) -> OrderRecord | None:
    """The record of an order; None for an unknown one."""
    row = await connection.fetchrow(_ORDER, order_id)
    if row is None:
        return None
    order = Order(**row)
    cases = {one["case_id"]: one["order_id"] for one in await connection.fetch(_CASES, order.account_id)}
    received = [
        one
        for one in await received_of(connection, order.account_id)
        if one.read is None or is_about(one.read(), (order_id,), cases)
    ]
    found = await episodes_of_order(connection, order_id)
    save = await connection.fetchrow(_LAST_SAVE, order_id, [one.value for one in SAVES])
    episodes = [await record_of(connection, one.episode_id) for one in found]
    return OrderRecord(order, episodes, received, None if save is None else result_of(save))
