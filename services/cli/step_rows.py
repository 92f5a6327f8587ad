"""The steps of a history as the commands print them: day by day, with the grounds of each. Start at `days_of`."""

import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, date

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from services.cli.terminal import console, counted, printable
from services.escalation.domain.decisions.registry import DECISIONS_BY_RULE
from services.escalation.domain.explaining.steps import DELIVERED, REPORTED, ExplainedStep
from services.escalation.domain.words import day

WIDTH = 100
"""The columns of a page in a pipe."""
TIME = 10
"""The columns of a time, and of a label beside other text."""
FIRST, LAST = 40, 160
"""So many steps of a long history are printed, unless all are requested."""
_RULE = 16
_COLORS = {
    REPORTED: "cyan",
    DELIVERED: "dim",
    **{rule.replace("_", " "): one.color for rule, one in DECISIONS_BY_RULE.items() if one.color},
}


def print_page(page: RenderableType) -> None:
    """Print a page; in a pipe without blanks at the ends of lines."""
    terminal = console(WIDTH)
    if sys.stdout.isatty():
        terminal.print(page)
        return
    with terminal.capture() as captured:
        terminal.print(page)
    print("\n".join(line.rstrip() for line in captured.get().splitlines()))


def days_of(
    steps: Sequence[ExplainedStep], left_out: int = 0, *, with_events: bool = False
) -> Iterator[RenderableType]:
    """The steps by day; `left_out` ones are missing after the first ones."""
    today: date | None = None
    for place, step in enumerate(steps):
        if place == FIRST and left_out:
            yield Text(f"… {counted(left_out, 'step')} left out here: --all prints every step.", style="bold")
        at = step.at.astimezone(UTC)
        if at.date() != today:
            today = at.date()
            yield Text(day(today), style="bold")
        yield _row(f"{at:%H:%M:%S}", step.label, _shown(step, with_events=with_events), _COLORS.get(step.what, ""))


def _row(time: str, label: str, shown: Text, color: str) -> RenderableType:
    grid = Table.grid(padding=0)
    grid.add_column(width=TIME, no_wrap=True)
    grid.add_column(width=_RULE, no_wrap=True)
    grid.add_column(width=WIDTH - TIME - _RULE, overflow="fold")
    grid.add_row(Text(time, style="dim"), Text(printable(label), style=color), shown)
    return grid


def _shown(step: ExplainedStep, *, with_events: bool) -> Text:
    """The sentence of a step, and below it the grounds."""
    lines = [Text(printable(step.words), style="dim" if step.what == DELIVERED else "")]
    if step.quote:
        lines.append(Text(f"“{printable(step.quote)}”", style="italic"))
    if step.heard_at is not None:
        lines.append(Text(f"received on {day(step.heard_at)}, {step.heard_at.astimezone(UTC):%H:%M:%S}", style="dim"))
    if with_events and step.cause is not None:
        lines.append(Text(printable(f"event {step.cause}"), style="dim"))
    if step.policy:
        label = f"policy {step.policy_version}: "
        starts = (label, *(" " * len(label) for _ in step.policy[1:]))
        rests_on = zip(starts, step.policy, strict=True)
        lines += [Text(printable(f"{start}{line}"), style="dim") for start, line in rests_on]
    return Text("\n").join(lines)
