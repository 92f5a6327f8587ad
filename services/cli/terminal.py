"""The output of commands: foreign text is shown as it is, without characters that a terminal obeys."""

import sys
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.text import Text

LINES = "\n\t"
"""The characters that a text of several lines keeps."""

AsJson = Annotated[bool, typer.Option("--json", help="Print as JSON.")]


def printable(text: object, *, kept: str = "") -> str:
    """The text with unprintable characters as escapes, except the characters kept."""
    return "".join(one if one.isprintable() or one in kept else ascii(one)[1:-1] for one in str(text))


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """A number with its noun: 1 event, 1,200 events."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def console(pipe_width: int) -> Console:
    """Standard output: as wide as the terminal, or so wide where a pipe or a file takes it."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else pipe_width)


def print_json(value: Any) -> None:
    """The value as indented JSON; times in UTC end in Z, and what JSON does not know is its text."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z
    print(orjson.dumps(value, default=str, option=options).decode())


def note(message: str) -> None:
    """Print a remark on standard error, apart from the output."""
    Console(stderr=True, highlight=False).print(Text(printable(message, kept=LINES), style="dim"), soft_wrap=True)


def stop_with(message: str) -> typer.Exit:
    """Print the reason for a command's end on standard error. Raise the returned value for exit status 1."""
    text = Text(printable(message, kept=LINES), style="red")
    Console(stderr=True, highlight=False).print(text, soft_wrap=True)
    return typer.Exit(1)
