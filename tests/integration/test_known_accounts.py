"""Accounts held in a process's memory: valid as long as no other process has changed them, and no longer."""

import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import asyncpg
import pytest
from structlog.testing import capture_logs

from services.escalation.domain.account_state import AccountState
from services.escalation.domain.entities import Case, Order
from services.escalation.domain.policy.versions import Policies
from services.escalation.domain.unit_of_work import UnitOfWork
from services.escalation.handlers import handling
from services.escalation.store import known_accounts
from services.escalation.store.explaining import record_of
from services.escalation.store.known_accounts import KnownAccounts
from shared.transaction import InputProcessor
from tests.builders import (
    ACCOUNT,
    AT,
    batch_of,
    minutes,
    order_placed,
    refund_requested,
    sale_corrected,
    salesperson_changed,
)
from tests.escalation import NO_LIMIT, Escalation, dead_end, reported
from tests.unit.accounts import inbound

ORDER = Order("o-1", ACCOUNT, "anna", AT, 100, "EUR", "Machine", AT)
_SIGNALS = "select count(*) from escalation.signals where episode_id is not null"


class _Counting:
    """A service's handler that counts the accounts it reads from the database."""

    def __init__(self, escalation: Escalation, monkeypatch: pytest.MonkeyPatch) -> None:
        self.read: list[list[str]] = []
        reading = known_accounts._read

        async def counted(connection: asyncpg.Connection, accounts: list[str]) -> object:
            self.read.append(accounts)
            return await reading(connection, accounts)

        monkeypatch.setattr(known_accounts, "_read", counted)
        self.processor = InputProcessor(escalation.pool, "escalation", handling(NO_LIMIT))


