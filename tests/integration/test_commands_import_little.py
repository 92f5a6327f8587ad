"""Commands that may apply inputs import no service's code if there is nothing to apply."""

import asyncio
import sys
from collections.abc import Sequence

import pytest

from services.cli.installation import ServiceName, database_variable
from tests.adapters.test_commands import HEAVY
from tests.servers import MakeDatabase

_PROGRAM = """
import sys
from services.cli.main import app
try:
    app()
finally:
    print(chr(10).join(sys.modules), file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["migrate"], "support: tables are up to date"),
        (["rejudge"], "0 accounts judged"),
        (["repair-times"], "orders: no times are in the future"),
        (["outbox", "replay", "--since=2026-05-04T09:30Z"], "support: 0 events will be published again"),
    ],
    ids=lambda given: given[0] if isinstance(given, list) else "",
)
async def test_a_command_with_nothing_to_apply_imports_no_service(
    words: Sequence[str], said: str, database: MakeDatabase
) -> None:
    addresses = {database_variable(name): await database(name.value) for name in ServiceName}
    called = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PROGRAM, *words, env=addresses, stdout=-1, stderr=-1
    )
    out, error = (text.decode() for text in await called.communicate())
    assert called.returncode == 0, error
    assert said in out
    modules = set(error.splitlines())
    assert {name.partition(".")[0] for name in modules} & HEAVY <= {"pydantic_settings"}
    assert not [name for name in modules if name.startswith("services.") and name.endswith((".app", ".handlers"))]
