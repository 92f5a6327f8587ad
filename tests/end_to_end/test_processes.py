"""What we promise to those who run the services: killed, doubled, stopped or refused, nothing is lost."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2

from deploy.local.machine import HANDOFF, SERVICES
from deploy.local.ports import free_ports
from deploy.local.service import Service
from services.cli.report import read_episodes
from tests.builders import contact_made, event_of
from tests.stories import Company, Story
from tests.waiting import eventually, until

INCIDENTS = 60
ACCOUNTS = 24
STOP_SECONDS = 10.0
_DEALS = "mql_id,seller_id,sr_id,won_date,business_segment,declared_monthly_revenue"
_LOG = "number,incident_state,reassignment_count,reopen_count,made_sla,caller_id,opened_at,sys_updated_at"
_APPLIED = re.compile(r'^handoff_records_total\{.*outcome="applied".*\} ([\d.e+]+)$', re.MULTILINE)
_WORDS_IN_ORDER = """
    select subject, string_agg(convert_from(body, 'UTF8')::jsonb ->> 'words', ' ' order by position) as said
    from shared.journal where subject like $1 and type like 'support.%contact_made' group by subject
"""
_RINGS = """
    select order_id, episodes.severity, array_agg(cause order by cause desc) as causes from escalation.episodes
    join escalation.alerts using (episode_id) where order_id like $1 group by episode_id
"""


async def test_a_kill_of_each_service_in_the_middle_of_an_import_loses_and_doubles_nothing(
    company: Company, story: Story, tmp_path: Path
) -> None:
    deals, log = _files_of_an_import(tmp_path, story.account)
    starts_at = f"{datetime.now(UTC) - timedelta(hours=6):%Y-%m-%dT%H:%M:%SZ}"
    sales, cases, _ = await asyncio.gather(
        company.handoff("import", "deals", "--file", deals),
        company.handoff("import", "servicenow", "--file", log, "--deals", deals, "--starts-at", starts_at),
        _kill_each_service_once_records_flow(company, story),
    )
    assert (sales[0], cases[0]) == (0, 0), (sales, cases)
    kinds = ("case_bounced", "case_reopened", "response_overdue")
    told = sorted(f"INC-{story.account}-{n} {kind}" for n in range(INCIDENTS) for kind in kinds)

    async def episodes() -> list[dict[str, Any]]:
        listed = await read_episodes(company.environment["ESCALATION_DATABASE_URL"])
        return [episode for episode in listed if episode["order"].startswith(f"o-{story.account}-")]

    def all_told(found: list[dict[str, Any]]) -> bool:
        """Also rung: an episode may be there before the directory knows its seller."""
        return len(_signals(found)) >= len(told) and all(episode["alerts"] for episode in found)

    async def rings() -> list[tuple[str, str, list[str]]]:
        rows = await company.pools["escalation"].fetch(_RINGS, f"o-{story.account}-%")
        return sorted((row["order_id"], row["severity"], row["causes"]) for row in rows)

    await until(episodes, all_told, within_seconds=60)
    await eventually(rings, _rings(await episodes()))
    await company.everybody_at_work()
    found = await episodes()
    assert _signals(found) == told
    assert len({episode["order"] for episode in found}) == len(found)
    assert await rings() == _rings(found)


async def test_two_workers_of_each_service_share_the_work_and_keep_each_accounts_order(
    company: Company, story: Story, tmp_path: Path
) -> None:
    told: list[str] = []
    async with _second_workers(company, tmp_path) as second:
        workers = [
            worker for name in ("support", "escalation") for worker in (company.machine.service(name), second[name])
        ]
        before = [await _applied(worker) for worker in workers]

        async def each_has_a_share() -> bool:
            told.append(str(len(told)))
            facts = [contact_made(case=None, words=told[-1])] * ACCOUNTS
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

            await eventually(said_in_order, {f"{story.account}-{n}": " ".join(told) for n in range(ACCOUNTS)})


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


async def test_a_service_whose_port_is_taken_says_which_and_what_to_do(company: Company) -> None:
    port = company.environment["ORDERS_PORT"]
    status, printed = await company.handoff("run", "orders")
    assert status == 1
    assert f"port {port} of 127.0.0.1 is taken" in printed
    assert "set ORDERS_PORT to another" in printed


def _files_of_an_import(folder: Path, tag: str) -> tuple[str, str]:
    """Deals of two sellers with many accounts, and incidents each of which goes wrong in three ways.

    No two go wrong at one time: in which order signals join an episode must not depend on when its sale comes.
    """
    sales = [f"o-{tag}-{n},m-{tag}-{n:03},sr-{tag}-{n % 2},01-10-2016 10:00,pet,100" for n in range(INCIDENTS)]
    changes = [
        f"INC-{tag}-{n},{state},Caller {n},01-11-2016 10:00,01-11-2016 {hour}:{n % 60:02}"
        for n in range(INCIDENTS)
        for hour, state in enumerate(("New,0,0,TRUE", "Active,3,0,TRUE", "Active,4,1,TRUE", "Active,4,1,FALSE"), 10)
    ]
    deals, log = folder / "deals.csv", folder / "log.csv"
    deals.write_text("\n".join([_DEALS, *sales, ""]))
    log.write_text("\n".join([_LOG, *changes, ""]))
    return str(deals), str(log)


async def _kill_each_service_once_records_flow(company: Company, story: Story) -> None:
    for name in SERVICES:
        journaled = "select count(*) from shared.journal where subject like $1"
        pool = company.pools[name]
        await until(lambda: pool.fetchval(journaled, f"m-{story.account}-%"), lambda count: count > 0)  # noqa: B023
        await company.machine.service(name).kill()


def _signals(episodes: list[dict[str, Any]]) -> list[str]:
    return sorted(f"{signal['case']} {signal['kind']}" for episode in episodes for signal in episode["signals"])


def _rings(episodes: list[dict[str, Any]]) -> list[tuple[str, str, list[str]]]:
    """Order, severity and causes: a ring for the first signal, and one for the rise.

    However many incidents an order has, it rises once: the broken promise is the third kind of trouble.
    """
    return sorted((episode["order"], "critical", ["signal", "severity"]) for episode in episodes)


@asynccontextmanager
async def _second_workers(company: Company, folder: Path) -> AsyncIterator[dict[str, Service]]:
    """One more process of each service, in another slot, while inside."""
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
    """Records this process has applied, by its own metrics."""
    async with httpx2.AsyncClient(base_url=worker.url) as client:
        return sum(map(float, _APPLIED.findall((await client.get("/metrics")).text)))
