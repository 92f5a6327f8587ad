"""E-mail that did not arrive, and the commands for it, for the tests of this folder."""

import asyncio
from typing import Any

from typer.testing import CliRunner, Result

from services.cli.main import app
from services.escalation.channels.channel import Ended, Trouble
from services.escalation.domain.delivery_facts import Attempt
from tests.escalation import Escalation

REFUSED = Ended(Attempt.REFUSED, "the mail server refused the recipient with 550 (5.1.1)", Trouble.RECIPIENT)


async def email_of(team: Escalation, recipient: str = "anna") -> dict[str, Any]:
    rows = await team.rows("escalation.deliveries", "changed_at")
    return [row for row in rows if (row["channel"], row["recipient"]) == ("email", recipient)][-1]


async def command(team: Escalation, *arguments: str, given: bytes | None = None) -> Result:
    where = await team.pool.fetchrow(
        "select current_user as role, host(inet_server_addr()) as host, inet_server_port() as port, "
        "current_database() as name"
    )
    assert where is not None
    url = f"postgresql://{where['role']}@{where['host']}:{where['port']}/{where['name']}"
    env = {"ESCALATION_DATABASE_URL": url}
    return await asyncio.to_thread(CliRunner().invoke, app, arguments, env=env, input=given)
