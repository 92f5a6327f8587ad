"""Kafka to be broken: one broker behind a wire that can be cut, or a cluster of three nodes that can lose one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.kafka import Kafka, new_cluster_id
from deploy.local.ports import LOOPBACK, free_ports
from tests.faults.kafka_wire import KafkaWire


@dataclass(frozen=True)
class Brokers:
    """The address for clients, and the parts that can be broken. Three nodes have no wire."""

    address: str
    nodes: tuple[Kafka, ...]
    wire: KafkaWire | None = None

    @property
    def replication(self) -> int:
        return len(self.nodes)


@asynccontextmanager
async def one_broker(folder: Path) -> AsyncIterator[Brokers]:
    wire_port, port, controller_port = free_ports(3)
    changes = _RIGHTS | {"advertised.listeners": f"CLIENTS://{LOOPBACK}:{wire_port}"}
    broker = Kafka(folder / "kafka", port=port, controller_port=controller_port, changes=changes)
    async with KafkaWire(wire_port, port).open() as wire:
        try:
            await broker.start()
            yield Brokers(wire.address, (broker,), wire)
        finally:
            await broker.kill()


@asynccontextmanager
async def three_nodes(folder: Path) -> AsyncIterator[Brokers]:
    """Three nodes in one cluster (KRaft, combined roles): replication 3, and two must be in sync to accept a record."""
    ports = free_ports(6)
    pairs = list(zip(ports[:3], ports[3:], strict=True))
    voters = ",".join(f"{id}@{LOOPBACK}:{controller}" for id, (_, controller) in enumerate(pairs, start=1))
    cluster_id = new_cluster_id()
    nodes = tuple(
        Kafka(
            folder / f"kafka-{id}",
            port=port,
            controller_port=controller_port,
            changes=_REPLICATED | {"node.id": str(id), "controller.quorum.voters": voters},
            cluster_id=cluster_id,
        )
        for id, (port, controller_port) in enumerate(pairs, start=1)
    )
    try:
        await asyncio.gather(*(node.start() for node in nodes))
        yield Brokers(",".join(node.address for node in nodes), nodes)
    finally:
        await asyncio.gather(*(node.kill() for node in nodes))


# Without an ACL everything is allowed, so single rights can be taken away.
_RIGHTS = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow.everyone.if.no.acl.found": "true",
}
_REPLICATED = {
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "share.coordinator.state.topic.replication.factor": "3",
    "share.coordinator.state.topic.min.isr": "2",
    "min.insync.replicas": "2",
    "default.replication.factor": "3",
}
