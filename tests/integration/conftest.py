"""Services on real databases, for the tests of this folder."""

from collections.abc import AsyncIterator

import pytest

import services.orders.handlers
import services.support.handlers
from tests.servers import MakeDatabase
from tests.services import ServiceUnderTest, running


@pytest.fixture
async def orders(database: MakeDatabase) -> AsyncIterator[ServiceUnderTest]:
    """The orders service on a fresh database."""
    async with running(await database("orders"), "orders", services.orders.handlers.handle) as service:
        yield service


@pytest.fixture
async def support(database: MakeDatabase) -> AsyncIterator[ServiceUnderTest]:
    """The support service on a fresh database."""
    async with running(await database("support"), "support", services.support.handlers.handle) as service:
        yield service
