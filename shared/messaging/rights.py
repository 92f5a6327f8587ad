"""Finds other principals that may write to a service's topics: over Kafka only the broker's rights protect them.

It runs once at start, if the broker allows the query. Start with `name_other_writers`.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import ClusterAuthorizationFailedError, KafkaError, for_code

from shared.logs import get_logger
from shared.messaging.cluster import Cluster
from shared.messaging.kafka_requests import ALL, ALLOWED, DENIED, WRITE_OPERATION, RightsRequest

log = get_logger(__name__)

_SECONDS = 10.0
_SECURITY_DISABLED = 54
_Right = tuple[str, str, int, int]


async def name_other_writers(cluster: Cluster, topics: Iterable[str]) -> None:
    """Log each other principal that may write to one of these topics, which this service alone publishes.

    It never prevents a start: if the broker does not respond in time, it is asked again at the next start.
    """
    try:
        async with asyncio.timeout(_SECONDS):
            found = await other_writers(cluster, topics)
    except ClusterAuthorizationFailedError:
        log.info("cannot check who else may write to our topics: this user may not DESCRIBE the cluster")
        return
    except (KafkaError, NotImplementedError, OSError) as error:
        log.info("cannot check who else may write to our topics", error=type(error).__name__)
        return
    for topic, principals in found.items():
        log.warning(
            "others may write to a topic that only this service should write to: revoke their right",
            topic=topic,
            principals=", ".join(principals),
        )


async def other_writers(cluster: Cluster, topics: Iterable[str]) -> Mapping[str, Sequence[str]]:
    """The other principals that may write to each topic; none if the broker checks no rights.

    Raises ClusterAuthorizationFailedError if this user may not query rights.
    """
    client = AIOKafkaClient(**cluster.connection())
    try:
        await client.bootstrap()
        found = {}
        for topic in sorted(map(cluster.topic, topics)):
            principals = _writers(await _rights(client, topic))
            others = principals - {own} if (own := cluster.principal) is not None else principals
            if others and (own is not None or len(others) > 1):  # otherwise we are the only one
                found[topic] = sorted(others)
        return found
    finally:
        await client.close()


async def _rights(client: AIOKafkaClient, topic: str) -> list[_Right]:
    """Principal, host, operation and kind of each right that applies to a topic, by its name, a prefix or `*`."""
    answer = await client.send(client.get_random_node(), RightsRequest(topic))
    if answer.error_code == _SECURITY_DISABLED:
        return []
    if answer.error_code:
        raise for_code(answer.error_code)
    return [right for *_, rights in answer.resources for right in rights]


def _writers(rights: Iterable[_Right]) -> set[str]:
    """The principals that may write, without those denied from everywhere."""
    kinds: dict[int, set[str]] = defaultdict(set)
    for principal, host, operation, kind in rights:
        if operation in (ALL, WRITE_OPERATION) and (kind == ALLOWED or host == "*"):
            kinds[kind].add(principal)
    return kinds[ALLOWED] - kinds[DENIED]
