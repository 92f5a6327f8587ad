"""Imports the modules named as arguments and prints the side effects of their own top-level code.

If a frame of ours is nearer than the import machinery, our code caused the effect; otherwise a library
did while being imported.
"""

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import create_model

ROOT = str(Path(__file__).parents[2])
OURS = tuple(os.path.join(ROOT, folder, "") for folder in ("services", "shared", "deploy"))
EVENTS = (
    "open", "os.listdir", "os.scandir", "os.mkdir", "os.remove", "os.rename", "os.fork", "os.posix_spawn",
    "os.putenv", "os.chmod", "os.exec", "socket.", "subprocess.", "sqlite3.", "tempfile.", "time.sleep",
    "_thread.start_new_thread", "signal.", "urllib.",
)  # fmt: skip

found: set[str] = set()


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook."""
    if event.startswith(EVENTS):
        note(f"{event} {arguments[:1]}")


def note(what: str) -> None:
    """Record a side effect if a module of ours is to blame."""
    frame = sys._getframe(2)
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith("<frozen importlib"):
            return
        if name.startswith(OURS):
            found.add(f"{os.path.relpath(name, ROOT)}:{frame.f_lineno} {what}")
            return
        if frame.f_back is None:
            return
        frame = frame.f_back


class WatchedEnvironment(type(os.environ)):  # type: ignore[misc]
    """The environment, which records its readers."""

    def __getitem__(self, key: str) -> str:
        if not key.startswith("PYDANTIC_"):  # read again for every model
            note(f"environment {key}")
        value: str = super().__getitem__(key)
        return value


def main(names: list[str]) -> None:
    create_model("First")  # pydantic looks for its plug-ins when the first model is made
    environment: Mapping[str, str] = os.environ
    environment.__class__ = WatchedEnvironment
    sys.addaudithook(watch)
    for name in names:
        import_module(name)
    print(*sorted(found), sep="\n", end="\n" if found else "")


if __name__ == "__main__":
    main(sys.argv[1:])
