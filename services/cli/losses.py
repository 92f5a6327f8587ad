"""`handoff losses`: why customers leave, in three columns that are never merged. Start at `losses`."""

import asyncio
import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from services.cli.databases import Unreadable, reading
from services.cli.installation import Data, EscalationDatabase, ServiceName, database_of, enter
from services.cli.terminal import AsJson, console, counted, print_json, printable, stop_with
from services.escalation.domain.loss_class import CLASS_WORDS, LossClass
from services.escalation.domain.losses.columns import Columns, LossRow, Pair
from services.escalation.domain.losses.details import LossDetails
from services.escalation.domain.losses.figures import (
    NO_SEGMENT,
    NOT_KNOWN,
    Agreement,
    By,
    Figures,
    Tally,
    figures,
    grouped,
)
from services.escalation.domain.losses.figures import counted as counted_losses
from services.escalation.domain.losses.loss import CONTRIBUTIONS
from services.escalation.domain.words import at_absolute
from services.escalation.domain.words.lists import amounts
from services.escalation.domain.words.signals import SIGNAL_LABELS
from services.escalation.store.losses import executed, losses_of_order, losses_since
from services.escalation.store.policies import load
from shared.contracts.escalation import SignalKind

_PIPE_WIDTH = 120
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_EXECUTED = {
    SignalKind.REFUND_PAID: "a refund was paid",
    SignalKind.ORDER_CANCELLED: "the order was cancelled",
}
_PAIRS = {
    Pair.SELLER_AND_EVENTS: "Seller and events",
    Pair.CUSTOMER_AND_EVENTS: "Customer and events",
    Pair.SELLER_AND_CUSTOMER: "Seller and customer",
}
_WORDS: Mapping[str, str] = {
    **{str(known): text for known, text in CLASS_WORDS.items()},
    **{str(known): text for known, text in CONTRIBUTIONS.items()},
    NOT_KNOWN: "Not yet known",
    NO_SEGMENT: "No segment",
}


def losses(
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="Only losses since this day, in UTC."),
    ] = None,
    by: Annotated[
        By, typer.Option(metavar="GROUP", help="Group losses by class, reason, product, segment or month.")
    ] = By.CLASS,
    order: Annotated[
        str | None,
        typer.Option(metavar="ORDER", help="Show the losses of this order in detail, with the customer's own words."),
    ] = None,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print as CSV, one line for each group.")] = False,
    data: Data = None,
    escalation: EscalationDatabase = None,
) -> None:
    """Show why customers leave: as the seller says, as the customer says, and as the events show.

    A loss is an episode that a person closed as lost. What else happened to an order is shown by handoff review.
    The events column is computed from the facts known now. An order with several products counts for each of them; an
    order that was lost twice counts its money once, also if it is at risk again (handoff report --by counts that as at
    risk). Words of people are shown only with --order.
    """
    if as_json and as_csv:
        raise stop_with("Choose --json or --csv, not both.")
    if order is not None and as_csv:
        raise stop_with("--order has no CSV form: use --json.")
    enter(data, escalation=escalation)
    url = database_of(ServiceName.ESCALATION)
    try:
        if order is not None:
            _show_order(*asyncio.run(read_order(url, order)), order, as_json=as_json)
            return
        start = since.replace(tzinfo=UTC) if since else None
        found = counted_losses(asyncio.run(read_losses(url, start or _BEGINNING)))
    except Unreadable as error:
        raise stop_with(str(error)) from None
    whole, groups = figures(found), grouped(found, by)
    if as_json:
        print_json(_as_json(whole, groups, by, start))
    elif as_csv:
        csv.writer(sys.stdout, lineterminator="\n").writerows(_csv(whole, groups, by))
    else:
        _print(whole, groups, by)


async def read_losses(database: str, since: datetime) -> list[tuple[LossRow, Columns]]:
    """The losses since then. Raises Unreadable."""
    async with reading("escalation", database) as connection:
        return await losses_since(connection, since, await load(connection))


