"""What agents read in support and in orders while a colleague calls a customer who asked for money back."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from pydantic import SecretStr

from services.orders.handlers import handle as handle_orders
from services.support.handlers import handle as handle_support
from services.support.store import OF_CASE
from shared.contracts.escalation import SaveWindowClosed, SaveWindowEnd, SaveWindowOpened
from shared.http.application import bare_app
from shared.http.reader_keys import ReaderKeys
from shared.http.rescues import rescues_router
from tests.builders import ACCOUNT, case_opened, input_of
from tests.servers import MakeDatabase
from tests.services import ServiceUnderTest, running

KEY = "a-reader-of-rescues"
EPISODE = UUID(int=1)
OF_ACCOUNT = f"/accounts/{ACCOUNT}/rescue"


def opened(until: datetime, **changes: Any) -> SaveWindowOpened:
    about = {"episode": EPISODE, "order": "4711", "case": "CS-1", "who": "anna", "name": "Anna Berg", "until": until}
    return SaveWindowOpened(**{**about, "acknowledged": False, "zone": "Europe/Berlin", **changes})


async def read(service: ServiceUnderTest, path: str, key: str = KEY, **more: Any) -> httpx2.Response:
    readers = ReaderKeys.read(SecretStr(f'["{KEY}"]'))
    app = bare_app("support", [rescues_router(service.pool, readers, **more)])
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://support") as client:
        return await client.get(path, headers={"Authorization": f"Bearer {key}"})


async def rescues(service: ServiceUnderTest, path: str = OF_ACCOUNT, **more: Any) -> list[dict[str, str]]:
    answer = await read(service, path, **more)
    assert answer.status_code == 200
    found: list[dict[str, str]] = answer.json()["rescues"]
    return found


@pytest.mark.parametrize(
    ("name", "handle"), [("support", handle_support), ("orders", handle_orders)], ids=["support", "orders"]
)
async def test_an_agent_reads_who_calls_once_they_acknowledged_and_until_the_window_is_over(
    database: MakeDatabase, name: str, handle: Callable[..., Any]
) -> None:
    async with running(await database(name), name, handle) as service:
        until = await service.now() + timedelta(hours=2)
        await service.receive(input_of(opened(until), subject=ACCOUNT))
        (before,) = await rescues(service)
        assert before == {"account": ACCOUNT, "order": "4711", "case": "CS-1", "say": "A colleague will call you."}
        await service.receive(input_of(opened(until, acknowledged=True), subject=ACCOUNT))
        (after,) = await rescues(service, "/cases/CS-1/rescue")
        assert (after["name"], after["say"][:26]) == ("Anna Berg", "Anna Berg will call you by")
        assert datetime.fromisoformat(after["until"]) == until.replace(second=0, microsecond=0)
        talked = opened(until, acknowledged=True, reached_at=until - timedelta(hours=2))
        await service.receive(input_of(talked, subject=ACCOUNT))
        (done,) = await rescues(service)
        assert (done["say"][:26], "until" in done) == ("You talked with Anna Berg ", False)
        assert (await read(service, OF_ACCOUNT, key="another-key-than-ours")).status_code == 401
        over = SaveWindowClosed(episode=EPISODE, order="4711", because=SaveWindowEnd.SAVED, closed_at=until)
        await service.receive(input_of(over, subject=ACCOUNT))
        assert await rescues(service) == []
        await service.receive(input_of(opened(until), subject=ACCOUNT), input_of(over, subject=ACCOUNT))
        assert await rescues(service) == [], "the last event of a batch counts"


async def test_another_case_of_the_order_shows_the_window_too_and_none_outlasts_its_end(
    database: MakeDatabase,
) -> None:
    async with running(await database("support"), "support", handle_support) as support:
        await support.receive(case_opened("CS-2", order="4711"), case_opened("CS-3", order="4800"))
        await support.receive(input_of(opened(await support.now() + timedelta(hours=2)), subject=ACCOUNT))
        assert len(await rescues(support, "/cases/CS-2/rescue", of_case=OF_CASE)) == 1
        assert await rescues(support, "/cases/CS-3/rescue", of_case=OF_CASE) == []
        await support.move_clock(timedelta(hours=2))
        assert await rescues(support) == []
