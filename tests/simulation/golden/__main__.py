"""Compares the rows of histories with the committed digests or with another commit, or writes new digests."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from tests.simulation.golden.against import NoGolden, compare, last_written
from tests.simulation.golden.blocks import HISTORIES, SIZE, Block, committed_counts, differences, play_blocks, write
from tests.simulation.golden.kinds import known
from tests.simulation.golden.rows import lines, play

app = typer.Typer(add_completion=False)


@app.command()
def main(
    first: Annotated[int, typer.Option(help=f"The first seed. Of what is committed: a multiple of {SIZE}.")] = 0,
    histories: Annotated[int | None, typer.Option(min=1, help="So many, from `--first` on.")] = None,
    write_down: Annotated[bool, typer.Option("--write", help="Write down what all histories leave now.")] = False,
    each: Annotated[bool, typer.Option(help="Print the digests of each history, and compare nothing.")] = False,
    against: Annotated[str | None, typer.Option(help=f"Compare with a commit, {SIZE} histories unless told.")] = None,
    seed: Annotated[int | None, typer.Option(help="Only this history, with `--dump`.")] = None,
    dump: Annotated[Path | None, typer.Option(help="Write what it left to this file, a row a line.")] = None,
) -> None:
    """Compare the rows that histories leave with the committed digests, and name each block that differs."""
    if seed is not None and dump is not None:
        dump.write_text("".join(f"{line}\n" for line in lines(play(seed))), "utf-8")
    elif against is not None:
        _end(list(_compared(against, first, histories or SIZE)))
    elif each:
        _print_each(play_blocks(first, histories or SIZE))
    elif write_down:
        write(_counted(play_blocks(0, HISTORIES)))
        print("never reached:", *sorted(kind for kind in known() if not committed_counts()[kind]), sep="\n  ")
    else:
        _end([line for block in play_blocks(first, histories or HISTORIES) for line in _lines_of(block)])


def _compared(rev: str, first: int, histories: int) -> Iterator[str]:
    try:
        yield from compare(rev, first, histories)
    except NoGolden as missing:
        yield str(missing)


def _lines_of(block: Block) -> Iterator[str]:
    for difference in differences(block):
        more = f"python -m tests.simulation.golden --against {last_written()} --first {block.first}"
        yield f"block {block.first}: {difference} ({more})"


def _print_each(blocks: Iterator[Block]) -> None:
    for block in blocks:
        for seed, one in enumerate(block.each, block.first):
            print(seed, one.structure, one.sentences)


def _counted(blocks: Iterator[Block]) -> Iterator[Block]:
    for block in blocks:
        if block.first % 1_000 == 0:
            typer.echo(f"from {block.first}", err=True)
        yield block


def _end(found: list[str]) -> None:
    for line in found:
        print(line)
    if found:
        raise typer.Exit(1)
    print("no difference")


if __name__ == "__main__":
    app()
