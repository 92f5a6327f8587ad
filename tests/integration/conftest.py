"""Services on real databases, for the tests of this folder."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import services.orders.handlers
import services.support.handlers
from services.orders.tables import OrdersTable
from services.support.tables import SupportTable
from shared.migrations import Migrations
from tests.servers import MakeDatabase
from tests.services import Service, running

SERVICES = Path(services.orders.handlers.__file__).parents[1]
ORDERS_MIGRATIONS = Migrations(OrdersTable.metadata, SERVICES / "orders" / "migrations")
SUPPORT_MIGRATIONS = Migrations(SupportTable.metadata, SERVICES / "support" / "migrations")


@pytest.fixture
async def orders(database: MakeDatabase) -> AsyncIterator[Service]:
    """The orders service on a fresh database."""
    url = await database("orders")
    async with running(url, "orders", services.orders.handlers.handle, ORDERS_MIGRATIONS) as service:
        yield service


@pytest.fixture
async def support(database: MakeDatabase) -> AsyncIterator[Service]:
    """The support service on a fresh database."""
    url = await database("support")
    async with running(url, "support", services.support.handlers.handle, SUPPORT_MIGRATIONS) as service:
        yield service
