"""Nothing is broken while an input waits too long to be accepted."""

import asyncio
import random
from types import SimpleNamespace
from typing import Any, cast

from tests.faults import rounds
from tests.faults.campaign import KILLS
from tests.faults.resting import REST_AFTER_SECONDS, Unaccepted
from tests.waiting import eventually


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_rest_is_needed_while_any_input_waits_too_long() -> None:
    clock = Clock()
    unaccepted = Unaccepted(clock)
    assert not unaccepted.need_rest
    with unaccepted.sending():
        clock.seconds += REST_AFTER_SECONDS
        with unaccepted.sending():
            assert not unaccepted.need_rest
            clock.seconds += 1
            assert unaccepted.need_rest
        assert unaccepted.need_rest
    assert not unaccepted.need_rest


async def test_no_process_is_killed_during_a_rest() -> None:
    killed = list[str]()
    world = SimpleNamespace(setup=SimpleNamespace(seed=1), rests=True, random=random.Random(1))
    world.worker = lambda: SimpleNamespace(kill=lambda: killed.append("one"))
    killing = asyncio.create_task(rounds._kill(cast(Any, world), _often()))
    await asyncio.sleep(0.05)
    assert not killed
    world.rests = False
    await eventually(lambda: _is_any(killed), True, within_seconds=10)
    killing.cancel()


async def _is_any(killed: list[str]) -> bool:
    return bool(killed)


def _often() -> rounds.Plan:
    return rounds.Plan("often", {}, kills_a_second=1_000 * KILLS.kills_a_second)
