"""Every command: what it imports, how its options read, which installation it works with."""

import fcntl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.core import TyperArgument, TyperGroup, TyperOption
from typer.main import get_command
from typer.testing import CliRunner, Result

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
"""What takes a tenth of a second or more to import (pydantic aside, which typer itself imports)."""

ALLOWED: Mapping[tuple[str, ...], frozenset[str]] = {
    ("--help",): frozenset(),
    ("--version",): frozenset(),
    ("mail", "--data", "{data}"): frozenset(),
    ("mail", "--help"): frozenset(),
    ("status", "--help"): frozenset(),
    ("status",): frozenset(),
    ("run", "--help"): frozenset(),
    ("migrate", "--help"): frozenset(),
    ("trace", "e-1"): frozenset({"opentelemetry"}),
    ("report",): frozenset(),
    ("waiting",): frozenset(),
    ("dead-letters", "list", "orders"): frozenset(),
    ("policy", "history"): frozenset(),
    ("explain", "--order", "4711"): frozenset({"holidays"}),
    ("outbox", "--help"): frozenset(),
    ("outbox", "replay", "--since=2026-05-04T09:30Z"): frozenset({"pydantic_settings"}),
    ("migrate",): frozenset({"pydantic_settings"}),
    ("rejudge",): frozenset(),
    ("repair-times",): frozenset({"pydantic_settings"}),
}
NOWHERE = "postgresql://nobody@127.0.0.1:1/none"
PRINTS_A_TABLE = {
    "mail",
    "status",
    "explain",
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


def test_help_tells_of_a_command_what_the_command_tells_of_itself() -> None:
    group = get_command(app)
    assert isinstance(group, LazyGroup)
    assert list(group.commands) == list(group.loaded())
    told = {name: (one.help or "").partition("\n")[0] for name, one in group.loaded().items()}
    assert {name: one.help for name, one in group.commands.items()} == told


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
def test_what_reads_a_database_says_which_and_takes_a_data_folder(words: str) -> None:
    page = CliRunner().invoke(app, [*words.split(), "--help"], env={"COLUMNS": "200"}).output
    assert "_DATABASE_URL" in page
    assert "HANDOFF_DATA" in page


def test_the_version_is_that_of_the_package() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.output) == (0, "handoff 0.1.0\n")


def test_a_misspelt_command_names_the_nearest() -> None:
    assert "Did you mean 'explain'" in CliRunner().invoke(app, ["explian"]).output


def test_a_shell_completes_commands_and_options() -> None:
    asked = {"_HANDOFF_COMPLETE": "complete_bash", "COMP_WORDS": "handoff re", "COMP_CWORD": "1"}
    told = subprocess.run(
        [sys.executable, "-c", "from services.cli.main import app; app(prog_name='handoff')"],
        env=asked,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.stdout.split() == ["rejudge", "repair-times", "report"]
    options = asked | {"COMP_WORDS": "handoff report --esc", "COMP_CWORD": "2"}
    program = [sys.executable, "-c", "from services.cli.main import app; app(prog_name='handoff')"]
    told = subprocess.run(program, env=options, capture_output=True, text=True, check=False)
    assert told.stdout.split() == ["--escalation-database"]


class Folder:
    """A data folder as `handoff up` keeps it; locked while it runs."""

    def __init__(self, path: Path, *, port: int) -> None:
        self.path = path
        path.mkdir()
        lines = [f"{name}_DATABASE_URL=postgresql://{name}@127.0.0.1:{port}/db" for name in ("ORDERS", "SUPPORT")]
        lines.append(f"ESCALATION_DATABASE_URL='postgresql://e@127.0.0.1:{port}/db'")
        (path / "environment").write_text("\n".join([*lines, f"KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:{port}"]))
        self._lock = (path / "lock").open("w")

    def runs(self) -> "Folder":
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        return self


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("ORDERS", "SUPPORT", "ESCALATION"):
        monkeypatch.delenv(f"{name}_DATABASE_URL", raising=False)
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "HANDOFF_DATA", "SMTP_URL"):
        monkeypatch.delenv(name, raising=False)


