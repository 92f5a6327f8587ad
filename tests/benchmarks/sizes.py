"""The size of each row's measurement: in full, for trying it out, and for the test of the benchmark itself."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """`rounds`: how often each side of a comparison is measured."""

    events: int = 200_000
    facts_an_account: int = 10
    busy_events: int = 100_000
    facts_of_busy_accounts: int = 125
    rounds: int = 2
    rates: tuple[int, ...] = (50, 500)
    rate_seconds: float = 15.0
    idle_seconds: float = 10.0
    scaling_events: int = 120_000
    history_events: int = 50_000
    history_rows: int = 2_000_000
    outbox_rows: int = 60_000
    timers: int = 1_000_000
    timer_seconds: float = 15.0
    known_facts: tuple[int, ...] = (200, 2_000, 20_000, 100_000)
    single_facts: int = 40
    pages: int = 990  # a process answers 1,000 connections; some are left for its readiness checks


WHOLE = Sizes()
QUICK = Sizes(
    events=30_000,
    busy_events=20_000,
    rounds=1,
    rate_seconds=6.0,
    idle_seconds=2.0,
    scaling_events=60_000,
    history_events=20_000,
    history_rows=200_000,
    outbox_rows=10_000,
    timers=100_000,
    timer_seconds=5.0,
    known_facts=(200, 2_000, 10_000),
    single_facts=20,
    pages=200,
)
