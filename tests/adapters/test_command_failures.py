"""Why a command ends: one sentence, the same in every command, without characters that a terminal obeys."""

from pathlib import Path

import asyncpg
import pytest
import typer
from typer.testing import CliRunner

from services.cli import failures
from services.cli.main import app
from services.cli.terminal import stop_with

URL = "postgresql://orders:secret@db.example:5432/orders"
NOWHERE = "postgresql://nobody:secret@127.0.0.1:1/none"
SERVERS = {f"{name}_DATABASE_URL": NOWHERE for name in ("ORDERS", "SUPPORT", "ESCALATION")}


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectionRefusedError(), "does not respond at db.example:5432/orders (ConnectionRefusedError). Start it"),
        (TimeoutError(), "does not respond at db.example:5432/orders (TimeoutError). Start it"),
        (
            asyncpg.UndefinedTableError(),
            "has no tables of that service, or old ones. Run `handoff migrate --only orders`",
        ),
        (asyncpg.InvalidPasswordError(), "cannot be used (InvalidPasswordError): check ORDERS_DATABASE_URL"),
    ],
)
def test_an_unusable_database_is_reported_with_its_address_and_a_remedy(error: Exception, expected: str) -> None:
    sentence = failures.of_database("orders", URL, error)
    assert expected in sentence
    assert "secret" not in sentence


@pytest.mark.parametrize(
    ("arguments", "service"),
    [
        (("report",), "orders"),
        (("explain", "--order", "4711"), "escalation"),
        (("policy", "history"), "escalation"),
        (("dead-letters", "list", "support"), "support"),
        (("migrate",), "orders"),
    ],
)
def test_every_command_reads_the_address_where_the_services_do_and_says_the_same(
    arguments: tuple[str, ...], service: str
) -> None:
    result = CliRunner().invoke(app, arguments, env=SERVERS)
    assert result.exit_code == 1
    assert result.output == failures.of_database(service, NOWHERE, ConnectionRefusedError()) + "\n"


def test_other_peoples_words_keep_their_lines_and_do_not_control_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert isinstance(stop_with("[red]two :bug:\n  lines\x1b[2J"), typer.Exit)
    assert capsys.readouterr().err == "[red]two :bug:\n  lines\\x1b[2J\n"


def test_a_missing_delivery_report_stops_the_command_before_another_is_read(tmp_path: Path) -> None:
    other = tmp_path / "other.eml"
    other.write_bytes(b"Subject: Out of office\r\n\r\nBack on Monday.")
    result = CliRunner().invoke(app, ["bounces", "read", str(other), str(tmp_path / "none.eml")], env=SERVERS)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "none.eml'doesnotexist" in "".join(result.stderr.replace("│", "").split()), "however its lines are broken"


def test_a_mailbox_of_several_messages_is_read_to_its_first_one_and_that_is_said(tmp_path: Path) -> None:
    message = "From anna@sales.example Mon May  4 09:30:00 2026\nSubject: Out of office\n\nBack on Monday.\n"
    one, several = tmp_path / "one.eml", tmp_path / "several.mbox"
    one.write_text(f"{message}\nFrom here it gets better in 2026\n")
    several.write_text(f"{message}\n{message}")
    result = CliRunner().invoke(app, ["bounces", "read", str(one), str(several)], env=SERVERS)
    assert (result.exit_code, result.stdout.count("ignored")) == (0, 2)
    assert result.stderr.count("only the first message is read") == 1
    assert "several.mbox: only the first message is read" in result.stderr
