"""An address whose password is not percent-encoded is refused in a sentence that reveals nothing of the password."""

import pytest
from typer.testing import CliRunner

from services.cli import failures
from services.cli.main import app
from shared.addresses import fault_of
from tests.adapters.test_command_settings import SERVERS, refused

HOST = "127.0.0.1:25777"
UNESCAPED = ["p@ss/w#rd", "pa/sswo", "12/sswo", "pa#sswo", "12?sswo", "pa?sswo", "p@sswo", "p[sswo", "p:ss/wo", "s@w?o"]


@pytest.mark.parametrize("password", UNESCAPED)
def test_an_unescaped_password_is_refused_without_showing_it(password: str) -> None:
    fault = fault_of("ORDERS_DATABASE_URL", f"postgresql://orders:{password}@{HOST}/orders")
    assert fault is not None
    assert "`@`, `/`, `#`, `?`, `:`, `[` and `]` must be percent-encoded" in fault
    assert fault == fault_of("ORDERS_DATABASE_URL", "postgresql://@@")


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://orders:p%40ss%2Fw%23rd@{HOST}/orders",
        "postgresql://orders@db/orders?sslmode=require",
        "postgresql://orders:a:b@[::1]:5432,db.example:5433/orders",
        "postgresql:///orders?host=/var/run/postgresql",
        "smtp+insecure://mail.example",
    ],
)
def test_a_valid_address_is_accepted(url: str) -> None:
    assert fault_of("ANY", url) is None


@pytest.mark.parametrize(
    "arguments",
    [("migrate",), ("run", "orders"), ("status",), ("dead-letters", "list", "orders"), ("waiting",)],
)
@pytest.mark.parametrize("password", ["p@ss/w#rd", "12?ss"])
def test_every_command_refuses_it_before_it_connects(arguments: tuple[str, ...], password: str) -> None:
    servers = SERVERS | {"ORDERS_DATABASE_URL": f"postgresql://orders:{password}@{HOST}/orders"}
    result = CliRunner().invoke(app, arguments, env=servers)
    assert result.exit_code == 1
    assert "ORDERS_DATABASE_URL cannot be read as an address" in result.output
    assert not any(part in result.output for part in ("ss/w", "w#rd", "12?", "25777"))


def test_nothing_is_started_with_an_invalid_address(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []

    async def start(*_arguments: object) -> None:
        started.append("something")

    monkeypatch.setattr("services.cli.local._up", start)
    result = CliRunner().invoke(app, ["up"], env=SERVERS | {"SMTP_URL": "smtp://oncall:p@ss@mail.example:587"})
    assert (result.exit_code, started) == (1, [])
    assert "SMTP_URL cannot be read as an address" in result.output


@pytest.mark.parametrize("password", ["p@ss/w#rd", "p/ss", "p[ss", "12?ss"])
def test_the_mail_servers_address_follows_the_same_rule(password: str) -> None:
    output = refused("run", "escalation", SMTP_URL=f"smtp://oncall:{password}@mail.example:587")
    assert "SMTP_URL cannot be read as an address" in output
    assert not any(part in output for part in ("p@ss", "p/ss", "p[ss", "ss@mail", "12?"))


def test_a_sentence_about_an_unreadable_address_names_no_part_of_it() -> None:
    reported = failures.of_database("orders", "postgresql://orders:p@ss/w#rd@db/orders", ConnectionRefusedError())
    assert "does not respond at an unreadable address" in reported
