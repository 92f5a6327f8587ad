"""The promises to importers: in any order, any number of times, and despite killed services."""

import asyncio
import re
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from deploy.local.machine import SERVICES
from services.cli.importers.command import app
from services.cli.report import read_episodes
from tests.end_to_end.help_desk import BOUNCED, CHANGES, DEALS, OVERDUE, REOPENED, STARTS_AT, STUCK, HelpDesk, written
from tests.stories import Company, Story
from tests.waiting import eventually, until

INCIDENTS = 60
SEED = 20
_SECONDS = 120.0
_LATE_REPORTS = timedelta(minutes=2)
_PUBLISHED = re.compile(r"events published\D+([\d,]+)")
_JOURNALED = "select count(*) from shared.journal where kind = 'record' and subject like $1"
_RINGS = """
    select order_id, episodes.severity, array_agg(cause order by cause desc) as causes from escalation.episodes
    join escalation.alerts using (episode_id) where order_id like $1 group by episode_id
"""
_STANDING = """
    select signals.account_id, case_id, kind, at, by_silence, order_id from escalation.signals
    left join escalation.episodes using (episode_id)
    where signals.account_id like $1 and ended is null order by case_id, kind, at
"""
_OPEN = """
    select order_id, salesperson, responsible, severity from escalation.episodes
    where account_id like $1 and closed_at is null order by order_id
"""
_DEAD_LETTERS = "select count(*) from shared.dead_letters"
_READ = "select count(*) from shared.ledger"


async def test_a_log_imported_in_either_order_twice_and_under_kills_leaves_the_same_state(
    company: Company, tmp_path: Path
) -> None:
    """Sales before the log, undisturbed; and the log before the sales, while every service is killed."""
    calm, killed = (written(tmp_path, company.story().account, seed=SEED) for _ in range(2))
    refused = await _sum(company, _DEAD_LETTERS, *SERVICES)
    sales = await _import_sales(company, calm)
    await _received(company, calm, sales)
    changes = await _import_log(company, calm)
    await _received(company, calm, sales + changes)
    await asyncio.gather(
        _import_log(company, killed), _kill_once_records_flow(company, killed, "support", "escalation")
    )
    await _received(company, killed, changes)
    await asyncio.gather(
        _import_sales(company, killed), _kill_once_records_flow(company, killed, "orders", "escalation")
    )
    await _received(company, killed, sales + changes)
    await company.move_clock(_LATE_REPORTS)  # then a past silence is recognised as one
    for desk in (calm, killed):
        await eventually(partial(_standing, company, desk), sorted(desk.leaves), within_seconds=_SECONDS)
    left = await _left(company, calm)
    assert {kind for _, kind in calm.leaves} == {STUCK, BOUNCED, REOPENED, OVERDUE}
    assert {episode["severity"] for episode in left["open"]} == {"watch", "high"}
    assert any(signal["order_id"] is None for signal in left["standing"]), "some sales are later than the trouble"
    assert await _left(company, killed) == left

    read = await _sum(company, _READ, "orders", "support")
    reported = [await receive(company, desk) for receive in (_import_log, _import_sales) for desk in (killed, calm)]
    received = partial(_sum, company, _READ, "orders", "support")
    await eventually(received, read + sum(reported), within_seconds=_SECONDS)
    await company.move_clock(_LATE_REPORTS)
    assert [await _left(company, desk) for desk in (calm, killed)] == [left, left]
    assert await _sum(company, _DEAD_LETTERS, *SERVICES) == refused


async def test_a_kill_of_each_service_in_the_middle_of_an_import_loses_and_doubles_nothing(
    company: Company, story: Story, tmp_path: Path
) -> None:
    desk = _all_going_wrong(tmp_path, story.account)
    starts_at = f"{await company.now() - timedelta(hours=6):%Y-%m-%dT%H:%M:%SZ}"  # its clock may be ahead
    sales, cases, _ = await asyncio.gather(
        company.handoff("import", *_sales(desk)),
        company.handoff("import", *_log(desk, starts_at)),
        _kill_once_records_flow(company, desk, *SERVICES),
    )
    assert (sales[0], cases[0]) == (0, 0), (sales, cases)
    kinds = (BOUNCED, REOPENED, OVERDUE)
    reported = sorted(f"INC-{story.account}-{n} {kind}" for n in range(INCIDENTS) for kind in kinds)

    async def episodes() -> list[dict[str, Any]]:
        listed = await read_episodes(company.environment["ESCALATION_DATABASE_URL"])
        return [episode for episode in listed if episode["order"].startswith(f"o-{story.account}-")]

    def all_reported(found: list[dict[str, Any]]) -> bool:
        """Also without an early alert: an episode may exist before the directory knows its seller."""
        return len(_signals(found)) >= len(reported) and all(episode["alerts"] for episode in found)

    async def rings() -> list[tuple[str, str, list[str]]]:
        rows = await company.pools["escalation"].fetch(_RINGS, f"o-{story.account}-%")
        return sorted((row["order_id"], row["severity"], row["causes"]) for row in rows)

    await until(episodes, all_reported, within_seconds=_SECONDS)
    known = await episodes()
    await until(rings, lambda rung: _is_rung_once(rung, known), within_seconds=30)
    await company.everybody_at_work()
    found = await episodes()
    assert _signals(found) == reported
    assert len({episode["order"] for episode in found}) == len(found)
    assert _is_rung_once(await rings(), found)


