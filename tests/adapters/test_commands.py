"""Every command: its imports, and the style of its options."""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.core import TyperArgument, TyperGroup, TyperOption
from typer.main import get_command
from typer.testing import CliRunner

from services.cli.lazy import LazyGroup
from services.cli.main import app

HEAVY = frozenset(
    {
        "aiokafka",
        "alembic",
        "fastapi",
        "faststream",
        "holidays",
        "jinja2",
        "opentelemetry",
        "phonenumbers",
        "prometheus_client",
        "pydantic_settings",
        "sqlalchemy",
        "sqlmodel",
    }
)
"""Modules that take a tenth of a second or more to import (except pydantic, which typer itself imports)."""

ALLOWED: Mapping[tuple[str, ...], frozenset[str]] = {
    ("--help",): frozenset(),
    ("--version",): frozenset(),
    ("mail", "--data", "{data}"): frozenset(),
    ("mail", "--help"): frozenset(),
    ("push", "list", "--data", "{data}"): frozenset(),
    ("status", "--help"): frozenset(),
    ("status",): frozenset(),
    ("run", "--help"): frozenset(),
    ("migrate", "--help"): frozenset(),
    ("trace", "e-1"): frozenset({"opentelemetry"}),
    ("report",): frozenset({"holidays"}),
    ("waiting",): frozenset(),
    ("dead-letters", "list", "orders"): frozenset(),
    ("policy", "history"): frozenset(),
    ("explain", "--order", "4711"): frozenset({"holidays"}),
    ("losses",): frozenset({"holidays"}),
    ("outbox", "--help"): frozenset(),
    ("outbox", "replay", "--since=2026-05-04T09:30Z"): frozenset({"pydantic_settings"}),
    ("health", "orders"): frozenset(),
    ("migrate",): frozenset({"pydantic_settings"}),
    ("rejudge",): frozenset(),
    ("repair-times",): frozenset({"pydantic_settings"}),
}
NOWHERE = "postgresql://nobody@127.0.0.1:1/none"
PRINTS_A_TABLE = {
    "backtest",
    "mail",
    "push list",
    "status",
    "explain",
    "losses",
    "recall",
    "review",
    "report",
    "waiting",
    "trace",
    "import deals",
    "import servicenow",
    "dead-letters list",
    "dead-letters show",
    "people history",
    "topics recreated",
    "deliveries list",
    "deliveries resend",
    "bounces list",
    "policy diff",
    "policy history",
}
READS_A_DATABASE = {
    "status",
    "run",
    "migrate",
    "rejudge",
    "repair-times",
    "explain",
    "losses",
    "recall",
    "review",
    "report",
    "dead-letters list",
    "dead-letters show",
    "dead-letters replay",
    "dead-letters dismiss",
    "outbox replay",
    "topics recreated",
    "topics acknowledge",
    "deliveries list",
    "deliveries resend",
    "bounces read",
    "bounces list",
    "bounces clear",
    "policy show",
    "policy diff",
    "people history",
    "policy publish",
    "policy history",
}


