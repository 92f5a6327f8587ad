"""One round: a history is told to a world while faults happen to it; then the checker decides. Start at `play`."""

import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploy.local.processes import PROJECT
from tests.faults import crash_points
from tests.faults.calm import NeverCalm, let_all_waits_end, until_calm
from tests.faults.faults import FAULTS
from tests.faults.history import generate
from tests.faults.telling import Teller
from tests.faults.world import PROCESSES, Setup, World, open_world

_CHECK_SECONDS = 120
_FAULT_SECONDS = 120
_PRESS_SECONDS = 1.0


@dataclass(frozen=True)
class Plan:
    """What happens in a round: its faults, by chance in proportion to their weights, beside a history.

    `dying` tells whether processes die by themselves, at points chosen by chance. The round goes on until the history
    is told, so many processes were killed and so many faults happened.
    """

    name: str
    faults: Mapping[str, int]
    kills: int = 0
    least_faults: int = 0
    dying: Sequence[str] = tuple(crash_points.ALL)
    longest_crash_count: int = 4
    nodes: int = 1
    events: int = 800
    events_a_second: float = 25
    processes: Mapping[str, int] = field(default_factory=lambda: PROCESSES)
    http_share: float = 0.15


@dataclass
class Result:
    """What a round did and what the checker found."""

    plan: str
    seed: int
    seconds: float = 0
    calm_after_seconds: float = 0
    kills: int = 0
    tally: Counter[str] = field(default_factory=Counter)
    odd_ends: Counter[str] = field(default_factory=Counter)
    verdict: Mapping[str, Any] = field(default_factory=dict)
    failure: str = ""

    @property
    def passed(self) -> bool:
        return not self.failure


async def play(plan: Plan, seed: int, folder: Path, *, source: Path = PROJECT) -> Result:
    """Play a round in a folder; what went wrong stands in the result."""
    result = Result(plan.name, seed)
    began = time.monotonic()
    setup = Setup(seed, plan.dying, plan.longest_crash_count, plan.nodes, source, plan.processes)
    async with open_world(folder, setup) as world:
        try:
            await _break_and_heal(world, plan, result)
        except (NeverCalm, AssertionError, TimeoutError) as failure:
            result.failure = f"{type(failure).__name__}: {failure}"
        result.verdict = await _checked(folder)
        result.kills, result.tally = world.kills, world.tally
        result.odd_ends = Counter(world.odd_ends)
        if result.verdict.get("violated"):
            result.failure = f"{result.failure} violated: {', '.join(result.verdict['violated'])}".strip()
        await _end(world, result)
    result.seconds = time.monotonic() - began
    (folder / "result.json").write_text(json.dumps(vars(result), indent=1))
    return result


async def _break_and_heal(world: World, plan: Plan, result: Result) -> None:
    await world.ready()
    teller = Teller(world, plan.events_a_second)
    async with asyncio.TaskGroup() as group:
        telling = group.create_task(_tell(world, plan, teller))
        pressing = group.create_task(teller.press_buttons(_PRESS_SECONDS))
        await _break(world, plan, teller, telling)
        pressing.cancel()
    world.calm = True
    result.calm_after_seconds = await until_calm(world)
    await teller.told()
    await let_all_waits_end(world)


async def _tell(world: World, plan: Plan, teller: Teller) -> None:
    seed, now = world.setup.seed, datetime.now(UTC)
    await teller.tell(generate(seed, accounts=plan.events // 20, events=plan.events, now=now, http_share=plan.http_share))
    while world.kills < plan.kills or sum(world.tally.values()) - world.kills < plan.least_faults:
        await asyncio.sleep(0.2)


async def _break(world: World, plan: Plan, teller: Teller, telling: "asyncio.Task[None]") -> None:
    """Faults one after the other while the history is told; kills happen beside them."""
    names, weights = list(plan.faults), list(plan.faults.values())
    chance = random.Random(world.setup.seed)
    while not telling.done():
        await asyncio.sleep(chance.uniform(0.1, 1.0))
        if not names or telling.done():
            continue
        (name,) = chance.choices(names, weights)
        await asyncio.wait_for(FAULTS[name](world, teller), _FAULT_SECONDS)
        if name != "kill -9":
            world.tally[name] += 1
    await telling


async def _checked(folder: Path) -> Mapping[str, Any]:
    """The verdict of the checker, a program of its own."""
    checker = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.faults.checker",
        str(folder),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=PROJECT,
    )
    try:
        printed, errors = await asyncio.wait_for(checker.communicate(), _CHECK_SECONDS)
    except TimeoutError:
        checker.kill()
        return {"violated": ["the checker did not end"]}
    (folder / "checker.log").write_bytes(errors)
    (folder / "verdict.json").write_bytes(printed)
    if checker.returncode not in (0, 1) or not printed:
        return {"violated": [f"the checker cannot judge: {errors.decode()[-500:]}"]}
    verdict: dict[str, Any] = json.loads(printed)
    return verdict


async def _end(world: World, result: Result) -> None:
    """Every process must still end in order, by itself."""
    await asyncio.gather(*(worker.stop() for worker in world.workers))
    ended = Counter(world.odd_ends) - result.odd_ends
    if ended:
        result.failure = f"{result.failure} at the end: {dict(ended)}".strip()




