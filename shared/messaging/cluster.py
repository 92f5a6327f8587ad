"""The Kafka cluster and its use by this installation: addresses, credentials, topic prefix, partition count, and the
publisher of each topic."""

import ssl
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the settings of every process name a cluster, even if the process does not use Kafka
    from faststream.security import BaseSecurity

    from shared.messaging.tokens import Tokens


class Mechanism(StrEnum):
    """The mechanism to log in to Kafka (SASL)."""

    PLAIN = "PLAIN"
    SCRAM_SHA_256 = "SCRAM-SHA-256"
    SCRAM_SHA_512 = "SCRAM-SHA-512"
    OAUTHBEARER = "OAUTHBEARER"


@dataclass(frozen=True, slots=True)
class Credentials:
    """How to log in: user and password, or tokens for OAUTHBEARER. Shown nowhere."""

    mechanism: str
    user: str = ""
    password: str = ""
    tokens: "Tokens | None" = None

    def __repr__(self) -> str:
        return f"Credentials({self.mechanism})"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A Kafka cluster as one installation sees it. TLS trusts the system's authorities, or has a context of its own."""

    bootstrap_servers: str
    prefix: str = ""
    partitions: int = 12
    replication: int = 3
    create_topics: bool = True
    tls: bool = False
    credentials: Credentials | None = None
    session_timeout_ms: int = 30_000
    own_context: ssl.SSLContext | None = None

    @property
    def servers(self) -> list[str]:
        """The addresses one by one."""
        return [server.strip() for server in self.bootstrap_servers.split(",")]

    @property
    def tokens(self) -> "Tokens | None":
        """The source of tokens, if the login uses tokens."""
        return self.credentials.tokens if self.credentials else None

    @property
    def principal(self) -> str | None:
        """Our principal in the broker's rights, if it can be determined."""
        return f"User:{self.credentials.user}" if self.credentials and self.credentials.user else None

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
            "ssl_context": self._context(),
            "sasl_mechanism": sasl.mechanism if sasl else "PLAIN",
            "sasl_plain_username": sasl.user if sasl else None,
            "sasl_plain_password": sasl.password if sasl else None,
            "sasl_oauth_token_provider": self.tokens,
        }

    def security(self) -> "BaseSecurity | None":
        """The same for FastStream, which takes `tokens` beside it."""
        from faststream.security import (  # noqa: PLC0415 - of who uses Kafka, as above
            BaseSecurity,
            SASLOAuthBearer,
            SASLPlaintext,
            SASLScram256,
            SASLScram512,
        )

        context = self._context()
        if self.credentials is None:
            return BaseSecurity(use_ssl=True, ssl_context=context) if self.tls else None
        mechanism = Mechanism(self.credentials.mechanism)
        if mechanism is Mechanism.OAUTHBEARER:
            return SASLOAuthBearer(ssl_context=context, use_ssl=self.tls)
        with_password = {
            Mechanism.PLAIN: SASLPlaintext,
            Mechanism.SCRAM_SHA_256: SASLScram256,
            Mechanism.SCRAM_SHA_512: SASLScram512,
        }[mechanism]
        return with_password(self.credentials.user, self.credentials.password, ssl_context=context, use_ssl=self.tls)

    def _context(self) -> ssl.SSLContext | None:
        return (self.own_context or ssl.create_default_context()) if self.tls else None


def owner(topic: str) -> str | None:
    """The service that publishes a logical topic, by the topic's name; None for topics of external publishers."""
    return None if ".inbound." in topic else "orders" if topic.startswith("salespeople.") else topic.split(".")[0]
