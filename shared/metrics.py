"""A service's counters and measurements for Prometheus. Start at `Metrics`; labels have few values.

No label is an id, except for the few accounts that block something: operators have to know which ones.
"""

from dataclasses import dataclass
from importlib.metadata import version

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST

CONTENT_TYPE = CONTENT_TYPE_LATEST
_DELETED_UNREAD = "Records that Kafka deleted before this service read them."
_BATCH_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 300, 400, 500)
_WORK_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_ALERT_SECONDS = (0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60, 300, 900, 3600)


@dataclass(frozen=True, slots=True)
class ConsumerMetrics:
    """Records on their way in: `records` ends every record once as applied, duplicate or dead_lettered."""

    records: Counter
    key_mismatches: Counter
    unknown_members: Counter
    dead_letters: Counter
    batch_size: Histogram
    batch_duration: Histogram
    lag: Gauge
    blocked: Gauge
    recreated: Gauge
    deleted_unread: Gauge


@dataclass(frozen=True, slots=True)
class QueueMetrics:
    """What waits in the database and for how long: gauges set by a sampler, `sampled_at` tells when."""

    outbox_unsent: Gauge
    outbox_oldest_age: Gauge
    dead_letters: Gauge
    dead_letters_oldest_age: Gauge
    waiting_facts: Gauge
    waiting_facts_oldest_age: Gauge
    waiting_signals: Gauge
    waiting_signals_oldest_age: Gauge
    nobody_to_ask: Gauge
    timers_pending: Gauge
    timers_oldest_overdue_age: Gauge
    timers_put_off: Gauge
    set_aside_accounts: Gauge
    set_aside_records: Gauge
    set_aside_oldest_age: Gauge
    deliveries: Gauge
    deliveries_oldest_pending_age: Gauge
    failing_addresses: Gauge
    sampled_at: Gauge


@dataclass(frozen=True, slots=True)
class AlertMetrics:
    """From a signal to an alert; latency ends when the alert is committed."""

    signals: Counter
    signals_too_old: Counter
    latency: Histogram
    unknown_deliveries: Counter
    attempts: Counter
    lists: Counter
    alerts_in_lists: Counter


@dataclass(frozen=True, slots=True)
class ProcessMetrics:
    """The health of the process: its loops, its event loop, its relay."""

    loop_failures: Counter
    event_loop_lag: Gauge
    tables_unfit: Gauge
    relay_published: Counter
    relay_failures: Counter
    relay_refused: Gauge
    requests_refused: Counter


@dataclass(frozen=True, slots=True)
class Metrics:
    """Everything one process measures, on a registry of its own."""

    registry: CollectorRegistry
    consumer: ConsumerMetrics
    queues: QueueMetrics
    alerts: AlertMetrics
    process: ProcessMetrics


