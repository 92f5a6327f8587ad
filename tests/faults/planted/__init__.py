"""Nine bugs that the services must not have, as patches, each with the schedule that must reveal it."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from deploy.local.processes import PROJECT
from tests.faults.rounds import Plan

_TREES = ("services", "shared", "deploy", "tests")
_TWO_EACH = {"orders": 2, "support": 2, "escalation": 2}


def _schedule(
    name: str,
    faults: Mapping[str, int],
    *,
    crash_points: tuple[str, ...] = (),
    events_a_second: float = 30,
    http_share: float = 0.15,
    processes: Mapping[str, int] = _TWO_EACH,
) -> Plan:
    return Plan(
        name,
        faults,
        kills_a_second=0,
        crash_points=crash_points,
        reach_at_most=2,
        events=400,
        events_a_second=events_a_second,
        processes=processes,
        http_share=http_share,
        patience_seconds=15,
    )


SCHEDULES: Mapping[str, Plan] = {
    plan.name: plan
    for plan in (
        _schedule("offsets_first", {}, crash_points=("consumer: decided", "consumer: before commit")),
        _schedule("no_deduplication", {}, crash_points=("relay: sent, not marked",)),
        _schedule("marked_before_sent", {}, crash_points=("relay: rows read", "relay: some sent")),
        _schedule("high_water_mark", {"commits delayed": 1}, events_a_second=60),
        _schedule("no_account_lock", {"commits delayed": 1}, http_share=0.5),
        _schedule("unknown_dropped", {}, crash_points=("delivery: before sending", "delivery: connected")),
        _schedule("acknowledged_on_error", {"all backends killed": 1, "connection cut before COMMIT": 2}),
        _schedule("deduplication_trimmed_early", {}),
        _schedule("sent_without_claim", {"mail slow": 1}),
    )
}


def planted(name: str, folder: Path) -> Path:
    """A copy of the source tree with a bug in it. Raises CalledProcessError if the patch does not apply any more."""
    source = folder / "source"
    for tree in _TREES:
        shutil.copytree(PROJECT / tree, source / tree, ignore=shutil.ignore_patterns("__pycache__"))
    patch = Path(__file__).with_name(f"{name}.patch")
    subprocess.run(["git", "apply", "--unsafe-paths", str(patch)], cwd=source, check=True, capture_output=True)
    return source
