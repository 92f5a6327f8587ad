"""The topics as Kafka shows them: ids, partitions and our right to read them. Start with `see_topics`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from aiokafka import AIOKafkaConsumer
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import TopicAuthorizationFailedError

from shared.messaging.kafka_requests import NO_ID, READ, RIGHTS_UNKNOWN, TopicsRequest


@dataclass(frozen=True, slots=True)
class TopicSeen:
    """A topic as Kafka shows it; without partitions if it does not exist or we may not see it."""

    id: UUID | None = None
    partitions: int = 0
    readable: bool = True


async def see_topics(consumer: AIOKafkaConsumer, topics: Sequence[str]) -> Mapping[str, TopicSeen]:
    """Topics by name, asked over a consumer's own connection. Raises KafkaError."""
    return await ask_for_topics(consumer._client, topics)


async def ask_for_topics(client: AIOKafkaClient, topics: Sequence[str]) -> dict[str, TopicSeen]:
    try:
        answer = await client.send(client.get_random_node(), TopicsRequest(topics))
    except NotImplementedError:  # a broker without topic ids
        known = await client.fetch_all_metadata()
        return {name: TopicSeen(partitions=len(known.partitions_for_topic(name) or ())) for name in topics}
    return {name: _topic(code, id, partitions, rights) for code, name, id, _, partitions, rights, _ in answer.topics}


def may_read(rights: int) -> bool:
    return rights == RIGHTS_UNKNOWN or bool(rights & READ)


def _topic(code: int, id: UUID, partitions: Sequence[object], rights: int) -> TopicSeen:
    if code == TopicAuthorizationFailedError.errno:
        return TopicSeen(readable=False)
    return TopicSeen(None if id == NO_ID else id, len(partitions), may_read(rights))
