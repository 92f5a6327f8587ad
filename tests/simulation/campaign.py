"""Plays many histories, on every core, and reports those that break a promise."""

import gc
import multiprocessing
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.simulation.commits import Broken
from tests.simulation.world import History

_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Failure:
    """A seed and the promise that its history breaks."""

    seed: int
    words: str

    def __str__(self) -> str:
        return f"seed {self.seed}: {self.words[:300]} (python -m tests.simulation --seed {self.seed})"


def play(seeds: Iterable[int]) -> list[Failure]:
    """Play histories in this process, one after the other."""
    found = []
    for seed in seeds:
        try:
            History(seed).play()
        except Exception as error:  # noqa: BLE001 - any exception of a handler is a finding
            words = str(error) if isinstance(error, Broken) else f"{type(error).__name__}: {error}"
            found.append(Failure(seed, words))
    return found


def play_all(first: int, histories: int) -> Sequence[Failure]:
    """Play this many histories on all cores."""
    seeds = range(first, first + histories)
    workers = min(os.cpu_count() or 1, 8)
    if histories <= _AT_ONCE or workers == 1:
        return play(seeds)
    pieces = [seeds[start : start + _AT_ONCE] for start in range(0, histories, _AT_ONCE)]
    with multiprocessing.get_context("spawn").Pool(workers, initializer=leave_the_modules) as pool:
        return [failure for found in pool.imap(play, pieces) for failure in found]


def leave_the_modules() -> None:
    """Freeze the modules: histories are short-lived, so the garbage collector need not look at anything older."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)
