"""`make faults`: plays rounds until so many processes were killed, finds the planted bugs, prints what came of it."""

import asyncio
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tests.faults.campaign import ALL_KILLS, PLANS, QUICK_KILLS, rounds_from
from tests.faults.planted import SCHEDULES, planted
from tests.faults.report import campaign_table, planted_table
from tests.faults.rounds import Plan, Result, play

console = Console(width=120)
app = typer.Typer(add_completion=False)


@app.command()
def main(
    quick: Annotated[bool, typer.Option(help=f"{QUICK_KILLS} kills instead of {ALL_KILLS:,}.")] = False,
    kills: Annotated[int | None, typer.Option(min=1, help="So many kills.")] = None,
    seed: Annotated[int, typer.Option(help="Of the first round; the others count on from it.")] = 1,
    plan: Annotated[str | None, typer.Option(help=f"Only this kind of round: {', '.join(PLANS)}.")] = None,
    bugs: Annotated[bool, typer.Option(help="Look for the planted bugs too.")] = True,
    bug: Annotated[str | None, typer.Option(help="Only this planted bug.")] = None,
    report: Annotated[Path, typer.Option(help="Where the figures go as JSON.")] = Path(".local/faults.json"),
) -> None:
    """Break a running installation in every known way, and have a separate checker decide what came of it."""
    began = time.monotonic()
    wanted = 0 if bug else kills or (QUICK_KILLS if quick else ALL_KILLS)
    results = list(_rounds(wanted, seed, plan))
    caught = list(_planted([bug] if bug else list(SCHEDULES), seed)) if bugs or bug else []
    if results:
        console.print(campaign_table(results))
    if caught:
        console.print(planted_table(caught))
    console.print(f"{time.monotonic() - began:.0f} s")
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps({"rounds": list(map(vars, results)), "planted": list(map(vars, caught))}, indent=1))
    raise typer.Exit(0 if all(each.passed for each in results) and not any(each.passed for each in caught) else 1)


def _rounds(kills: int, seed: int, only: str | None) -> Iterator[Result]:
    rounds = rounds_from(seed, only)
    while kills > 0:
        result = _play(*next(rounds))
        kills -= result.kills
        yield result


def _planted(names: list[str], seed: int) -> Iterator[Result]:
    for name in names:
        yield _play(SCHEDULES[name], seed, bug=name)


def _play(plan: Plan, seed: int, *, bug: str | None = None) -> Result:
    """One round in a folder of its own, which is kept where the round failed."""
    folder = Path(tempfile.mkdtemp(prefix=f"handoff-faults-{plan.name.replace(' ', '-')}-{seed}-"))
    folder.chmod(0o755)  # also for the user who runs Postgres for root
    result = asyncio.run(play(plan, seed, folder, source=planted(bug, folder)) if bug else play(plan, seed, folder))
    state = (
        "passed" if result.passed else f"[bold]found[/] {result.failure}" if bug else f"[red]FAILED[/] {result.failure}"
    )
    console.print(f"{plan.name}, seed {seed}: {result.kills} kills, {sum(result.seconds.values()):.0f} s, {state}")
    if result.passed or bug:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        console.print(
            f"  again with: make faults ARGS='--plan \"{plan.name}\" --kills 1 --seed {seed}'; kept: {folder}"
        )
    return result


if __name__ == "__main__":
    app()