async def read_order(database: str, order: str) -> tuple[list[LossDetails], tuple[SignalKind, datetime] | None]:
    """The losses of an order in detail, and the first refund paid or cancellation. Raises Unreadable."""
    async with reading("escalation", database) as connection:
        return await losses_of_order(connection, order, await load(connection)), await executed(connection, order)


def _print(whole: Figures, groups: Mapping[str, Figures], by: By) -> None:
    terminal = console(_PIPE_WIDTH)
    if not whole.all.losses:
        print("No losses.")
        return
    print(f"{counted(whole.all.losses, 'loss', 'losses')}, {_money(whole.all)}")
    print()
    terminal.print(_by_class(whole) if by is By.CLASS else _by_group(groups, by))
    print()
    for pair, name in _PAIRS.items():
        print(f"{name} agree in {_agreement(whole.agreement[pair])}.")
    print(f"May we call again: {_answers(whole.may_call_again)}.")
    print(f"The sale contributed: {_answers(whole.contributed)}.")


def _by_class(whole: Figures) -> Table:
    table = Table("class", "seller says", "customer says", "events show", "also shown", box=None, padding=(0, 2, 0, 0))
    for name in (*LossClass, NOT_KNOWN):
        if any(column[name].losses for column in (whole.seller, whole.customer, whole.events_any)):
            also = whole.events_any[name].losses - whole.events[name].losses
            cells = (_tally(whole.seller[name]), _tally(whole.customer[name]), _tally(whole.events[name]))
            table.add_row(_WORDS[name], *cells, str(also) if also else "")
    return table


def _by_group(groups: Mapping[str, Figures], by: By) -> Table:
    heads = (by.value, "losses", "seller says", "customer says", "events show", "seller and events agree")
    table = Table(*heads, box=None, padding=(0, 2, 1, 0))
    for name, of_group in groups.items():
        said = (_classes(column) for column in (of_group.seller, of_group.customer, of_group.events))
        agree = _agreement(of_group.agreement[Pair.SELLER_AND_EVENTS])
        table.add_row(
            Text(_WORDS[NO_SEGMENT] if name == NO_SEGMENT else printable(name)), _tally(of_group.all), *said, agree
        )
    return table


def _classes(column: Mapping[str, Tally]) -> str:
    known = sorted((name for name in column if column[name].losses), key=lambda name: -column[name].losses)
    return "\n".join(f"{_WORDS[name]} {column[name].losses}" for name in known)


def _tally(tally: Tally) -> str:
    return f"{tally.losses} ({_money(tally)})" if tally.losses else ""


def _money(tally: Tally) -> str:
    return amounts(tally.money) if tally.money else "no money"


def _agreement(found: Agreement) -> str:
    share = found.share
    return "none that can be compared" if share is None else f"{found.agree} of {found.compared} ({share:.0%})"


def _answers(given: Mapping[str, int]) -> str:
    words = {"yes": "yes", "no": "no", NOT_KNOWN: "not answered"}
    return ", ".join(f"{words.get(name) or _WORDS[name].lower()} {number}" for name, number in given.items() if number)


def _as_json(whole: Figures, groups: Mapping[str, Figures], by: By, since: datetime | None) -> dict[str, Any]:
    return {
        "since": since,
        "by": by.value,
        "all": _json_of(whole),
        "groups": [{by.value: name} | _json_of(one) for name, one in groups.items()],
    }


def _json_of(one: Figures) -> dict[str, Any]:
    columns = {"seller": one.seller, "customer": one.customer, "events": one.events, "events_any": one.events_any}
    pairs = {str(pair): {"agree": found.agree, "compared": found.compared} for pair, found in one.agreement.items()}
    return {
        "losses": one.all.losses,
        "money_minor": one.all.money,
        **{name: _tallies_json(column) for name, column in columns.items()},
        "agreement": pairs,
        "contributed": one.contributed,
        "may_call_again": one.may_call_again,
    }


