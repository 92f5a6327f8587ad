"""`make faults`: plays rounds until enough processes were killed, searches the planted bugs, and prints the results."""

import asyncio
import json
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deploy.local.processes import PROJECT
from tests.faults.campaign import ALL_KILLS, PLANS, QUICK_KILLS, rounds_from
from tests.faults.planted import SCHEDULES, planted
from tests.faults.report import faults_table, planted_table, rounds_table
from tests.faults.rounds import Plan, Result, play

console = Console(width=130)
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
    """Break a running installation in every known way, and let a separate checker judge the result."""
    began = time.monotonic()
    results, found = list[Result](), list[Result]()
    rounds = rounds_from(seed, plan)
    kills = 0 if bug else kills or (QUICK_KILLS if quick else ALL_KILLS)
    while sum(result.kills for result in results) < kills or (kills and not plan and len(results) < len(PLANS)):
        results.append(_play(*next(rounds)))
        _write(report, results, found)
    for name in [bug] if bug else SCHEDULES if bugs else ():
        found.append(_play(SCHEDULES[name], seed, bug=name))
        _write(report, results, found)
    if results:
        console.print(rounds_table(results), faults_table(results))
    if found:
        console.print(planted_table(found))
    console.print(f"{time.monotonic() - began:.0f} s")
    failed = [result for result in results if not result.passed] + [result for result in found if result.passed]
    raise typer.Exit(1 if failed else 0)


def _play(plan: Plan, seed: int, *, bug: str | None = None) -> Result:
    """One round in a folder of its own, which is kept if the round failed."""
    folder = Path(tempfile.mkdtemp(prefix=f"handoff-faults-{plan.name.replace(' ', '-')}-{seed}-"))
    folder.chmod(0o755)  # readable for the user who runs Postgres on behalf of root
    result = asyncio.run(play(plan, seed, folder, source=planted(bug, folder) if bug else PROJECT))
    console.print(
        f"{plan.name}, seed {seed}: {result.kills} kills, {result.took_seconds:.0f} s, {_ending(result, bug)}"
    )
    if result.passed or bug:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        console.print(f"  again: make faults ARGS='--plan \"{plan.name}\" --kills 1 --seed {seed}' (kept: {folder})")
    return result


def _ending(result: Result, bug: str | None) -> str:
    if bug:
        return "[red]NOT FOUND[/]" if result.passed else f"found: {result.failure}"
    if result.skipped:
        return f"skipped: {result.skipped}"
    return "passed" if result.passed else f"[red]FAILED[/]: {result.failure}"


def _write(report: Path, results: Sequence[Result], found: Sequence[Result]) -> None:
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps({"rounds": list(map(vars, results)), "planted": list(map(vars, found))}, indent=1))


if __name__ == "__main__":
    app()
