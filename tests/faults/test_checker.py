"""The checker passes an undisturbed run of the real services, and reports each kind of damage as what it is."""

import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.faults.checker.promises import judge, verdict
from tests.faults.checker.reading import read_run
from tests.faults.history import generate
from tests.faults.undisturbed import Undisturbed
from tests.servers import Databases
from tests.stories import company_at_work

SEED = 7


@pytest.fixture(scope="module")
async def undisturbed(kafka: str, databases: Databases) -> AsyncIterator[Undisturbed]:
    """A small history, told to the real services."""
    folder = Path(tempfile.mkdtemp(prefix="handoff-tests-"))
    try:
        async with company_at_work(kafka, databases, f"t{uuid.uuid4().hex[:10]}.", folder) as company:
            run = Undisturbed(company, databases, folder)
            await run.tell_all(generate(SEED, accounts=20, events=400, now=datetime.now(UTC)), SEED)
            yield run
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def test_an_undisturbed_run_keeps_every_promise(undisturbed: Undisturbed) -> None:
    findings = judge(await read_run(undisturbed.folder))
    assert [str(one) for one in findings if one.violations or one.unjudged] == []
    assert verdict(findings) == "pass"
