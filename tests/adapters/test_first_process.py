"""The command as the first process of a container, where only handled signals arrive."""

import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
PROGRAM = """
import os, signal, sys
ours = os.getpid()
os.getpid = lambda: {number}
sys.argv = ["handoff", "--version"]
from services.cli.entry import main
try:
    main()
except SystemExit:
    os.kill(ours, signal.SIGTERM)
"""


@pytest.mark.parametrize(("number", "status"), [(1, 128 + 15), (2, -15)], ids=["the first process", "another one"])
def test_a_sigterm_before_a_service_handles_signals_ends_the_command(number: int, status: int) -> None:
    program = [sys.executable, "-c", PROGRAM.format(number=number)]
    called = subprocess.run(program, cwd=CHECKOUT, env={}, capture_output=True, text=True, check=False)
    assert called.returncode == status, called.stderr
