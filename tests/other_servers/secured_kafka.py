"""One broker with a listener for each way to log in, and rights for each principal. Start at `SecuredKafka`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._acl import AclBinding, AclOperation, AclPermissionType
from confluent_kafka.admin._resource import ResourcePatternType, ResourceType
from confluent_kafka.admin._scram import ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion

from deploy.local.kafka import Kafka
from deploy.local.ports import LOOPBACK, free_ports
from tests.other_servers.certificates import Authority, Issued

USER, PASSWORD = "handoff", "p@ss w/rd"
LISTENERS = ("SCRAM", "PLAIN", "MTLS", "OAUTH")
REAUTHENTICATE_MS = 2_000
"""The lifetime of a connection with a token."""
_LOGIN = "org.apache.kafka.common.security"


@dataclass(frozen=True)
class SecuredKafka:
    """The broker, its listeners' ports by name, and the files and settings of its clients."""

    broker: Kafka
    ports: Mapping[str, int]
    authority: Authority
    client: Issued

    def address(self, listener: str) -> str:
        return f"{LOOPBACK}:{self.ports[listener]}"

    def environment(self, listener: str) -> dict[str, str]:
        """The settings of a process that logs in there, except for the tokens of OAUTH."""
        password = {"KAFKA_SASL_USER": USER, "KAFKA_SASL_PASSWORD": PASSWORD}
        tls = {"KAFKA_TLS": "true", "KAFKA_CA_FILE": str(self.authority.file)}
        certificate = {
            "KAFKA_CERTIFICATE_FILE": str(self.client.certificate),
            "KAFKA_KEY_FILE": str(self.client.key),
        }
        of = {
            "SCRAM": password,
            "PLAIN": {**password, **tls, "KAFKA_SASL_MECHANISM": "PLAIN"},
            "MTLS": {**tls, **certificate},
            "OAUTH": {"KAFKA_SASL_MECHANISM": "OAUTHBEARER"},
        }
        return {"KAFKA_BOOTSTRAP_SERVERS": self.address(listener), **of[listener]}

    def create_users(self) -> None:
        """Create the user of SCRAM for both of its mechanisms, and give each principal every right
        on topics and groups."""
        admin = AdminClient({"bootstrap.servers": self.broker.address})
        for mechanism in (ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512):
            user = UserScramCredentialUpsertion(USER, ScramCredentialInfo(mechanism, 4096), PASSWORD.encode())
            for done in admin.alter_user_scram_credentials([user]).values():
                done.result(20)
        allow, every = AclPermissionType.ALLOW, AclOperation.ALL
        rights = [
            AclBinding(kind, "*", ResourcePatternType.LITERAL, principal, "*", every, allow)
            for kind in (ResourceType.TOPIC, ResourceType.GROUP)
            for principal in (f"User:{USER}", f"User:CN={USER}")
        ]
        for done in admin.create_acls(rights).values():
            done.result(20)


def secured_kafka(folder: Path) -> SecuredKafka:
    """A broker that is still to be started. Only principals with rights may do anything."""
    port, controller_port, *others = free_ports(2 + len(LISTENERS))
    ports = dict(zip(LISTENERS, others, strict=True))
    authority = Authority(folder)
    server, client = authority.issue("broker"), authority.issue(USER)
    listeners = f"CLIENTS://{LOOPBACK}:{port}," + ",".join(f"{name}://{LOOPBACK}:{at}" for name, at in ports.items())
    changes = {
        "listeners": f"{listeners},CONTROLLER://{LOOPBACK}:{controller_port}",
        "advertised.listeners": listeners,
        "listener.security.protocol.map": (
            "CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT,SCRAM:SASL_PLAINTEXT,PLAIN:SASL_SSL,MTLS:SSL,OAUTH:SASL_PLAINTEXT"
        ),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
        "listener.name.scram.sasl.enabled.mechanisms": "SCRAM-SHA-256,SCRAM-SHA-512",
        "listener.name.scram.scram-sha-256.sasl.jaas.config": f"{_LOGIN}.scram.ScramLoginModule required;",
        "listener.name.scram.scram-sha-512.sasl.jaas.config": f"{_LOGIN}.scram.ScramLoginModule required;",
        "listener.name.plain.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.plain.plain.sasl.jaas.config": (
            f'{_LOGIN}.plain.PlainLoginModule required user_{USER}="{PASSWORD}";'
        ),
        "listener.name.oauth.sasl.enabled.mechanisms": "OAUTHBEARER",
        "listener.name.oauth.oauthbearer.sasl.jaas.config": (
            f'{_LOGIN}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";'
        ),
        "listener.name.oauth.oauthbearer.connections.max.reauth.ms": str(REAUTHENTICATE_MS),
        "listener.name.mtls.ssl.client.auth": "required",
        "listener.name.mtls.ssl.truststore.type": "PEM",
        "listener.name.mtls.ssl.truststore.location": str(authority.file),
    }
    for listener in ("plain", "mtls"):
        changes[f"listener.name.{listener}.ssl.keystore.type"] = "PEM"
        changes[f"listener.name.{listener}.ssl.keystore.location"] = str(server.both)
    broker = Kafka(folder / "kafka", port=port, controller_port=controller_port, changes=changes)
    return SecuredKafka(broker, ports, authority, client)
