"""Services on real databases, for the tests of this folder."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import services.orders.handlers
import services.support.handlers
from tests.builders import order_placed, refund_requested, salesperson_changed
from tests.devices import Devices, devices_on
from tests.escalation import DESK, Escalation, escalation_on
from tests.inbox import Site, inbox_site
from tests.servers import MakeDatabase
from tests.services import ServiceUnderTest, running
from tests.streams import Plumbing, plumbing_on, relaying
from tests.team import happens, person


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


@pytest.fixture
async def escalation(database: MakeDatabase) -> AsyncIterator[Escalation]:
    """Escalation on a fresh database; no signal is too old to raise an alert."""
    async with escalation_on(await database("escalation")) as service:
        yield service


@pytest.fixture
async def site(database: MakeDatabase) -> AsyncIterator[Site]:
    """The inbox on a fresh database."""
    async with inbox_site(await database("escalation")) as site:
        yield site


@pytest.fixture
async def devices(database: MakeDatabase, tmp_path: Path) -> AsyncIterator[Devices]:
    """The inbox on a fresh database, with a push service, and Anna hired."""
    async with devices_on(await database("escalation"), tmp_path) as devices:
        await devices.site.hire()
        yield devices


@pytest.fixture
async def team(escalation: Escalation) -> Escalation:
    """Anna sold it; Ben is her backup, Carla manages both, Dora manages Carla."""
    await escalation.receive(
        person("anna", manager="carla", backup="ben"),
        person("ben", manager="carla"),
        person("carla", manager="dora"),
        person("dora"),
        person(DESK),
        order_placed(amount_minor=50_000),
    )
    return escalation


@pytest.fixture
async def asked(team: Escalation) -> Escalation:
    """Anna was notified, and her e-mail is pending; Carla manages her."""
    await happens(team, refund_requested())
    return team


@pytest.fixture
async def rung(escalation: Escalation) -> Escalation:
    """One alert, not sent yet."""
    await escalation.receive(salesperson_changed(), order_placed(), refund_requested())
    return escalation


@pytest.fixture
async def each_alert_is_on_each_channel_once(escalation: Escalation) -> AsyncIterator[None]:
    """Each alert always has one delivery on each channel, in one state."""
    yield
    assert (await escalation.deliveries()).total() == 2 * len(await escalation.alerts())


@pytest.fixture
async def plumbing(kafka: str, database: MakeDatabase, topic_prefix: str) -> AsyncIterator[Plumbing]:
    """The shared plumbing alone, with a handler that records its inputs."""
    async with plumbing_on(kafka, await database("plumbing"), topic_prefix) as made:
        yield made


@pytest.fixture
async def relayed(plumbing: Plumbing) -> AsyncIterator[Plumbing]:
    """The same, with a relay that publishes its outbox."""
    async with relaying(plumbing.url, plumbing.cluster, plumbing.metrics):
        yield plumbing