def _tallies_json(column: Mapping[str, Tally]) -> dict[str, Any]:
    return {
        name: {"losses": tally.losses, "money_minor": tally.money} for name, tally in column.items() if tally.losses
    }


def _csv(whole: Figures, groups: Mapping[str, Figures], by: By) -> Iterator[list[str | int]]:
    """One line for each group, with a column for each currency; by class, the numbers of the three columns."""
    if by is By.CLASS:
        yield ["class", "seller", "customer", "events", "events_any"]
        for name in (*LossClass, NOT_KNOWN):
            columns = (whole.seller, whole.customer, whole.events, whole.events_any)
            yield [str(name), *(column[name].losses for column in columns)]
        return
    currencies = list(whole.all.money)
    pairs = [f"{pair.value}_{part}" for pair in Pair for part in ("agree", "compared")]
    yield [by.value, "losses", *(f"money_minor_{one}" for one in currencies), *pairs]
    for name, one in groups.items():
        money = [one.all.money.get(currency, 0) for currency in currencies]
        agreed = [number for pair in Pair for number in (one.agreement[pair].agree, one.agreement[pair].compared)]
        yield [_cell(name), one.all.losses, *money, *agreed]


def _cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _show_order(
    found: Sequence[LossDetails], fact: tuple[SignalKind, datetime] | None, order: str, *, as_json: bool
) -> None:
    if as_json:
        print_json({"order": order, "losses": [_details_json(one) for one in found]})
    elif not found:
        print(_no_loss(printable(order), fact))
    for one in found if not as_json else ():
        for line in lines_of(one):
            print(printable(line, kept="\n"))


def _no_loss(order: str, fact: tuple[SignalKind, datetime] | None) -> str:
    if fact is None:
        return f"No one closed an episode of order {order} as lost."
    kind, at = fact
    what = _EXECUTED[kind]
    return f"No one closed order {order} as lost, but {what} {at_absolute(at)}: see `handoff review {order}`."


def _details_json(one: LossDetails) -> dict[str, Any]:
    row, columns = one.row, one.columns
    return {
        "episode": row.episode_id,
        "closed_at": row.closed_at,
        "money_minor": {row.currency: row.amount_minor},
        "seller": {"reason": row.reason, "class": columns.seller, "note": one.written.note},
        "customer": {
            "code": row.customers_code,
            "class": columns.customer,
            "said": [{"signal": said.kind, "at": said.at, "words": said.words} for said in one.said],
        },
        "events": [
            {"class": shown.loss_class, "shown_by": [{"signal": one.kind, "at": one.at} for one in shown.troubles]}
            for shown in one.shown
        ],
        "could_have": one.written.could_have,
        "contributed": row.contributed,
        "may_call_again": row.may_call_again,
    }


def lines_of(one: LossDetails) -> Iterator[str]:
    """A loss in detail, for people."""
    row, written = one.row, one.written
    yield f"Order {row.order_id}, {amounts({row.currency: row.amount_minor})}, lost on {row.closed_at:%Y-%m-%d}"
    yield f"  Seller says: {one.seller_says} ({row.reason})"
    if written.note:
        yield f"    “{written.note}”"
    yield f"  Customer says: {one.customer_says}"
    yield from (f"    “{said.words}” ({said.at:%Y-%m-%d})" for said in one.said if said.words)
    yield f"  Events show: {', '.join(CLASS_WORDS[shown.loss_class] for shown in one.shown)}"
    for trouble in (trouble for shown in one.shown for trouble in shown.troubles):
        yield f"    {SIGNAL_LABELS[trouble.kind]} ({trouble.at:%Y-%m-%d})"
    yield f"  We could have: {f'“{written.could_have}”' if written.could_have else 'not answered'}"
    yield f"  The sale contributed: {CONTRIBUTIONS[row.contributed] if row.contributed else 'not answered'}"
    yield f"  May we call again: { {True: 'yes', False: 'no', None: 'not answered'}[row.may_call_again] }"
