"""The figures of `handoff report --by`: read, and printed as a table, JSON or CSV. Start at `read_figures`."""

import csv
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.table import Table
from rich.text import Text

from services.cli.databases import reading
from services.cli.terminal import console, print_json, printable
from services.escalation.domain.figures.cells import By, Cell, cells, is_large_enough
from services.escalation.domain.figures.episodes import counted
from services.escalation.domain.figures.export import csv_lines, json_values
from services.escalation.domain.figures.figures import Figures, figures
from services.escalation.domain.figures.words import GROUPED_BY, MONEY_COUNTS, cell_words, lines
from services.escalation.store import figures as store
from services.escalation.store.policies import load

_PIPE_WIDTH = 120


@dataclass(frozen=True, slots=True)
class Group:
    """One group, or several small ones together: its names as stored, its words, its number of sellers."""

    names: Sequence[str]
    words: str
    sellers: int
    figures: Figures


@dataclass(frozen=True, slots=True)
class FiguresBy:
    """The figures of all episodes raised since a moment, and of each group; `whole` is None if fewer sellers than
    `smallest_group` had one, and there are no groups then."""

    since: datetime
    by: By
    smallest_group: int
    whole: Figures | None
    groups: Sequence[Group]


async def read_figures(database: str, since: datetime, by: By) -> FiguresBy:
    """The figures of the whole company. Raises Unreadable."""
    async with reading("escalation", database) as connection:
        policy, now = (await load(connection)).latest.policy, await connection.fetchval("select shared.app_now()")
        people = await store.sellers_since(connection, since)
        rows = await store.episodes(connection, since, policy)
        calendar_of = await store.calendars(connection, rows, policy)
    smallest, episodes = policy.figures.smallest_group, counted(rows, calendar_of)
    if not is_large_enough(episodes, smallest):
        return FiguresBy(since, by, smallest, None, ())

    def group(cell: Cell) -> Group:
        found = figures(cell.episodes, calendar_of, now)
        return Group(cell.names, cell_words(cell, by, people.names), len(cell.sellers), found)

    groups = [group(one) for one in cells(episodes, by, people.managers, smallest)]
    return FiguresBy(since, by, smallest, figures(episodes, calendar_of, now), groups)


def print_figures(found: FiguresBy, *, as_json: bool, as_csv: bool) -> None:
    """Print the figures; without enough sellers the reason, in place of the figures."""
    if as_json:
        print_json(_as_json(found))
    elif as_csv:
        lines_of = csv_lines(found.by.value, [(one.words, one.sellers, one.figures) for one in found.groups])
        csv.writer(sys.stdout, lineterminator="\n").writerows(lines_of)
    elif found.whole is None:
        print(
            f"Fewer than {found.smallest_group} sellers had a sale at risk since {found.since:%Y-%m-%d}, so no figures "
            "are shown. Choose an earlier --since, or set figures.smallest_group in the policy."
        )
    else:
        _print(found, found.whole)


def _print(found: FiguresBy, whole: Figures) -> None:
    terminal = console(_PIPE_WIDTH)
    print(f"Sales at risk since {found.since:%Y-%m-%d}, by {GROUPED_BY[found.by]}.")
    if any(len(one.names) > 1 for one in found.groups):
        print(f"Groups with fewer than {found.smallest_group} sellers are joined.")
    print(MONEY_COUNTS)
    for words, of_group in (("All together", whole), *((one.words, one.figures) for one in found.groups)):
        print()
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        table.title, table.title_justify, table.title_style = Text(printable(words), style="bold"), "left", ""
        for label, value in lines(of_group):
            table.add_row(label, value)
        terminal.print(table)


def _as_json(found: FiguresBy) -> Mapping[str, object]:
    return {
        "since": found.since,
        "by": found.by.value,
        "smallest_group": found.smallest_group,
        "all": None if found.whole is None else json_values(found.whole),
        "groups": [
            {"names": one.names, "words": one.words, "sellers": one.sellers, **json_values(one.figures)}
            for one in found.groups
        ],
    }
