"""Where Kafka is and how this installation uses it: addresses, credentials, topic prefix, partition count."""

import ssl
from dataclasses import dataclass
from typing import Any

from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

_MECHANISMS = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}


@dataclass(frozen=True, slots=True)
class Credentials:
    """SASL user and password. Shown nowhere."""

    mechanism: str
    user: str
    password: str

    def __repr__(self) -> str:
        return f"Credentials({self.mechanism})"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A Kafka cluster as one installation sees it."""

    bootstrap_servers: str
    prefix: str = ""
    partitions: int = 12
    replication: int = 3
    create_topics: bool = True
    tls: bool = False
    credentials: Credentials | None = None
    session_timeout_ms: int = 30_000

    @property
    def servers(self) -> list[str]:
        """The addresses one by one."""
        return [server.strip() for server in self.bootstrap_servers.split(",")]

    @property
    def principal(self) -> str | None:
        """Who the broker's rights know us as, where that can be told."""
        return f"User:{self.credentials.user}" if self.credentials else None

    def topic(self, name: str) -> str:
        """The topic's name on this cluster."""
        return self.prefix + name

    def logical(self, topic: str) -> str:
        """The topic's name without the installation's prefix."""
        return topic.removeprefix(self.prefix)

    def connection(self) -> dict[str, Any]:
        """Arguments that every aiokafka client takes."""
        sasl = self.credentials
        protocol = ("SASL_" if sasl else "") + ("SSL" if self.tls else "PLAINTEXT")
        return {
            "bootstrap_servers": self.servers,
            "security_protocol": protocol,
            "ssl_context": ssl.create_default_context() if self.tls else None,
            "sasl_mechanism": sasl.mechanism if sasl else "PLAIN",
            "sasl_plain_username": sasl.user if sasl else None,
            "sasl_plain_password": sasl.password if sasl else None,
        }

    def security(self) -> BaseSecurity | None:
        """The same for FastStream."""
        if self.credentials is None:
            return BaseSecurity(use_ssl=True, ssl_context=ssl.create_default_context()) if self.tls else None
        mechanism = _MECHANISMS[self.credentials.mechanism]
        context = ssl.create_default_context() if self.tls else None
        return mechanism(self.credentials.user, self.credentials.password, ssl_context=context, use_ssl=self.tls)
