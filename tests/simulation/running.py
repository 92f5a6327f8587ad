"""A coroutine that the scheduler of a history takes on, step by step."""

from collections.abc import Coroutine
from dataclasses import dataclass

from tests.simulation.pausing import Pause

Step = Coroutine[Pause, None, None]


@dataclass(slots=True)
class Running:
    """A coroutine on its way, and whether it may go on."""

    name: str
    steps: Step
    pause: Pause | None = None

    @property
    def ready(self) -> bool:
        return self.pause is None or self.pause.ready is None or self.pause.ready()
