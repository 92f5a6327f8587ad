"""The pages of a service that others publish to: POST /events, health and metrics, reference pages."""

from collections.abc import Callable

from fastapi import FastAPI

from shared.http.application import create_app
from shared.http.asyncapi import ServiceReference
from shared.http.ingress import events_router
from shared.http.operations import operations_router
from shared.http.publisher_keys import PublisherKeys
from shared.service import Health, Resources
from shared.settings import ServiceSettings


def publishing_app(
    settings: ServiceSettings, inbound: str, publishes: tuple[str, ...], *, summary: str
) -> Callable[[Resources, Health], FastAPI]:
    """Makes the application of a service that takes events of one inbound topic. Raises InvalidKeys."""
    keys = PublisherKeys.read(settings.publisher_keys)

    def web(resources: Resources, health: Health) -> FastAPI:
        reference = ServiceReference(resources.processor.service, summary, (inbound,), publishes).on(resources.cluster)
        routers = [
            events_router(resources.processor, keys, resources.metrics, topic=inbound),
            operations_router(health, resources.metrics),
        ]
        return create_app(reference, routers)

    return web
