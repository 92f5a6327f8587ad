"""Support: the events of customers since their purchase. Puts the service together."""

from services.support.handlers import handle
from services.support.outline import OUTLINE
from services.support.settings import SupportSettings
from shared.service import Service
from shared.waiting import MoreWaits
from shared.web import publishing_app

NAME = "support"
INBOUND = "support.inbound.v1"


def service(settings: SupportSettings) -> Service:
    """The service with these settings."""
    return Service(
        name=NAME,
        listens_to=OUTLINE.listens_to,
        publishes=OUTLINE.publishes,
        handle=handle,
        migrations=OUTLINE.migrations,
        own_facts={MoreWaits.type: MoreWaits},
        web=publishing_app(
            settings, INBOUND, OUTLINE.publishes, summary="Keeps cases and contacts, and publishes them."
        ),
    )
