"""The result of a back-test for people, and as JSON. It names no salesperson: an alert counts against no one."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Column, Table
from rich.text import Text

from services.cli.backtest.reading import Result
from services.cli.terminal import counted, printable
from services.escalation.domain.policy.versions import Change
from services.escalation.domain.words import money
from services.escalation.replaying.figures import Sort
from services.escalation.replaying.reactions import Dropped
from services.escalation.replaying.summary import CAUGHT

_MOST_SHOWN = 10
_SORTS = {Sort.FIRST: "first notifications", Sort.LATER: "later steps", Sort.REMINDER: "reminders"}
_DROPPED = {
    Dropped.NO_EPISODE: "without a matching episode",
    Dropped.NOT_NOTIFIED: "by people not notified by then",
    Dropped.REFUSED: "that the rules refuse",
}
_CAUGHT = {"both": "both", "only_current": "a only", "only_candidate": "b only", "neither": "neither"}
_KINDS = {
    "record": "events",
    "http": "events over HTTP",
    "timer": "timers",
    "button": "presses",
    "delivery": "results of deliveries",
}


def as_json_of(result: Result) -> dict[str, Any]:
    """Every figure, with the names that --fail-if uses."""
    return {
        "journal": {
            "first": result.span.first,
            "last": result.span.last,
            "inputs": result.span.inputs,
            "erased": result.span.erased,
            "unreadable": result.unreadable,
            "sha256": result.digest,
        },
        "since": result.since,
        "rules_changed_at": result.span.older_rules_until,
        "as_the_service_did": {
            "is_exact": result.is_exact,
            "alerts_stored": result.stored,
            "alerts_replayed": result.replayed,
        },
        "changes": [asdict(one) for one in result.changes],
        **result.figures,
    }


def shown(result: Result, file: str) -> RenderableType:
    """The page: the journal, the changed lines, then the figures of both policies side by side."""
    return Group(
        *(Text(line) for line in _about(result, file)),
        Text(),
        _changes(result),
        Text(),
        _notifications(result.figures),
        Text(),
        _signals(result.figures),
        Text(),
        _losses(result.figures),
        Text(),
        *(Text(printable(line)) for line in _endings(result.figures)),
    )


def _about(result: Result, file: str) -> Iterator[str]:
    span = result.span
    kinds = ", ".join(f"{count:,} {_KINDS[kind]}" for kind, count in span.inputs.items())
    yield f"Journal: {_minute(span.first)} to {_minute(span.last)}, {kinds}."
    yield f"SHA-256 of the inputs: {result.digest[:16]}… Counted from {_minute(result.since)}."
    yield f"a: the policy in force ({counted(result.versions, 'version')}). b: {file}."
    if span.erased or result.unreadable:
        yield f"Left out: {counted(span.erased, 'erased input')}, {counted(result.unreadable, 'unreadable input')}."
    yield from _equality(result)


def _equality(result: Result) -> Iterator[str]:
    if result.is_exact:
        yield f"Check: under a, the replay raises exactly the {counted(result.stored, 'alert')} of the service."
    else:
        yield f"Check: under a, the replay raises {result.replayed:,} alerts; the service raised {result.stored:,}."
    changed = result.span.older_rules_until
    if result.span.is_trimmed:
        yield "Earlier inputs were deleted: accounts known before are replayed without their past."
    if changed is not None and result.is_labelled:
        yield f"The rules changed on {_minute(changed)}: before that, the service decided otherwise than a."
    elif changed is not None:
        yield "The rules changed then. Episodes opened before may differ from those of the service."


def _changes(result: Result) -> RenderableType:
    if not result.changes:
        return Text("Both policies are equal.")
    table = _table("changed line", "a", "b")
    for change in result.changes:
        table.add_row(*map(_cell, _values(change)))
    return table


def _values(change: Change) -> tuple[str, str, str]:
    return change.path, change.before or "", change.after or ""


def _notifications(figures: Mapping[str, Any]) -> Table:
    table = _table("notifications a day", "a: median, 95 %, most (all)", "b: median, 95 %, most (all)")
    both = [figures[name] for name in ("current", "candidate")]
    for who, of_both in (("of a salesperson", both), ("of the desk", [one["desk"] for one in both])):
        for sort, words in _SORTS.items():
            table.add_row(f"{words} {who}", *(_spread(one[sort.value]) for one in of_both))
    return table


def _spread(one: Mapping[str, float]) -> str:
    return f"{one['median']:,}, {one['p95']:,}, {one['max']:,} ({one['total']:,})"


def _signals(figures: Mapping[str, Any]) -> Table:
    table = _table("signals", "a", "b")
    current, candidate = figures["current"]["signals"], figures["candidate"]["signals"]
    for kind in candidate:
        table.add_row(kind.replace("_", " "), f"{current[kind]:,}", f"{candidate[kind]:,}")
    table.add_row("episodes", f"{figures['current']['episodes']:,}", f"{figures['candidate']['episodes']:,}")
    return table


def _losses(figures: Mapping[str, Any]) -> Table:
    losses = figures["losses"]
    table = _table(f"{counted(losses['n'], 'lost order')}, notified before by", "orders", "money")
    for name in CAUGHT:
        amounts = ", ".join(money(amount, currency) for currency, amount in losses["money_minor"][name].items())
        table.add_row(_CAUGHT[name], f"{losses[name]:,}", amounts)
    lead = losses["lead_hours"]
    table.add_row("median time before the loss", f"a: {_hours(lead['current'])}", f"b: {_hours(lead['candidate'])}")
    return table


def _hours(value: float | None) -> str:
    return "none" if value is None else f"{value:,} h"


def _endings(figures: Mapping[str, Any]) -> Iterator[str]:
    for name, label in (("current", "a"), ("candidate", "b")):
        one = figures[name]["outcomes"]
        precision = "none" if one["precision"] is None else f"{one['precision']:.0%}"
        yield (
            f"{label}: {one['ended_well']:,} first notifications on orders that ended well ({one['saved']:,} saved), "
            f"{one['lost']:,} on lost ones, {one['unknown']:,} without a known outcome. Precision {precision}, "
            f"n = {one['n']:,}."
        )
    reactions = figures["reactions"]
    dropped = ", ".join(f"{count:,} {_DROPPED[Dropped(why)]}" for why, count in reactions["dropped"].items())
    yield f"Presses that count under b: {reactions['counted']:,}. Dropped: {dropped or 'none'}."
    yield from _listed("Only a notified", figures["only_current"], "handoff explain EPISODE")
    yield from _listed("Only b would have notified", figures["only_candidate"], "handoff explain --order ORDER")
    yield "These outcomes happened under the policy in force: under b, people would have acted differently."


def _listed(words: str, listed: Mapping[str, Any], command: str) -> Iterator[str]:
    more = f", the first {_MOST_SHOWN}" if listed["n"] > _MOST_SHOWN else ""
    yield f"{words}: {counted(listed['n'], 'episode')}{more}." + (f" See `{command}`." if listed["n"] else "")
    for one in listed["first"][:_MOST_SHOWN]:
        yield (
            f"  {one['episode']}  order {one['order']}  {one['signal'].replace('_', ' ')}, "
            f"{_minute(one['first_notified_at'])}"
        )


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _table(*names: str) -> Table:
    return Table(*(Column(name, overflow="fold", justify="left") for name in names))


def _cell(text: str) -> Text:
    return Text(printable(text))
