"""One company for all tests of this folder: real processes, started once."""

import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Generator
from pathlib import Path

import pytest

from tests.databases import Databases
from tests.stories import Company, Story, company_at_work

_LINES = 40


@pytest.fixture(scope="session")
async def company(kafka: str, databases: Databases) -> AsyncIterator[Company]:
    """Orders, support and escalation at work on the broker and the database server that all tests share."""
    folder = Path(tempfile.mkdtemp(prefix="handoff-tests-"))
    try:
        async with company_at_work(kafka, databases, f"t{uuid.uuid4().hex[:10]}.", folder) as company:
            yield company
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With a failed test, what the services of the company logged as trouble."""
    report = yield
    company = getattr(item, "funcargs", {}).get("company")
    if report.failed and isinstance(company, Company):
        report.sections += [
            (f"log of {log.stem}", _trouble(log)) for log in (company.machine.folder / "logs").iterdir()
        ]
    return report


def _trouble(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if '"level":"info"' not in line]
    return "\n".join(lines[-_LINES:])


@pytest.fixture
def story(company: Company) -> Story:
    """A customer, a sale and a seller of this test alone."""
    return company.story()
