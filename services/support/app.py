"""Support: what happened to customers since they bought. Puts the service together."""

from pathlib import Path

from services.support.handlers import handle
from services.support.settings import SupportSettings
from services.support.tables import SupportTable
from shared.dated import Dated
from shared.migrations import Migrations
from shared.service import Service
from shared.web import publishing_app

NAME = "support"
INBOUND = "support.inbound.v1"
PUBLISHES = ("support.cases.v1",)
MIGRATIONS = Migrations(SupportTable.metadata, Path(__file__).parent / "migrations")

DATED = (
    Dated("support.cases", "opened_at", "account_id"),
    Dated("support.cases", "status_at", "account_id"),
    Dated("support.contacts", "at", "account_id"),
    Dated("shared.waiting_facts", "at", "subject", heard="kept_at"),
)


def service(settings: SupportSettings) -> Service:
    """The service as its settings make it."""
    return Service(
        name=NAME,
        listens_to=(INBOUND,),
        publishes=PUBLISHES,
        handle=handle,
        migrations=MIGRATIONS,
        web=publishing_app(settings, INBOUND, PUBLISHES, summary="Keeps cases and contacts, and publishes them."),
    )
