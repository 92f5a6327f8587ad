"""Settings in the environment: secrets in files, ways to log in at Kafka, and no variables of Kubernetes."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import ValidationError

from services.escalation.settings import EscalationSettings
from services.orders.settings import OrdersSettings
from shared.settings import ServiceSettings
from tests.adapters.test_command_settings import refused


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_text("from-a-file \n")
    return file


SECRETS: Mapping[str, tuple[type[ServiceSettings], str]] = {
    "ORDERS_DATABASE_URL": (OrdersSettings, "database_url"),
    "ESCALATION_DATABASE_URL": (EscalationSettings, "database_url"),
    "KAFKA_SASL_PASSWORD": (OrdersSettings, "kafka_sasl_password"),
    "KAFKA_KEY_PASSWORD": (OrdersSettings, "kafka_key_password"),
    "PUBLISHER_KEYS": (OrdersSettings, "publisher_keys"),
    "READER_KEYS": (EscalationSettings, "reader_keys"),
    "SMTP_URL": (EscalationSettings, "smtp_url"),
}


@pytest.mark.parametrize("variable", SECRETS)
def test_a_secret_may_be_in_a_file(variable: str, secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kind, field = SECRETS[variable]
    monkeypatch.setenv("KAFKA_SASL_USER", "handoff")
    monkeypatch.setenv("KAFKA_SASL_PASSWORD", "any")
    monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv(f"{variable}_FILE", str(secret))
    settings = kind()
    assert getattr(settings, field).get_secret_value() == "from-a-file "
    assert "from-a-file" not in repr(settings)


@pytest.mark.parametrize("variable", SECRETS)
def test_a_secret_given_twice_is_an_error(variable: str, secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kind, _ = SECRETS[variable]
    monkeypatch.setenv(variable, "from-the-environment")
    monkeypatch.setenv(f"{variable}_FILE", str(secret))
    with pytest.raises(ValidationError) as error:
        kind()
    assert f"{variable} and {variable}_FILE are both set: remove one of them" in str(error.value)
    assert "from-" not in str(error.value)


@pytest.mark.parametrize(
    ("inbox", "database", "kafka", "is_noted"),
    [
        ("http://127.0.0.1:8103", "postgresql://e@127.0.0.1:5432/e", "127.0.0.1:9092,[::1]:9092", False),
        ("http://localhost:8103", "postgresql:///e?host=/var/run/postgresql", "localhost:9092", False),
        ("http://127.0.0.1:8103", "postgresql://e:p@db.example/e", "127.0.0.1:9092", True),
        ("http://[::1]:8103", "postgresql://e@127.0.0.1/e", "127.0.0.1:9092, kafka-2.example:9092", True),
        ("https://oncall.example", "postgresql://e:p@db.example/e", "kafka.example:9092", False),
    ],
)
def test_links_that_open_on_one_machine_only_are_noted_where_the_servers_are_elsewhere(
    inbox: str, database: str, kafka: str, is_noted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INBOX_URL", inbox)
    monkeypatch.setenv("ESCALATION_DATABASE_URL", database)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka)
    notes = EscalationSettings().notes
    assert bool(notes) is is_noted
    assert all(note.startswith(f"INBOX_URL is {inbox}, ") and ":p@" not in note for note in notes)


def test_a_secrets_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    for name, words in (("none", "cannot be read (FileNotFoundError)"), ("empty", "is empty")):
        output = refused("run", "escalation", SMTP_URL_FILE=str(tmp_path / name))
        assert "SMTP_URL_FILE: the file " in output
        assert words in output.replace("\n", "")


@pytest.mark.parametrize(("service", "variable"), [("orders", "ORDERS_PORT"), ("escalation", "ESCALATION_PORT")])
def test_an_address_that_kubernetes_put_there_is_explained(service: str, variable: str) -> None:
    output = refused("run", service, **{variable: "tcp://10.0.0.1:8101"})
    assert f"{variable}: Kubernetes has set this to the address of a Service named {service}" in output
    assert "enableServiceLinks: false" in output
    assert "valid integer" not in output


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"KAFKA_SASL_MECHANISM": "SCRAM"}, "KAFKA_SASL_MECHANISM: Input should be 'PLAIN', 'SCRAM-SHA-256', "),
        ({"KAFKA_SASL_MECHANISM": "GSSAPI"}, "'SCRAM-SHA-512' or 'OAUTHBEARER'"),
        ({"KAFKA_SASL_USER": "handoff"}, "KAFKA_SASL_USER and KAFKA_SASL_PASSWORD (or KAFKA_SASL_PASSWORD_FILE)"),
        ({"KAFKA_SASL_MECHANISM": "OAUTHBEARER"}, "needs either KAFKA_TOKEN_COMMAND or KAFKA_TOKEN_FILE"),
        ({"KAFKA_TOKEN_COMMAND": "date"}, "need KAFKA_SASL_MECHANISM=OAUTHBEARER"),
        ({"KAFKA_CA_FILE": "/dev/null"}, "need KAFKA_TLS=true"),
        ({"KAFKA_CA_FILE": "/dev/null", "KAFKA_TLS": "true"}, "KAFKA_CA_FILE: the file must hold PEM certificates"),
        ({"KAFKA_CERTIFICATE_FILE": "/nowhere", "KAFKA_TLS": "true"}, "the file cannot be read (FileNotFoundError)"),
        ({"KAFKA_KEY_FILE": "/nowhere", "KAFKA_TLS": "true"}, "KAFKA_KEY_FILE needs KAFKA_CERTIFICATE_FILE"),
        ({"SMTP_CA_FILE": "/nowhere"}, "SMTP_CA_FILE: the file cannot be read (FileNotFoundError)"),
        ({"SMTP_URL": "mail.example:25"}, "smtp+insecure://host:port (not encrypted)"),
    ],
)
def test_invalid_settings_name_the_allowed_values(environment: Mapping[str, str], words: str) -> None:
    assert words in refused("run", "escalation", **environment).replace("\n", " ")
