"""One round: a history is published to a world while faults are injected; then the checker judges. Start at `play`."""

import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from deploy.local.processes import PROJECT
from tests.faults.calm import let_all_waits_end, until_calm
from tests.faults.crash_points import ALL
from tests.faults.faults import FAULTS
from tests.faults.history import AHEAD, CLOSED, Event, generate
from tests.faults.hot_account import HOT, hot_account
from tests.faults.publishing_history import HistoryPublisher
from tests.faults.release_before import history_of
from tests.faults.slowness import Slowness
from tests.faults.upgrading import replace_the_release
from tests.faults.visiting import Visitor
from tests.faults.world import PROCESSES, Setup, World, connected, open_world
from tests.releases import release_before

_CHECK_SECONDS = 120
_FAULT_SECONDS = 120
_PRESS_SECONDS = 1.0
_CLOSING_PRESSES = 12
_HOT_FACTS_A_SECOND = 100
_OTHERS_WITHIN_SECONDS = 30
"""The longest that other accounts may wait for a hot one, on a machine that does nothing else."""


@dataclass(frozen=True)
class Plan:
    """The events of one round: faults, one after the other, chosen at random by their weights.

    In addition, processes are killed, and die by themselves at random crash points.
    """

    name: str
    faults: Mapping[str, int]
    kills_a_second: float = 1
    crash_points: Sequence[str] = tuple(ALL)
    reach_at_most: int = 3
    nodes: int = 1
    events: int = 900
    events_a_second: float = 20
    processes: Mapping[str, int] = field(default_factory=lambda: PROCESSES)
    http_share: float = 0.15
    clock_jumps: bool = False
    patience_seconds: float = 150
    hot_facts: int = 0
    upgrades: bool = False


@dataclass
class Result:
    """What a round did, and what the checker found."""

    plan: str
    seed: int
    took_seconds: float = 0
    seconds: dict[str, float] = field(default_factory=dict)
    kills: int = 0
    tally: Counter[str] = field(default_factory=Counter)
    odd_ends: Counter[str] = field(default_factory=Counter)
    verdict: Mapping[str, Any] = field(default_factory=dict)
    failure: str = ""
    skipped: str = ""

    @property
    def passed(self) -> bool:
        return not self.failure


async def play(plan: Plan, seed: int, folder: Path, *, source: Path = PROJECT) -> Result:
    """Play a round in a folder. Failures are part of the result, not raised."""
    result = Result(plan.name, seed)
    began = time.monotonic()
    before = release_before(folder / "before") if plan.upgrades else None
    if plan.upgrades and before is None:
        result.skipped = "this checkout has no history that reaches the release before"
        return result
    setup = Setup(
        seed,
        plan.crash_points,
        plan.reach_at_most,
        nodes=plan.nodes,
        source=source,
        processes=plan.processes,
        clock_jumps=plan.clock_jumps,
        says_besides=_said_besides(plan),
        before=before,
    )
    async with open_world(folder, setup) as world:
        try:
            await _break_and_heal(world, plan, result)
        except* (AssertionError, TimeoutError) as failed:
            result.failure = "; ".join(f"{type(one).__name__}: {one}" for one in failed.exceptions)
        with _timed(result, "judged"):
            result.verdict = await _checked(folder)
        result.kills, result.tally = world.kills, world.tally
        result.odd_ends = Counter(world.odd_ends)
        if result.verdict["verdict"] != "pass":
            result.failure = f"{result.failure} {_in_words(result.verdict)}".strip()
        await _end(world, result)
    result.took_seconds = time.monotonic() - began
    (folder / "result.json").write_text(json.dumps(vars(result), indent=1))
    return result


def _said_besides(plan: Plan) -> Mapping[str, Any]:
    """Only the final state is judged of an account with thousands of facts, of those that people close, or if two
    releases decided."""
    if plan.upgrades:
        return {"judged_in_the_end": "all"}
    closed = {"closed": CLOSED, "judged_in_the_end": CLOSED}
    of_hot = {"hot": HOT, "others_within": _OTHERS_WITHIN_SECONDS, "judged_in_the_end": [HOT, *CLOSED]}
    return closed | of_hot if plan.hot_facts else closed