async def test_an_account_is_read_once_while_one_process_alone_changes_it(
    escalation: Escalation, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = _Counting(escalation, monkeypatch)
    await one.processor.apply(batch_of(reported(salesperson_changed()), reported(order_placed())))
    for minute in range(3):
        await one.processor.apply(batch_of(reported(dead_end(case=f"k-{minute}"), at=minutes(minute))))
    assert one.read == [[ACCOUNT]]
    assert await escalation.pool.fetchval(_SIGNALS) == 3


async def test_an_account_changed_by_another_process_is_read_again(escalation: Escalation) -> None:
    """Both processes know the account: one opens the episode that the other's signal joins."""
    one, other = (InputProcessor(escalation.pool, "escalation", handling(NO_LIMIT)) for _ in range(2))
    await one.apply(batch_of(reported(salesperson_changed()), reported(order_placed())))
    await other.apply(batch_of(reported(dead_end(case="k-1"))))
    await one.apply(batch_of(reported(dead_end(case="k-2"))))
    await other.apply(batch_of(reported(refund_requested())))
    (episode,) = await escalation.episodes()
    assert episode["closed_at"] is None
    assert await escalation.pool.fetchval(_SIGNALS) == 3


async def test_a_rolled_back_change_is_not_remembered(escalation: Escalation, monkeypatch: pytest.MonkeyPatch) -> None:
    one = _Counting(escalation, monkeypatch)
    await one.processor.apply(batch_of(reported(salesperson_changed()), reported(order_placed())))
    lost = batch_of(reported(dead_end()))

    async def broken(*_arguments: object) -> None:
        raise asyncpg.SerializationError("as the test wished")

    with monkeypatch.context() as patch:
        patch.setattr("shared.outbox.append", broken)
        with pytest.raises(asyncpg.SerializationError):
            await one.processor.apply(lost)
    await one.processor.apply(lost)
    assert one.read == [[ACCOUNT], [ACCOUNT]]
    assert await escalation.pool.fetchval(_SIGNALS) == 1


async def test_a_restored_database_is_read_again(escalation: Escalation, monkeypatch: pytest.MonkeyPatch) -> None:
    """The backup has an older version, whichever changes were made to the account since."""
    one = _Counting(escalation, monkeypatch)
    await one.processor.apply(batch_of(reported(salesperson_changed()), reported(order_placed())))
    backup = await escalation.pool.fetchval("select version from escalation.account_versions")
    await one.processor.apply(batch_of(reported(dead_end())))
    for table in ("deliveries", "alerts", "decisions", "signals", "episodes", "facts"):
        await escalation.pool.execute(f"delete from escalation.{table}")
    await escalation.pool.execute("update escalation.account_versions set version = $1", backup)
    await one.processor.apply(batch_of(reported(refund_requested())))
    assert one.read == [[ACCOUNT], [ACCOUNT]]
    assert await escalation.pool.fetchval(_SIGNALS) == 1


async def test_erased_data_is_not_written_again(escalation: Escalation) -> None:
    """A corrected sale is saved again, by a process that knew the customer's name when the sale was made."""
    await escalation.receive(salesperson_changed(), order_placed(), refund_requested(words="Petra wants it back"))
    await escalation.pool.execute("update escalation.orders set customer_name = null, customer_phone = null")
    await escalation.pool.execute("update escalation.signals set words = null")
    await escalation.receive(sale_corrected(sold_by="ben"), dead_end())
    row = await escalation.pool.fetchrow("select sold_by, customer_name, customer_phone from escalation.orders")
    assert row is not None
    assert dict(row) == {"sold_by": "ben", "customer_name": None, "customer_phone": None}
    assert await escalation.pool.fetchval("select count(*) from escalation.signals where words is not null") == 0


def test_the_memory_for_accounts_is_bounded() -> None:
    """The least recently used accounts are forgotten first."""
    known = KnownAccounts(most_rows=11)
    for account in ("c-2", "c-1", "c-1", "c-3"):
        state = known._take(account) or AccountState(account)
        state.version = state.version or uuid4()
        state.put_order(replace(ORDER, order_id=f"{account}-{state.size}", account_id=account))
        state.put_case(Case(account, f"{account}-{state.size}"))
        known.keep(UnitOfWork(NO_LIMIT, Policies.shipped(), {account: state}))
    assert list(known._known) == ["c-3"]
    assert known._rows == 5


def test_accounts_with_few_facts_are_forgotten_too() -> None:
    """Each takes some kilobytes: many of them would fill the memory although they have few rows."""
    known = KnownAccounts(most_rows=100)
    for number in range(200):
        state = AccountState(f"c-{number}")
        state.version = uuid4()
        known.keep(UnitOfWork(NO_LIMIT, Policies.shipped(), {f"c-{number}": state}))
    assert 0 < len(known._known) <= 100 / 3


def test_a_row_takes_as_much_memory_as_the_limit_assumes() -> None:
    """Measured on accounts with a sale and a contact, and on one with many: 120,000 rows take some 150 MB."""
    assert _bytes_a_row(lambda: [_sold(AccountState(f"c-{number}"), 1) for number in range(1_500)]) < _MOST_BYTES_A_ROW
    assert _bytes_a_row(lambda: [_sold(AccountState("c-17"), 3_000)]) < _MOST_BYTES_A_ROW


_MOST_BYTES_A_ROW = 1_500


def _bytes_a_row(make: Callable[[], list[AccountState]]) -> float:
    tracemalloc.start()
    try:
        states = make()
        return tracemalloc.get_traced_memory()[0] / sum(state.size for state in states)
    finally:
        tracemalloc.stop()


def _sold(state: AccountState, times: int) -> AccountState:
    for number in range(times):
        state.put_order(replace(ORDER, order_id=f"{number}", account_id=state.account.account_id))
        state.history.add(inbound(number, case=f"case-{number}"))
    return state


async def test_facts_of_kinds_from_a_newer_release_are_skipped_and_named_once(
    escalation: Escalation,
) -> None:
    """After that release was rolled back, or while both run."""
    await escalation.receive(salesperson_changed(), order_placed(), dead_end(case="k-1"))
    await escalation.pool.execute(
        """
        insert into escalation.facts (fact_id, account_id, kind, at, courtesy)
        select gen_random_uuid(), account_id, 'shipped_by_drone', at, false
        from escalation.facts, generate_series(1, 3) number
        """
    )
    await escalation.pool.execute("delete from escalation.account_versions")
    with capture_logs() as logged:
        await escalation.receive(reported(dead_end(case="k-2"), at=minutes(1)))
        assert len(await escalation.signals()) == 2
        (episode,) = await escalation.episodes()
        async with escalation.pool.acquire() as connection:
            record = await record_of(connection, episode["episode_id"])
    assert "shipped_by_drone" not in {fact.kind for fact in record.facts}
    assert [line["kind"] for line in logged if line["log_level"] == "warning"] == ["shipped_by_drone"]
