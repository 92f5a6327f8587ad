"""On real Postgres: a device that is added while its session ends, or while its owner leaves, is live in no order."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TypeAlias
from uuid import uuid4

import pytest

from services.escalation.app import add_device
from services.escalation.inbox.sessions import hashed, new_token
from services.escalation.store import devices as store
from services.escalation.store.devices import NewDevice, Subscription
from services.escalation.store.sessions import end_session
from services.escalation.store.sign_outs import end_all, sign_out_everywhere
from shared.database import Pool
from shared.ids import SalespersonId
from tests.builders import SELLER
from tests.devices import Devices

LEFT = "update escalation.salespeople set active = false where salesperson_id = $1"
OPENED = """
    insert into escalation.sessions (token_hash, salesperson_id, csrf_token, expires_at, opened_at)
    values ($1, $2, 'x', shared.app_now() + interval '1 day', shared.app_now())
"""
SAME = """
    insert into escalation.push_devices
        (device_id, salesperson_id, endpoint, endpoint_hash, p256dh, auth, press_key, label, key_fingerprint, added_at)
    values ($1, 'ben', $2, sha256(convert_to($2, 'utf8')), '', '', '', '', '', shared.app_now())
"""
PAUSE_SECONDS = 0.3


@dataclass(frozen=True)
class Case:
    """A pool, and a device to add with its session."""

    pool: Pool
    device: NewDevice

    @property
    def session(self) -> bytes:
        assert self.device.session_hash is not None
        return self.device.session_hash

    async def leaves(self) -> None:
        """Anna leaves, in the transaction of that change."""
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.execute(LEFT, SELLER)
            await asyncio.sleep(PAUSE_SECONDS)
            await end_all(connection, [SELLER], await connection.fetchval("select shared.app_now()"))

    async def signs_out(self) -> None:
        await end_session(self.pool, self.session)

    async def signs_out_everywhere(self) -> None:
        await sign_out_everywhere(self.pool, SELLER)

    async def live(self) -> int:
        """The number of live devices."""
        async with self.pool.acquire() as connection:
            return await store.count_live(connection)

    @asynccontextmanager
    async def holding_up(self) -> AsyncIterator[None]:
        """While this lasts, adding stops after its checks: another transaction has the same subscription."""
        async with self.pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute(SAME, uuid4(), self.device.subscription.endpoint)
            try:
                yield
            finally:
                await transaction.rollback()


Ending: TypeAlias = Callable[[Case], Awaitable[None]]
ENDINGS: Mapping[str, Ending] = {
    "leaving": Case.leaves,
    "signing out": Case.signs_out,
    "signing out everywhere": Case.signs_out_everywhere,
}
each_ending = pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS.keys())


@pytest.fixture
async def case(devices: Devices) -> Case:
    await devices.site.hire()
    pool, session = devices.site.service.pool, hashed(new_token())
    await pool.execute(OPENED, session, SELLER)
    subscription = Subscription("https://push.example.com/x", "p", "a")
    made = NewDevice(uuid4(), SalespersonId(SELLER), subscription, b"k" * 32, "Chrome", "key", session)
    return Case(pool, made)


@each_ending
async def test_a_device_that_is_added_before_the_end_ends_with_it(case: Case, ending: Ending) -> None:
    async with case.holding_up():
        adding = asyncio.ensure_future(store.add(case.pool, case.device))
        await asyncio.sleep(PAUSE_SECONDS)
        ended = asyncio.ensure_future(ending(case))
        await asyncio.sleep(PAUSE_SECONDS)
        assert not adding.done()
    added, _ = await asyncio.gather(adding, ended)
    assert (added is not None, await case.live()) == (True, 0)


async def test_a_device_is_not_added_by_a_person_who_is_leaving(case: Case) -> None:
    leaving = asyncio.ensure_future(case.leaves())
    await asyncio.sleep(PAUSE_SECONDS / 2)
    assert await store.add(case.pool, case.device) is None
    await leaving
    assert await case.live() == 0


@each_ending
async def test_a_device_is_not_added_after_the_end(case: Case, ending: Ending) -> None:
    await ending(case)
    assert await store.add(case.pool, case.device) is None
    assert await case.live() == 0


async def test_signing_out_everywhere_ends_everything_or_nothing(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise ConnectionResetError

    assert await store.add(case.pool, case.device) is not None
    monkeypatch.setattr(store, "end_of_people", broken)
    with pytest.raises(ConnectionResetError):
        await sign_out_everywhere(case.pool, SELLER)
    assert await case.live() == 1
    assert await case.pool.fetchval("select count(*) from escalation.sessions") == 1


async def test_a_device_is_not_added_by_a_session_that_has_expired_or_is_of_another_person(case: Case) -> None:
    ben = replace(case.device, salesperson_id=SalespersonId("ben"))
    assert await store.add(case.pool, ben) is None
    await case.pool.execute("update escalation.sessions set expires_at = shared.app_now()")
    assert await store.add(case.pool, case.device) is None


async def test_a_command_adds_a_device_only_for_an_active_salesperson(devices: Devices) -> None:
    pool = devices.site.service.pool
    shown = devices.push.store.subscribe("ben", sender=devices.sender.key.public).shown(devices.push.origin)
    given = (shown["endpoint"], shown["keys"]["p256dh"], shown["keys"]["auth"])
    assert not await add_device(pool, devices.sender, "ben", given)
    await devices.site.hire("ben")
    assert await add_device(pool, devices.sender, "ben", given)
    await devices.site.hire("ben", active=False)
    assert not await add_device(pool, devices.sender, "ben", given)


async def test_a_page_whose_session_ends_while_it_adds_a_device_asks_to_sign_in(
    devices: Devices, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await devices.site.signed_in()
    add = store.add

    async def after_the_end(pool: Pool, device: NewDevice) -> object:
        await sign_out_everywhere(pool, SELLER)
        return await add(pool, device)

    monkeypatch.setattr(store, "add", after_the_end)
    _, answer = await devices.subscribe(browser)
    assert answer.headers["location"].startswith("/sign-in")
    assert await devices.rows() == []
