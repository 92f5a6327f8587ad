"""The promises to operators: when services are killed, doubled, stopped or refused, nothing is lost."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx2

from deploy.local.machine import HANDOFF, SERVICES
from deploy.local.ports import free_ports
from deploy.local.service import Service
from tests.builders import contact_made, event_of
from tests.stories import Company, Story
from tests.waiting import eventually

ACCOUNTS = 24
STOP_SECONDS = 10.0
_APPLIED = re.compile(r'^handoff_records_total\{.*outcome="applied".*\} ([\d.e+]+)$', re.MULTILINE)
_WORDS_IN_ORDER = """
    select subject, string_agg(convert_from(body, 'UTF8')::jsonb ->> 'words', ' ' order by position) as said
    from shared.journal where subject like $1 and type like 'support.%contact_made' group by subject
"""


async def test_two_workers_of_each_service_share_the_work_and_keep_each_accounts_order(
    company: Company, story: Story, tmp_path: Path
) -> None:
    reported: list[str] = []
    async with _second_workers(company, tmp_path) as second:
        workers = [
            worker for name in ("support", "escalation") for worker in (company.machine.service(name), second[name])
        ]
        before = [await _applied(worker) for worker in workers]

        async def each_has_a_share() -> bool:
            reported.append(str(len(reported)))
            facts = [contact_made(case=None, words=reported[-1])] * ACCOUNTS
            at = datetime.now(UTC)
            await company.publish(
                *(event_of(fact, subject=f"{story.account}-{n}", at=at) for n, fact in enumerate(facts))
            )
            await asyncio.sleep(0.3)
            return all([await _applied(worker) > count for worker, count in zip(workers, before, strict=True)])

        await eventually(each_has_a_share, True)
        for name in ("support", "escalation"):
            pool = company.pools[name]

            async def said_in_order() -> dict[str, str]:
                rows = await pool.fetch(_WORDS_IN_ORDER, f"{story.account}-%")  # noqa: B023
                return {row["subject"]: row["said"] for row in rows}

            await eventually(said_in_order, {f"{story.account}-{n}": " ".join(reported) for n in range(ACCOUNTS)})


async def test_sigterm_ends_each_service_in_order_within_ten_seconds(company: Company) -> None:
    await company.everybody_at_work()
    services = [company.machine.service(name) for name in SERVICES]
    ends = [asyncio.create_task(service.ended()) for service in services]
    await asyncio.sleep(0)
    for service in services:
        assert service.pid is not None
        os.kill(service.pid, signal.SIGTERM)
    async with asyncio.timeout(STOP_SECONDS):
        assert await asyncio.gather(*ends) == [0, 0, 0]
    await company.everybody_at_work()


async def test_a_service_whose_port_is_occupied_names_it_with_a_remedy(company: Company) -> None:
    port = company.environment["ORDERS_PORT"]
    status, printed = await company.handoff("run", "orders")
    assert status == 1
    assert f"port {port} of 127.0.0.1 is in use" in printed
    assert "set ORDERS_PORT to another" in printed


@asynccontextmanager
async def _second_workers(company: Company, folder: Path) -> AsyncIterator[dict[str, Service]]:
    """One more process of each service, in another slot, while the body runs."""
    ports = free_ports(len(SERVICES))
    workers = {}
    async with AsyncExitStack() as stack:
        for name, port in zip(SERVICES, ports, strict=True):
            workers[name] = Service(
                name,
                (*HANDOFF, "run", name, "--slot", "0"),
                port=port,
                environment={**company.environment, f"{name.upper()}_PORT": str(port)},
                log=folder / f"{name}.log",
            )
            stack.push_async_callback(workers[name].stop)
        await asyncio.gather(*(worker.start() for worker in workers.values()))
        yield workers


async def _applied(worker: Service) -> float:
    """The number of records that this process has applied, by its own metrics."""
    async with httpx2.AsyncClient(base_url=worker.url) as client:
        return sum(map(float, _APPLIED.findall((await client.get("/metrics")).text)))
