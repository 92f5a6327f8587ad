"""A coroutine that the scheduler of a history advances step by step."""

from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.simulation.pausing import Pause
from tests.simulation.statements import ANSWERS

Step = Coroutine[Pause, None, None]
_WORDS = {sql: answer.__name__.strip("_").replace("_", " ") for sql, answer in ANSWERS.items()}


@dataclass(slots=True)
class Running:
    """A coroutine in progress, and whether it can go on."""

    name: str
    steps: Step
    pause: Pause | None = None

    @property
    def ready(self) -> bool:
        return self.pause is None or self.pause.ready is None or self.pause.ready()

    @property
    def place(self) -> str:
        """The place where it stopped, in words: the meaning of a statement."""
        return "starts" if self.pause is None else _WORDS.get(self.pause.at, self.pause.at)


@contextmanager
def stopped_in_the_end(running: list[Running]) -> Iterator[None]:
    """Stop what still runs at the end, also after an error."""
    try:
        yield
    finally:
        for one in running:
            one.steps.close()
