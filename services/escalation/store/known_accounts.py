"""The accounts that a process keeps in memory, so that the next fact costs the same for an account of any size.

Every transaction that changes the stored state of an account gives it a new version. The holder of the account's lock
compares versions: if they are equal, no other process has changed anything, and the state in memory is the stored one.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TypeVar
from uuid import uuid4

from services.escalation.domain.account_state import AccountState
from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.index import ordered
from services.escalation.domain.entities import Account, Case, Order, Signal
from services.escalation.domain.facts import AccountFact
from services.escalation.domain.offers import Offer
from services.escalation.domain.unit_of_work import UnitOfWork
from services.escalation.store.histories import FACT_COLUMNS, facts_of
from services.escalation.store.rows import episode_of, offer_of, result_of, signal_of, window_of
from shared.database import Connection

_VERSIONS = "select account_id, version from escalation.account_versions where account_id = any($1::text[])"
_NEW_VERSION = """
    insert into escalation.account_versions (account_id, version)
    select account_id, $2::uuid from unnest($1::text[]) as changed (account_id)
    on conflict (account_id) do update set version = excluded.version
"""
_ACCOUNTS = "select * from escalation.accounts where account_id = any($1::text[])"
# Without customers' personal data: no decision uses it, saving an order again keeps it, and data erased from the
# database is not kept here.
PERSONAL = frozenset({"customer_name", "customer_phone", "customer_email"})
_ORDER_COLUMNS = ", ".join(column.name for column in fields(Order) if column.name not in PERSONAL)
_ORDERS = f"select {_ORDER_COLUMNS} from escalation.orders where account_id = any($1::text[])"
_CASES = "select * from escalation.cases where account_id = any($1::text[])"
_FACTS = f"""
    select {", ".join(FACT_COLUMNS)} from escalation.facts where account_id = any($1::text[]) order by at, fact_id
"""
_SIGNAL_COLUMNS = ", ".join(column.name for column in fields(Signal) if column.name != "words")
_SIGNALS = f"select {_SIGNAL_COLUMNS} from escalation.signals where account_id = any($1::text[])"
# The open episodes, and the last closed one of each order: one transaction may have closed several, at one `now`.
_EPISODES = """
    select * from escalation.episodes e where account_id = any($1::text[])
    and (closed_at is null or not exists (
        select from escalation.episodes f where f.order_id = e.order_id and f.follows = e.episode_id))
"""
_RESULTS = "select * from escalation.results where account_id = any($1::text[])"
# The signals of orders with results, with their orders: of earlier episodes only the last of each order are read.
_SIGNALS_OF_RESULTS = """
    select s.account_id, s.signal_id, e.order_id, e.raised_at
    from escalation.signals s join escalation.episodes e using (episode_id)
    where e.order_id = any($1::text[]) and s.ended is distinct from 'withdrawn'
"""
_OFFER_COLUMNS = ", ".join(column.name for column in fields(Offer) if column.name != "what")
_OFFERS = f"select {_OFFER_COLUMNS} from escalation.offers where account_id = any($1::text[])"
_WINDOWS = "select * from escalation.save_windows where account_id = any($1::text[])"
_MOST_ROWS = 120_000  # some 150 MB
_ROWS_AT_ONCE = 1_000  # some 20 ms, then the event loop has its turn

T = TypeVar("T")


@dataclass(slots=True)
class KnownAccounts:
    """Accounts by id. An account in use by a transaction is not here; it returns when the transaction is committed.

    Beyond `most_rows` of facts, signals and the like, the accounts unused for longest are dropped; each account also
    counts for a few rows itself. The account used last is kept at any size.
    """

    most_rows: int = _MOST_ROWS
    _known: OrderedDict[str, tuple[AccountState, int]] = field(default_factory=OrderedDict)
    _rows: int = 0

    async def load(self, connection: Connection, accounts: Sequence[str]) -> dict[str, AccountState]:
        """The state of accounts whose locks are held."""
        versions = {row["account_id"]: row["version"] for row in await connection.fetch(_VERSIONS, accounts)}
        states = {}
        for id in accounts:
            state = self._take(id)
            if state is not None and state.version == versions.get(id):
                states[id] = state
        unknown = [id for id in accounts if id not in states]
        for id, state in (await _read(connection, unknown) if unknown else {}).items():
            state.version = versions.get(id)
            states[id] = state
        return states

    def keep(self, work: UnitOfWork) -> None:
        """Remember the state just committed, without customers' personal data."""
        for order in work.changes.orders.values():
            work.state(order.account_id).put_order(_without_personal(order))
        for signal in work.changes.signals.values():
            work.state(signal.account_id).put_signal(replace(signal, words=None))
        for offer in work.changes.offers.values():
            work.state(offer.account_id).put_offer(replace(offer, what=None))
        for id, state in work.states.items():
            if state.version is not None:
                self._take(id)
                self._known[id] = state, state.size
                self._rows += state.size
        while self._rows > self.most_rows and len(self._known) > 1:
            self._take(next(iter(self._known)))

    def _take(self, account_id: str) -> AccountState | None:
        state, size = self._known.pop(account_id, (None, 0))
        self._rows -= size
        return state


