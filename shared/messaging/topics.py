"""The topics, and their creation: created (or checked) by us, never by accident with one partition."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import InvalidReplicationFactorError, TopicAuthorizationFailedError, for_code

from shared.messaging.cluster import Cluster
from shared.messaging.topic_settings import LOG_APPEND_TIME, MAX_MESSAGE_BYTES, check_settings

_DAY_MS = 86_400_000
_RETENTION_MS = 14 * _DAY_MS
# Kafka ages records by their timestamps. Publishers often set the event's own time, so an imported history would be
# deleted before it is read.
_AGES_FROM_ARRIVAL = {"message.timestamp.type": LOG_APPEND_TIME}
_ALREADY_EXISTS = 36
_METADATA_SECONDS = 20.0


class TopicsUnfit(RuntimeError):
    """Topics are missing, have another partition count, or would lose records. Carries the topics and the remedy."""


@dataclass(frozen=True, slots=True)
class TopicShape:
    """The parameters with which a topic is created."""

    name: str
    compacted: bool = False
    inbound: bool = False

    def configuration(self, replication: int) -> dict[str, str]:
        kept = {"cleanup.policy": "compact"} if self.compacted else {"retention.ms": str(_RETENTION_MS)}
        # A compressed bomb (1 MB that grows to 400) is refused by the broker, before it reaches a consumer.
        compression = {"compression.type": "uncompressed"} if self.inbound else {}
        return {
            **kept,
            **compression,
            **_AGES_FROM_ARRIVAL,
            "max.message.bytes": str(MAX_MESSAGE_BYTES),
            "min.insync.replicas": str(max(1, replication - 1)),
            "unclean.leader.election.enable": "false",
        }


def shape(topic: str) -> TopicShape:
    """The shape of a logical topic, by the naming of topics."""
    return TopicShape(topic, compacted=topic.startswith("salespeople."), inbound=".inbound." in topic)


async def ensure_topics(cluster: Cluster, topics: Iterable[str]) -> dict[str, int]:
    """Create missing topics (unless that is switched off), and check partition counts and retention.

    Return the number of partitions of each topic, by its name with the prefix. Raises TopicsUnfit: another count would
    send an account's events to two partitions, and their order would be lost.
    """
    wanted = {cluster.topic(name): shape(name) for name in topics}
    admin = AIOKafkaAdminClient(**cluster.connection())
    await admin.start()
    try:
        if cluster.create_topics:
            await _create(admin, cluster, wanted)
        async with asyncio.timeout(_METADATA_SECONDS):
            found = await _partition_counts(admin, wanted)
            while cluster.create_topics and found.keys() != wanted.keys():
                await asyncio.sleep(0.2)
                found = await _partition_counts(admin, wanted)
        _check(cluster, wanted.keys(), found)
        faults = await check_settings(admin, {name: of.compacted for name, of in wanted.items()}, _RETENTION_MS)
    finally:
        await admin.close()
    if faults:
        raise TopicsUnfit(" ".join(faults))
    return found


async def _create(admin: AIOKafkaAdminClient, cluster: Cluster, wanted: dict[str, TopicShape]) -> None:
    missing = wanted.keys() - (await _partition_counts(admin, wanted)).keys()
    if not missing:
        return
    new = [
        NewTopic(
            name,
            cluster.partitions,
            cluster.replication,
            topic_configs=wanted[name].configuration(cluster.replication),
        )
        for name in sorted(missing)
    ]
    response = await admin.create_topics(new)
    for name, code, *_ in response.topic_errors:
        if for_code(code) is InvalidReplicationFactorError:
            brokers = len((await admin.describe_cluster())["brokers"])
            raise TopicsUnfit(
                f"Kafka did not create topic {name}: TOPIC_REPLICATION is {cluster.replication} and the cluster has "
                f"{brokers} broker{'s' * (brokers != 1)}. Set TOPIC_REPLICATION to {brokers}, or start more brokers."
            )
        if code not in (0, _ALREADY_EXISTS):
            raise TopicsUnfit(
                f"Kafka did not create topic {name} ({for_code(code).__name__}). Create it with "
                f"{cluster.partitions} partitions, or allow this user to."
            )


async def _partition_counts(admin: AIOKafkaAdminClient, wanted: Iterable[str]) -> dict[str, int]:
    described = await admin.describe_topics(list(wanted))
    hidden = [topic["topic"] for topic in described if topic["error_code"] == TopicAuthorizationFailedError.errno]
    if hidden:
        raise TopicsUnfit(
            f"Kafka does not let this user see topic {', '.join(sorted(hidden))} (TopicAuthorizationFailed). Allow it "
            "to DESCRIBE the topics it uses, to READ those it reads, and to WRITE those it publishes."
        )
    return {topic["topic"]: len(topic["partitions"]) for topic in described if topic["error_code"] == 0}


def _kept(shape: TopicShape) -> str:
    settings = shape.configuration(1)
    named = ("cleanup.policy", "retention.ms", *_AGES_FROM_ARRIVAL)
    return ", ".join(f"{name}={settings[name]}" for name in named if name in settings)


def _check(cluster: Cluster, wanted: Iterable[str], found: dict[str, int]) -> None:
    missing = sorted(set(wanted) - found.keys())
    if missing:
        kept = {name: _kept(shape(cluster.logical(name))) for name in missing}
        named = ", ".join(f"{name} ({how})" for name, how in kept.items())
        raise TopicsUnfit(
            f"Kafka has no topic {named}. Create it with {cluster.partitions} partitions and these settings, "
            "or set CREATE_TOPICS=true."
        )
    counts = set(found.values())
    if len(counts) == 1 and (count := counts.pop()) != cluster.partitions:
        raise TopicsUnfit(
            f"Topics {', '.join(sorted(found))} have {count} partitions, and TOPIC_PARTITIONS is {cluster.partitions}. "
            f"Set TOPIC_PARTITIONS={count}; it must never change."
        )
    if unequal := unequal_topics(found, cluster.partitions):
        raise TopicsUnfit(" ".join(unequal))


def unequal_topics(counts: Mapping[str, int], wanted: int) -> list[str]:
    """The remedy for each existing topic with another number of partitions than agreed."""
    return [
        f"Topic {name} has {count} partitions, and {wanted} are wanted (TOPIC_PARTITIONS): an account's events may be "
        f"read out of order. Delete it and create it again with {wanted} partitions; then have what it held published "
        "again."
        for name, count in sorted(counts.items())
        if count not in (0, wanted)
    ]
