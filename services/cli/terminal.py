"""How commands talk: what others wrote is shown as it is, with nothing left in it that a terminal obeys."""

import sys

import typer
from rich.console import Console
from rich.text import Text

LINES = "\n\t"
"""What a text of several lines keeps."""


def printable(text: object, *, kept: str = "") -> str:
    """The text with what cannot be printed written as an escape, but for the characters kept."""
    return "".join(one if one.isprintable() or one in kept else ascii(one)[1:-1] for one in str(text))


def console(pipe_width: int) -> Console:
    """Standard output: as wide as the terminal, or so wide where a pipe or a file takes it."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else pipe_width)


def stop_with(message: str) -> typer.Exit:
    """Say on standard error why a command ends here; raise what comes back, and its exit status is 1."""
    told = Text(printable(message, kept=LINES), style="red")
    Console(stderr=True, highlight=False).print(told, soft_wrap=True)
    return typer.Exit(1)
