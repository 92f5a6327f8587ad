"""One company for all tests of this folder: real processes, started once."""

import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.databases import Databases
from tests.stories import Company, Story, company_at_work


@pytest.fixture(scope="session")
async def company(kafka: str, databases: Databases) -> AsyncIterator[Company]:
    """Orders, support and escalation at work on the broker and the database server that all tests share."""
    folder = Path(tempfile.mkdtemp(prefix="handoff-tests-"))
    try:
        async with company_at_work(kafka, databases, f"t{uuid.uuid4().hex[:10]}.", folder) as company:
            yield company
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def story(company: Company) -> Story:
    """A customer, a sale and a seller of this test alone."""
    return company.story()
