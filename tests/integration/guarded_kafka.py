"""A broker that lets a user do only what is granted, for the tests of this folder."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._acl import AclBinding, AclBindingFilter, AclOperation, AclPermissionType
from confluent_kafka.admin._resource import ResourcePatternType, ResourceType

from deploy.local.kafka import Kafka
from deploy.local.ports import LOOPBACK, free_ports
from shared.messaging.cluster import Cluster, Credentials

_LITERAL = ResourcePatternType.LITERAL
_USER = "User:handoff"


class Guarded:
    """A broker that lets a user do only what is granted; a client without a password may do everything."""

    def __init__(self, folder: Path) -> None:
        port, controller_port, self.guarded_port = free_ports(3)
        changes = {
            "listeners": f"CLIENTS://{LOOPBACK}:{port},GUARDED://{LOOPBACK}:{self.guarded_port},"
            f"CONTROLLER://{LOOPBACK}:{controller_port}",
            "advertised.listeners": f"CLIENTS://{LOOPBACK}:{port},GUARDED://{LOOPBACK}:{self.guarded_port}",
            "listener.security.protocol.map": "CLIENTS:PLAINTEXT,GUARDED:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
            "sasl.enabled.mechanisms": "PLAIN",
            "listener.name.guarded.plain.sasl.jaas.config": (
                'org.apache.kafka.common.security.plain.PlainLoginModule required user_handoff="secret";'
            ),
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
        }
        self.broker = Kafka(folder / "kafka", port=port, controller_port=controller_port, changes=changes)

    def guarded(self, cluster: Cluster) -> Cluster:
        """The same cluster, for the user that needs rights."""
        return replace(
            cluster,
            bootstrap_servers=f"{LOOPBACK}:{self.guarded_port}",
            credentials=Credentials("PLAIN", "handoff", "secret"),
            create_topics=False,
        )

    def grant(self, kind: ResourceType, name: str, *operations: AclOperation) -> None:
        allow = AclPermissionType.ALLOW
        self.create(*(AclBinding(kind, name, _LITERAL, _USER, "*", operation, allow) for operation in operations))

    def create(self, *rights: AclBinding) -> None:
        admin = self._admin()
        for done in admin.create_acls(list(rights)).values():
            done.result(10)

    def take_all_back(self) -> None:
        anything: Any = None  # a name, a principal, a host: the type stubs require all three for a filter
        every = AclBindingFilter(
            ResourceType.ANY,
            anything,
            ResourcePatternType.ANY,
            anything,
            anything,
            AclOperation.ANY,
            AclPermissionType.ANY,
        )
        admin = self._admin()
        for done in admin.delete_acls([every]).values():
            done.result(10)

    def take_back(self, kind: ResourceType, name: str) -> None:
        every = AclBindingFilter(kind, name, _LITERAL, _USER, "*", AclOperation.ANY, AclPermissionType.ANY)
        admin = self._admin()
        for done in admin.delete_acls([every]).values():
            done.result(10)

    def _admin(self) -> AdminClient:
        return AdminClient({"bootstrap.servers": self.broker.address})
