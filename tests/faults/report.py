"""The tables that `make faults` prints: events and losses by kind of round, by fault, and by planted bug."""

from collections import Counter
from collections.abc import Iterable, Sequence

from rich.table import Table

from tests.faults.rounds import Result

COUNTED = ("events", "duplicates", "alerts", "mails", "lists", "mails_again", "attempts_in_doubt")


def rounds_table(results: Sequence[Result]) -> Table:
    """By kind of round: the number of events, of processes that died, and of broken promises."""
    table = Table("round", title="What came of it")
    for heading in ("rounds", "kills", *(name.replace("_", " ") for name in COUNTED), "recovery s", "broken"):
        table.add_column(heading, justify="right")
    for plan in dict.fromkeys(result.plan for result in results):
        table.add_row(plan, *_figures([result for result in results if result.plan == plan]))
    table.add_section()
    table.add_row("all", *_figures(results))
    return table


def faults_table(results: Sequence[Result]) -> Table:
    """By fault: how often it was injected."""
    table = Table("fault", title="What was done")
    table.add_column("times", justify="right")
    for fault, times in sorted(_sum(result.tally for result in results).items()):
        table.add_row(fault, f"{times:,}")
    return table


def planted_table(results: Sequence[Result]) -> Table:
    table = Table("planted bug", "broken promises", title="Bugs that must be found")
    table.add_column("after s", justify="right")
    for result in results:
        broken = ", ".join(result.verdict.get("broken", {})) or result.failure or "NOT FOUND"
        table.add_row(result.plan.replace("_", " "), broken.replace("_", " "), f"{result.took_seconds:.0f}")
    return table


def _figures(results: Sequence[Result]) -> list[str]:
    counted = _sum(Counter(result.verdict.get("counted", {})) for result in results)
    recovery = max(result.seconds.get("recovered", 0) for result in results)
    numbers = [len(results), sum(result.kills for result in results), *(counted[name] for name in COUNTED)]
    broken = sum(not result.passed for result in results)
    return [*(f"{number:,}" for number in numbers), f"{recovery:.1f}", f"{broken}"]


def _sum(counters: Iterable[Counter[str]]) -> Counter[str]:
    return sum(counters, Counter())
