"""The rows of the table: what is measured, against what, and the goal. Start at `ROWS`."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import fmean
from typing import Any

from tests.benchmarks import draining, hot_account, latency, parts, scaling
from tests.benchmarks.backlog import Backlog
from tests.benchmarks.ground import Ground, publish
from tests.benchmarks.sizes import Sizes


@dataclass(frozen=True)
class Measure:
    """One line of the table. `met` is None if there is no goal."""

    row: str
    what: str
    goal: str
    figure: str
    ratio: float | None = None
    met: bool | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


async def backlog(ground: Ground, sizes: Sizes) -> list[Measure]:
    """(a) and (c): customers of ten facts each, as most are, and of 125, as those of a busy help desk."""
    few, first = await _drained(ground, sizes, sizes.events, sizes.facts_an_account)
    many, _ = await _drained(ground, sizes, sizes.busy_events, sizes.facts_of_busy_accounts)
    return [*few, *many, _memory(first)]


async def _drained(
    ground: Ground, sizes: Sizes, events: int, facts_an_account: int
) -> tuple[list[Measure], draining.Drained]:
    """Service and floor in turns, compared by processor time, which other work on the machine disturbs less."""
    cluster = await ground.topics()
    whole = Backlog(events=events, accounts=events // facts_an_account)
    published, sales = await publish(cluster, whole.matters()), list(whole.sales())
    floors, services = [], []
    for turn in range(sizes.rounds):
        floors.append(await draining.floor(ground, cluster, published, sales=sales))
        idle = sizes.idle_seconds if turn == 0 else 0.0
        services.append(await draining.service(ground, cluster, published, sales=sales, idle_seconds=idle))
    differences = [one.end.differences(other.end) for one, other in zip(services, floors, strict=True)]
    own, against = (_cpu_microseconds(sides) for sides in (services, floors))
    details = {
        "service": [_rate(one) for one in services],
        "floor": [_rate(one) for one in floors],
        "differences_of_end_states": differences,
        "out_of_order": [one.out_of_order for one in services],
        "rows": {name: rows for name, (rows, _) in services[0].end.tables.items()},
    }
    valid = not any(differences)
    rates = [fmean(one.events_per_second for one in sides) for sides in (services, floors)]
    figure = (
        f"{own[0]:.0f} + {own[1]:.0f} µs an event against {against[0]:.0f} + {against[1]:.0f}; "
        f"{rates[0]:,.0f}/s against {rates[1]:,.0f}/s{'' if valid else ' VOID: end states differ'}"
    )
    ratio = sum(against) / sum(own)
    what = f"escalation against the floor, {facts_an_account} facts an account"
    return [Measure("a", what, ">= 0.6 by CPU", figure, ratio, valid and ratio >= 0.6, details)], services[0]


def _cpu_microseconds(runs: Sequence[draining.Drained]) -> tuple[float, float]:
    """Of the process and of its sessions in the database."""
    own, database = zip(*(one.cpu_microseconds for one in runs), strict=True)
    return fmean(own), fmean(database)


def _rate(one: draining.Drained) -> dict[str, float]:
    own, database = one.cpu_microseconds
    return {"events_per_second": one.events_per_second, "own_cpu_us": own, "database_cpu_us": database}


def _memory(one: draining.Drained) -> Measure:
    shares = {share: one.memory_at(share) for share in (0.25, 0.5, 0.75, 1.0)}
    peak, afterwards = one.afterwards.peak, one.afterwards.now
    grown = shares[1.0] - shares[0.25]
    figure = (
        f"{shares[0.25]:.0f} MB at a quarter, {shares[1.0]:.0f} at the end, {afterwards:.0f} after, peak {peak:.0f}"
    )
    details = {"at_share": {str(share): size for share, size in shares.items()}, "peak": peak, "after": afterwards}
    return Measure("c", "memory while draining", "flat, < 200 MB", figure, None, peak < 200 and grown < 10, details)


async def alerts(ground: Ground, sizes: Sizes) -> list[Measure]:
    """(b)."""
    measures = []
    for rate in sizes.rates:
        floors, commits, pages = [], [], []
        for _ in range(sizes.rounds):
            floors.append(await latency.floor(ground, rate, sizes.rate_seconds))
            to_commit, to_page = await latency.product(ground, rate, sizes.rate_seconds)
            commits.append(to_commit)
            pages.append(to_page)
        against = fmean(one.p99 for one in floors)
        floor = f"floor {fmean(one.p50 for one in floors):.0f} / {against:.0f} ms"
        for what, latencies in (("alert", commits), ("page", pages)):
            p50, p99 = fmean(one.p50 for one in latencies), fmean(one.p99 for one in latencies)
            details = {"p50_ms": [one.p50 for one in latencies], "p99_ms": [one.p99 for one in latencies]}
            details["floor_p99_ms"] = [one.p99 for one in floors]
            figure = f"p50 / p99 {p50:.0f} / {p99:.0f} ms, {floor}"
            met = p99 <= 3 * against and p99 < 250
            name = f"failure to {what}, {rate}/s"
            measures.append(Measure("b", name, "p99 <= 3 x floor, < 250 ms", figure, p99 / against, met, details))
    push = await latency.notified(ground, sizes.rate_seconds)
    figure = f"p50 / p99 {push.p50:.0f} / {push.p99:.0f} ms"
    name = f"alert to the push service of a device, {latency.NOTIFIED_A_SECOND}/s"
    measures.append(Measure("b", name, "report", figure, details={"p50_ms": push.p50, "p99_ms": push.p99}))
    return measures


async def two_consumers(ground: Ground, sizes: Sizes) -> list[Measure]:
    """(d)."""
    measures = []
    for what, produced in (("two consumers against one", 0), ("... with a producer", sizes.scaling_events)):
        events, rates, disorder = sizes.scaling_events, dict[int, float](), 0
        for consumers in (1, 2):
            cluster = await ground.topics()
            await publish(cluster, Backlog(events=events, accounts=max(1, events // 10)))
            drained = await scaling.drain(ground, cluster, events, consumers=consumers, produced=produced)
            rates[consumers] = drained.events_per_second
            disorder += drained.out_of_order
        figure = f"{rates[2]:,.0f}/s against {rates[1]:,.0f}/s, {disorder} out of order"
        details = {"events_per_second": rates, "out_of_order": disorder}
        measures.append(Measure("d", what, "0 out of order", figure, rates[2] / rates[1], disorder == 0, details))
    return measures


async def history(ground: Ground, sizes: Sizes) -> list[Measure]:
    """(e)."""
    cluster, events = await ground.topics(), sizes.history_events
    await publish(cluster, Backlog(events=events, accounts=max(1, events // 10)))
    empty, full = [], []
    for _ in range(sizes.rounds):
        empty.append((await draining.service(ground, cluster, events)).events_per_second)
        full.append((await draining.service(ground, cluster, events, past=sizes.history_rows)).events_per_second)
    ratio = fmean(full) / fmean(empty)
    figure = f"{fmean(full):,.0f}/s with {sizes.history_rows:,} rows, {fmean(empty):,.0f}/s without"
    details = {"with": full, "without": empty}
    return [Measure("e", "a journal with a past", ">= 0.8", figure, ratio, ratio >= 0.8, details)]


async def alone(ground: Ground, sizes: Sizes) -> list[Measure]:
    """(f)."""
    sent = await parts.relay(ground, sizes.outbox_rows)
    late = await parts.timers(ground, sizes.timers, sizes.timer_seconds)
    measured = await parts.pages(ground, sizes.pages)
    timers = f"{late.fired:,} fired beside {sizes.timers:,}: p99 {late.p99:.2f} s, worst {late.worst:.2f} s late"
    grown = measured.with_pages.peak - measured.without.now
    times = f"half updated within {measured.half:.2f} s, all within {measured.everybody:.2f} s"
    pages = f"{times}; {grown:.0f} MB for all pages"
    memory = {"without": measured.without.now, "with": measured.with_pages.now, "peak": measured.with_pages.peak}
    return [
        Measure("f", "the relay alone", "report", f"{sent:,.0f} rows/s"),
        Measure("f", "timers alone", "late < 1 s", timers, None, late.worst < 1),
        Measure("f", f"{sizes.pages} open pages", "report", pages, details=memory),
    ]


async def large_accounts(ground: Ground, sizes: Sizes) -> list[Measure]:
    """(g)."""
    return [
        _growth(name, await hot_account.costs(ground, story, sizes.known_facts, sizes.single_facts))
        for name, story in hot_account.STORIES.items()
    ]


def _growth(story: str, costs: Sequence[hot_account.Cost]) -> Measure:
    """How many times as much a fact costs at the largest size up to 20,000 as at the smallest."""
    least, most = costs[0], [cost for cost in costs if cost.facts <= 20_000][-1]
    ratio = most.fact / least.fact
    curve = ", ".join(f"{cost.fact / 1000:.1f} ms at {cost.facts:,}" for cost in costs)
    details = {f"{cost.facts}": asdict(cost) for cost in costs}
    return Measure("g", f"one more fact: {story}", "<= 2 x that at 200", curve, ratio, ratio <= 2, details)


Row = Callable[[Ground, Sizes], Awaitable[Iterable[Measure]]]
ROWS: Mapping[str, Row] = {"a": backlog, "b": alerts, "d": two_consumers, "e": history, "f": alone, "g": large_accounts}
"""By letter. (c) is measured together with (a)."""
