"""Support: the events of customers since their purchase. Puts the service together."""

from fastapi import APIRouter

from services.support.api.errors import show_errors
from services.support.api.pages import CasePages
from services.support.api.routes import PageOptions, case_pages_router
from services.support.handlers import handle
from services.support.outline import OUTLINE
from services.support.settings import SupportSettings
from services.support.store import OF_CASE
from shared.addresses import sites_in
from shared.http.reader_keys import ReaderKeys
from shared.service import Resources, Service
from shared.waiting import MoreWaits
from shared.web import publishing_app

NAME = "support"
INBOUND = "support.inbound.v1"


def service(settings: SupportSettings) -> Service:
    """The service with these settings."""
    pages = CasePages(sites_in(settings.frame_ancestors))
    options = PageOptions(settings.support_url, settings.page_link_lifetime, pages)

    def case_pages(resources: Resources, readers: ReaderKeys) -> APIRouter:
        return case_pages_router(resources.pool, readers, options)

    web = publishing_app(
        settings,
        INBOUND,
        OUTLINE.publishes,
        summary="Keeps cases and contacts, and publishes them.",
        of_case=OF_CASE,
        more=case_pages,
    )
    return Service(
        name=NAME,
        listens_to=OUTLINE.listens_to,
        publishes=OUTLINE.publishes,
        handle=handle,
        migrations=OUTLINE.migrations,
        own_facts={MoreWaits.type: MoreWaits},
        web=lambda resources, health: show_errors(web(resources, health), pages),
    )
