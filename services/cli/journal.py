"""What the commands that replay escalation's journal have in common: its rows, and what makes it unfit for a replay."""

import hashlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import asyncpg
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from services.escalation.domain.rules_version import RULES_VERSION
from services.escalation.replaying.journaled import FACTS, Journaled, journaled
from services.escalation.store.journal import JournalSpan

SHARED: Final = sorted(type for type, fact in FACTS.items() if fact.about != "account")
OF_ACCOUNTS: Final = sorted(type for type, fact in FACTS.items() if fact.about == "account")
"""The types of inputs about people and policies, and those about accounts."""


class NotPossible(RuntimeError):
    """The journal cannot be replayed as asked. The text says why, and what does."""


@dataclass(slots=True)
class JournalRows:
    """Reads inputs from rows, and notes what was read. `digest` is of every row in the order of reading."""

    progress: Callable[[int], None]
    read: int = 0
    unreadable: int = 0
    digest: Any = None

    def __post_init__(self) -> None:
        self.digest = hashlib.sha256()

    def inputs(self, rows: Sequence[asyncpg.Record]) -> list[Journaled]:
        found = []
        for row in rows:
            self.digest.update(f"{row['position']} {row['decided_at'].isoformat()} ".encode() + row["body"])
            try:
                found.append(journaled(row))
            except ValidationError:
                self.unreadable += 1
        self.read += len(rows)
        self.progress(self.read)
        return found


def checked(span: JournalSpan | None, since: datetime | None) -> JournalSpan:
    if span is None:
        raise NotPossible("The journal is empty: nothing has been decided yet.")
    if span.is_trimmed and (since is None or since < span.first):
        raise NotPossible(
            f"The journal begins on {span.first:%Y-%m-%d %H:%M} UTC; earlier inputs were deleted. Give --since with a "
            "later time: accounts known before are then replayed without their past, and the result says so."
        )
    if since is not None and since > span.last:
        raise NotPossible(f"--since is after the last input of the journal, {span.last:%Y-%m-%d %H:%M} UTC.")
    if since is None and span.older_rules_until is not None and span.older_rules_until >= span.last:
        raise NotPossible(
            f"No input was decided by the rules of this release ({RULES_VERSION}) yet. Give --since to replay earlier "
            "ones: the result then differs from what the service did."
        )
    return span


@contextmanager
def progress_bar() -> Iterator[Callable[[int, int], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("replaying", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