def commands(group: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every command by its words."""
    inner = group.loaded() if isinstance(group, LazyGroup) else group.commands
    for name, one in inner.items():
        if isinstance(one, TyperGroup):
            yield from commands(one, f"{path}{name} ")
        else:
            yield f"{path}{name}", one


EVERY = dict(commands(get_command(app)))


@pytest.mark.parametrize("arguments", ALLOWED, ids=" ".join)
def test_a_command_imports_what_it_needs_and_no_service(arguments: tuple[str, ...], tmp_path: Path) -> None:
    program = (
        "import sys\nfrom services.cli.main import app\n"
        "try:\n    app()\nfinally:\n    print('\\n'.join(sys.modules), file=sys.stderr)"
    )
    given = [argument.format(data=tmp_path) for argument in arguments]
    addresses = {f"{name}_DATABASE_URL": NOWHERE for name in ("ORDERS", "SUPPORT", "ESCALATION")}
    command = [sys.executable, "-c", program, *given]
    called = subprocess.run(command, env=addresses, capture_output=True, text=True, cwd=tmp_path, check=False)
    modules = set(called.stderr.splitlines())
    assert "services.cli.main" in modules
    assert {module.partition(".")[0] for module in modules} & HEAVY - ALLOWED[arguments] == set()
    assert [module for module in modules if module.startswith("services.") and module.endswith(".app")] == []


def test_the_list_of_commands_has_each_commands_own_description() -> None:
    group = get_command(app)
    assert isinstance(group, LazyGroup)
    assert list(group.commands) == list(group.loaded())
    reported = {name: (one.help or "").partition("\n")[0] for name, one in group.loaded().items()}
    assert {name: one.help for name, one in group.commands.items()} == reported


@pytest.mark.parametrize("words", EVERY)
def test_options_are_written_in_one_style(words: str) -> None:
    for parameter in EVERY[words].params:
        if parameter.name == "help":
            continue
        assert getattr(parameter, "help", None), f"{words}: {parameter.name} has no help"
        if isinstance(parameter, TyperArgument) or not getattr(parameter, "is_flag", False):
            assert parameter.metavar, f"{words}: {parameter.name} has no metavar"
            assert parameter.metavar.isupper(), f"{words}: {parameter.metavar} is not in capitals"
            assert parameter.metavar.isalpha(), f"{words}: {parameter.metavar} is more than a word"


def test_every_command_that_prints_a_table_prints_json_too() -> None:
    assert {words for words, one in EVERY.items() if _option(one, "--json")} == PRINTS_A_TABLE


@pytest.mark.parametrize("words", sorted(READS_A_DATABASE))
def test_a_command_that_reads_a_database_names_it_and_accepts_a_data_folder(words: str) -> None:
    page = CliRunner().invoke(app, [*words.split(), "--help"], env={"COLUMNS": "200"}).output
    assert "_DATABASE_URL" in page
    assert "HANDOFF_DATA" in page


CHECKOUT = Path(__file__).parents[2]
PROBE_NEEDS_NONE_OF = frozenset({"asyncpg", "cryptography", "orjson", "rich", "shared"})


def test_a_probe_imports_little_more_than_the_command_line() -> None:
    program = "import sys\nfrom services.cli.main import app\ntry:\n    app()\nfinally:\n    print(*sys.modules)"
    command = [sys.executable, "-c", program, "health", "orders"]
    called = subprocess.run(
        command, env={"ORDERS_PORT": "1"}, capture_output=True, text=True, cwd=CHECKOUT, check=False
    )
    printed, modules = called.stdout.splitlines()
    assert (called.returncode, printed) == (1, "orders does not respond at 127.0.0.1:1 (ConnectionRefusedError)")
    assert {one.partition(".")[0] for one in modules.split()} & (HEAVY | PROBE_NEEDS_NONE_OF) == set()
    assert [one for one in modules.split() if one.startswith(("services.orders", "services.cli.run"))] == []


def test_the_version_is_that_of_the_package_with_its_commit() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert result.exit_code == 0
    assert re.fullmatch(r"handoff 0\.1\.0 \((v[0-9.]+-[0-9]+-g)?[0-9a-f]{12}(-dirty)?\)\n", result.output)


def test_a_misspelt_command_names_the_nearest() -> None:
    assert "Did you mean 'explain'" in CliRunner().invoke(app, ["explian"]).output


def test_a_shell_completes_commands_and_options() -> None:
    asked = {"_HANDOFF_COMPLETE": "complete_bash", "COMP_WORDS": "handoff re", "COMP_CWORD": "1"}
    reported = subprocess.run(
        [sys.executable, "-c", "from services.cli.main import app; app(prog_name='handoff')"],
        env=asked,
        capture_output=True,
        text=True,
        check=False,
    )
    assert reported.stdout.split() == ["rejudge", "repair-times", "report", "recall", "review"]
    options = asked | {"COMP_WORDS": "handoff report --esc", "COMP_CWORD": "2"}
    program = [sys.executable, "-c", "from services.cli.main import app; app(prog_name='handoff')"]
    reported = subprocess.run(program, env=options, capture_output=True, text=True, check=False)
    assert reported.stdout.split() == ["--escalation-database"]


def _option(command: Any, name: str) -> TyperOption | None:
    found = [one for one in command.params if isinstance(one, TyperOption) and name in one.opts]
    return found[0] if found else None
