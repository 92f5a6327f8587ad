"""Blocks of histories, played on every core, and the committed files of their digests. Start at `play_blocks`."""

import multiprocessing
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from tests.simulation.campaign import leave_the_modules
from tests.simulation.golden.kinds import known, reached
from tests.simulation.golden.rows import Digests, digests, play

SIZE = 100
"""The number of histories in a block."""
HISTORIES = 20_000
_HERE = Path(__file__).parent
BLOCKS = _HERE / "blocks.txt"
REACHED = _HERE / "reached.txt"
_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Block:
    """The digests of consecutive seeds. `each` is in the order of the seeds; `reached` counts the
    histories of each kind."""

    first: int
    each: tuple[Digests, ...]
    reached: Counter[str] = field(default_factory=Counter)

    @property
    def digests(self) -> Digests:
        """The digests of all its histories, shortened."""
        structure = sha256("".join(one.structure for one in self.each).encode())
        sentences = sha256("".join(one.sentences for one in self.each).encode())
        return Digests(structure.hexdigest()[:_DIGITS], sentences.hexdigest()[:_DIGITS])


def play_block(seeds: range) -> Block:
    """Play histories in this process, one after the other."""
    each, kinds = list[Digests](), Counter[str]()
    for seed in seeds:
        rows = play(seed)
        each.append(digests(rows))
        kinds.update(reached(rows))
    return Block(seeds.start, tuple(each), kinds)


def play_blocks(first: int, histories: int) -> Iterator[Block]:
    """Play histories on all cores, in the order of their seeds."""
    seeds = range(first, first + histories)
    pieces = [seeds[start : start + SIZE] for start in range(0, histories, SIZE)]
    workers = min(os.cpu_count() or 1, 8, len(pieces))
    if workers == 1:
        yield from map(play_block, pieces)
        return
    with multiprocessing.get_context("spawn").Pool(workers, initializer=leave_the_modules) as pool:
        yield from pool.imap(play_block, pieces)


def committed() -> Mapping[int, Digests]:
    """The digests of the committed blocks, by their first seeds."""
    lines = (line.split() for line in BLOCKS.read_text("utf-8").splitlines())
    return {int(first): Digests(structure, sentences) for first, structure, sentences in lines}


def committed_counts() -> Mapping[str, int]:
    """The number of committed histories that reached each kind."""
    lines = (line.partition(" ") for line in REACHED.read_text("utf-8").splitlines())
    return {kind: int(count) for count, _, kind in lines}


def write(blocks: Iterable[Block]) -> None:
    """Write these blocks to the committed files."""
    lines, counts = list[str](), Counter(dict.fromkeys(known(), 0))
    for block in blocks:
        lines.append(f"{block.first} {block.digests.structure} {block.digests.sentences}\n")
        counts.update(block.reached)
    BLOCKS.write_text("".join(lines), "utf-8")
    REACHED.write_text("".join(f"{count} {kind}\n" for kind, count in sorted(counts.items())), "utf-8")


def differences(block: Block) -> list[str]:
    """The digests in which a block differs from the committed one, or that it is not committed."""
    expected, found = committed().get(block.first), block.digests
    if expected is None:
        return ["not committed"]
    parts = {"structure": (expected.structure, found.structure), "sentences": (expected.sentences, found.sentences)}
    return [name for name, (before, now) in parts.items() if before != now]
