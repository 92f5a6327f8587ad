"""Plays histories from the command line: `python -m tests.simulation --histories 20000`, or one with its trace."""

import time
from typing import Annotated

import typer

from tests.simulation.campaign import play_all
from tests.simulation.commits import Broken
from tests.simulation.world import History

app = typer.Typer(add_completion=False)


@app.command()
def main(
    histories: Annotated[int, typer.Option(min=1, help="So many, from `--first` on.")] = 20_000,
    first: Annotated[int, typer.Option(help="The first seed.")] = 0,
    seed: Annotated[int | None, typer.Option(help="Only this one, with everything that happens in it.")] = None,
) -> None:
    """Play histories of escalation on a database in memory, and report those that break a promise."""
    if seed is not None:
        try:
            History(seed, receive=print).play()
        except Broken as broken:
            print(f"seed {seed}: {broken}")
            raise typer.Exit(1) from None
        print(f"seed {seed} holds")
        return
    began = time.monotonic()
    failures = play_all(first, histories)
    took_seconds = time.monotonic() - began
    for failure in failures:
        print(failure)
    print(f"{histories:,} histories, {len(failures)} broken, {histories / took_seconds:,.0f} a second")
    raise typer.Exit(1 if failures else 0)


if __name__ == "__main__":
    app()
