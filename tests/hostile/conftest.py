"""One company of real processes for all tests of this folder, which gets every case once by each way in."""

import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from tests.databases import Databases
from tests.hostile.office import Office, office_on
from tests.hostile.overheard import Overheard
from tests.hostile.spoiled import READERS, Spoiled, spoil
from tests.hostile.ways_in import Answered, Streamed, answer_all, stream_all
from tests.stories import Company, company_at_work


@pytest.fixture(scope="package")
async def company(kafka: str, databases: Databases) -> AsyncIterator[Company]:
    """Orders, support and escalation at work, as in production."""
    folder = Path(tempfile.mkdtemp(prefix="handoff-tests-"))
    try:
        async with company_at_work(kafka, databases, f"t{uuid.uuid4().hex[:10]}.", folder) as made:
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="package")
async def streamed(company: Company) -> Streamed:
    """Every case, between two good neighbours, over Kafka."""
    return await stream_all(company)


@pytest.fixture(scope="package")
async def answered(company: Company) -> Answered:
    """Every case, with a good event after it, over HTTP."""
    return await answer_all(company)


@pytest.fixture(scope="package")
async def spoiled(company: Company) -> Mapping[str, Spoiled]:
    """Spoiled records of every topic that a service reads, over Kafka."""
    return {topic: await spoil(company, topic) for topic in READERS}


@pytest.fixture
def overheard(company: Company) -> Overheard:
    """Everything that the processes have logged, traced and measured so far."""
    return Overheard(company)


@pytest.fixture(scope="package")
async def office(databases: Databases) -> AsyncIterator[Office]:
    """The pages in this process, on a database that only refused requests and a test's own episodes may use."""
    async with office_on(await databases.make("escalation")) as made:
        yield made