def call(*arguments: str, **environment: str) -> Result:
    result = CliRunner().invoke(app, arguments, env=environment)
    assert isinstance(result.exception, SystemExit | None), result.exception
    return result


NEEDS_A_SERVER = [
    ("report",),
    ("explain", "e"),
    ("policy", "history"),
    ("dead-letters", "list", "orders"),
    ("outbox", "replay", "--since", "2026-05-04T09:30Z"),
    ("rejudge",),
    ("repair-times",),
    ("migrate",),
    ("run", "escalation"),
    ("status",),
]


@pytest.mark.parametrize("arguments", NEEDS_A_SERVER, ids=" ".join)
def test_nothing_falls_back_to_a_port_where_somebody_else_may_listen(arguments: tuple[str, ...]) -> None:
    result = call(*arguments)
    assert result.exit_code == 1
    assert "_DATABASE_URL" in result.stderr
    assert "not set" in result.stderr
    assert "--data" in result.stderr


def test_an_import_without_a_broker_says_so(tmp_path: Path) -> None:
    (tmp_path / "deals.csv").write_text("")
    result = call("import", "deals", "--file", "deals.csv")
    assert result.exit_code == 1
    assert "KAFKA_BOOTSTRAP_SERVERS not set" in result.stderr


def test_a_service_of_which_an_address_is_missing_does_not_start() -> None:
    result = call("run", "escalation", ESCALATION_DATABASE_URL=NOWHERE, KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")
    assert result.exit_code == 1
    assert "SMTP_URL not set" in result.stderr


@pytest.mark.parametrize("named", ["option", "variable"])
def test_a_data_folder_that_is_named_says_where_the_servers_are(named: str, tmp_path: Path) -> None:
    folder = Folder(tmp_path / "company", port=2).runs()
    option = ["--data", str(folder.path)] if named == "option" else []
    variable = {"HANDOFF_DATA": str(folder.path)} if named == "variable" else {}
    result = call("report", *option, **variable, ORDERS_DATABASE_URL=NOWHERE)
    assert result.stderr.startswith(f"Installation: {folder.path}\n")
    assert "does not answer at 127.0.0.1:2/db" in result.stderr


def test_the_usual_folder_counts_where_no_address_is_set(tmp_path: Path) -> None:
    folder = Folder(tmp_path / ".local", port=2).runs()
    result = call("explain", "e")
    assert result.stderr.startswith(f"Installation: {folder.path}\n")
    assert "does not answer at 127.0.0.1:2/db" in result.stderr


def test_the_usual_folder_does_not_fill_up_what_somebody_set_in_part(tmp_path: Path) -> None:
    Folder(tmp_path / ".local", port=2).runs()
    mixed = call("report", ORDERS_DATABASE_URL=NOWHERE)
    assert "SUPPORT_DATABASE_URL, ESCALATION_DATABASE_URL not set" in mixed.stderr


def test_an_address_on_the_command_line_counts_before_the_folder(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "company", port=2).runs()
    result = call("explain", "e", "--escalation-database", NOWHERE, "--data", str(folder.path))
    assert "does not answer at 127.0.0.1:1/none" in result.stderr


def test_a_folder_whose_servers_have_ended_is_not_read(tmp_path: Path) -> None:
    folder = Folder(tmp_path / ".local", port=2)
    assert "not set" in call("report").stderr
    assert "does not run any more" in call("report", "--data", str(folder.path)).stderr
    assert "has no running installation" in call("report", "--data", str(tmp_path / "nonexistent")).stderr


@pytest.mark.parametrize("arguments", [(), ("1",), ("--json",)])
def test_mail_of_a_folder_that_is_none_is_an_error(arguments: tuple[str, ...], tmp_path: Path) -> None:
    result = call("mail", *arguments, "--data", str(tmp_path / "nonexistent"))
    assert result.exit_code == 1
    assert "does not exist" in result.stderr
    (tmp_path / "existent" / "mail").mkdir(parents=True)
    assert call("mail", "--data", str(tmp_path / "existent")).exit_code == 0


def _option(command: Any, name: str) -> TyperOption | None:
    found = [one for one in command.params if isinstance(one, TyperOption) and name in one.opts]
    return found[0] if found else None