async def _import_sales(company: Company, desk: HelpDesk) -> int:
    return await _import(company, *_sales(desk))


async def _import_log(company: Company, desk: HelpDesk) -> int:
    return await _import(company, *_log(desk))


def _sales(desk: HelpDesk) -> tuple[str, ...]:
    return "deals", "--file", desk.deals


def _log(desk: HelpDesk, starts_at: str = STARTS_AT) -> tuple[str, ...]:
    return "servicenow", "--file", desk.log, "--deals", desk.deals, "--starts-at", starts_at


async def _import(company: Company, *arguments: str) -> int:
    """Run the imports, in this process because that takes less time. Returns the number of events
    published. One at a time."""
    done = await asyncio.to_thread(CliRunner().invoke, app, arguments, env=company.environment)
    assert done.exit_code == 0, done.output
    (count,) = _PUBLISHED.findall(done.output)
    return int(count.replace(",", ""))


async def _kill_once_records_flow(company: Company, desk: HelpDesk, *names: str) -> None:
    """Kill these services, one after the other, each once it received something new of this help desk."""
    before = {name: await _journaled(company, desk, name) for name in names}
    for name in names:
        await until(partial(_journaled, company, desk, name), before[name].__lt__, within_seconds=_SECONDS)
        await company.machine.service(name).kill()


async def _journaled(company: Company, desk: HelpDesk, service: str) -> int:
    count: int = await company.pools[service].fetchval(_JOURNALED, f"%-{desk.tag}-%")
    return count


async def _received(company: Company, desk: HelpDesk, count: int) -> None:
    """Wait until escalation has received this many facts of this help desk."""
    await eventually(partial(_journaled, company, desk, "escalation"), count, within_seconds=_SECONDS)


async def _standing(company: Company, desk: HelpDesk) -> list[tuple[str, str]]:
    rows = await company.pools["escalation"].fetch(_STANDING, f"m-{desk.tag}-%")
    return [(row["case_id"], row["kind"]) for row in rows]


async def _left(company: Company, desk: HelpDesk) -> dict[str, Any]:
    """The standing signals and open episodes, each id without the tag."""
    pool = company.pools["escalation"]
    return {
        what: [
            {name: value.replace(desk.tag, "") if isinstance(value, str) else value for name, value in row.items()}
            for row in await pool.fetch(query, f"m-{desk.tag}-%")
        ]
        for what, query in (("standing", _STANDING), ("open", _OPEN))
    }


async def _sum(company: Company, query: str, *services: str) -> int:
    return sum([await company.pools[service].fetchval(query) for service in services])


def _all_going_wrong(folder: Path, tag: str) -> HelpDesk:
    """Deals of two sellers with many accounts, and incidents each of which goes wrong in three ways.

    No two of them go wrong at the same time: the order in which signals join an episode must not depend
    on when its sale arrives.
    """
    sales = [f"o-{tag}-{n},m-{tag}-{n:03},sr-{tag}-{n % 2},01-10-2016 10:00,pet,100" for n in range(INCIDENTS)]
    changes = [
        f"INC-{tag}-{n},{state},Caller {n},01-11-2016 10:00,01-11-2016 {hour}:{n % 60:02}"
        for n in range(INCIDENTS)
        for hour, state in enumerate(("New,0,0,TRUE", "Active,3,0,TRUE", "Active,4,1,TRUE", "Active,4,1,FALSE"), 10)
    ]
    deals, log = folder / "deals.csv", folder / "log.csv"
    deals.write_text("\n".join([DEALS, *sales, ""]))
    log.write_text("\n".join([CHANGES, *changes, ""]))
    return HelpDesk(tag, str(deals), str(log), frozenset())


def _signals(episodes: list[dict[str, Any]]) -> list[str]:
    return sorted(f"{signal['case']} {signal['kind']}" for episode in episodes for signal in episode["signals"])


def _is_rung_once(rung: list[tuple[str, str, list[str]]], episodes: list[dict[str, Any]]) -> bool:
    """One alert for the first signal and one for the rise in severity, or a single one if both
    waited for the seller."""
    orders = sorted((episode["order"], "critical") for episode in episodes)
    once = (["signal"], ["signal", "severity"])
    return sorted(one[:2] for one in rung) == orders and all(causes in once for _, _, causes in rung)