def create_metrics(service: str) -> Metrics:
    """The metrics of one process; call it once per process (or per test) and pass the result on."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    about = {"service": service, "version": version("handoff")}
    Info("handoff_service", "The service and the release that this process runs.", registry=registry).info(about)
    return Metrics(
        registry=registry,
        consumer=_consumer_metrics(registry),
        queues=_queue_metrics(registry),
        alerts=_alert_metrics(registry),
        process=_process_metrics(registry),
    )


def render(registry: CollectorRegistry) -> bytes:
    """The registry in the Prometheus text format; serve it as `CONTENT_TYPE`."""
    return generate_latest(registry)


def _consumer_metrics(registry: CollectorRegistry) -> ConsumerMetrics:
    return ConsumerMetrics(
        records=Counter(
            "handoff_records",
            "Records processed, by outcome: applied, duplicate or dead_lettered.",
            ("service", "topic", "outcome"),
            registry=registry,
        ),
        key_mismatches=Counter(
            "handoff_key_mismatches",
            "Accepted records whose Kafka key was missing or differed from the event's subject.",
            ("topic",),
            registry=registry,
        ),
        unknown_members=Counter(
            "handoff_events_with_unknown_members",
            "Events applied with unknown members in their data, which were ignored, by type.",
            ("type",),
            registry=registry,
        ),
        dead_letters=Counter(
            "handoff_dead_letters",
            "Inputs kept as dead letters, by the code of the reason.",
            ("code",),
            registry=registry,
        ),
        batch_size=Histogram("handoff_batch_records", "Records per batch.", buckets=_BATCH_SIZES, registry=registry),
        batch_duration=Histogram(
            "handoff_batch_duration_seconds",
            "Time from receiving a batch to the commit of its transaction.",
            buckets=_WORK_SECONDS,
            registry=registry,
        ),
        lag=Gauge(
            "handoff_consumer_lag_records",
            "Records of a partition not yet processed; NaN while its topic is gone or no broker responds.",
            ("topic", "partition"),
            registry=registry,
        ),
        blocked=Gauge(
            "handoff_consumer_blocked",
            "1 while some partition cannot be consumed, by reason; /readyz and the log say what to do.",
            ("reason",),
            registry=registry,
        ),
        recreated=Gauge(
            "handoff_topic_recreated",
            "1 while records of a topic that was deleted and created again may be missing; /readyz names the remedy.",
            ("topic",),
            registry=registry,
        ),
        deleted_unread=Gauge("handoff_records_deleted_unread", _DELETED_UNREAD, ("topic",), registry=registry),
    )


def _queue_metrics(registry: CollectorRegistry) -> QueueMetrics:
    def gauge(name: str, help_text: str, *labels: str) -> Gauge:
        return Gauge(name, help_text, labels, registry=registry)

    return QueueMetrics(
        outbox_unsent=gauge("handoff_outbox_unsent_rows", "Outbox rows not yet sent to Kafka."),
        outbox_oldest_age=gauge("handoff_outbox_oldest_unsent_age_seconds", "Age of the oldest unsent outbox row."),
        dead_letters=gauge("handoff_dead_letters_kept", "Dead letters neither replayed nor dismissed yet."),
        dead_letters_oldest_age=gauge(
            "handoff_dead_letters_oldest_age_seconds",
            "Age of the oldest dead letter neither replayed nor dismissed yet.",
        ),
        waiting_facts=gauge("handoff_waiting_facts", "Facts waiting for the opening of their order or case."),
        waiting_facts_oldest_age=gauge(
            "handoff_waiting_facts_oldest_age_seconds", "Age of the fact that has waited longest."
        ),
        waiting_signals=gauge("handoff_waiting_signals", "Signals waiting for the sale they belong to."),
        waiting_signals_oldest_age=gauge(
            "handoff_waiting_signals_oldest_age_seconds", "Age of the signal that has waited longest."
        ),
        nobody_to_ask=gauge("handoff_episodes_nobody_to_ask", "Open episodes with no one to notify, desk included."),
        timers_pending=gauge("handoff_timers_pending", "Timers that have not fired yet, due or not."),
        timers_oldest_overdue_age=gauge(
            "handoff_timers_oldest_overdue_age_seconds", "Time since the most overdue timer fell due."
        ),
        timers_put_off=gauge(
            "handoff_timers_put_off",
            "Timers delayed because they failed or took too long, for the accounts with the most of them.",
            "account",
        ),
        set_aside_accounts=gauge(
            "handoff_set_aside_accounts", "Accounts set aside because one of their records takes too long."
        ),
        set_aside_records=gauge(
            "handoff_set_aside_records", "Records set aside, for the accounts with the most of them.", "account"
        ),
        set_aside_oldest_age=gauge(
            "handoff_set_aside_oldest_age_seconds", "Age of the record that was set aside first."
        ),
        deliveries=gauge("handoff_deliveries", "Deliveries without a final state, by state.", "state"),
        deliveries_oldest_pending_age=gauge(
            "handoff_deliveries_oldest_pending_age_seconds", "Age of the oldest delivery still pending."
        ),
        failing_addresses=gauge(
            "handoff_failing_addresses", "Salespeople whose e-mail bounces or is refused by their mail server."
        ),
        sampled_at=gauge(
            "handoff_queues_sampled_timestamp_seconds",
            "Unix time at which the ages and counts of waiting rows were last read.",
        ),
    )


def _alert_metrics(registry: CollectorRegistry) -> AlertMetrics:
    return AlertMetrics(
        signals=Counter("handoff_signals", "Signals raised, by kind.", ("kind",), registry=registry),
        signals_too_old=Counter(
            "handoff_signals_too_old_to_ring",
            "Signals that notified no one because they were older than age.ring_within or MAX_ALERT_AGE.",
            registry=registry,
        ),
        latency=Histogram(
            "handoff_alert_latency_seconds",
            "Time from a signal's event, as dated by its publisher, to the commit of its alert.",
            buckets=_ALERT_SECONDS,
            registry=registry,
        ),
        unknown_deliveries=Counter(
            "handoff_deliveries_unknown",
            "Deliveries whose outcome is unknown: the mail server may or may not have accepted them.",
            registry=registry,
        ),
        attempts=Counter(
            "handoff_delivery_attempts",
            "Attempts to hand a message to the mail server, by outcome and by trouble.",
            ("outcome", "trouble"),
            registry=registry,
        ),
        lists=Counter(
            "handoff_lists",
            "Attempts to send a ranked list instead of many alerts, by result: accepted, refused, put_off or unknown.",
            ("result",),
            registry=registry,
        ),
        alerts_in_lists=Counter(
            "handoff_alerts_in_lists",
            "Alerts in ranked lists, by the result of the attempt to send the list.",
            ("result",),
            registry=registry,
        ),
    )


def _process_metrics(registry: CollectorRegistry) -> ProcessMetrics:
    return ProcessMetrics(
        loop_failures=Counter(
            "handoff_loop_failures",
            "Iterations of a loop that failed and were retried.",
            ("loop",),
            registry=registry,
        ),
        event_loop_lag=Gauge(
            "handoff_event_loop_lag_seconds",
            "Delay of the event loop's last wake-up.",
            registry=registry,
        ),
        tables_unfit=Gauge(
            "handoff_tables_unfit",
            "1 while nothing is consumed because the database's tables do not fit this version.",
            registry=registry,
        ),
        relay_published=Counter("handoff_relay_published", "Outbox rows acknowledged by Kafka.", registry=registry),
        relay_failures=Counter("handoff_relay_failures", "Relay iterations with a failed send.", registry=registry),
        relay_refused=Gauge("handoff_relay_refused_rows", "Outbox rows too large for Kafka.", registry=registry),
        requests_refused=Counter(
            "handoff_requests_refused",
            "HTTP requests refused, by code and by the publisher's name in PUBLISHER_KEYS (empty without a known key).",
            ("publisher", "code"),
            registry=registry,
        ),
    )
