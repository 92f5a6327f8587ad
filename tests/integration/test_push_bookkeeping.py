"""On real Postgres: what is stored about devices decides nothing about a message, and costs few statements."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from deploy.local.push_store import Behaviour
from services.escalation.store import devices as store
from tests.devices import Devices

TAKEN = """
    update escalation.episodes
    set acknowledged_by = 'anna', acknowledged_at = shared.app_now(), responsible = 'anna', rings = rings + 1
"""


@pytest.mark.parametrize(("behaviour", "state"), [(Behaviour.ACCEPT, "sent"), (Behaviour.GONE, "failed")])
async def test_the_result_of_a_message_stands_even_if_its_device_cannot_be_stored(
    devices: Devices, monkeypatch: pytest.MonkeyPatch, behaviour: Behaviour, state: str
) -> None:
    async def away(*_: object) -> None:
        raise asyncpg.CannotConnectNowError

    phone = await devices.phone()
    devices.push.store.behave(phone, behaviour)
    await devices.site.trouble()
    monkeypatch.setattr(store, "note_accepted", away)
    monkeypatch.setattr(store, "end_gone", away)
    await devices.send()
    await devices.send()
    assert (await devices.delivery())["state"] == state
    assert len(devices.shown(phone)) == (1 if behaviour is Behaviour.ACCEPT else 0)


async def test_take_backs_are_sent_and_stored_together(devices: Devices, monkeypatch: pytest.MonkeyPatch) -> None:
    people = ["ben", "carl", "dora"]
    phones = []
    for number, person in enumerate(people):
        await devices.site.hire(person)
        phones.append(await devices.phone(person))
        await devices.site.trouble(person, order=f"o-{number}", account=f"a-{number}")
    await devices.send()
    await devices.site.service.pool.execute(TAKEN)
    noted: list[Collection[UUID]] = []

    async def note_accepted(_: Any, ids: Collection[UUID]) -> None:
        noted.append(ids)

    monkeypatch.setattr(store, "note_accepted", note_accepted)
    assert await devices.take_back() == len(people)
    assert [devices.shown(phone)[-1]["kind"] for phone in phones] == ["over"] * len(people)
    assert [len(ids) for ids in noted] == [len(people)]
