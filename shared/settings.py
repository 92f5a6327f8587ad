"""The settings that every service reads from its environment. A service's own settings name its database and port."""

import re
import ssl
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared import addresses
from shared.messaging.cluster import Cluster, Credentials, Mechanism
from shared.secret_files import variable_of, with_files
from shared.tls import show_certificate, trusting

_UNITS = {"": "seconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _duration(text: object) -> object:
    found = re.fullmatch(r"(\d+)([smhd]?)", text) if isinstance(text, str) else None
    return timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else text


Duration = Annotated[timedelta, BeforeValidator(_duration)]
"""Seconds, or a number with s, m, h or d: `90`, `15m`, `3d`. ISO 8601 is understood too."""


def _upper(text: object) -> object:
    return text.strip().upper() if isinstance(text, str) else text


def _proxies(text: str) -> str:
    for one in filter(None, map(str.strip, text.split(","))):
        try:
            ip_network("0.0.0.0" if one == "*" else one, strict=False)
        except ValueError:
            message = "must be addresses or networks like 10.0.0.0/8, separated by commas, or * for any"
            raise ValueError(message) from None
    return text


class KafkaSettings(BaseSettings):
    """Settings for Kafka. The defaults are those of `handoff up`."""

    model_config = SettingsConfigDict(hide_input_in_errors=True)

    kafka_bootstrap_servers: str = "127.0.0.1:9192"
    kafka_tls: bool = False
    kafka_ca_file: Path | None = None
    kafka_certificate_file: Path | None = None
    kafka_key_file: Path | None = None
    kafka_key_password: SecretStr | None = None
    kafka_sasl_mechanism: Annotated[Mechanism, BeforeValidator(_upper)] = Mechanism.SCRAM_SHA_512
    kafka_sasl_user: str | None = None
    kafka_sasl_password: SecretStr | None = None
    kafka_token_command: str | None = None
    kafka_token_file: Path | None = None
    kafka_session_timeout_ms: int = Field(default=30_000, ge=1_000, le=300_000)
    topic_prefix: str = ""
    topic_partitions: int = Field(default=12, ge=1, le=1_000)
    topic_replication: int = Field(default=3, ge=1, le=9)
    create_topics: bool = True

    @model_validator(mode="before")
    @classmethod
    def _read_files(cls, given: dict[str, Any]) -> dict[str, Any]:
        return with_files(cls.model_fields, given)

    @model_validator(mode="after")
    def _check_kafka(self) -> Self:
        try:
            self._credentials()
            self._context()
        except ValueError as error:
            raise PydanticCustomError("environment", "{fault}", {"fault": str(error)}) from None
        return self

    def _credentials(self) -> Credentials | None:
        """How to log in at Kafka. Raises ValueError for variables that do not go together."""
        user, password = self.kafka_sasl_user, self.kafka_sasl_password
        command, file = self.kafka_token_command, self.kafka_token_file
        if self.kafka_sasl_mechanism is Mechanism.OAUTHBEARER:
            if (command is None) == (file is None):
                raise ValueError(
                    "KAFKA_SASL_MECHANISM=OAUTHBEARER needs either KAFKA_TOKEN_COMMAND or KAFKA_TOKEN_FILE"
                )
            from shared.messaging.tokens import Tokens  # noqa: PLC0415 - a Kafka client, for this way to log in

            return Credentials(self.kafka_sasl_mechanism.value, tokens=Tokens(command=command, file=file))
        if command is not None or file is not None:
            raise ValueError("KAFKA_TOKEN_COMMAND and KAFKA_TOKEN_FILE need KAFKA_SASL_MECHANISM=OAUTHBEARER")
        if user is None and password is None:
            return None
        if user is None or password is None:
            raise ValueError("KAFKA_SASL_USER and KAFKA_SASL_PASSWORD (or KAFKA_SASL_PASSWORD_FILE) must both be set")
        return Credentials(self.kafka_sasl_mechanism.value, user, password.get_secret_value())

    def _context(self) -> ssl.SSLContext | None:
        """A TLS context of our own, if files are given. Raises ValueError for unusable ones."""
        ca_file, certificate, key = self.kafka_ca_file, self.kafka_certificate_file, self.kafka_key_file
        if ca_file is None and certificate is None and key is None:
            return None
        if not self.kafka_tls:
            raise ValueError("KAFKA_CA_FILE, KAFKA_CERTIFICATE_FILE and KAFKA_KEY_FILE need KAFKA_TLS=true")
        context = trusting(ca_file, "KAFKA_CA_FILE")
        if certificate is not None:
            password = self.kafka_key_password.get_secret_value() if self.kafka_key_password else None
            show_certificate(context, certificate, key, password=password)
        elif key is not None:
            raise ValueError("KAFKA_KEY_FILE needs KAFKA_CERTIFICATE_FILE")
        return context

    def cluster(self) -> Cluster:
        return Cluster(
            self.kafka_bootstrap_servers,
            prefix=self.topic_prefix,
            partitions=self.topic_partitions,
            replication=self.topic_replication,
            create_topics=self.create_topics,
            tls=self.kafka_tls,
            credentials=self._credentials(),
            own_context=self._context(),
            session_timeout_ms=self.kafka_session_timeout_ms,
        )


class ServiceSettings(KafkaSettings):
    """What every service needs; defaults are those of `handoff up`.

    `database_url` and `port` come from variables that carry the service's name.
    """

    database_url: SecretStr
    port: int
    host: str = "127.0.0.1"
    connections_per_address: Annotated[int, Field(ge=0)] = 200
    forwarded_allow_ips: Annotated[str, AfterValidator(_proxies)] = "127.0.0.1"
    log_level: str = "INFO"
    otel_exporter_otlp_endpoint: str | None = None
    trace_directory: Path | None = None
    publisher_keys: SecretStr = SecretStr("{}")
    reader_keys: SecretStr = SecretStr("[]")
    max_clock_skew: Annotated[Duration, Field(ge=timedelta(0), le=timedelta(days=1))] = timedelta(minutes=5)

    @model_validator(mode="after")
    def _check_database(self) -> Self:
        variable = variable_of("database_url", type(self).model_fields["database_url"])
        fault = addresses.fault_of(variable, self.database_url.get_secret_value())
        if fault is not None:
            raise PydanticCustomError("environment", "{fault}", {"fault": fault})
        return self

    @property
    def proxies(self) -> tuple[str, ...]:
        return tuple(filter(None, map(str.strip, self.forwarded_allow_ips.split(","))))
