"""Which rounds make a campaign: every kind of fault, and so many kills. Start at `rounds_of`."""

from collections.abc import Mapping, Sequence

from tests.faults.rounds import Plan

QUICK_KILLS = 300
ALL_KILLS = 3_000

KILLS = Plan(
    "kills",
    {"kill -9": 2, "mail cut after accepting": 1, "mail slow": 1, "mail refused for now": 1},
    kills=60,
)
DATABASE = Plan(
    "database",
    {
        "kill -9": 2,
        "Postgres crash": 2,
        "Postgres paused": 1,
        "all backends killed": 3,
        "answer to COMMIT lost": 3,
        "connection cut before COMMIT": 2,
        "commits delayed": 2,
    },
    kills=40,
    least_faults=12,
)
RESTORE = Plan(
    "restore",
    {"kill -9": 2, "database restored": 2, "mail cut after accepting": 1, "answer to COMMIT lost": 1},
    kills=30,
    least_faults=5,
)
BROKER = Plan(
    "broker",
    {"kill -9": 2, "broker kill -9": 1, "connection cut after produce": 3},
    kills=40,
    least_faults=6,
)
PROCESSES = Plan(
    "processes",
    {
        "kill -9": 2,
        "process frozen past its session": 2,
        "relay leader frozen past its lease": 1,
        "event loop blocked": 2,
        "rolling restart": 1,
        "member joins and leaves": 3,
        "clocks an hour apart": 1,
    },
    kills=40,
    least_faults=8,
)
THREE_NODES = Plan("three nodes", {"kill -9": 2, "broker kill -9": 2}, kills=30, least_faults=4, nodes=3)

PLANS: Mapping[str, Plan] = {plan.name: plan for plan in (KILLS, DATABASE, RESTORE, BROKER, PROCESSES, THREE_NODES)}
_TURN = (KILLS, DATABASE, RESTORE, BROKER, PROCESSES, KILLS, THREE_NODES)
"""One turn kills 300 times and brings every fault."""


def rounds_of(kills: int, seed: int) -> Sequence[tuple[Plan, int]]:
    """Plans and their seeds, in the order in which they are played, until there are at least so many kills."""
    rounds = list[tuple[Plan, int]]()
    planned = 0
    while planned < kills:
        plan = _TURN[len(rounds) % len(_TURN)]
        rounds.append((plan, seed + len(rounds)))
        planned += plan.kills
    return rounds
