"""The pages of a service that others publish to: POST /events, who calls a customer, health and metrics, reference
pages."""

from collections.abc import Callable
from typing import TypeAlias

from fastapi import APIRouter, FastAPI

from shared.http.application import create_app
from shared.http.asyncapi import ServiceReference
from shared.http.ingress import events_router
from shared.http.operations import operations_router
from shared.http.publisher_keys import PublisherKeys
from shared.http.reader_keys import ReaderKeys
from shared.http.rescues import OF_CASE, rescues_router
from shared.service import Health, Resources
from shared.settings import ServiceSettings

MorePages: TypeAlias = Callable[[Resources, ReaderKeys], APIRouter]
"""Makes the router of a service's own pages."""


def publishing_app(
    settings: ServiceSettings,
    inbound: str,
    publishes: tuple[str, ...],
    *,
    summary: str,
    of_case: str = OF_CASE,
    more: MorePages | None = None,
) -> Callable[[Resources, Health], FastAPI]:
    """Makes the application of a service that takes events of one inbound topic.

    `of_case` is the condition for the save windows about a case; `more` makes pages of the service's own. Raises
    InvalidKeys.
    """
    keys, readers = PublisherKeys.read(settings.publisher_keys), ReaderKeys.read(settings.reader_keys)

    def web(resources: Resources, health: Health) -> FastAPI:
        reference = ServiceReference(resources.processor.service, summary, (inbound,), publishes).on(resources.cluster)
        routers = [
            events_router(resources.processor, keys, resources.metrics, topic=inbound),
            rescues_router(resources.pool, readers, of_case=of_case),
            *([more(resources, readers)] if more else []),
            operations_router(health, resources.metrics),
        ]
        return create_app(reference, routers)

    return web
