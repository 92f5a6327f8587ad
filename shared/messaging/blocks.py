"""Why nothing is consumed although the servers respond: missing rights, missing topics, unread partitions.

Start with `blocks_of`. Each block is in words for /readyz and the log, with its remedy.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    TopicAuthorizationFailedError,
)

from shared.inputs import Partition
from shared.messaging.cluster import Cluster
from shared.messaging.topics import unequal_topics
from shared.messaging.view import Seen


class Block(StrEnum):
    """The values of the label `reason` of `handoff_consumer_blocked`."""

    GROUP_RIGHT_MISSING = "group_right_missing"
    TOPIC_RIGHT_MISSING = "topic_right_missing"
    TOPIC_MISSING = "topic_missing"
    PARTITION_COUNT_WRONG = "partition_count_wrong"
    PARTITIONS_UNASSIGNED = "partitions_unassigned"
    RECORDS_UNREADABLE = "records_unreadable"
    KAFKA_UNREACHABLE = "kafka_unreachable"


@dataclass(frozen=True, slots=True)
class Reading:
    """The topics (without the prefix) that a service's processes read together, and the name of their group."""

    cluster: Cluster
    topics: tuple[str, ...]
    group: str


def blocks_of(
    seen: Seen, unassigned: Iterable[Partition], reading: Reading, unreadable: Mapping[Partition, str]
) -> dict[Block, str]:
    """The blocks, from the state of Kafka, the partitions without a process of the group, and those of this process
    that stand at a batch that cannot be read."""
    hidden = sorted(name for name, topic in seen.topics.items() if not topic.readable)
    missing = sorted(name for name, topic in seen.topics.items() if topic.readable and not topic.partitions)
    found: dict[Block, str] = {}
    if not seen.group_readable:
        found[Block.GROUP_RIGHT_MISSING] = group_right_missing(reading.group)
    if hidden:
        found[Block.TOPIC_RIGHT_MISSING] = topic_right_missing(hidden)
    if missing:
        found[Block.TOPIC_MISSING] = (
            f"Kafka has no topic {', '.join(missing)}: it was deleted. Create it with "
            f"{reading.cluster.partitions} partitions, "
            "or restart this process, which does so if CREATE_TOPICS allows it; then have its records published "
            "again. The topic is then read from its start automatically."
        )
    counts = {name: topic.partitions for name, topic in seen.topics.items() if topic.readable}
    if unequal := unequal_topics(counts, reading.cluster.partitions):
        found[Block.PARTITION_COUNT_WRONG] = " ".join(unequal)
    alone = sorted(unassigned) if seen.group_readable and not unequal else []
    if alone:
        found[Block.PARTITIONS_UNASSIGNED] = (
            f"no process of consumer group {reading.group} reads {_named(alone)}. Its processes join again "
            "automatically. If this lasts longer than three minutes, stop all processes of this service, wait for "
            "KAFKA_SESSION_TIMEOUT_MS, and start them again."
        )
    if unreadable:
        places = (f"{topic} partition {number} at {place}" for (topic, number), place in sorted(unreadable.items()))
        found[Block.RECORDS_UNREADABLE] = (
            f"records cannot be read: {'; '.join(places)}. They are not skipped, and are tried again every second. "
            "Check Kafka's log of this partition: the records are damaged, or compressed in a way that this release "
            "does not know. To give them up, delete the partition's records up to the first good one, and have them "
            "published again."
        )
    return found


def group_right_missing(group: str) -> str:
    return (
        f"Kafka does not let this user read as consumer group {group} (GroupAuthorizationFailed). "
        f"Grant it READ and DESCRIBE on the group {group}."
    )


def topic_right_missing(topics: Iterable[str]) -> str:
    named = ", ".join(topics)
    return (
        f"Kafka does not let this user read topic {named} (TopicAuthorizationFailed). "
        f"Grant it READ and DESCRIBE on topic {named}."
    )


def refusal(error: BaseException, group: str) -> str | None:
    """Kafka's refusal of a right in an error, with its remedy; None for any other error."""
    match error:
        case GroupAuthorizationFailedError():
            return group_right_missing(group)
        case TopicAuthorizationFailedError():
            return topic_right_missing(sorted(str(topic) for topic in _topics_in(error)))
        case ClusterAuthorizationFailedError():
            return "Kafka refuses this user (ClusterAuthorizationFailed). Grant it IDEMPOTENT_WRITE on the cluster."
    return None


def _topics_in(error: BaseException) -> set[object]:
    """The topics in an error; aiokafka gives one topic or a set."""
    topics = error.args[0] if error.args else ()
    return set(topics) if isinstance(topics, set | frozenset | list | tuple) else {topics}


def _named(partitions: Iterable[Partition]) -> str:
    numbers = defaultdict[str, list[str]](list)
    for topic, number in partitions:
        numbers[topic].append(str(number))
    return "; ".join(f"{topic} partitions {', '.join(some)}" for topic, some in numbers.items())
