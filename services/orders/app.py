"""Orders: what was sold, by whom, with which promises; and the directory of people. Puts the service together."""

from pathlib import Path

from services.orders.handlers import handle
from services.orders.settings import OrdersSettings
from services.orders.tables import OrdersTable
from shared.migrations import Migrations
from shared.service import Service
from shared.web import publishing_app

NAME = "orders"
INBOUND = "orders.inbound.v1"
PUBLISHES = ("orders.sales.v1", "salespeople.v1")
MIGRATIONS = Migrations(OrdersTable.metadata, Path(__file__).parent / "migrations")


def service(settings: OrdersSettings) -> Service:
    """The service as its settings make it."""
    return Service(
        name=NAME,
        listens_to=(INBOUND,),
        publishes=PUBLISHES,
        handle=handle,
        migrations=MIGRATIONS,
        web=publishing_app(settings, INBOUND, PUBLISHES, summary="Keeps sales and people, and publishes them."),
    )
