"""Metrics: named by Prometheus' conventions, with bounded labels, and private to their registry."""

import re

from prometheus_client import CollectorRegistry, Metric

from shared.metrics import CONTENT_TYPE, create_metrics, render

BOUNDED_LABELS = {
    *("reason", "service", "topic", "outcome", "code", "partition", "state", "kind", "loop", "result", "account"),
    *("type", "trouble", "publisher"),
}


def _families(registry: CollectorRegistry) -> list[Metric]:
    return [family for family in registry.collect() if family.name.startswith("handoff_")]


def test_every_metric_has_a_help_text_and_a_conventional_name() -> None:
    for family in _families(create_metrics("orders").registry):
        assert family.documentation.endswith("."), family.name
        assert re.fullmatch(r"handoff_[a-z_]+[a-z]", family.name)


def test_every_label_is_one_with_few_values() -> None:
    metrics = create_metrics("orders")
    groups = (metrics.consumer, metrics.queues, metrics.alerts, metrics.process)
    instruments = [getattr(group, name) for group in groups for name in group.__slots__]
    assert len(instruments) == 43
    assert {label for each in instruments for label in each._labelnames} == BOUNDED_LABELS


def test_counted_values_are_rendered() -> None:
    metrics = create_metrics("orders")
    metrics.consumer.records.labels("orders", "orders.inbound.v1", "applied").inc(3)
    metrics.consumer.lag.labels("orders.inbound.v1", "2").set(7)
    metrics.alerts.latency.observe(0.3)
    text = render(metrics.registry).decode()
    assert 'handoff_records_total{outcome="applied",service="orders",topic="orders.inbound.v1"} 3.0' in text
    assert 'handoff_consumer_lag_records{partition="2",topic="orders.inbound.v1"} 7.0' in text
    assert 'handoff_alert_latency_seconds_bucket{le="0.5"} 1.0' in text
    assert 'handoff_service_info{service="orders",version="0.1.0"} 1.0' in text
    assert "process_resident_memory_bytes" in text
    assert CONTENT_TYPE.startswith("text/plain")


def test_two_processes_in_one_test_do_not_count_together() -> None:
    one, other = create_metrics("orders"), create_metrics("orders")
    one.process.relay_published.inc()
    assert b"handoff_relay_published_total 1.0" in render(one.registry)
    assert b"handoff_relay_published_total 0.0" in render(other.registry)
