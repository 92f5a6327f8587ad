"""A short `make faults` in every run of the tests, and checks that patches, crash points and plans
still fit the code.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.processes import PROJECT
from services.cli.installation import ServiceName, database_variable
from tests.faults.campaign import PLANS, SHORT
from tests.faults.crash_points import ALL
from tests.faults.faults import FAULTS
from tests.faults.planted import SCHEDULES, planted
from tests.faults.rounds import Plan, play

SEED = 20
_ARM_ALL = """
from tests.faults.crash_points import ALL
for point in ALL.values():
    point.arm(1)
"""
_RUN_ONE = """
import asyncio, sys
from tests.faults import fork_server
imported = set(sys.modules)
asyncio.run = lambda process: process.close()
fork_server.app(sys.argv[1:], standalone_mode=False)
print(*(set(sys.modules) - imported))
"""


async def test_nothing_is_lost_or_doubled_while_processes_and_connections_break(server_folder: Path) -> None:
    result = await play(SHORT, SEED, server_folder)
    assert result.passed, f"seed {SEED}: {result.failure}"
    assert result.kills > 0
    assert result.verdict["counted"]["alerts"] > 0


@pytest.mark.parametrize("bug", sorted(SCHEDULES))
def test_every_planted_bug_applies_to_the_code(bug: str, tmp_path: Path) -> None:
    source = planted(bug, tmp_path)
    changed = [
        file for file in source.rglob("*.py") if file.read_bytes() != (PROJECT / file.relative_to(source)).read_bytes()
    ]
    assert changed
    for file in changed:
        compile(file.read_text(), str(file), "exec")


def test_every_planted_bug_has_a_schedule_and_every_schedule_a_bug() -> None:
    assert {file.stem for file in (Path(__file__).parent / "planted").glob("*.patch")} == set(SCHEDULES)


def test_every_crash_point_names_an_existing_function() -> None:
    subprocess.run([sys.executable, "-c", _ARM_ALL], cwd=PROJECT, check=True)


@pytest.mark.parametrize("service", ServiceName)
def test_a_forked_process_finds_its_service_imported(service: ServiceName) -> None:
    settings = {
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9092",
        database_variable(service): "postgresql://127.0.0.1/handoff",
        "SMTP_URL": "smtp://127.0.0.1:25",
        "ADDRESS_KEY": "k" * 32,
    }
    command = [sys.executable, "-c", _RUN_ONE, "run", service.value]
    imported = subprocess.run(command, env=settings, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    assert not [name for name in imported.split() if name.startswith(("services.", "shared."))]


@pytest.mark.parametrize("plan", [*PLANS.values(), *SCHEDULES.values()], ids=lambda plan: plan.name)
def test_plans_name_existing_faults_and_crash_points(plan: Plan) -> None:
    assert set(plan.faults) <= set(FAULTS)
    assert set(plan.crash_points) <= set(ALL)


def test_every_fault_is_in_some_kind_of_round() -> None:
    assert {fault for plan in PLANS.values() for fault in plan.faults} == set(FAULTS)
