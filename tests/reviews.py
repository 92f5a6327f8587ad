"""`handoff review` in tests: an order of anna's on a real database, and the command's page and JSON about it."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from typer.testing import CliRunner, Result

from services.cli.main import app
from tests.builders import ORDER, case_opened, contact_made, order_cancelled, order_placed
from tests.escalation import Escalation, escalation_on, reported
from tests.servers import MakeDatabase
from tests.team import HOUR, happens, person


@dataclass(frozen=True)
class ReviewedSite:
    """Escalation with a sale of anna's, and the URL of its database for a command."""

    team: Escalation
    url: str

    async def review(self, *arguments: str) -> Result:
        environment = {"ESCALATION_DATABASE_URL": self.url, "MAX_ALERT_AGE": "0"}
        return await asyncio.to_thread(CliRunner().invoke, app, ["review", *arguments], env=environment)

    async def page(self, *arguments: str) -> str:
        """The page as one line, so that sentences are found across its lines."""
        return " ".join((await self.lines(*arguments)).split())

    async def lines(self, *arguments: str) -> str:
        """The page without seconds, which differ from run to run."""
        result = await self.review(*arguments)
        assert result.exit_code == 0, result.output
        return re.sub(r"(?m)^(\d\d:\d\d):\d\d", r"\1", result.stdout)

    async def json(self, *arguments: str) -> dict[str, Any]:
        result = await self.review(*arguments, "--json")
        assert result.exit_code == 0, result.output
        found: dict[str, Any] = json.loads(result.stdout)
        return found


@asynccontextmanager
async def reviewed_site(database: MakeDatabase) -> AsyncIterator[ReviewedSite]:
    url = await database("escalation")
    async with escalation_on(url) as team:
        await team.receive(person("anna"), person("desk"))
        await team.receive(reported(order_placed(sold_at=await team.now()), at=await team.now()))
        yield ReviewedSite(team, url)


async def case_of_two_contacts(team: Escalation) -> None:
    """One contact fewer than a repeated contact, two hours apart, then a loss: nothing is a signal before it."""
    await happens(team, case_opened(order=ORDER))
    await happens(team, contact_made("answered", by=None))
    await team.wait(2 * HOUR)
    await happens(team, contact_made("answered", by=None))
    await team.wait(2 * HOUR)
    await happens(team, order_cancelled())
