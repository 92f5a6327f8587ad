"""The rounds of a campaign: every kind of fault, and a number of kills. Start at `rounds_from`."""

from collections.abc import Iterator, Mapping
from itertools import count, cycle

from tests.faults.crash_points import ESCALATION
from tests.faults.rounds import Plan

QUICK_KILLS = 300
ALL_KILLS = 3_000

KILLS = Plan(
    "kills",
    {"mail cut after accepting": 1, "mail slow": 1, "mail refused for now": 1},
    events=1_500,
    events_a_second=25,
    reach_at_most=2,
    processes={"orders": 2, "support": 2, "escalation": 3},
)
DATABASE = Plan(
    "database",
    {
        "Postgres crash": 2,
        "Postgres paused": 1,
        "all backends killed": 3,
        "answer to COMMIT lost": 3,
        "connection cut before COMMIT": 2,
        "commits delayed": 2,
    },
)
RESTORE = Plan(
    "restore",
    {"database restored": 2, "mail cut after accepting": 1, "answer to COMMIT lost": 1},
)
BROKER = Plan(
    "broker",
    {"broker kill -9": 1, "connection cut after produce": 3},
)
TOPICS = Plan(
    "topics",
    {"topic recreated": 2, "no right to read as a group": 1},
    kills_a_second=0.5,
)
HOT_ACCOUNT = Plan(
    "hot account",
    {"account takes too long": 1},
    kills_a_second=0.15,
    reach_at_most=30,
    events=600,
    hot_facts=3_000,
)
RELEASE_BEFORE = Plan(
    "release before",
    {"mail cut after accepting": 1},
    kills_a_second=0.3,
    events=600,
    clock_jumps=True,
    upgrades=True,
)
"""The previous release runs first. Its escalation is killed and replaced by this release's, while its orders and
support keep running for a while."""
PROCESSES = Plan(
    "processes",
    {
        "process frozen past its session": 2,
        "relay leader frozen past its lease": 1,
        "event loop blocked": 2,
        "rolling restart": 1,
        "member joins and leaves": 3,
    },
)
CLOCKS = Plan(
    "clocks",
    {"clocks an hour apart": 2, "mail refused for now": 1},
    crash_points=tuple(ESCALATION),
    reach_at_most=1,
    clock_jumps=True,
)
"""A jump of the clock makes timers due: processes die at the crash points of timers and deliveries."""
SHORT = Plan(
    "short",
    {
        "answer to COMMIT lost": 2,
        "all backends killed": 2,
        "database restored": 1,
        "connection cut after produce": 2,
        "mail cut after accepting": 2,
        "event loop blocked": 1,
    },
    events=400,
)
"""A few faults of each kind that needs little time to recover."""
THREE_NODES = Plan("three nodes", {"broker kill -9": 2}, nodes=3)

PLANS: Mapping[str, Plan] = {
    plan.name: plan
    for plan in (KILLS, DATABASE, RESTORE, BROKER, TOPICS, HOT_ACCOUNT, RELEASE_BEFORE, PROCESSES, CLOCKS, THREE_NODES)
}


def rounds_from(seed: int, only: str | None = None) -> Iterator[tuple[Plan, int]]:
    """Plans and their seeds, without end. Every cycle covers every kind of fault, unless `only` names one."""
    return zip(cycle([PLANS[only]] if only else PLANS.values()), count(seed), strict=False)
