"""Where fetched files are kept, and locks between processes that would write them at the same time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.failures import StartError


def cache_folder() -> Path:
    """The user's cache: `$XDG_CACHE_HOME/handoff`, by default `~/.cache/handoff`."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "handoff"


def made(folder: Path, *, instead: str) -> Path:
    """The folder, made where it is missing; `instead` tells how to choose another place."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_writable(folder, error, instead) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _not_writable(folder, PermissionError("no right to write there"), instead)
    return folder


def closed_to_others(folder: Path) -> Path:
    """The folder, made where it is missing, for its owner alone: what is kept there is of customers."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def opened_for_owner(path: str, flags: int) -> int:
    """An `opener` of files that only their owner reads, also where an earlier version made it for everybody."""
    file = os.open(path, flags, 0o600)
    os.fchmod(file, 0o600)
    return file


@contextmanager
def exclusive(lock: Path) -> Iterator[None]:
    """Waits until no other process holds this lock file; a process that ends gives its lock back."""
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class LockTakenError(Exception):
    """Another process holds the lock; carries what it wrote there."""


@contextmanager
def exclusive_at_once(lock: Path, *, note: str) -> Iterator[None]:
    """Holds the lock file, with a note for the next process; raises LockTakenError without waiting."""
    with lock.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise LockTakenError(file.read().strip()) from None
        file.truncate(0)
        file.write(note)
        file.flush()
        yield


def _not_writable(folder: Path, error: OSError, instead: str) -> StartError:
    return StartError(f"Cannot write to {folder}: {error.strerror or error}.\n{instead}")
