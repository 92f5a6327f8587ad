"""The tables that `make faults` prints: what was done and lost by kind of round, and which planted bugs were caught."""

from collections import Counter
from collections.abc import Sequence

from rich.table import Table

from tests.faults.rounds import Result


def campaign_table(results: Sequence[Result]) -> Table:
    """By fault: how often it was injected, and what came of all of it."""
    tally = Counter[str]()
    for result in results:
        tally += result.tally
    counted = Counter[str]()
    for result in results:
        counted += Counter(result.verdict.get("counted", {}))
    failed = [result for result in results if not result.passed]
    table = Table("fault", "times", title=f"{len(results)} rounds, {sum(result.kills for result in results)} kills")
    for fault, times in sorted(tally.items()):
        table.add_row(fault, str(times))
    table.add_section()
    for what, many in counted.items():
        if what != "seed":
            table.add_row(what.replace("_", " "), f"{many:,}")
    table.add_row("longest recovery", f"{max(result.seconds.get('recovered', 0) for result in results):.1f} s")
    table.add_row("rounds with a broken promise", str(len(failed)), style="red" if failed else "green")
    return table


def planted_table(results: Sequence[Result]) -> Table:
    table = Table("planted bug", "found by", "after")
    for result in results:
        broken = ", ".join(result.verdict.get("broken", {})) or result.failure or "NOT FOUND"
        table.add_row(result.plan, broken.replace("_", " "), f"{sum(result.seconds.values()):.0f} s")
    return table
