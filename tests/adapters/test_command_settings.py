"""A wrong variable of the environment is reported in a sentence by every command that reads it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.main import app

SERVERS = {
    **{f"{name}_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none" for name in ("ORDERS", "SUPPORT", "ESCALATION")},
    "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
    "SMTP_URL": "smtp://127.0.0.1:1",
}


def refused(*arguments: str, **environment: str) -> str:
    in_files = {name.removesuffix("_FILE") for name in environment if name.endswith("_FILE")}
    servers = {name: address for name, address in SERVERS.items() if name not in in_files}
    result = CliRunner().invoke(app, arguments, env=servers | environment)
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == 1
    assert "cannot start; " in result.output
    return result.output


@pytest.mark.parametrize("text", ['[""]', '"nobody-may-read-it"', '["nobody', '{"a": "nobody-may-read-it"}'])
def test_invalid_reader_keys_keep_a_service_from_starting(text: str) -> None:
    output = refused("run", "escalation", READER_KEYS=text)
    assert "READER_KEYS" in output
    assert '["<16 characters or more>"]' in output
    assert "nobody" not in output


@pytest.mark.parametrize("text", ["proxy.example", "10.0.0.0/99", "127.0.0.1 10.0.0.1"])
def test_invalid_proxy_addresses_keep_a_service_from_starting(text: str) -> None:
    output = refused("run", "orders", FORWARDED_ALLOW_IPS=text)
    assert "FORWARDED_ALLOW_IPS" in output
    assert "10.0.0.0/8" in output


@pytest.mark.parametrize("text", ["{", "[]", '{"shop": {"key": "nobody", "sources": ["shop"]}}'])
def test_invalid_publisher_keys_keep_a_service_from_starting(text: str) -> None:
    output = refused("run", "orders", PUBLISHER_KEYS=text)
    assert "PUBLISHER_KEYS" in output
    assert "nobody" not in output


@pytest.mark.parametrize("arguments", [("run", "orders"), ("migrate",), ("dead-letters", "replay", "orders", "--all")])
def test_a_setting_of_the_wrong_kind_is_named(arguments: tuple[str, ...]) -> None:
    assert "TOPIC_PARTITIONS: Input should be a valid integer" in refused(*arguments, TOPIC_PARTITIONS="x")


def test_an_import_names_a_setting_of_the_wrong_kind(tmp_path: Path) -> None:
    file = tmp_path / "deals.csv"
    file.write_text("mql_id,seller_id,sr_id,won_date,business_segment,declared_monthly_revenue\n")
    output = refused("import", "deals", "--file", str(file), TOPIC_PARTITIONS="x")
    assert "TOPIC_PARTITIONS: Input should be a valid integer" in output


def test_a_replay_with_invalid_keys_says_so() -> None:
    assert "READER_KEYS" in refused("dead-letters", "replay", "escalation", "--all", READER_KEYS='[""]')
