"""Reports the progress of a start, to nobody or to a person at a terminal. Start at Progress."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress as Bars
from rich.progress import SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

_BAR_WIDTH = 24


class Progress:
    """Reports while servers start. This class reports nothing; override the methods needed."""

    def begins(self, part: str, doing: str) -> None:
        """A part ("Kafka") begins a step ("starting")."""

    def fetched(self, part: str, done_bytes: int, total_bytes: int) -> None:
        """So much of the part's files has been fetched."""

    def ready(self, part: str, remark: str) -> None:
        """The part is up; the remark says where."""

    def note(self, text: str) -> None:
        """Something a person should know, such as a service that was started again."""


class TerminalProgress(Progress):
    """A line per part: a bar while fetching, a tick when ready. Plain lines where there is no terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars: Bars | None = None
        self._tasks: dict[str, TaskID] = {}

    @contextmanager
    def shown(self) -> Iterator["TerminalProgress"]:
        """While inside, running steps are drawn at the bottom of the terminal."""
        if not self._console.is_terminal:
            yield self
            return
        columns = (SpinnerColumn(), TextColumn("{task.fields[part]:<10} {task.description}"), TimeElapsedColumn())
        with Bars(*columns, console=self._console, transient=True) as bars:
            self._bars = bars
            try:
                yield self
            finally:
                self._bars, self._tasks = None, {}

    def begins(self, part: str, doing: str) -> None:
        if self._bars is None:
            self._console.print(f"  {part}: {doing}", highlight=False)
        elif part in self._tasks:
            self._bars.update(self._tasks[part], description=doing)
        else:
            self._tasks[part] = self._bars.add_task(doing, part=part, total=None)

    def fetched(self, part: str, done_bytes: int, total_bytes: int) -> None:
        if self._bars is not None and part in self._tasks:
            full = _BAR_WIDTH * done_bytes // total_bytes
            bar = f"[green]{'━' * full}[/][dim]{'━' * (_BAR_WIDTH - full)}[/]"
            amount = f"{done_bytes / 1e6:.0f} of {total_bytes / 1e6:.0f} MB"
            self._bars.update(self._tasks[part], description=f"fetching {bar} {amount}")

    def ready(self, part: str, remark: str) -> None:
        if self._bars is not None and part in self._tasks:
            self._bars.remove_task(self._tasks.pop(part))
        self._console.print(f"[green]✓[/] {part:<11}{remark}", highlight=False)

    def note(self, text: str) -> None:
        self._console.print(f"[yellow]![/] {text}", highlight=False)
