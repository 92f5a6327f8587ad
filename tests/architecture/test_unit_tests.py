"""The tests of pure rules start no server and import nothing that could: all of them are run after every edit."""

import ast
import subprocess
import sys

from tests.architecture.sources import ROOT, modules

SERVERS_AND_THEIR_CLIENTS = {
    "aiokafka", "aiosmtplib", "alembic", "asyncpg", "confluent_kafka", "deploy", "docker", "fastapi", "faststream",
    "httpx2", "requests", "sqlalchemy", "sqlmodel", "testcontainers", "typer", "uvicorn",
}  # fmt: skip
_PROGRAM = """
import sys
import pytest
status = pytest.main(["--collect-only", "-qq", "tests/unit"])
print(*sorted(sys.modules), sep="\\n", file=sys.stderr)
sys.exit(status)
"""


def test_collecting_the_unit_tests_imports_no_server() -> None:
    collected = subprocess.run([sys.executable, "-c", _PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False)
    imported = collected.stderr.splitlines()
    assert (collected.returncode, "tests.unit.test_ladder" in imported) == (0, True), collected.stdout
    assert [name for name in imported if name.partition(".")[0] in SERVERS_AND_THEIR_CLIENTS] == []
    assert "tests.servers" not in imported


def test_the_profile_decides_how_many_examples_a_unit_test_tries() -> None:
    fixed = [
        f"{module.path}:{node.value.lineno}"
        for module in modules("tests/unit/")
        for node in module.nodes()
        if isinstance(node, ast.keyword) and node.arg == "max_examples"
    ]
    assert fixed == [], "write `@examples(300)` of tests/examples.py, which tries fewer in `make unit`"