async def _break_and_heal(world: World, plan: Plan, result: Result) -> None:
    """`recovered` is the time from the last fault until everything was read and sent."""
    await world.ready()
    publisher = HistoryPublisher(world, plan.events_a_second, plan.patience_seconds)
    visitor = Visitor(world)
    slowness = Slowness()
    async with visitor.visiting() if plan.hot_facts else nullcontext(), slowness.measured():
        with _timed(result, "broken"):
            await _publish_and_break(world, plan, publisher)
        world.calm = True
        with _timed(result, "recovered"):
            await until_calm(world, plan.patience_seconds)
    with _timed(result, "waits ended"):
        if not plan.upgrades:
            await publisher.close_episodes(_CLOSING_PRESSES)
        await publisher.press_again()
        world.accepted(what="pressed again", at=time.time())
        await publisher.accepted()
        await let_all_waits_end(world, plan.patience_seconds)
    if plan.hot_facts:
        world.say(others_within=_OTHERS_WITHIN_SECONDS * slowness.factor)
        visitor.check()


async def _publish_and_break(world: World, plan: Plan, publisher: HistoryPublisher) -> None:
    ends_at, before = datetime.now(UTC) + AHEAD, world.setup.before
    of_release = partial(generate, closed=CLOSED) if before is None else partial(history_of, before)
    history = of_release(
        world.setup.seed, accounts=plan.events // 20, events=plan.events, now=ends_at, http_share=plan.http_share
    )
    hot = hot_account(history, ends_at, plan.hot_facts)
    await publisher.introduce([*history, *hot])
    if before is None:
        async with connected(world, "escalation") as connection:
            await world.push.give_devices(connection)
    async with asyncio.TaskGroup() as group:
        publishing = group.create_task(_publish(publisher, history, hot))
        presses = [publisher.press_buttons(_PRESS_SECONDS, of_closed=of_closed) for of_closed in (False, True)]
        beside = [group.create_task(task) for task in (*presses, _kill(world, plan))]
        if plan.upgrades:
            await replace_the_release(world, plan.events / plan.events_a_second)
        await _break(world, plan, publisher, publishing)
        for task in beside:
            task.cancel()


async def _publish(publisher: HistoryPublisher, history: Sequence[Event], hot: Sequence[Event]) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(publisher.publish(history))
        group.create_task(publisher.pour(hot, _HOT_FACTS_A_SECOND))


async def _break(world: World, plan: Plan, publisher: HistoryPublisher, publishing: "asyncio.Task[None]") -> None:
    """Inject faults one after the other while the history is published."""
    names, weights = list(plan.faults), list(plan.faults.values())
    chance = random.Random(world.setup.seed)
    while not publishing.done():
        await asyncio.sleep(chance.uniform(0.1, 1.0))
        if not names or world.rests or publishing.done():
            continue
        (name,) = chance.choices(names, weights)
        await asyncio.wait_for(FAULTS[name](world, publisher), _FAULT_SECONDS)
        world.tally[name] += 1
    await publishing


async def _kill(world: World, plan: Plan) -> None:
    """`kill -9` a random process at random times, until cancelled."""
    chance = random.Random(world.setup.seed)
    while plan.kills_a_second > 0:
        await asyncio.sleep(chance.expovariate(plan.kills_a_second))
        if not world.rests:
            world.worker().kill()


@contextmanager
def _timed(result: Result, what: str) -> Iterator[None]:
    began = time.monotonic()
    try:
        yield
    finally:
        result.seconds[what] = round(time.monotonic() - began, 1)


async def _checked(folder: Path) -> Mapping[str, Any]:
    """The verdict of the checker, run as a program of its own."""
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
        return {"verdict": "the checker did not end"}
    (folder / "checker.log").write_bytes(errors)
    (folder / "verdict.json").write_bytes(printed)
    if not printed:
        return {"verdict": f"the checker failed: {errors.decode()[-500:]}"}
    verdict: dict[str, Any] = json.loads(printed)
    return verdict


def _in_words(verdict: Mapping[str, Any]) -> str:
    broken = [
        f"{promise.replace('_', ' ')} ({each['violations']}, as: {each['shown'][0]})"
        for promise, each in verdict.get("broken", {}).items()
    ]
    return f"{verdict['verdict']}: {', '.join(broken) or verdict.get('reason', '')}"


async def _end(world: World, result: Result) -> None:
    """Every process must still end in order when asked to."""
    await asyncio.gather(*(worker.stop() for worker in world.workers))
    ended = Counter(world.odd_ends) - result.odd_ends
    if ended:
        result.failure = f"{result.failure} at the end: {dict(ended)}".strip()
