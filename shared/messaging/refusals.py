"""Detects permanent refusals by Kafka: a wrong password, an unknown mechanism, an untrusted certificate.

aiokafka reports only that it found no server, so each server is asked again. Start at `Refusals.after`.
"""

import asyncio
import ssl
from dataclasses import dataclass
from typing import Any

from aiokafka.conn import AIOKafkaConnection, OAuthAuthenticator, collect_hosts
from aiokafka.errors import (
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)

from shared.messaging.cluster import Cluster, Mechanism
from shared.messaging.tokens import NoToken

_ANSWER_SECONDS = 15.0
_IN_A_ROW = 3
_NO_TLS_OR_CERTIFICATE = (
    "this listener does not use TLS, or it requires a client certificate "
    "(set KAFKA_CERTIFICATE_FILE and KAFKA_KEY_FILE)"
)


KAFKA_ERRORS = (KafkaError,)
"""Errors that only Kafka causes; any server may cause a closed connection or a time-out."""


class RefusedForGood(RuntimeError):
    """Kafka refuses this process permanently. Carries the remedy."""


@dataclass(frozen=True, slots=True)
class KafkaRefusal:
    """A refusal with its remedy. Unless it is `for_good`, it may end by itself, as for a server about to stop."""

    sentence: str
    for_good: bool = True


class Refusals:
    """Counts consecutive refusals: a starting server may refuse a user whom it accepts a second later."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._in_a_row = 0

    async def after(self, error: BaseException) -> str | None:
        """The remedy after an error; None if no server refuses. Raises RefusedForGood the third time."""
        refused = await why_refused(self._cluster) if isinstance(error, KAFKA_ERRORS) else None
        if refused is None or not refused.for_good:
            self._in_a_row = 0
            return refused.sentence if refused else None
        self._in_a_row += 1
        if self._in_a_row >= _IN_A_ROW:
            raise RefusedForGood(refused.sentence)
        return refused.sentence


async def why_refused(cluster: Cluster) -> KafkaRefusal | None:
    """The refusal by all responding servers, with its remedy; None if one of them accepts this process, or none
    responds."""
    found = None
    arguments = {name: value for name, value in cluster.connection().items() if name != "bootstrap_servers"}
    for host, port, _ in collect_hosts(cluster.servers):
        connection = _Asking(host, port, **arguments)
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await connection.connect()
        except (OSError, KafkaError, TimeoutError, ValueError) as error:
            found = found or _refused(error, cluster)
        else:
            return None
        finally:
            connection.close()
    return found


class _Heeding(OAuthAuthenticator):  # type: ignore[misc]
    """Raises when the server refuses a token: aiokafka takes any response for success (RFC 7628, section 3.2.2)."""

    async def step(self, payload: bytes | None) -> Any:
        if payload:
            raise SaslAuthenticationFailed
        return await super().step(payload)


class _Asking(AIOKafkaConnection):  # type: ignore[misc]
    def authenticator_oauth(self) -> OAuthAuthenticator:
        return _Heeding(sasl_oauth_token_provider=self._sasl_oauth_token_provider)


def _refused(error: BaseException, cluster: Cluster) -> KafkaRefusal | None:
    sentence = _in_words(error, cluster)
    if sentence is not None:
        return KafkaRefusal(sentence)
    if not isinstance(error, KafkaConnectionError | ConnectionResetError):
        return None
    what = _NO_TLS_OR_CERTIFICATE if cluster.tls else "this listener may use TLS (KAFKA_TLS=true)"
    return KafkaRefusal(f"Kafka closes each connection before it responds: {what}", for_good=False)


def _in_words(error: BaseException, cluster: Cluster) -> str | None:
    mechanism = cluster.credentials.mechanism if cluster.credentials else ""
    match error:
        case SaslAuthenticationFailed() if mechanism == Mechanism.OAUTHBEARER:
            return (
                "Kafka rejects the token from KAFKA_TOKEN_COMMAND or KAFKA_TOKEN_FILE: "
                "check its audience, its scope and its expiry time"
            )
        case SaslAuthenticationFailed():
            return (
                f"Kafka refuses the login ({mechanism}): correct KAFKA_SASL_USER and KAFKA_SASL_PASSWORD, "
                "or create that user for this mechanism"
            )
        case UnsupportedSaslMechanismError():
            return f"this Kafka listener does not offer {mechanism}: set KAFKA_SASL_MECHANISM to one that it offers"
        case IllegalSaslStateError():
            return "this Kafka listener does not use SASL: unset KAFKA_SASL_USER, or use a listener that does"
        case NoToken():
            return str(error)
        case ssl.SSLCertVerificationError():
            return (
                f"Kafka's certificate is not trusted ({error.verify_message}): set KAFKA_CA_FILE to the certificates "
                "of its issuer, and use the name in the certificate in KAFKA_BOOTSTRAP_SERVERS"
            )
        case ssl.SSLError():
            return f"encryption with Kafka failed ({error.reason or type(error).__name__}): {_NO_TLS_OR_CERTIFICATE}"
    return None
