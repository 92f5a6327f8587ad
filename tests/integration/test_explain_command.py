"""`handoff explain` on a real database: the whole chain of an episode in words, in order of time."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import pytest
import typer
from typer.testing import CliRunner, Result

from services.cli.explain import explain
from tests.builders import ACCOUNT, ORDER, contact_made, minutes, order_placed, refund_requested, salesperson_changed
from tests.escalation import Escalation, escalation_on, told
from tests.servers import MakeDatabase


@dataclass(frozen=True)
class Site:
    """Escalation, and its database as a command names it."""

    escalation: Escalation
    url: str

    async def explain(self, *arguments: str) -> Result:
        app = typer.Typer()
        app.command()(explain)
        given = [*arguments, "--escalation-database", self.url]
        return await asyncio.to_thread(CliRunner().invoke, app, given)

    async def lines(self, *arguments: str) -> list[str]:
        result = await self.explain(*arguments)
        assert result.exit_code == 0, result.output
        return [" ".join(line.split()) for line in result.output.splitlines()]


@pytest.fixture
async def site(database: MakeDatabase) -> AsyncIterator[Site]:
    url = await database("escalation")
    async with escalation_on(url) as escalation:
        yield Site(escalation, url)


async def _sold(escalation: Escalation) -> None:
    await escalation.hear_one_by_one(
        salesperson_changed("Mona Lang", email="mona@sales.example"),
        told(salesperson_changed("Mona Lang", email="mona@sales.example"), subject="mona"),
        told(salesperson_changed(manager="mona"), at=minutes(1)),
        order_placed(),
    )


async def test_x(site: Site) -> None:
    await _sold(site.escalation)
    await site.escalation.hear(told(contact_made("dead_end", case=None, words="Nobody helps me."), at=minutes(10)))
    await site.escalation.acknowledge()
    await site.escalation.hear(told(contact_made("dead_end", case=None, words="Nobody helps me."), at=minutes(15)))
    await site.escalation.wait(timedelta(hours=20))
    result = await site.explain(ORDER, "--order")
    print(result.output)
    print((await site.explain(ORDER, "--order", "--json")).output[:3000])
    assert 0
