"""What every service reads from its environment. A service's own settings name its database and port."""

import re
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.messaging.cluster import Cluster, Credentials

_UNITS = {"": "seconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _duration(text: object) -> object:
    found = re.fullmatch(r"(\d+)([smhd]?)", text) if isinstance(text, str) else None
    return timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else text


Duration = Annotated[timedelta, BeforeValidator(_duration)]
"""Seconds, or a number with s, m, h or d: `90`, `15m`, `3d`. ISO 8601 is understood too."""


def _proxies(text: str) -> str:
    for one in filter(None, map(str.strip, text.split(","))):
        try:
            ip_network("0.0.0.0" if one == "*" else one, strict=False)
        except ValueError:
            message = "must be addresses or networks like 10.0.0.0/8, separated by commas, or * for any"
            raise ValueError(message) from None
    return text


class KafkaSettings(BaseSettings):
    """Where Kafka is. The defaults are those of `handoff up`."""

    model_config = SettingsConfigDict(hide_input_in_errors=True)

    kafka_bootstrap_servers: str = "127.0.0.1:9192"
    kafka_tls: bool = False
    kafka_sasl_mechanism: str = "SCRAM-SHA-512"
    kafka_sasl_user: str | None = None
    kafka_sasl_password: SecretStr | None = None
    kafka_session_timeout_ms: int = Field(default=30_000, ge=1_000, le=300_000)
    topic_prefix: str = ""
    topic_partitions: int = Field(default=12, ge=1, le=1_000)
    topic_replication: int = Field(default=3, ge=1, le=9)
    create_topics: bool = True

    def cluster(self) -> Cluster:
        credentials = None
        if self.kafka_sasl_user is not None and self.kafka_sasl_password is not None:
            password = self.kafka_sasl_password.get_secret_value()
            credentials = Credentials(self.kafka_sasl_mechanism, self.kafka_sasl_user, password)
        return Cluster(
            self.kafka_bootstrap_servers,
            prefix=self.topic_prefix,
            partitions=self.topic_partitions,
            replication=self.topic_replication,
            create_topics=self.create_topics,
            tls=self.kafka_tls,
            credentials=credentials,
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
    max_clock_skew: Annotated[Duration, Field(ge=timedelta(0), le=timedelta(days=1))] = timedelta(minutes=5)

    @property
    def proxies(self) -> tuple[str, ...]:
        return tuple(filter(None, map(str.strip, self.forwarded_allow_ips.split(","))))
