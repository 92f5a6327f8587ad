"""The services' tables and handlers on Postgres 15 with passwords, each service with the role that
owns its database.
"""

import asyncpg
import pytest

from services.escalation.domain.delivery_facts import Attempt
from shared.database import assert_durable
from tests.builders import order_placed, refund_requested, salesperson_changed
from tests.databases import Databases
from tests.escalation import escalation_on
from tests.other_servers.postgres_15 import version_of


@pytest.mark.parametrize("service", ["orders", "support", "escalation"])
async def test_the_tables_of_each_service_are_made(postgres_15: Databases, service: str) -> None:
    url = await postgres_15.make(service)
    assert await version_of(url) == 15
    connection = await asyncpg.connect(url)
    try:
        assert await connection.fetchval("select count(*) from shared.journal") == 0
    finally:
        await connection.close()


async def test_a_refund_is_an_alert_and_an_e_mail(postgres_15: Databases) -> None:
    async with escalation_on(await postgres_15.make("escalation")) as escalation:
        await assert_durable(escalation.pool)
        await escalation.receive(salesperson_changed(), order_placed(), refund_requested())
        escalation.mail.answers = [Attempt.ACCEPTED]
        await escalation.send_mail()
        assert (await escalation.email())["state"] == "sent"
        await escalation.acknowledge()
        (episode,) = await escalation.episodes()
        assert episode["acknowledged_by"] == "anna"


async def test_a_role_without_its_password_is_refused(postgres_15: Databases) -> None:
    url = await postgres_15.make("orders")
    scheme, _, place = url.partition("://")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(f"{scheme}://orders:wrong@{place.rpartition('@')[2]}")
