"""The subscriber's settings. Any of these at its default would lose, skip or repeat records."""

from typing import Any

import asyncpg
import pytest
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from faststream import AckPolicy
from faststream.kafka.subscriber.usecase import BatchSubscriber

from shared.database import DatabaseWentBack, RanTooLong, TablesUnfit, is_transient, ran_too_long
from shared.messaging.cluster import Cluster
from shared.messaging.consumer import Consumer
from shared.metrics import create_metrics
from shared.transaction import InputProcessor

CLUSTER = Cluster("127.0.0.1:9", prefix="p.", session_timeout_ms=30_000)


@pytest.fixture
def subscriber() -> Any:
    processor = InputProcessor(None, "escalation", None)  # type: ignore[arg-type]
    topics = ["orders.sales.v1", "support.cases.v1"]
    return Consumer(processor, CLUSTER, topics, create_metrics("escalation"), instance="escalation-3").subscriber


def test_every_server_of_a_cluster_is_an_address_of_its_own() -> None:
    cluster = Cluster("kafka-1:9092, kafka-2:9092")
    processor = InputProcessor(None, "escalation", None)  # type: ignore[arg-type]
    consumer = Consumer(processor, cluster, ["orders.sales.v1"], create_metrics("escalation"))
    assert consumer.servers == ["kafka-1:9092", "kafka-2:9092"]
    assert cluster.connection()["bootstrap_servers"] == ["kafka-1:9092", "kafka-2:9092"]


def test_a_failed_batch_is_delivered_again_and_nothing_is_acknowledged_before(subscriber: Any) -> None:
    assert subscriber.ack_policy is AckPolicy.NACK_ON_ERROR
    assert subscriber._connection_args["enable_auto_commit"] is False


def test_records_come_in_bounded_batches(subscriber: Any) -> None:
    assert isinstance(subscriber, BatchSubscriber)
    assert subscriber.max_records == 500


def test_no_producer_can_make_us_reply_to_a_topic_of_its_choice(subscriber: Any) -> None:
    assert subscriber._no_reply is True


def test_a_group_that_knows_no_offset_starts_at_the_beginning(subscriber: Any) -> None:
    assert subscriber._connection_args["auto_offset_reset"] == "earliest"


def test_aborted_transactions_are_not_read(subscriber: Any) -> None:
    assert subscriber._connection_args["isolation_level"] == "read_committed"


def test_an_accounts_partitions_of_all_topics_meet_in_one_worker(subscriber: Any) -> None:
    assert subscriber._connection_args["partition_assignment_strategy"] == (RangePartitionAssignor,)


def test_a_worker_keeps_its_place_in_the_group_over_a_restart(subscriber: Any) -> None:
    assert subscriber.group_id == "p.escalation"
    assert subscriber._connection_args["group_instance_id"] == "escalation-3"
    assert subscriber._connection_args["session_timeout_ms"] == 30_000
    assert subscriber._connection_args["heartbeat_interval_ms"] == 3_000


def test_topics_are_never_created_by_accident(subscriber: Any) -> None:
    assert subscriber._outer_config.allow_auto_create_topics is False
    assert [topic.name for topic in subscriber.topics] == ["p.orders.sales.v1", "p.support.cases.v1"]


def test_a_stop_waits_for_the_current_batch(subscriber: Any) -> None:
    assert subscriber._outer_config.graceful_timeout == 30.0


@pytest.mark.parametrize(
    ("error", "transient"),
    [
        pytest.param(asyncpg.AdminShutdownError("x"), True, id="the server stops"),
        pytest.param(asyncpg.CannotConnectNowError("x"), True, id="the server starts"),
        pytest.param(asyncpg.ConnectionDoesNotExistError("x"), True, id="the connection broke"),
        pytest.param(asyncpg.InterfaceError("connection is closed"), True, id="the connection is closed"),
        pytest.param(asyncpg.DeadlockDetectedError("x"), True, id="a deadlock"),
        pytest.param(asyncpg.LockNotAvailableError("x"), True, id="a lock not had in time"),
        pytest.param(asyncpg.QueryCanceledError("x"), True, id="a statement cut short"),
        pytest.param(asyncpg.DiskFullError("x"), True, id="a full disk"),
        pytest.param(asyncpg.TooManyConnectionsError("x"), True, id="too many connections"),
        pytest.param(asyncpg.InvalidCatalogNameError("x"), True, id="a database being put back"),
        pytest.param(asyncpg.InvalidPasswordError("x"), True, id="a password being changed"),
        pytest.param(asyncpg.ReadOnlySQLTransactionError("x"), True, id="a standby not promoted yet"),
        pytest.param(ConnectionRefusedError(), True, id="nobody listens"),
        pytest.param(TimeoutError(), True, id="no answer"),
        pytest.param(DatabaseWentBack("x"), True, id="an older database"),
        pytest.param(RanTooLong("x"), True, id="too much at once"),
        pytest.param(TablesUnfit("orders", asyncpg.UndefinedTableError("x")), True, id="tables of another version"),
        pytest.param(asyncpg.UniqueViolationError("x"), False, id="a row that is there already"),
        pytest.param(asyncpg.CheckViolationError("x"), False, id="a row that is wrong"),
        pytest.param(asyncpg.DataError("x"), False, id="a value Postgres does not take"),
        pytest.param(asyncpg.UndefinedTableError("x"), True, id="a table not there yet"),
        pytest.param(ValueError("x"), False, id="our own mistake"),
    ],
)
def test_only_faults_of_the_server_are_waited_out(error: Exception, transient: bool) -> None:
    assert is_transient(error) is transient


@pytest.mark.parametrize(
    ("error", "after_seconds", "too_long"),
    [
        pytest.param(asyncpg.QueryCanceledError("x"), 0.1, True, id="a statement cut short"),
        pytest.param(asyncpg.IdleInTransactionSessionTimeoutError("x"), 0.1, True, id="a session that idled"),
        pytest.param(TimeoutError(), 0.1, True, id="a call of ours that timed out"),
        pytest.param(asyncpg.InterfaceError("connection is closed"), 15.0, True, id="closed after long"),
        pytest.param(asyncpg.InterfaceError("connection is closed"), 3.0, False, id="closed soon"),
        pytest.param(asyncpg.ConnectionDoesNotExistError("x"), 15.0, True, id="broken after long"),
        pytest.param(ConnectionResetError(), 15.0, True, id="reset after long"),
        pytest.param(asyncpg.AdminShutdownError("x"), 3.0, False, id="the server stops"),
        pytest.param(asyncpg.UniqueViolationError("x"), 15.0, False, id="a row that is there already"),
        pytest.param(asyncpg.LockNotAvailableError("x"), 15.0, False, id="a lock not had in time"),
        pytest.param(ValueError("x"), 15.0, False, id="our own mistake"),
    ],
)
def test_a_timeout_is_distinguished_from_a_server_that_is_away(
    error: Exception, after_seconds: float, too_long: bool
) -> None:
    assert ran_too_long(error, after_seconds) is too_long
