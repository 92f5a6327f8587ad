"""The terminal: how a story looks while it happens. Plain text where there is no terminal."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from services.cli.demo.observing import Alert, NotAsExpected

PIPE_WIDTH = 120
_BEAT_SECONDS = 0.15
_WIDEST = 110


@dataclass(frozen=True, slots=True)
class TimedAlert:
    """An alert as it was seen: milliseconds from publishing what caused it. Without our own mail sink the
    subject is unknown, and the mail's time is when escalation noted that it was accepted."""

    alert: Alert
    alert_ms: float
    mail_ms: float
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """How a story ended."""

    title: str
    alerts: Sequence[TimedAlert]
    failure: NotAsExpected | None = None
    note: str | None = None


class Narrator:
    """Tells stories on a console."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._beat_seconds = _BEAT_SECONDS if console.is_terminal else 0.0
        self._number = 0

    def opening(self) -> None:
        self._print(Text("Stories about sales at risk", style="bold"))
        self._print(Text("Kafka, Postgres, a mail server and three services, all on this machine.", style="dim"))
        self._print()

    def story(self, title: str, lead: str) -> None:
        self._number += 1
        self._print()
        self._print(Text.assemble((f"{self._number}  ", "bold cyan"), (title, "bold")))
        self._print(Text(lead, style="dim"), indent=3)
        self._print()

    async def event(self, when: str, system: str, what: str, words: str | None = None) -> None:
        """Something happens in the world; the customer's own words stand below it."""
        self._row(Text(when, style="dim"), Text(system, style="cyan"), Text(what))
        if words:
            self._row(Text(), Text(), Text(f"“{words}”", style="italic"))
        await asyncio.sleep(self._beat_seconds)

    def alert(self, timed: TimedAlert) -> None:
        alert = timed.alert
        self._print()
        self._print(Text.assemble(("▲ ", "bold yellow"), (f"{alert.name} is notified", "bold")), indent=3)
        self._detail("why you", Text(alert.why_you))
        self._detail("mail", Text(timed.subject or "accepted by your mail server"))
        took = f"alert committed after {timed.alert_ms:.0f} ms, e-mail delivered after {timed.mail_ms:.0f} ms"
        self._detail("time", Text(took, style="green"))
        self._print()

    def aside(self, what: str) -> None:
        """What did not happen, or what happened without an alert."""
        self._print(Text.assemble(("· ", "dim"), (what, "dim")), indent=3)

    def page(self, shown: RenderableType) -> None:
        """What a command prints."""
        self._print()
        self._console.print(Padding(shown, (0, 0, 0, 3), expand=False), highlight=False)
        self._print()

    def as_expected(self, what: str) -> None:
        self._print(Text.assemble(("✓ ", "green"), what), indent=3)

    def not_as_expected(self, failure: NotAsExpected) -> None:
        self._print(Text("✗ not as expected", style="bold red"), indent=3)
        self._detail("expected", Text(failure.expected))
        self._detail("seen", Text(failure.seen, style="red"))

    def summary(self, stories: Sequence[Ended], took: timedelta) -> None:
        """One line for each alert, and for each story that caused none."""
        table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim", show_edge=False)
        for heading in ("", "story", "notified"):
            table.add_column(heading)
        for heading in ("alert", "mail"):
            table.add_column(heading, justify="right")
        for story in stories:
            sign = Text("✗", style="red") if story.failure else Text("✓", style="green")
            for number, timed in enumerate(story.alerts):
                figures = (f"{timed.alert_ms:.0f} ms", f"{timed.mail_ms:.0f} ms")
                first = number == 0
                table.add_row(sign if first else "", story.title if first else "", timed.alert.name, *figures)
            if not story.alerts:
                table.add_row(sign, story.title, story.note or "no one", "", "")
        self._print()
        self._console.print(table)
        well = sum(story.failure is None for story in stories)
        verdict = f"{well} of {len(stories)} stories ended as expected, {took.total_seconds():.1f} s after the start."
        self._print()
        self._print(Text(verdict, style="bold" if well == len(stories) else "bold red"))

    def hints(self, hints: Sequence[tuple[str, str]]) -> None:
        """Where to look next: lines that can be copied whole."""
        self._print()
        for label, line in hints:
            text = Text.assemble((f"{label:<8}", "dim"), line)
            self._console.print(text, soft_wrap=True, highlight=False)

    def stopping(self) -> None:
        self._print()
        self.remark("Stopping …")

    def remark(self, what: str) -> None:
        self._print(Text(what))

    def _detail(self, label: str, text: Text) -> None:
        grid = _grid(5, 9)
        grid.add_row("", Text(label, style="dim"), text)
        self._console.print(grid, width=self._width)

    def _row(self, when: Text, system: Text, what: Text) -> None:
        grid = _grid(3, 13, 11)
        grid.add_row("", when, system, what)
        self._console.print(grid, width=self._width)

    def _print(self, text: Text | None = None, *, indent: int = 0) -> None:
        if text is None:
            self._console.print()
        else:
            padded = Padding(text, (0, 0, 0, indent), expand=False)
            self._console.print(padded, width=self._width, highlight=False)

    @property
    def _width(self) -> int:
        return min(_WIDEST, self._console.width)


def _grid(*widths: int) -> Table:
    """Columns of these widths, then one that takes the rest and breaks its lines there."""
    grid = Table.grid(padding=0)
    for width in widths:
        grid.add_column(width=width, no_wrap=True)
    grid.add_column(overflow="fold")
    return grid
