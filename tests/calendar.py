"""The tests of pure rules and of single services, begun at moments with unusual days, weeks and hours.

`make calendar` runs all of them at each moment, and QUICK=1 at every fifth.
"""

import asyncio
import os
import sys
from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import Annotated

import typer

from deploy.local.processes import PROJECT

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
MONDAY = date(2027, 5, 3)
HOURS = (time(0, 30), time(12), time(23, 30))
FURTHER_DAYS = {
    "the year ends": (date(2026, 12, 31), BERLIN),
    "a month ends": (date(2027, 1, 31), BERLIN),
    "an hour is skipped in New York": (date(2027, 3, 14), NEW_YORK),
    "an hour is skipped in Berlin": (date(2027, 3, 28), BERLIN),
    "an hour comes twice in Berlin": (date(2027, 10, 31), BERLIN),
    "an hour comes twice in New York": (date(2027, 11, 7), NEW_YORK),
    "29 February": (date(2028, 2, 29), BERLIN),
}
PURE = ("tests/unit", "tests/adapters", "tests/contracts", "tests/simulation")
OF_ONE_SERVICE = ("tests/integration",)
_HISTORIES = "200"
"""A hundredth of those in `make test`: a history begins at a time of its own."""

app = typer.Typer(add_completion=False)


def moments() -> Iterator[tuple[str, str]]:
    """The peculiarity of each moment, and the moment in the form of `--starts-at`."""
    week = {f"{day:%A}": (day, BERLIN) for day in (MONDAY + timedelta(days=number) for number in range(7))}
    for name, (day, zone) in {**week, **FURTHER_DAYS}.items():
        for hour in HOURS:
            yield f"{name}, {hour:%H:%M}", f"{day}T{hour} {zone}"


async def run_at(moment: str, *arguments: str) -> tuple[int, str]:
    """Run these tests, begun at this moment. Returns pytest's exit status and output."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "--starts-at", moment, "--tb=short", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "SIMULATION_HISTORIES": _HISTORIES},
        cwd=PROJECT,
    )
    try:
        said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode or 0, said.decode()


@app.command()
def main(
    quick: Annotated[bool, typer.Option(help="At every fifth moment.")] = False,
    jobs: Annotated[int, typer.Option(min=1, help="How many moments at once.")] = os.cpu_count() or 1,
    tests: Annotated[list[str] | None, typer.Argument(help="Only these tests.")] = None,
) -> None:
    """Run the tests of pure rules and of single services at unusual moments."""
    chosen = list(moments())[:: 5 if quick else 1]
    failed = asyncio.run(_run_all(chosen, tests or [*PURE, *OF_ONE_SERVICE], jobs))
    print(f"{len(chosen) - failed} of {len(chosen)} moments passed")
    sys.exit(failed > 0)


async def _run_all(chosen: list[tuple[str, str]], tests: list[str], jobs: int) -> int:
    turn = asyncio.Semaphore(jobs)

    async def run(name: str, moment: str) -> bool:
        async with turn:
            status, said = await run_at(moment, *tests)
        print(f"{'passed' if status == 0 else 'FAILED'}  {name}  (--starts-at '{moment}')", flush=True)
        if status != 0:
            print(said, flush=True)
        return status != 0

    return sum(await asyncio.gather(*(run(name, moment) for name, moment in chosen)))


if __name__ == "__main__":
    app()
