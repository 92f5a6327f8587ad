"""When a campaign lets an installation recover: on a slow machine, faults in a row leave it no time to."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

REST_AFTER_SECONDS = 30.0
"""On a quiet machine an input is accepted sooner, even while servers and processes break."""


@dataclass(slots=True)
class Unaccepted:
    """Inputs that are sent again and again until a service accepts them. `clock` tells seconds."""

    clock: Callable[[], float] = time.monotonic
    _since: dict[object, float] = field(default_factory=dict)

    @contextmanager
    def sending(self) -> Iterator[None]:
        """While one input is sent."""
        one = object()
        self._since[one] = self.clock()
        try:
            yield
        finally:
            del self._since[one]

    @property
    def need_rest(self) -> bool:
        """Whether one of them has been sent in vain for so long that nothing more may be broken until it is accepted.

        What is broken is counted, not timed: a campaign only takes longer. An input that is not accepted in peace
        either fails the round.
        """
        return self.clock() - min(self._since.values(), default=self.clock()) > REST_AFTER_SECONDS
