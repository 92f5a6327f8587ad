"""Requests that aiokafka lacks: metadata with topic ids and rights (version 10), a group with its rights, and the
principals with rights to a topic.

Fields are as in Kafka's protocol guide, https://kafka.apache.org/protocol. Start with `TopicsRequest`.
"""

from collections.abc import Sequence
from io import BytesIO
from typing import Any
from uuid import UUID

from aiokafka.protocol.abstract import AbstractType
from aiokafka.protocol.admin import DescribeAclsRequest_v1, DescribeGroupsRequest_v3, DescribeGroupsResponse_v3
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Boolean, CompactArray, CompactString, Int16, Int32, Schema, TaggedFields

READ = 1 << 3
"""The bit of a set of rights that allows reading (org.apache.kafka.common.acl.AclOperation)."""
RIGHTS_UNKNOWN = -(1 << 31)
NO_ID = UUID(int=0)
ALL, WRITE_OPERATION = 2, 4
"""Operations of a right, and below what it does with them (AclOperation, AclPermissionType)."""
DENIED, ALLOWED = 2, 3
_TOPIC, _MATCHING, _ANY = 2, 2, 1


class _Uuid(AbstractType[UUID]):  # type: ignore[misc]
    @classmethod
    def encode(cls, value: UUID) -> bytes:
        return value.bytes

    @classmethod
    def decode(cls, data: BytesIO) -> UUID:
        return UUID(bytes=data.read(16))


class _MetadataResponse(Response):  # type: ignore[misc]
    API_KEY = 3
    API_VERSION = 10
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            CompactArray(
                ("node_id", Int32),
                ("host", CompactString()),
                ("port", Int32),
                ("rack", CompactString()),
                ("tags", TaggedFields),
            ),
        ),
        ("cluster_id", CompactString()),
        ("controller_id", Int32),
        (
            "topics",
            CompactArray(
                ("error_code", Int16),
                ("name", CompactString()),
                ("topic_id", _Uuid),
                ("is_internal", Boolean),
                (
                    "partitions",
                    CompactArray(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", CompactArray(Int32)),
                        ("in_sync_replicas", CompactArray(Int32)),
                        ("offline_replicas", CompactArray(Int32)),
                        ("tags", TaggedFields),
                    ),
                ),
                ("rights", Int32),
                ("tags", TaggedFields),
            ),
        ),
        ("cluster_rights", Int32),
        ("tags", TaggedFields),
    )


class _MetadataRequest(RequestStruct):  # type: ignore[misc]
    FLEXIBLE_VERSION = True
    API_KEY = 3
    API_VERSION = 10
    RESPONSE_TYPE = _MetadataResponse
    SCHEMA = Schema(
        ("topics", CompactArray(("topic_id", _Uuid), ("name", CompactString()), ("tags", TaggedFields))),
        ("allow_auto_topic_creation", Boolean),
        ("with_cluster_rights", Boolean),
        ("with_topic_rights", Boolean),
        ("tags", TaggedFields),
    )


class TopicsRequest(Request[_MetadataRequest]):  # type: ignore[misc]
    """Asks for topics by name. A broker before Kafka 2.8 makes aiokafka raise NotImplementedError."""

    API_KEY = 3

    def __init__(self, topics: Sequence[str]) -> None:
        self._topics = topics

    def build(self, request_struct_class: type[_MetadataRequest]) -> Any:
        make_them, with_cluster_rights, with_topic_rights = False, False, True
        named: list[tuple[object, ...]] = [(NO_ID, name, {}) for name in self._topics]
        return request_struct_class(named, make_them, with_cluster_rights, with_topic_rights, {})


class _GroupRequest(DescribeGroupsRequest_v3):  # type: ignore[misc]
    RESPONSE_TYPE = DescribeGroupsResponse_v3  # aiokafka reads the response as version 2, without rights


class GroupRequest(Request[_GroupRequest]):  # type: ignore[misc]
    """Asks a group's coordinator for its members and our rights."""

    API_KEY = 15

    def __init__(self, group: str) -> None:
        self._group = group

    def build(self, request_struct_class: type[_GroupRequest]) -> Any:
        with_rights = True
        return request_struct_class([self._group], with_rights)


class RightsRequest(Request[DescribeAclsRequest_v1]):  # type: ignore[misc]
    """Asks which rights apply to a topic, for all principals. aiokafka's own request claims version 2 but deviates from
    it."""

    API_KEY = 29

    def __init__(self, topic: str) -> None:
        self._topic = topic

    def build(self, request_struct_class: type[DescribeAclsRequest_v1]) -> Any:
        any_user, any_host = None, None
        return request_struct_class(_TOPIC, self._topic, _MATCHING, any_user, any_host, _ANY, _ANY)