def _without_personal(order: Order) -> Order:
    return replace(order, customer_name=None, customer_phone=None, customer_email=None)


async def save_versions(connection: Connection, work: UnitOfWork) -> None:
    """Give the accounts that changed a new version."""
    changed, version = sorted(work.changes.touched()), uuid4()
    if changed:
        await connection.execute(_NEW_VERSION, changed, version)
    for id in changed:
        work.state(id).version = version


async def _read(connection: Connection, accounts: list[str]) -> dict[str, AccountState]:
    histories = await _histories(connection, accounts)
    states = {id: AccountState(id, history) for id, history in histories.items()}
    for row in await connection.fetch(_ACCOUNTS, accounts):
        states[row["account_id"]].put_account(Account(**row))
    async for row in _in_pieces(await connection.fetch(_ORDERS, accounts)):
        states[row["account_id"]].put_order(Order(**row))
    async for row in _in_pieces(await connection.fetch(_CASES, accounts)):
        states[row["account_id"]].put_case(Case(**row))
    async for row in _in_pieces(await connection.fetch(_EPISODES, accounts)):
        states[row["account_id"]].put_episode(episode_of(row))
    async for row in _in_pieces(await connection.fetch(_RESULTS, accounts)):
        states[row["account_id"]].put_result(result_of(row))
    async for row in _in_pieces(await connection.fetch(_SIGNALS, accounts)):
        states[row["account_id"]].put_signal(signal_of(row))
    for row in await connection.fetch(_OFFERS, accounts):
        states[row["account_id"]].put_offer(offer_of(row))
    for row in await connection.fetch(_WINDOWS, accounts):
        states[row["account_id"]].put_window(window_of(row))
    await _read_signals_of_results(connection, states)
    return states


async def _read_signals_of_results(connection: Connection, states: dict[str, AccountState]) -> None:
    """Learn which signals are about orders with results."""
    orders = [order for state in states.values() for order in state.results.orders]
    async for row in _in_pieces(await connection.fetch(_SIGNALS_OF_RESULTS, orders) if orders else ()):
        state = states[row["account_id"]]
        state.results.note_signal(state.signals[row["signal_id"]], (row["order_id"], row["raised_at"]))
    for state in states.values():
        state.results.unjudged.clear()
        state.windows.unjudged.clear()


async def _histories(connection: Connection, accounts: list[str]) -> dict[str, History]:
    """The history of each account. The orders of cases are learned before the facts that name the cases."""
    facts: dict[str, list[AccountFact]] = {account: [] for account in accounts}
    async for row in _in_pieces(await connection.fetch(_FACTS, accounts)):
        for fact in facts_of([row]):
            facts[fact.account_id].append(fact)
    histories = {}
    for account, by_time in facts.items():
        in_order = list(ordered(by_time))
        history = histories[account] = History()
        history.open_cases(in_order)
        async for fact in _in_pieces(in_order):
            history.append(fact)
    return histories


async def _in_pieces(rows: Sequence[T]) -> AsyncIterator[T]:
    """The rows one by one, with pauses in which other tasks of the event loop have a turn."""
    for place, row in enumerate(rows, start=1):
        yield row
        if place % _ROWS_AT_ONCE == 0:
            await asyncio.sleep(0)
