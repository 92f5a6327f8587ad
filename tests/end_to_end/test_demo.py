"""The stories of `handoff demo`, played on the running services; and one with a deliberate error."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from rich.console import Console

from services.cli.demo.cast import PETRA
from services.cli.demo.clock import demo_clock
from services.cli.demo.narration import Narrator
from services.cli.demo.observing import observing
from services.cli.demo.scene import Scene, Stage
from services.cli.demo.stories import LATER_STORIES, STORIES, nobody_answers, play
from tests.databases import Databases
from tests.stories import Company, company_at_work


@pytest.fixture(scope="module")
async def company(kafka: str, databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Company]:
    """A company of its own: the stories move its clock by weeks, and others date their facts by the machine's."""
    prefix = f"t{secrets.token_hex(5)}."
    async with company_at_work(kafka, databases, prefix, tmp_path_factory.mktemp("company")) as company:
        yield company


@pytest.fixture
async def stage(company: Company) -> AsyncIterator[Stage]:
    addresses = company.machine.environment
    async with observing(addresses, company.mail_folder) as observer, demo_clock(addresses) as clock:
        narrator = Narrator(Console(record=True, quiet=True, width=110))
        yield Stage(company.publisher, observer, narrator, clock, addresses, run=secrets.token_hex(3))


async def test_every_story_ends_as_described(stage: Stage) -> None:
    played = await play(stage)
    assert [(one.ended.title, one.ended.failure) for one in played] == [
        (story.title, None) for story in STORIES + LATER_STORIES
    ]
    assert [len(one.ended.alerts) for one in played] == [1, 2, 1, 1, 1, 0, 3, 2, 1, 2, 2, 1, 0]
    assert all(alert.subject for one in played for alert in one.ended.alerts)


async def test_a_story_that_deviates_is_reported(stage: Stage) -> None:
    async def expecting_too_much(scene: Scene) -> None:
        await nobody_answers(scene)
        await scene.end(signals=7)

    wrong = replace(STORIES[0], buyer=PETRA, play=expecting_too_much)
    (played,) = await play(stage, stories=(wrong,))
    assert played.ended.failure is not None
    assert played.ended.failure.expected == "1 episode, 7 signals, 1 alert"
    assert played.ended.failure.seen.startswith("1 episode, 2 signals (0 waiting), alerts: contact_repeated to")
