"""The installation that a command works with, and its message if there is none."""

import fcntl
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.cli.main import app
from tests.adapters.test_commands import NOWHERE


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
def test_no_command_falls_back_to_a_port_of_another_program(arguments: tuple[str, ...]) -> None:
    result = call(*arguments)
    assert result.exit_code == 1
    assert "_DATABASE_URL" in result.stderr
    assert "Not set: " in result.stderr
    assert "--data" in result.stderr


def test_an_import_without_a_broker_says_so(tmp_path: Path) -> None:
    (tmp_path / "deals.csv").write_text("")
    result = call("import", "deals", "--file", "deals.csv")
    assert result.exit_code == 1
    assert "Not set: KAFKA_BOOTSTRAP_SERVERS. Set this variable" in result.stderr


def test_a_service_with_a_missing_address_does_not_start() -> None:
    result = call("run", "escalation", ESCALATION_DATABASE_URL=NOWHERE, KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")
    assert result.exit_code == 1
    assert "Not set: SMTP_URL" in result.stderr


@pytest.mark.parametrize("named", ["option", "variable"])
def test_a_given_data_folder_supplies_the_servers_addresses(named: str, tmp_path: Path) -> None:
    folder = Folder(tmp_path / "company", port=2).runs()
    option = ["--data", str(folder.path)] if named == "option" else []
    variable = {"HANDOFF_DATA": str(folder.path)} if named == "variable" else {}
    result = call("report", *option, **variable, ORDERS_DATABASE_URL=NOWHERE)
    assert result.stderr.startswith(f"Installation: {folder.path}\n")
    assert "does not respond at 127.0.0.1:2/db" in result.stderr


def test_the_default_folder_counts_if_no_address_is_set(tmp_path: Path) -> None:
    folder = Folder(tmp_path / ".local", port=2).runs()
    result = call("explain", "e")
    assert result.stderr.startswith(f"Installation: {folder.path}\n")
    assert "does not respond at 127.0.0.1:2/db" in result.stderr


def test_the_default_folder_does_not_complete_partial_settings(tmp_path: Path) -> None:
    Folder(tmp_path / ".local", port=2).runs()
    mixed = call("report", ORDERS_DATABASE_URL=NOWHERE)
    assert "Not set: SUPPORT_DATABASE_URL, ESCALATION_DATABASE_URL. Set these variables" in mixed.stderr


def test_an_address_on_the_command_line_takes_precedence_over_the_folder(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "company", port=2).runs()
    result = call("explain", "e", "--escalation-database", NOWHERE, "--data", str(folder.path))
    assert "does not respond at 127.0.0.1:1/none" in result.stderr


def test_the_folder_of_ended_servers_is_not_read(tmp_path: Path) -> None:
    folder = Folder(tmp_path / ".local", port=2)
    assert "Not set: " in call("report").stderr
    assert "is no longer running" in call("report", "--data", str(folder.path)).stderr
    assert "has no running installation" in call("report", "--data", str(tmp_path / "nonexistent")).stderr


@pytest.mark.parametrize("arguments", [(), ("1",), ("--json",)])
def test_mail_of_an_invalid_folder_is_an_error(arguments: tuple[str, ...], tmp_path: Path) -> None:
    result = call("mail", *arguments, "--data", str(tmp_path / "nonexistent"))
    assert result.exit_code == 1
    assert "does not exist" in result.stderr
    (tmp_path / "existent" / "mail").mkdir(parents=True)
    assert call("mail", "--data", str(tmp_path / "existent")).exit_code == 0
