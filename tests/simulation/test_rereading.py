"""What a process decides does not depend on what it has in memory: it may have started just before each event."""

from collections.abc import Mapping
from random import Random
from typing import Any

from tests.simulation.results import Story
from tests.simulation.stories_of_closes import random_story

_STORIES = 40
_OF_THE_PROCESS = ("version", "headers")
"""A random version of each account, and headers with the ids of traces."""


class Rereading(Story):
    """Restarts before each event."""

    def receive(self, *report: Any) -> None:
        self.restart()
        super().receive(*report)

    def try_to_press(self, *press: Any) -> None:
        self.restart()
        super().try_to_press(*press)

    def wait(self, *long: Any) -> None:
        self.restart()
        super().wait(*long)


def test_a_process_that_reads_every_account_again_decides_the_same() -> None:
    for seed in range(_STORIES):
        once = random_story(Random(seed), Story(), restarts=0)
        again = random_story(Random(seed), Rereading(), restarts=0)
        for table, rows in _tables(once).items():
            assert (seed, table, _tables(again)[table]) == (seed, table, rows)


def _tables(story: Story) -> Mapping[str, Any]:
    return {
        name: {
            key: {column: value for column, value in row.items() if column not in _OF_THE_PROCESS}
            for key, row in rows.items()
        }
        for name, rows in story.database.tables.items()
    }
