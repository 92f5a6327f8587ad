"""When a campaign must let an installation recover: on a slow machine, a series of faults leaves no time for that."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

REST_AFTER_SECONDS = 30.0
"""On a quiet machine an input is accepted sooner, even while servers and processes break."""


@dataclass(slots=True)
class Unaccepted:
    """Inputs that are repeated until a service accepts them. `clock` returns seconds."""

    clock: Callable[[], float] = time.monotonic
    _since: dict[object, float] = field(default_factory=dict)

    @contextmanager
    def sending(self) -> Iterator[None]:
        """For the time that one input is being sent."""
        one = object()
        self._since[one] = self.clock()
        try:
            yield
        finally:
            del self._since[one]

    @property
    def need_rest(self) -> bool:
        """Whether an input has been repeated for so long that nothing may be broken until it is accepted.

        Faults are counted, not timed: a rest only makes a campaign longer. An input that is not accepted during a
        rest either fails the round.
        """
        return self.clock() - min(self._since.values(), default=self.clock()) > REST_AFTER_SECONDS
