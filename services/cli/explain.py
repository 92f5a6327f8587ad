"""`handoff explain`: how an episode came about, step by step, and what happens next. Start at `explain`."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from services.cli.databases import Unreadable, reading
from services.cli.installation import Data, EscalationDatabase, ServiceName, database_of, enter
from services.cli.step_rows import FIRST, LAST, TIME, WIDTH, days_of, print_page
from services.cli.terminal import AsJson, print_json, printable, stop_with
from services.escalation.domain.explaining.outlook import Outlook, outlook
from services.escalation.domain.explaining.record import Record
from services.escalation.domain.explaining.steps import ExplainedStep, ends, steps
from services.escalation.domain.words import day, money
from services.escalation.store.explaining import Found, episodes_beginning, episodes_of_order, record_of


class NotOne(LookupError):
    """No episode, or more than one, matches the name. The text says which."""


@dataclass(frozen=True, slots=True)
class Explained:
    """An explained episode, from its beginning to its next step. `left_out` steps are missing after the first ones.

    asyncio.run() prints its task, and with it this, into an exception that it drops: not the whole history.
    """

    record: Record = field(repr=False)
    steps: Sequence[ExplainedStep] = field(repr=False)
    outlook: Outlook
    left_out: int = 0


def explain(
    name: Annotated[
        str, typer.Argument(metavar="EPISODE", help="Episode ID or its beginning; with --order, the ID of an order.")
    ],
    order: Annotated[bool, typer.Option("--order", help="The latest episode of this order.")] = False,
    words: Annotated[bool, typer.Option("--words", help="Include the customer's own words, names and titles.")] = False,
    events: Annotated[bool, typer.Option("--events", help="Include event IDs, for `handoff trace`.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help=f"Print every step, not only the first {FIRST} and the last {LAST}.")
    ] = False,
    as_json: AsJson = False,
    desk: Annotated[
        str,
        typer.Option(envvar="DESK", metavar="PERSON", help="The salesperson to notify when there is no one else."),
    ] = "desk",
    data: Data = None,
    escalation: EscalationDatabase = None,
) -> None:
    """Show how an episode came about, step by step, and what happens next.

    Each step lists the facts, rules and policy lines behind it. Of a long history only the beginning and the end are
    printed; --all and --json print all steps.
    """
    enter(data, escalation=escalation)
    url = database_of(ServiceName.ESCALATION)
    try:
        whole = everything or as_json
        reading_it = read_explained(url, name, is_order=order, with_words=words, desk=desk, everything=whole)
        explained = asyncio.run(reading_it)
    except (NotOne, Unreadable) as error:
        raise stop_with(str(error)) from None
    if as_json:
        print_json(_as_json(explained))
    else:
        print_page(shown(explained, with_events=events))


async def read_explained(
    database: str,
    name: str,
    *,
    is_order: bool = False,
    with_words: bool = False,
    desk: str = "desk",
    everything: bool = False,
) -> Explained:
    """One episode of this database, explained; of a long history only its ends, unless `everything` is requested.
    Raises NotOne, Unreadable."""
    async with reading("escalation", database) as connection:
        found = await (episodes_of_order if is_order else episodes_beginning)(connection, name)
        record = await record_of(connection, _chosen(found, name, is_order=is_order).episode_id)
    if everything:
        return Explained(record, steps(record, with_words=with_words), outlook(record, desk=desk))
    both = ends(record, with_words=with_words, first=FIRST, last=LAST)
    return Explained(record, [*both.first, *both.last], outlook(record, desk=desk), both.left_out)


def shown(explained: Explained, *, with_events: bool = False) -> RenderableType:
    """The output for people: at most 100 columns wide."""
    days = days_of(explained.steps, explained.left_out, with_events=with_events)
    return Group(*_heading(explained.record), Text(), *days, Text(), _present(explained.outlook))


def _chosen(found: Sequence[Found], name: str, *, is_order: bool) -> Found:
    """The only episode, or an order's latest."""
    if not found:
        hint = (
            f"Order {name} has no episode, or the order is not known. `handoff waiting` lists signals that still wait "
            "for their order."
        )
        raise NotOne(hint if is_order else f"No episode begins with {name}. To look up an order, use --order.")
    if len(found) > 1 and not is_order:
        listed = "\n".join(f"  {one.episode_id}  order {one.order_id}" for one in found[:10])
        raise NotOne(f"{len(found)} episodes begin with {name}:\n{listed}")
    return found[-1]


def _heading(record: Record) -> Iterator[RenderableType]:
    episode, order = record.episode, record.order
    yield Text.assemble(("Episode ", "dim"), (str(episode.episode_id), "bold"))
    sold = f"{order.sold_by} sold it on {day(order.sold_at)}" if order.sold_by else f"Sold on {day(order.sold_at)}"
    amount = money(order.amount_minor, order.currency)
    yield Text(printable(f"Order {order.order_id} of account {order.account_id}, {amount}. {sold}."))
    if episode.follows is not None:
        yield Text(f"It follows episode {episode.follows}, which is closed.")
    yield Text("Times are UTC.", style="dim")


def _present(outlook: Outlook) -> RenderableType:
    grid = Table.grid(padding=0)
    grid.add_column(width=TIME, no_wrap=True)
    grid.add_column(width=WIDTH - TIME, overflow="fold")
    rows = {
        "now": outlook.state,
        "risks": outlook.risks,
        "with": outlook.whose,
        "clock": outlook.clock,
        "next": outlook.next,
    }
    if outlook.given is not None:
        rows["offers"] = outlook.given
    for label, text in rows.items():
        grid.add_row(Text(label, style="dim"), Text(printable(text), style="bold" if label == "now" else ""))
    return Padding(grid, 0)


def _as_json(explained: Explained) -> dict[str, Any]:
    episode = explained.record.episode
    about = ("episode_id", "order_id", "account_id", "severity", "responsible", "acknowledged_by", "deadline_at")
    more = ("deadline_for", "attempts", "rings", "closed_at", "result", "reason")
    return {
        "episode": {name: getattr(episode, name) for name in (*about, *more)},
        "steps": [asdict(step) for step in explained.steps],
        "now": asdict(explained.outlook),
    }
