"""Plays the same histories in this checkout and in another commit's, and shows the differences. Start at `compare`."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import unified_diff
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.simulation.golden.blocks import BLOCKS

ROOT = Path(__file__).parents[3]
_SHOWN = 3
_MOST_LINES = 60


class NoGolden(Exception):
    """The other commit has no `tests/simulation/golden`, so its histories cannot be played."""


def compare(rev: str, first: int, histories: int) -> Iterator[str]:
    """The differences between a commit's histories and this checkout's, as lines. Raises NoGolden.

    Each checkout plays and prints them with its own `tests/simulation`.
    """
    with _checkout(rev) as other:
        chosen = ("--each", "--first", str(first), "--histories", str(histories))
        theirs, ours = _run(other, *chosen).splitlines(), _run(ROOT, *chosen).splitlines()
        seeds = [line.split()[0] for line, own in zip(theirs, ours, strict=True) if line != own]
        for seed in seeds[:_SHOWN]:
            yield from _difference(rev, other, seed)
        if seeds:
            yield f"{len(seeds)} of {histories} histories differ from {rev}: {' '.join(seeds[:20])}"


def last_written() -> str:
    """The commit that last changed the committed digests."""
    return _git("log", "-1", "--format=%h", "--", str(BLOCKS)).strip()


def _difference(rev: str, other: Path, seed: str) -> Iterator[str]:
    before, now = _dump(other, seed), _dump(ROOT, seed)
    lines = unified_diff(before, now, f"seed {seed} at {rev}", f"seed {seed} here", lineterm="", n=0)
    yield from islice(lines, _MOST_LINES)
    if next(lines, None) is not None:
        yield f"… and more: python -m tests.simulation.golden --seed {seed} --dump FILE, in both checkouts"


def _dump(checkout: Path, seed: str) -> Sequence[str]:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "rows"
        _run(checkout, "--seed", seed, "--dump", str(file))
        return file.read_text("utf-8").splitlines()


@contextmanager
def _checkout(rev: str) -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        other = Path(folder) / "checkout"
        _git("worktree", "add", "--quiet", "--detach", str(other), rev)
        try:
            if not (other / "tests/simulation/golden").is_dir():
                raise NoGolden(f"{rev} has no tests/simulation/golden: choose a later commit")
            yield other
        finally:
            _git("worktree", "remove", "--force", str(other))


def _run(checkout: Path, *options: str) -> str:
    """An environment in which the checkout's own code comes before installed packages."""
    command = [sys.executable, "-m", "tests.simulation.golden", *options]
    return subprocess.run(command, cwd=checkout, check=True, stdout=subprocess.PIPE, text=True).stdout


def _git(*command: str) -> str:
    return subprocess.run(["git", *command], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
